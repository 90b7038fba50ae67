"""A small case folder, as text, with a table of each kind."""

from pathlib import Path

CASE = """\
name = "Example street"
currency = "EUR"

[horizon]
start = "2024-06-21T00:00"
timezone = "Europe/Berlin"
resolution = "15min"
periods = 4

[network]
builtin = "pandapower/kerber_landnetz_freileitung_2"

[limits]
voltage_min_pu = 0.95
voltage_max_pu = 1.05

[clearing]
formulation = "dc"
allocation = "max-volume"
"""

PARTICIPANTS = """\
participant,bus,demand,surplus,load_power_factor,generation_power_factor,retailer
h1,3,firm,curtail,0.95,1.0,north
h2,5,elastic,export,1.0,0.9,north
h3,7,,,,,
"""

TRADES = """\
trade,seller,buyer,start,end,power_kw,price_per_kwh,submitted,min_fraction,block
t1,h1,h2,2024-06-21T00:00,2024-06-21T01:00,1.5,0.21,2024-06-20T09:30:01.5+02:00,,
t2,h1,h3,2024-06-21T00:15+02:00,2024-06-21T00:30+02:00,0.1,-0.05,,0,false
t3,h2,h3,2024-06-20T22:30Z,2024-06-21T01:00,2,0.3,,0.0,
"""

ORDERS = """\
order,participant,side,start,end,power_kw,price_per_kwh
o1,h1,sell,2024-06-21T00:00,2024-06-21T00:30,0.7,0.11
o2,h3,buy,2024-06-21T00:00,2024-06-21T01:00,0.4,0.33
"""

FILES = ("case.toml", "participants.csv", "profiles.csv", "trades.csv", "orders.csv")


def profiles() -> str:
    """Four quarter-hours of three participants, times in lines 2, 5, 8 and 11."""
    rows = ["time,participant,load_kw,generation_kw"]
    for period in range(4):
        for participant in (1, 2, 3):
            time = f"2024-06-21T00:{15 * period:02}+02:00"
            rows.append(f"{time},h{participant},{0.1 * participant + period},{3.3 / participant}")
    return "\n".join(rows) + "\n"


def write_example(folder: Path) -> Path:
    """Writes the example case into a folder, which it makes, and returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = (CASE, PARTICIPANTS, profiles(), TRADES, ORDERS)
    for name, text in zip(FILES, texts, strict=True):
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return folder
