"""Cases whose results are compared, and their results in folders."""

from dataclasses import replace
from pathlib import Path

import numpy as np

import gridpact
from gridpact.case import Case, Orders, TableFormat, Trades
from gridpact.published import cigre_extreme
from tests.envelopes.made import three_phase_case
from tests.instances import make_case, make_participants, make_trades


def written(case: Case, folder: Path, table_format: TableFormat = TableFormat.CSV) -> Path:
    """The result of a case in a folder."""
    clearance = gridpact.clear(replace(case, table_format=table_format))
    return gridpact.write_clearance(clearance, folder)


def fair() -> Case:
    """The extreme hour by the greatest smallest share."""
    return replace(cigre_extreme(), allocation="max-min")


def two_rules(folder: Path, table_format: TableFormat = TableFormat.CSV) -> tuple[Path, Path]:
    """The extreme hour by the greatest volume and by the greatest smallest share."""
    return (
        written(cigre_extreme(), folder / "volume", table_format),
        written(fair(), folder / "fair", table_format),
    )


def without_trades(case: Case) -> Case:
    return replace(case, trades=Trades.none(), orders=Orders.none())


def two_models(folder: Path) -> tuple[Case, Case]:
    """Trades between single phases of a small network, and between the same people if it were balanced."""
    folder.mkdir(exist_ok=True)
    base = three_phase_case(folder)
    profiles = gridpact.Profiles(
        load_kw=np.array([[0.0, 0.0, 30.0, 4.0, 1.0, 1.0]]),
        generation_kw=np.array([[30.0, 5.0, 0.0, 0.0, 0.0, 0.0]]),
    )
    trades = make_trades([0, 1], [2, 3], [0, 0], [1, 1], [30.0, 3.0])
    three = replace(base, trades=trades, profiles=profiles, formulation="ac")
    balanced = replace(
        three,
        network=replace(three.network, model="balanced"),
        participants=replace(three.participants, phases=()),
    )
    return balanced, three


def exporting(power_kw: float = 4.0) -> Case:
    """Two sellers that export their surplus and a buyer, over two periods of a quarter of an hour."""
    case = make_case(
        make_participants([5, 11, 18], [True] * 3, [True, True, False]),
        np.array([[0.5, 0.0, 8.0], [0.5, 0.0, 7.0]]),
        np.array([[9.0, 6.0, 0.0], [8.0, 6.0, 0.0]]),
        make_trades([0, 1], [2, 2], [0, 0], [2, 2], [power_kw, 3.0]),
        network="pandapower/cigre_lv",
    )
    return replace(case, formulation="ac")
