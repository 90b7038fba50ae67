"""Makes the case folders of this directory again.

The published days come from the package itself. The SimBench cases are one summer and one winter day of
the rural feeder 1-LV-rural2--0-sw with its own quarter-hour profiles (Meinecke et al. 2020, "SimBench: a
benchmark dataset of electric power systems", ODbL 1.0): every load is a participant, every solar plant
belongs to the first load at its bus, and all of them bid and ask within a seeded spread of prices. The day of
three phases is made of its own tables, see `european_phases.py`.
"""

import shutil
import sys
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from clock_days import clock_back_day, clock_forward_day, write_readme
from european_phases import FOLDER as EUROPEAN
from european_phases import european_phases, write_european_phases
from june_settlement import write_june_settlement
from session_cases import session_cases

from gridpact.arrays import frozen
from gridpact.case import (
    Allocation,
    Case,
    Formulation,
    Horizon,
    Orders,
    Participants,
    PriceRule,
    Profiles,
    TableFormat,
    Trades,
    write_case,
)
from gridpact.case.terms import Terms
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource
from gridpact.published import cigre_day, cigre_extreme, village_day

HERE = Path(__file__).parent
SIMBENCH_CODE = "1-LV-rural2--0-sw"
SIMBENCH_YEAR_START = datetime(2016, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))
QUARTERS_A_DAY = 96
SEED = 20160609


def simbench_day(name: str, day: date, table_format: TableFormat) -> Case:
    """One day of the SimBench feeder, with an order of every participant for the whole day."""
    import simbench

    net = simbench.get_simbench_net(SIMBENCH_CODE)
    start = datetime(day.year, day.month, day.day, tzinfo=SIMBENCH_YEAR_START.tzinfo)
    first = int((start.timestamp() - SIMBENCH_YEAR_START.timestamp()) / 900)
    profiles = simbench.get_absolute_values(net, profiles_instead_of_study_cases=True)
    rows = slice(first, first + QUARTERS_A_DAY)
    load_kw = profiles[("load", "p_mw")][net.load.index].to_numpy()[rows] * 1000.0
    plant_kw = profiles[("sgen", "p_mw")][net.sgen.index].to_numpy()[rows] * 1000.0

    load_bus, plant_bus = net.load.bus.to_numpy(), net.sgen.bus.to_numpy()
    owner = np.array([np.flatnonzero(load_bus == bus)[0] for bus in plant_bus])
    generation_kw = np.zeros_like(load_kw)
    np.add.at(generation_kw.T, owner, plant_kw.T)
    has_plant = np.isin(np.arange(len(load_bus)), owner)
    reactive = net.load.q_mvar.to_numpy() / net.load.p_mw.to_numpy()
    return Case(
        name=name,
        currency="EUR",
        horizon=Horizon(start=start, timezone="Europe/Berlin", resolution="15min", periods=QUARTERS_A_DAY),
        network=NetworkSource(builtin=f"simbench/{SIMBENCH_CODE}"),
        limits=Limits(),
        formulation=Formulation.AC,
        allocation=Allocation.MAX_VOLUME,
        price_rule=PriceRule.MIDPOINT,
        participants=Participants(
            ids=tuple(name.replace("LV2.101 Load ", "home-") for name in net.load.name),
            bus=frozen(load_bus, np.int64),
            firm=frozen(np.ones(len(load_bus)), np.bool_),
            exports=frozen(has_plant, np.bool_),
            load_power_factor=frozen(np.round(1.0 / np.sqrt(1.0 + reactive**2), 4), float),
            generation_power_factor=frozen(np.ones(len(load_bus)), float),
            retailer=("default",) * len(load_bus),
        ),
        profiles=Profiles(
            load_kw=frozen(np.round(load_kw, 6), float),
            generation_kw=frozen(np.round(generation_kw, 6), float),
        ),
        trades=Trades.none(),
        orders=_orders(has_plant, load_kw.max(axis=0), generation_kw.max(axis=0)),
        table_format=table_format,
    )


def _orders(has_plant: np.ndarray, load_kw: np.ndarray, generation_kw: np.ndarray) -> Orders:
    """A bid of every home and an ask of every plant's owner, for their greatest power of the day."""
    rng = np.random.default_rng(SEED)
    sellers, buyers = np.flatnonzero(has_plant), np.arange(len(has_plant))
    participant = np.concatenate([sellers, buyers])
    sells = np.arange(len(participant)) < len(sellers)
    ask, bid = rng.uniform(0.07, 0.11, len(participant)), rng.uniform(0.16, 0.26, len(participant))
    power_kw = np.ceil(np.where(sells, generation_kw[participant], load_kw[participant]) * 10.0) / 10.0
    order = np.flatnonzero(power_kw > 0.0)
    count = len(order)
    return Orders(
        ids=tuple(f"{'ask' if sells[k] else 'bid'}-{participant[k] + 1}" for k in order),
        participant=frozen(participant[order], np.int64),
        sells=frozen(sells[order], np.bool_),
        start=frozen(np.zeros(count), np.int64),
        end=frozen(np.full(count, QUARTERS_A_DAY), np.int64),
        power_kw=frozen(power_kw[order], float),
        price_per_kwh=frozen(np.round(np.where(sells, ask, bid)[order], 4), float),
        submitted=frozen(np.zeros(count), np.int64),
        terms=Terms.none(count),
    )


def main() -> None:
    """Writes every example anew."""
    june = simbench_day("SimBench rural feeder, a June day", date(2016, 6, 9), TableFormat.CSV)
    winter = simbench_day("SimBench rural feeder, a winter day", date(2016, 1, 20), TableFormat.PARQUET)
    cases = {
        "cigre-lv-day": cigre_day(),
        "village-day": village_day(),
        "cigre-lv-extreme": cigre_extreme(),
        "simbench-rural-june": june,
        "simbench-rural-winter": winter,
        "clock-forward-day": clock_forward_day(),
        "clock-back-day": clock_back_day(),
        EUROPEAN: european_phases(HERE),
        **{f"cigre-lv-sessions/{name}": case for name, case in session_cases().items()},
    }
    for name, case in cases.items():
        shutil.rmtree(HERE / name, ignore_errors=True)
        write_case(case, HERE / name)
        if name.startswith("clock-"):
            write_readme(case, HERE / name)
        if name == EUROPEAN:
            write_european_phases(HERE / name)
        if name == "simbench-rural-june":
            write_june_settlement(HERE / name)
        sys.stdout.write(f"{HERE / name}\n")


if __name__ == "__main__":
    main()
