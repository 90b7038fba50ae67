"""A small case with its clearance, meters and tariffs, as text."""

import json
from pathlib import Path

from tests.example import write_example

TARIFFS = """\
mode = "sharing"
missing = "error"
loss_allocation = "dso"

[network]
p2p_charge_per_kwh = 0.02
retail_charge_per_kwh = 0.05
tax_per_kwh = 0.01

[retailers.default]
supply_price_per_kwh = 0.20
feed_in_price_per_kwh = 0.05
imbalance_long_per_kwh = 0.03
imbalance_short_per_kwh = 0.30

[retailers.north]
supply_price_per_kwh = [
  {days = "weekday", from = "00:00", to = "00:30", price = 0.25},
  {days = "weekday", from = "00:30", price = 0.15},
  {days = "weekend", price = 0.10},
]
feed_in_price_per_kwh = 0.04
imbalance_long_per_kwh = 0.02
imbalance_short_per_kwh = 0.40
"""

METERS = """\
time,participant,import_kwh,export_kwh,quality
2024-06-21T00:00,h1,0,0.5,measured
2024-06-21T00:00,h2,0.4,0,
2024-06-21T00:00,h3,0.125,0,
2024-06-21T00:15,h1,0,0.25,
2024-06-21T00:15,h2,0.3,0,estimated
2024-06-21T00:15,h3,0.2,0,
2024-06-21T00:30,h1,0.001,0,
2024-06-21T00:30,h2,0.002,0,
2024-06-21T00:30,h3,0.003,0,
2024-06-21T00:45,h1,0,1,
2024-06-21T00:45,h2,0.6,0,
2024-06-21T00:45,h3,0.3,0,
2024-06-21T00:00,@head,0.03,0,
2024-06-21T00:15,@head,0.26,0,
2024-06-21T00:30,@head,0.006,0,
2024-06-21T00:45,@head,0,0.09,
"""

CLEARED = """\
trade,time,seller,buyer,proposed_kw,cleared_kw,price_per_kwh,limited_by,element
t1,2024-06-21T00:00+02:00,h1,h2,1.5,1.2,0.1,,
t1,2024-06-21T00:15+02:00,h1,h2,1.5,1.2,0.1,,
t1,2024-06-21T00:30+02:00,h1,h2,1.5,0,0.1,line,3
t2,2024-06-21T00:00+02:00,h1,h3,0.4,0.4,0.12,,
t2,2024-06-21T00:45+02:00,h1,h3,0.4,0.4,0.12,,
"""

SHARING = """\
time,participant,coefficient,priority
,h2,0.5,1
,h3,0.25,2
2024-06-21T00:15,h3,0.5,0
"""

SUMMARY = {"status": "cleared", "resolution": "15min", "periods": 4, "cleared_kwh": 0.8}


def schedule() -> str:
    """What the clearance has every participant inject, 0.4 kW in the first period and more in later ones."""
    rows = ["time,participant,bus,net_injection_kw"]
    for period in range(4):
        for participant, sign in (("h1", 1), ("h2", -1), ("h3", -1)):
            power_kw = sign * 0.4 * (period + 1)
            rows.append(f"2024-06-21T00:{15 * period:02}+02:00,{participant},3,{power_kw}")
    return "\n".join(rows) + "\n"


def write_settle_example(folder: Path) -> tuple[Path, Path]:
    """Writes the case and the clearance into new folders inside one, and gives both."""
    case, result = write_example(folder / "case"), folder / "result"
    result.mkdir()
    for path, text in (
        (case / "tariffs.toml", TARIFFS),
        (case / "meters.csv", METERS),
        (result / "cleared.csv", CLEARED),
        (result / "schedule.csv", schedule()),
        (result / "summary.json", json.dumps(SUMMARY)),
    ):
        path.write_text(text, encoding="utf-8", newline="\n")
    return case, result
