"""Clears a case and prints what limits held each trade back, with the types that gridpact ships checked.

python examples/typed_clearing.py examples/cigre-lv-extreme
"""

import logging
import sys
from collections import Counter

import gridpact


def held_back(clearance: gridpact.Clearance) -> Counter[str]:
    """How many rows of `cleared` each kind of limit cut."""
    reasons: Counter[str] = Counter(clearance.cleared["limited_by"].dropna())
    return reasons


def main(folder: str) -> None:
    """Clears a case folder."""
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("gridpact").setLevel(logging.DEBUG)  # each step, with the time that it took
    case: gridpact.Case = gridpact.read_case(folder)
    network: gridpact.Network = gridpact.compile_network(case)
    clearance = gridpact.clear(case, network=network)
    print(f"{clearance.summary['cleared_kwh']:.3f} kWh cleared, status {clearance.summary['status']}")
    for reason, rows in held_back(clearance).most_common():
        print(f"{rows} rows cut by {reason}")


if __name__ == "__main__":
    main(*sys.argv[1:])
