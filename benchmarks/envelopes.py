"""`python -m benchmarks.envelopes`: whether combinations within operating envelopes keep every limit.

python -m benchmarks.envelopes [--combinations 1000] [--networks 20] [--people 20]

On each network, by each rule: random combinations, half of them corners, the corners that hold the envelopes,
and every single flip of these, all judged by power-grid-model on a network converted separately.
"""

import argparse
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
import pandapower as pp
from tests.envelopes.made import Judge, builtin_case, envelope_case
from tests.phases.made import pandapower_net

import gridpact
from benchmarks.machine import described
from gridpact.arrays import Float
from gridpact.envelopes import EnvelopeRule, OperatingEnvelopes
from gridpact.grid.source import NetworkSource

ROUNDING = 1e-6  # of the currents through short lines, which are differences of voltages
COMBINATIONS, NETWORKS, PEOPLE, SCALE = 1000, 20, 20, 3.0
BALANCED = (
    "pandapower/cigre_lv",
    "pandapower/village_1",
    "pandapower/village_2",
    "pandapower/kerber_landnetz_freileitung_1",
    "pandapower/kerber_landnetz_freileitung_2",
    "pandapower/kerber_landnetz_kabel_1",
    "pandapower/kerber_landnetz_kabel_2",
    "pandapower/kerber_dorfnetz",
    "pandapower/kerber_vorstadtnetz_kabel_1",
    "pandapower/ieee_european_lv",
    "simbench/1-LV-rural1--0-sw",
    "simbench/1-LV-rural2--0-sw",
    "simbench/1-LV-semiurb4--0-sw",
    "simbench/1-LV-urban6--0-sw",
)
UNLIKE = ({}, {"voltage_unbalance_max_percent": 0.5}, {"neutral_loading_max_percent": 20.0})
HEAD = "| network | rule | export | import | judged | worst excess | seconds |"
PHASES = ("a", "b", "c", "bc", "a", "c")
MADE = (
    ("Dyn", 150.0, True),
    ("Dyn", 150.0, False),
    ("Dyn", 30.0, True),
    ("YNyn", 0.0, True),
    ("YNyn", 0.0, False),
)


def cases(folder: Path, people: int) -> Iterator[tuple[str, gridpact.Case]]:
    """A case on each network, under limits of which another one holds each time."""
    phases = tuple(PHASES[k % len(PHASES)] for k in range(people))
    for place, name in enumerate(BALANCED):
        limits = {"transformer_loading_max_percent": 500.0} if place % 2 else {}
        yield name, builtin_case(name, place, people, scale=SCALE, **limits)
    name = "pandapower/ieee_european_lv_asymmetric"
    yield f"{name}, three phases", builtin_case(name, 1, people, scale=SCALE, phases=phases)
    for place, (group, shift, mesh) in enumerate(MADE):
        path = folder / f"{place}.json"
        pp.to_json(pandapower_net(group, shift, mesh=mesh), str(path))
        random = np.random.default_rng(place)
        case = envelope_case(
            NetworkSource(file=path, model="three-phase"),
            buses=random.integers(2, 6, people),
            connection_kw=random.uniform(5.0, 20.0, people),
            load_power_factor=random.uniform(0.85, 1.0, people),
            generation_power_factor=random.uniform(0.85, 1.0, people),
            phases=phases,
            **UNLIKE[place % 3],
        )
        yield f"made, {group} {shift:g}°, {'mesh' if mesh else 'radial'}", replace(case, name=f"made {place}")


def combinations(found: OperatingEnvelopes, count: int, seed: int) -> Float:
    """Random combinations, the corners that hold, and all of their single flips, net kW, (m, P)."""
    random = np.random.default_rng(seed)
    imports, exports = found.import_max_kw[0], found.export_max_kw[0]
    people = len(imports)
    corners = random.integers(-1, 2, (count // 2, people)).astype(float)
    parts = np.vstack([corners, random.uniform(-1.0, 1.0, (count - len(corners), people))])
    flips = [found.corners.power_kw]
    for one in range(people):
        for power_kw in (-imports[one], 0.0, exports[one]):
            flipped = found.corners.power_kw.copy()
            flipped[:, one] = power_kw
            flips.append(flipped)
    return np.vstack([np.where(parts > 0.0, parts * exports, parts * imports), *flips])


def main() -> None:
    """Prints a row for each network and rule; ends with 1 where a combination breaks a limit."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.envelopes", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--combinations", type=int, default=COMBINATIONS)
    parser.add_argument("--networks", type=int, default=NETWORKS)
    parser.add_argument("--people", type=int, default=PEOPLE)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    worst, judged = -np.inf, 0
    print(f"{HEAD}\n{'|---' * 7}|")
    with tempfile.TemporaryDirectory() as folder:
        for place, (name, case) in enumerate(cases(Path(folder), options.people)):
            if place >= options.networks:
                break
            network = gridpact.compile_network(case)
            for rule in EnvelopeRule:
                start = perf_counter()
                found = gridpact.operating_envelopes(case, network, rule=rule)
                seconds = perf_counter() - start
                power_kw = combinations(found, options.combinations, place)
                excess = float(Judge(case, network).excess(power_kw).max())
                worst, judged = max(worst, excess), judged + len(power_kw)
                shares = [found.summary[f"{side}_max_kw"] for side in ("export", "import")]
                print(
                    f"| {name} | {rule} | {shares[0]:.1f} kW | {shares[1]:.1f} kW | {len(power_kw):,} | "
                    f"{excess:.1e} | {seconds:.2f} |",
                    flush=True,
                )
    print(f"\n{judged:,} combinations, worst excess {worst:.1e} (pu, parts of one); {described()}")
    raise SystemExit(not worst <= ROUNDING)


if __name__ == "__main__":
    main()
