"""`python -m benchmarks.settlement_month`: a month from files to files, as the command settles it.

1,000 members, 2,976 quarter-hours, and a result of clearing for each day, of 5,000 trades that run for 12
periods on average; all in Parquet. What is measured is `gridpact settle` as a process of its own, with
reading and writing, without a report: the month, the same with windows of a day, and a correction of a
settlement of 5 million entries.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

MEMBERS, TRADES, DAYS, PER_DAY = 1_000, 5_000, 31, 96
CORRECTED_DAYS = 6  # whose ledger has 5 million entries or so
ZONE = "Europe/Vienna"
FIRST = 1_767_222_000_000_000  # 2026-01-01T00:00+01:00, microseconds
STEP = 15 * 60 * 1_000_000
SEED = 16
KIB_PER_MIB = 1024
CASE = """\
name = "a month"
currency = "EUR"

[horizon]
start = "2026-01-01T00:00"
timezone = "{zone}"
resolution = "15min"
periods = {periods}
"""
TARIFFS = """\
[network]
p2p_charge_per_kwh = 0.02
retail_charge_per_kwh = 0.05
tax_per_kwh = 0.01

[sharing]
key = "proportional"
price_per_kwh = 0.10

[retailers.default]
supply_price_per_kwh = 0.20
feed_in_price_per_kwh = 0.05
"""


def main() -> None:
    """Prints a table in Markdown."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--days", type=int, default=DAYS)
    options.add_argument("--only", choices=["month", "long", "correction"])
    chosen = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gridpact-month-"))
    print("| settlement | entries | seconds | processor seconds | peak MiB |")
    print("|---|---:|---:|---:|---:|")
    try:
        for name, periods in (("month", (1, 23)), ("long", (PER_DAY, PER_DAY))):
            if chosen.only in (None, name):
                words = f"{chosen.days} days, windows of {sum(periods) // 2} periods"
                case = make_case(folder / name, chosen.days, periods)
                measured(words, case, folder / f"{name}-out")
        if chosen.only in (None, "correction"):
            correct(folder)
    finally:
        shutil.rmtree(folder)


def correct(folder: Path) -> None:
    """Settles some days, changes 1 % of the readings, and settles them again on top of it."""
    case = make_case(folder / "corrected", CORRECTED_DAYS, (1, 23))
    measured(f"{CORRECTED_DAYS} days", case, folder / "first")
    write_meters(case, CORRECTED_DAYS, changed=0.01)
    previous = ("--previous", folder / "first")
    measured(f"{CORRECTED_DAYS} days, 1 % of the readings corrected", case, folder / "second", *previous)


def make_case(folder: Path, days: int, window: tuple[int, int]) -> Path:
    """Writes a case with its readings and results; windows are of so many periods, the least and the most."""
    folder.mkdir()
    (folder / "case.toml").write_text(CASE.format(zone=ZONE, periods=days * PER_DAY))
    (folder / "tariffs.toml").write_text(TARIFFS)
    parquet.write_table(pa.table({"participant": members()}), folder / "participants.parquet")
    write_meters(folder, days)
    rng = np.random.default_rng(SEED)
    for day in range(days):
        write_result(folder.parent / f"{folder.name}-results" / f"day-{day:02}", day, window, rng)
    return folder


def members() -> list[str]:
    """The names of the members."""
    return [f"m{number:04}" for number in range(MEMBERS)]


def write_meters(folder: Path, days: int, changed: float = 0.0) -> None:
    """Readings of members, half of whom feed in, and of the supply; some changed by a watt-hour."""
    rng = np.random.default_rng(SEED)
    shape = (days * PER_DAY, MEMBERS)
    imported = rng.poisson(250, shape)
    exported = rng.poisson(400, shape) * (np.arange(MEMBERS) < MEMBERS // 2)
    head = imported.sum(axis=1) - exported.sum(axis=1) + imported.sum(axis=1) // 33
    imported = imported + (rng.random(shape) < changed)
    names = pa.array([*members(), "@head"])
    period = np.repeat(np.arange(shape[0]), MEMBERS + 1)
    both = [
        np.column_stack(columns).ravel() / 1000
        for columns in ((imported, np.maximum(head, 0)), (exported, np.maximum(-head, 0)))
    ]
    table = {
        "time": times(period),
        "participant": names.take(pa.array(np.tile(np.arange(MEMBERS + 1), shape[0]))),
        "import_kwh": both[0],
        "export_kwh": both[1],
    }
    parquet.write_table(pa.table(table), folder / "meters.parquet")


def write_result(folder: Path, day: int, window: tuple[int, int], rng: np.random.Generator) -> None:
    """A result of clearing: each trade in the periods of its window, as far as the day has them."""
    folder.mkdir(parents=True)
    length = rng.integers(window[0], window[1] + 1, TRADES)
    start = (rng.random(TRADES) * (PER_DAY - length + 1)).astype(np.int64)
    trade = np.repeat(np.arange(TRADES), length)
    period = start[trade] + np.arange(len(trade)) - np.repeat(np.cumsum(length) - length, length)
    seller, buyer = (rng.integers(0, MEMBERS // 2, TRADES) + place for place in (0, MEMBERS // 2))
    price = rng.integers(80, 200, TRADES) / 1000
    cleared_kw = (1 + rng.poisson(30, len(trade))) / 250
    names, trades = pa.array(members()), pa.array([f"t{number:05}" for number in range(TRADES)])
    table = {
        "trade": trades.take(pa.array(trade)),
        "time": times(day * PER_DAY + period),
        "seller": names.take(pa.array(seller[trade])),
        "buyer": names.take(pa.array(buyer[trade])),
        "proposed_kw": cleared_kw,
        "cleared_kw": cleared_kw,
        "price_per_kwh": price[trade],
    }
    parquet.write_table(pa.table(table), folder / "cleared.parquet")
    summary = {
        "status": "cleared",
        "start": times(np.array([day * PER_DAY]))[0].as_py().isoformat(timespec="minutes"),
        "resolution": "15min",
        "periods": PER_DAY,
        "cleared_kwh": float(cleared_kw.sum() / 4),
    }
    (folder / "summary.json").write_text(json.dumps(summary))


def times(period: np.ndarray) -> pa.Array:
    """The starts of periods."""
    return pa.array(FIRST + STEP * period, pa.timestamp("us", tz=ZONE))


def measured(words: str, case: Path, out: Path, *more: object) -> None:
    """Settles in a process of its own, and prints what it took."""
    results = case.parent / f"{case.name}-results"
    command = [sys.executable, "-m", "gridpact", "settle", case, "--clearance", results, "--out", out]
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(each) for each in (*command, "--no-report", "--quiet", *more)], stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"settling {words} failed")
    facts = json.loads((out / "settlement.json").read_text())
    broken = [name for name, each in facts["invariants"].items() if each["figure"]]
    if broken:
        raise SystemExit(f"{words}: {', '.join(broken)} broken")
    cpu, peak_mib = used.ru_utime + used.ru_stime, used.ru_maxrss / KIB_PER_MIB
    print(f"| {words} | {facts['entries']:,} | {seconds:.1f} | {cpu:.1f} | {peak_mib:.0f} |", flush=True)


if __name__ == "__main__":
    main()
