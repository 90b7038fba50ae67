"""Rolls a day through its sessions: each clears its new trades on top of what the ones before made firm.

Run it as `python examples/roll_sessions.py examples/cigre-lv-sessions out/sessions`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import gridpact


def roll(sessions: Path, out: Path) -> Iterator[gridpact.Clearance]:
    """The clearances of the case folders in `sessions`, by the order of their names, written to `out`."""
    network, earlier = None, None
    for folder in sorted(path for path in sessions.iterdir() if path.is_dir()):
        case = gridpact.read_case(folder)
        if earlier is not None:
            case = gridpact.with_commitments(case, earlier)
        network = network or gridpact.compile_network(case)  # the same in all sessions
        clearance = gridpact.clear(case, network=network)
        earlier = gridpact.write_clearance(clearance, out / folder.name)
        yield clearance


def main() -> None:
    """Rolls the sessions of one folder into another, with a line for each."""
    sys.stdout.write(f"{'session':24}{'firm before':>12}{'kept':>10}{'proposed':>10}{'cleared':>10}   kWh\n")
    for clearance in roll(Path(sys.argv[1]), Path(sys.argv[2])):
        summary, firm = clearance.summary, clearance.summary["commitments"]
        figures = (
            firm["committed_kwh"],
            firm["kept_kwh"],
            summary["proposed_kwh"] - firm["committed_kwh"],
            summary["cleared_kwh"] - firm["kept_kwh"],
        )
        numbers = f"{figures[0]:12.1f}" + "".join(f"{kwh:10.1f}" for kwh in figures[1:])
        sys.stdout.write(f"{clearance.case.name:24}{numbers}   {summary['status']}\n")


if __name__ == "__main__":
    main()
