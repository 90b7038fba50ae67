"""`python -m benchmarks`: the median seconds of every phase, from the case folder to the written result."""

import resource
import statistics
import tempfile
from pathlib import Path

import gridpact
from benchmarks.cases import CASES
from gridpact.case import Case, TableFormat
from gridpact.stopwatch import Stopwatch

RUNS = 3
KIB_PER_MIB = 1024


def measure(case: Case) -> dict[str, float]:
    """Seconds of each phase of one run."""
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        gridpact.write_case(case, folder / "case", TableFormat.PARQUET)
        with watch.step("read and check"):
            read = gridpact.read_case(folder / "case")
        with watch.step("compile"):
            network = gridpact.compile_network(read)
        clearance = gridpact.clear(read, network=network)
        watch.seconds.update(
            {name: value for name, value in clearance.seconds.items() if name not in watch.seconds}
        )
        with watch.step("tables and summary"):
            tables = (clearance.cleared, clearance.schedule, clearance.network_state, clearance.exchange)
            _ = (*tables, clearance.limits, clearance.summary)
        with watch.step("write"):
            gridpact.write_clearance(clearance, folder / "result")
    return watch.seconds


def main() -> None:
    """Prints a table in Markdown: phases by cases, medians."""
    measured = {}
    for name, make in CASES.items():
        case = make()
        measure(case)
        measured[name] = [measure(case) for _ in range(RUNS)]
    phases = list(next(iter(measured.values()))[0])
    print(f"| seconds, median of {RUNS} | " + " | ".join(measured) + " |")
    print("|---|" + "---:|" * len(measured))
    for phase in phases:
        cells = (statistics.median(run[phase] for run in runs) for runs in measured.values())
        print(f"| {phase} | " + " | ".join(f"{cell:.4f}" for cell in cells) + " |")
    totals = (statistics.median(sum(run.values()) for run in runs) for runs in measured.values())
    print("| all | " + " | ".join(f"{total:.4f}" for total in totals) + " |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB
    print(f"\npeak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
