"""A community without a network, as text: its case, its readings and its tariffs."""

import json
from pathlib import Path

from gridpact.errors import InvalidCase

CASE = """\
name = "Community"
currency = "EUR"

[horizon]
start = "2024-06-21T12:00"
timezone = "Europe/Lisbon"
resolution = "15min"
periods = 4
"""
TARIFFS = """\
mode = "sharing"

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
imbalance_long_per_kwh = 0.03
imbalance_short_per_kwh = 0.30
"""
FIRM_TARIFFS = TARIFFS.replace('mode = "sharing"', 'mode = "firm"')
TIMES = tuple(f"2024-06-21T12:{minute:02}+01:00" for minute in (0, 15, 30, 45))


def readings(rows: dict[str, list[tuple[float, float]]]) -> str:
    """A table of readings: import and export of each participant in each period."""
    lines = ["time,participant,import_kwh,export_kwh"]
    for name, pairs in rows.items():
        lines += [f"{time},{name},{into},{out}" for time, (into, out) in zip(TIMES, pairs, strict=True)]
    return "\n".join(lines) + "\n"


def write_community(folder: Path, **files: str) -> Path:
    """Writes the community into a new folder; `files` replace its own, by their names without a suffix."""
    folder.mkdir(parents=True)
    texts = {
        "participants": "participant\nsun\nanna\n",
        "meters": readings({"sun": [(0, 0.6)] * 4, "anna": [(0.25, 0)] * 4}),
    }
    for name, text in (texts | files).items():
        if name not in ("case", "tariffs"):
            (folder / f"{name}.csv").write_text(text)
    (folder / "case.toml").write_text(files.get("case", CASE))
    (folder / "tariffs.toml").write_text(files.get("tariffs", TARIFFS))
    return folder


def write_result(folder: Path, first: int, periods: int, rows: list[str], more=None) -> Path:
    """Writes a result of clearing for some of the periods; rows name trade, period, parties, kW, price."""
    folder.mkdir(parents=True)
    lines = ["trade,time,seller,buyer,cleared_kw,price_per_kwh"]
    kwh = 0.0
    for row in rows:
        trade, period, *rest = row.split(",")
        lines.append(",".join([trade, TIMES[int(period)], *rest]))
        kwh += float(rest[2]) / 4
    (folder / "cleared.csv").write_text("\n".join(lines) + "\n")
    facts = {"status": "cleared", "start": TIMES[first], "resolution": "15min", "periods": periods}
    (folder / "summary.json").write_text(json.dumps({**facts, "cleared_kwh": kwh, **(more or {})}))
    return folder


def problems(call) -> list[str]:
    """What a call is refused with."""
    try:
        call()
    except InvalidCase as refused:
        return [str(problem) for problem in refused.problems]
    raise AssertionError("nothing was refused")
