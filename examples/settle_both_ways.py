"""Clears a case and settles it by both modes, with one page that shows them side by side.

Run it as `python examples/settle_both_ways.py examples/simbench-rural-june out/june`.
"""

import sys
from pathlib import Path

import gridpact
from gridpact.report.settlement.settlement_page import settlement_page
from gridpact.settlement.settled_case import SettledCase
from gridpact.settlement.tariffs.tariffs import Mode


def settle_both_ways(folder: Path) -> tuple[SettledCase, SettledCase]:
    """The case in a folder, settled by `sharing` and by `firm`."""
    clearance = gridpact.clear(gridpact.read_case(folder))
    sharing, firm = (gridpact.settle(folder, clearance, mode=mode) for mode in Mode)
    return sharing, firm


def main() -> None:
    """Settles one folder, and writes the page into another."""
    sharing, firm = settle_both_ways(Path(sys.argv[1]))
    out = Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    page = out / "both-ways.html"
    page.write_text(settlement_page(sharing, beside=firm), encoding="utf-8", newline="\n")
    for each in (sharing, firm):
        gain = each.summary["accounts"]["participants"]["gain_micro"] / 1e6
        mode = str(each.settlement.tariffs.mode)
        sys.stdout.write(f"{mode:8} participants gain {gain:.2f} {each.case.currency} against retail alone\n")
    sys.stdout.write(f"picture  {page}\n")


if __name__ == "__main__":
    main()
