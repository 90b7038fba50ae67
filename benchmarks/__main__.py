"""`python -m benchmarks`: the median seconds of every phase, and of other ways through the same days.

python -m benchmarks [--json] [--only TEXT] [--write]
"""

import argparse
import json
import warnings
from dataclasses import asdict

from benchmarks.cases import BENCHMARKS
from benchmarks.exact_by_hand import CONGESTED, compare_exact, exact_table
from benchmarks.machine import described, peak_mib
from benchmarks.page import put
from benchmarks.peers import DAYS, GRIDPACT, PEERS, compare
from benchmarks.phases import PHASES, Seconds, measure


def main() -> None:
    """Prints the figures: tables in Markdown, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--only", default="", help="measure only cases with this in their name")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/project/benchmarks.md")
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("only the whole is written")
    warnings.simplefilter("ignore")
    measured = {name: measure(one) for name, one in BENCHMARKS.items() if options.only in name}
    compared = {name: compare(day) for name, day in DAYS.items() if options.only in name}
    exact = {name: compare_exact(make()) for name, make in CONGESTED.items() if options.only in name}
    if options.json:
        of_exact = {name: asdict(one) for name, one in exact.items()}
        found = {
            "seconds": measured,
            "peers": compared,
            "exact": of_exact,
            "peak_memory_mib": peak_mib(),
            "run": described(),
        }
        print(json.dumps(found, indent=2))
        return
    run = f"{described()} Peak memory of all: {peak_mib():.0f} MiB."
    tables = phases_table(measured), peers_table(compared), exact_table(exact) if exact else ""
    print("\n\n".join(part for part in (*tables, run) if part))
    if options.write:
        put("phases", f"{phases_table(measured)}\n\n{run}")
        put("peers", peers_table(compared))
        put("exact", exact_table(exact))


def phases_table(measured: dict[str, Seconds]) -> str:
    """Phases by benchmarks in Markdown."""
    if not measured:
        return ""
    heads = [f"{name} (runs: {BENCHMARKS[name].runs})" for name in measured]
    rows = [
        f"| {phase} | " + " | ".join(f"{one[phase]:.4f}" for one in measured.values()) + " |"
        for phase in (*PHASES, "in process")
    ]
    return "\n".join(["| seconds | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads), *rows])


def peers_table(compared: dict[str, Seconds]) -> str:
    """Peers by days in Markdown: seconds, and how often those of gridpact."""
    if not compared:
        return ""
    heads = [f"{name} (runs: {DAYS[name].runs}), s | × gridpact" for name in compared]
    rows = []
    for peer in PEERS:
        cells = [f"{one[peer]:.4f} | {one[peer] / one[GRIDPACT]:.2f}" for one in compared.values()]
        rows.append(f"| {peer} | " + " | ".join(cells) + " |")
    return "\n".join(
        ["| the same day | " + " | ".join(heads) + " |", "|---|" + "---:|" * 2 * len(heads), *rows]
    )


if __name__ == "__main__":
    main()
