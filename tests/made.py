"""A small case made in memory, as plain values: what a user writes down, and what tests spoil."""

from copy import deepcopy
from typing import Any

import gridpact

Values = dict[str, Any]

PARTS: dict[str, tuple[str, Values]] = {
    "horizon": (
        "Horizon",
        {"start": "2024-06-21T10:00", "timezone": "Europe/Lisbon", "resolution": "15min", "periods": 3},
    ),
    "network": ("NetworkSource", {"builtin": "pandapower/cigre_lv"}),
    "limits": (
        "Limits",
        {
            "voltage_min_pu": 0.9,
            "voltage_max_pu": 1.1,
            "line_loading_max_percent": 100.0,
            "transformer_loading_max_percent": 90,
        },
    ),
    "participants": (
        "Participants",
        {
            "ids": ["pv", "home", "farm", "shop"],
            "bus": [16, 12, 18, 35],
            "firm": ["firm", "elastic", "firm", "elastic"],
            "exports": [False, False, True, False],
            "load_power_factor": [1.0, 0.95, 1.0, 0.9],
            "generation_power_factor": [1.0, 1.0, 0.98, 1.0],
            "retailer": ["default", "north", "default", "north"],
            "connection_kw": [9.2, 17.25, 30.0, 17.25],
        },
    ),
    "profiles": (
        "Profiles",
        {
            "load_kw": [[0.0, 3.0, 0.5, 4.0], [0.0, 2.0, 0.5, 4.0], [0.0, 3.0, 0.5, 1.0]],
            "generation_kw": [[5.0, 0.0, 6.0, 0.0], [4.0, 0.0, 6.0, 0.0], [5.0, 0.0, 3.0, 1.5]],
        },
    ),
    "terms": (
        "Terms",
        {
            "block": [False, True, False],
            "min_fraction": [0.0, 0.5, 0.0],
            "group": [-1, 0, 0],
            "link": [-1, -1, 0],
            "group_names": ["g"],
            "link_names": ["l"],
        },
    ),
    "trades": (
        "Trades",
        {
            "ids": ["t1", "t2", "t3"],
            "seller": [0, 2, 2],
            "buyer": [1, 1, 3],
            "start": [0, 0, 1],
            "end": [3, 2, 2],
            "power_kw": [2.0, 1.5, 2.5],
            "price_per_kwh": [0.1, 0.12, -0.01],
            "submitted": [0, 1_718_900_000_000_000, 0],
        },
    ),
    "orders": (
        "Orders",
        {
            "ids": ["ask", "bid"],
            "participant": [0, 3],
            "sells": ["sell", "buy"],
            "start": [0, 0],
            "end": [3, 3],
            "power_kw": [1.0, 2.0],
            "price_per_kwh": [0.08, 0.2],
        },
    ),
    "commitments": (
        "Trades",
        {
            "ids": ["old", "old"],
            "seller": [0, 0],
            "buyer": [1, 1],
            "start": [0, 2],
            "end": [1, 3],
            "power_kw": [0.5, 0.25],
            "price_per_kwh": [0.1, 0.1],
        },
    ),
}
SETTINGS: Values = {
    "name": "made in memory",
    "currency": "EUR",
    "formulation": "ac",
    "allocation": "max-volume",
    "price_rule": "midpoint",
    "robustness": "none",
    "seconds_max": 20,
    "first_open": 0,
    "table_format": "csv",
    "inputs_sha256": "",
    "warnings": [],
}


def plain() -> dict[str, Values]:
    """The values of every part, and of the case itself; each call gives its own."""
    return deepcopy({**{name: values for name, (_, values) in PARTS.items()}, "case": SETTINGS})


def made(values: dict[str, Values], **instead: Any) -> gridpact.Case:
    """The case of such values; parts and settings may be given instead."""
    parts: Values = {}
    for name, (kind, _) in PARTS.items():
        given = {**values[name], "terms": parts.pop("terms")} if name == "trades" else values[name]
        parts[name] = getattr(gridpact, kind)(**given)
    return gridpact.Case(**{**parts, **values["case"], **instead})
