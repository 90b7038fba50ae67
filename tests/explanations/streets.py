"""Two streets from one supply: what loads one of them can be computed by hand."""

from typing import Any

import pandapower
import pandas as pd

from gridpact.case import Case

ELM, OAK = "Elm Street", "Oak Road"
RATING_A = 50.0
TIMES = pd.date_range("2024-06-21T12:00", periods=2, freq="1h", tz="Europe/Lisbon")
PEOPLE = ("ann", "bob", "cem", "dee", "eve", "fox")


def two_streets(*, rating_a: float = RATING_A, r_ohm: float = 0.01) -> Any:
    """Bus 0 holds the voltage; bus 1 lies in Elm Street, bus 2 in Oak Road, whose cable carries anything."""
    net = pandapower.create_empty_network()
    buses = [pandapower.create_bus(net, 0.4, name=name) for name in ("station", "elm 1", "oak 1")]
    pandapower.create_ext_grid(net, buses[0])
    for bus, name, ampere in ((1, ELM, rating_a), (2, OAK, 10.0 * rating_a)):
        pandapower.create_line_from_parameters(
            net,
            buses[0],
            buses[bus],
            length_km=0.1,
            r_ohm_per_km=10.0 * r_ohm,
            x_ohm_per_km=0.05,
            c_nf_per_km=0.0,
            max_i_ka=ampere / 1000.0,
            name=name,
        )
    return net


def case_of(
    trades: list[tuple[Any, ...]] | None = None,
    *,
    net: Any = None,
    generation_kw: dict[str, float] | None = None,
    load_kw: dict[str, float] | None = None,
    columns: dict[str, list[Any]] | None = None,
    surplus: str = "curtail",
    **settings: Any,
) -> Case:
    """Ann and bob sell from Elm Street; cem and dee buy in Oak Road, where eve sells to fox.

    Args:
        trades: name, seller, buyer, kW, price of each, over both hours.
        net: the network; `two_streets` without it.
        generation_kw, load_kw: of participants, 40 kW of each that sells or buys without it.
        columns: more columns of the trades.
        surplus: what all do with theirs.
        settings: of the case.
    """
    made = {"ann": 40.0, "bob": 40.0, "eve": 40.0} | (generation_kw or {})
    used = {"cem": 40.0, "dee": 40.0, "fox": 40.0} | (load_kw or {})
    rows = [
        ("t1", "ann", "cem", 30.0, 0.2),
        ("t2", "bob", "dee", 30.0, 0.2),
        ("t12", "eve", "fox", 30.0, 0.2),
    ]
    profiles = pd.DataFrame({"time": TIMES.repeat(len(PEOPLE)), "participant": [*PEOPLE] * len(TIMES)})
    profiles["load_kw"] = [used.get(name, 0.0) for name in profiles["participant"]]
    profiles["generation_kw"] = [made.get(name, 0.0) for name in profiles["participant"]]
    named = ("trade", "seller", "buyer", "power_kw", "price_per_kwh")
    proposed = pd.DataFrame(rows if trades is None else trades, columns=named)
    proposed["start"], proposed["end"] = TIMES[0], TIMES[-1] + (TIMES[1] - TIMES[0])
    for name, values in (columns or {}).items():
        proposed[name] = values
    people = pd.DataFrame({"participant": PEOPLE, "bus": [1, 1, 2, 2, 2, 2], "demand": "elastic"})
    people["surplus"] = surplus
    return Case.from_frames(
        two_streets() if net is None else net,
        name="two streets",
        participants=people,
        profiles=profiles,
        trades=proposed,
        **settings,
    )
