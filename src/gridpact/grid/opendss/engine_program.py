"""The program that evaluates a script in OpenDSS, a process of its own that imports nothing of gridpact.

It takes the commands of the script from `commands.json` in its working folder, and writes what OpenDSS made
of them to `circuit.json`: buses, and elements with the matrices by which they enter its equations.
"""

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

COMMANDS, CIRCUIT = "commands.json", "circuit.json"
TOLERANCE = 1e-12
BYTES_MAX = 8 * 2**30


def main() -> None:
    """Evaluates the commands in the working folder."""
    _limit_memory()
    given = json.loads(Path(COMMANDS).read_text(encoding="utf-8"))
    sys.path[:] = given["path"]
    from dss import DSS

    DSS.AllowForms = False
    for name in ("AllowEditor", "AllowChangeDir", "AllowDOScmd"):
        setattr(DSS, name, False)
    run = _Commands(DSS)
    for place, command in enumerate(given["commands"]):
        run.run(command, place)
    found = {"errors": run.errors, **({} if run.errors else _circuit(DSS, run))}
    Path(CIRCUIT).write_text(json.dumps(found, allow_nan=True), encoding="utf-8")


def _limit_memory() -> None:
    """Keeps a script from asking for all the memory of the machine, where the system can."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (BYTES_MAX, BYTES_MAX))


class _Commands:
    """Runs commands and keeps what OpenDSS says against them, by their place."""

    def __init__(self, engine: Any) -> None:
        self._text = engine.Text
        self.errors: list[tuple[int, str]] = []

    def run(self, command: str, place: int = -1) -> bool:
        try:
            self._text.Command = command
        except Exception as error:  # whatever the engine raises is what it says
            self.errors.append((place, str(error)))
            return False
        return True


def _circuit(engine: Any, run: _Commands) -> dict[str, Any]:
    """Buses, elements, and voltages without load."""
    active = engine.ActiveCircuit
    elements = []
    opened = _opened(active)
    for place in opened:
        _switch(active, *place, is_open=False)
    for command in (
        "Set Mode=Snapshot",
        "Set ControlMode=Off",
        "Set LoadMult=0",
        f"Set Tolerance={TOLERANCE}",
        "Set MaxIterations=200",
        "Solve",  # before which no element has a matrix, and an open one has that of its rest
    ):
        if not run.run(command):
            return {}
    for name in active.AllElementNames:
        active.SetActiveElement(name)
        if active.ActiveCktElement.Enabled:
            open_at = [place[1:] for place in opened if place[0] == name]
            elements.append(_element(active, name, open_at))
    for place in opened:
        _switch(active, *place, is_open=True)
    for element in elements:
        if element["kind"] == "load":
            active.SetActiveElement(element["name"])
            active.ActiveCktElement.Enabled = False
    run.run("Solve")
    return {"elements": elements, "buses": [_bus(active, name) for name in active.AllBusNames]}


def _opened(active: Any) -> list[tuple[str, int, int]]:
    """Name, terminal and phase of all that is open, counted from 1."""
    found = []
    for name in active.AllElementNames:
        active.SetActiveElement(name)
        element = active.ActiveCktElement
        if element.Enabled:
            places = range(1, int(element.NumTerminals) + 1), range(1, int(element.NumConductors) + 1)
            found += [
                (name, end, phase) for end in places[0] for phase in places[1] if element.IsOpen(end, phase)
            ]
    return found


def _switch(active: Any, name: str, terminal: int, phase: int, *, is_open: bool) -> None:
    active.SetActiveElement(name)
    (active.ActiveCktElement.Open if is_open else active.ActiveCktElement.Close)(terminal, phase)


def _bus(active: Any, name: str) -> dict[str, Any]:
    active.SetActiveBus(name)
    bus = active.ActiveBus
    values = [float(value) for value in bus.Voltages]
    return {
        "name": name,
        "kv": float(bus.kVBase),
        "nodes": [int(node) for node in bus.Nodes],
        "idle_v": [values[0::2], values[1::2]],
    }


def _element(active: Any, name: str, open_at: list[tuple[int, int]]) -> dict[str, Any]:
    """What the engine knows of an element, its admittances as it is wired and open."""
    element = active.ActiveCktElement
    kind = name.partition(".")[0].lower()
    values = [float(value) for value in element.Yprim]
    conductors, terminals = int(element.NumConductors), int(element.NumTerminals)
    found = {
        "name": name,
        "kind": kind,
        "buses": [bus.partition(".")[0].lower() for bus in element.BusNames],
        "nodes": [int(node) for node in element.NodeOrder],
        "phases": int(element.NumPhases),
        "conductors": conductors,
        "terminals": terminals,
        "open": [
            [(terminal + 1, phase + 1) in open_at for phase in range(int(element.NumPhases))]
            for terminal in range(terminals)
        ],
        "matrix": [values[0::2], values[1::2]],
        "values": {},
    }
    if kind in FACTS:
        found["values"] = FACTS[kind](active, name.partition(".")[2])
    return found


def _line(active: Any, name: str) -> dict[str, Any]:
    active.Lines.Name = name
    return {
        "norm_amps": float(active.ActiveCktElement.NormalAmps),
        "line_code": str(active.Lines.LineCode).lower(),
        "geometry": str(active.Lines.Geometry).lower(),
    }


def _transformer(active: Any, name: str) -> dict[str, Any]:
    """What the engine knows of the windings of a transformer."""
    transformers = active.Transformers
    transformers.Name = name
    found: dict[str, Any] = {"windings": int(transformers.NumWindings)}
    rows = []
    for winding in range(found["windings"]):
        transformers.Wdg = winding + 1
        rows.append(
            {
                "kv": float(transformers.kV),
                "kva": float(transformers.kVA),
                "tap": float(transformers.Tap),
                "is_delta": bool(transformers.IsDelta),
                "r_neutral": float(transformers.Rneut),
                "x_neutral": float(transformers.Xneut),
            }
        )
    return found | {"rows": rows}


def _source(active: Any, name: str) -> dict[str, Any]:
    sources = active.Vsources
    sources.Name = name
    return {"kv": float(sources.BasekV), "pu": float(sources.pu), "degree": float(sources.AngleDeg)}


def _load(active: Any, name: str) -> dict[str, Any]:
    loads = active.Loads
    loads.Name = name
    return {"kw": float(loads.kW), "kvar": float(loads.kvar), "is_delta": bool(loads.IsDelta)}


FACTS = {"line": _line, "transformer": _transformer, "vsource": _source, "load": _load}

if __name__ == "__main__":
    main()
