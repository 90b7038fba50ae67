"""The table of headroom, with its one declared list of columns."""

from typing import Any

import numpy as np
import pandas as pd

from gridpact.arrays import Int
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.network_model import PHASE_LABELS
from gridpact.results.clearance_tables import period_times
from gridpact.results.decimals import rounded
from gridpact.results.words.limit_words import element_name
from gridpact.trading_headroom.headroom_arrays import HeadroomArrays

HEADROOM = (
    "time",
    "participant",
    "sale_alone_kw",
    "sale_together_kw",
    "purchase_alone_kw",
    "purchase_together_kw",
    "surplus_kw",
    "residual_demand_kw",
    "sale_limited_by",
    "sale_element",
    "purchase_limited_by",
    "purchase_element",
)
PHASE_AFTER = {"sale_element": "sale_phase", "purchase_element": "purchase_phase"}


def columns_of(headroom: HeadroomArrays) -> tuple[str, ...]:
    """The columns of the headroom of a network: those of phases only where it has some."""
    if not headroom.network.is_three_phase:
        return HEADROOM
    return tuple(each for name in HEADROOM for each in (name, PHASE_AFTER.get(name, "")) if each)


def headroom_table(headroom: HeadroomArrays) -> pd.DataFrame:
    """The headroom, ordered by time, then as the participants are."""
    ids = np.array(headroom.case.participants.ids, dtype=object)
    periods, count = headroom.surplus_kw.shape
    columns: dict[str, Any] = {
        "time": period_times(headroom.case.horizon)[np.repeat(np.arange(periods), count)],
        "participant": np.tile(ids, periods),
    }
    for side in ("sale", "purchase"):
        limited_by = getattr(headroom, f"{side}_limited_by").ravel()
        element = getattr(headroom, f"{side}_element").ravel()
        columns[f"{side}_limited_by"] = _labels()[limited_by]
        columns[f"{side}_element"] = _element_names(headroom, limited_by, element)
        columns[f"{side}_phase"] = _phases()[getattr(headroom, f"{side}_phase").ravel()]
    powers = {name: rounded(getattr(headroom, name).ravel()) for name in HEADROOM if name.endswith("_kw")}
    columns |= powers
    return pd.DataFrame({name: columns[name] for name in columns_of(headroom)})


def _phases() -> np.ndarray:
    """The name of each phase, in order."""
    return np.array(PHASE_LABELS, dtype=object)


def _labels() -> np.ndarray:
    """The name of each `LimitedBy`, in order."""
    return np.array([reason.label for reason in LimitedBy], dtype=object)


def _element_names(headroom: HeadroomArrays, limited_by: Int, element: Int) -> np.ndarray:
    """The name of each element, worked out once for each that there is."""
    pairs, place = np.unique(np.stack([limited_by, element]), axis=1, return_inverse=True)
    names = [element_name(headroom.case, headroom.network, kind, at) for kind, at in pairs.T.tolist()]
    return np.array([*names, ""], dtype=object)[place.reshape(-1)]
