"""Curtailment: how much feed-in retailers cannot take, when and why, as figures and as runs of periods."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gridpact.arrays import run_starts
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.network_model import PHASE_LABELS
from gridpact.results.clearance_arrays import ClearanceArrays
from gridpact.results.clearance_tables import PHASE, curtailed_columns, element_labels
from gridpact.results.decimals import figure, rounded


class LimitKey(NamedTuple):
    """A limit as the results call it: its kind, the element, and in a three-phase network the phase."""

    limited_by: str
    element: str
    phase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurtailedRun:
    """Neighbouring periods in which one limit curtails the feed-in of a participant.

    Attributes:
        participant: its name.
        share: of what is available in these periods, that is curtailed.
        kwh: energy curtailed.
        first, last: periods.
        key: the limit.
        values: where it stands in these periods, pu or percent; empty where that is unknown.
    """

    participant: str
    share: float
    kwh: float
    first: int
    last: int
    key: LimitKey
    values: list[float]


def feed_in_figures(clearance: ClearanceArrays) -> dict[str, Any]:
    """The figures of the summary: what of the surplus that is not sold is fed in, where anybody exports."""
    if not clearance.case.participants.exports.any():
        return {}
    fed_in, hours = clearance.fed_in, clearance.case.horizon.hours_per_period
    return {
        "feed_in": {
            "rule": str(clearance.case.feed_in),
            "curtailment": str(clearance.case.curtailment),
            "available_kwh": figure(float(fed_in.available_kw.sum()) * hours),
            "fed_in_kwh": figure(float(fed_in.fed_in_kw.sum()) * hours),
            "curtailed_kwh": figure(float(fed_in.curtailed_kw.sum()) * hours),
            "limits": _by_limit(clearance),
        }
    }


def curtailed_runs(clearance: ClearanceArrays) -> list[CurtailedRun]:
    """Curtailed feed-in as runs of neighbouring periods with one reason, most energy first."""
    curtailed, keys = curtailed_columns(clearance), _keys(clearance)
    period, participant = curtailed["time"].period, curtailed["participant"].codes
    order = np.lexsort((period, participant))
    place = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    limit = np.array([place[key] for key in keys], dtype=np.int64)
    starts = run_starts(period[order], participant[order], limit[order])
    hours, stands_at = clearance.case.horizon.hours_per_period, _values(clearance)
    runs = []
    for rows in np.split(order, starts[1:]) if len(order) else ():
        key = keys[rows[0]]
        lost_kw, available_kw = curtailed["curtailed_kw"][rows].sum(), curtailed["available_kw"][rows].sum()
        known = ((int(period[row]), key) for row in rows)
        runs.append(
            CurtailedRun(
                participant=clearance.case.participants.ids[participant[rows[0]]],
                share=float(lost_kw / available_kw),
                kwh=float(rounded(lost_kw * hours)),
                first=int(period[rows[0]]),
                last=int(period[rows[-1]]),
                key=key,
                values=[stands_at[one] for one in known if one in stands_at],
            )
        )
    return sorted(runs, key=lambda run: (-run.kwh, run.participant, run.first))


def _by_limit(clearance: ClearanceArrays) -> list[dict[str, Any]]:
    """The limits that curtail, most energy first, and the energy that 1 % more of each lets in."""
    hours, lost, prices = clearance.case.horizon.hours_per_period, dict[LimitKey, float](), _prices(clearance)
    lost.update((key, 0.0) for key, price in prices.items() if price > 0.0)
    for key, kw in zip(_keys(clearance), curtailed_columns(clearance)["curtailed_kw"].tolist(), strict=True):
        lost[key] = lost.get(key, 0.0) + kw * hours
    return [
        {
            "limited_by": key.limited_by,
            "element": key.element,
            **({PHASE: key.phase} if clearance.network.is_three_phase else {}),
            "curtailed_kwh": figure(kwh),
            "kwh_per_percent": figure(prices[key]) if np.isfinite(prices.get(key, np.nan)) else None,
        }
        for key, kwh in sorted(lost.items(), key=lambda one: (-one[1], one[0]))
    ]


def _keys(clearance: ClearanceArrays) -> list[LimitKey]:
    """The limit of each row of the table of curtailed feed-in."""
    curtailed = curtailed_columns(clearance)
    limited_by, element = curtailed["limited_by"].texts().tolist(), curtailed["element"].texts().tolist()
    phase = curtailed[PHASE].texts().tolist() if PHASE in curtailed else [""] * len(element)
    return [LimitKey(*one) for one in zip(limited_by, element, phase, strict=True)]


def _binding_keys(clearance: ClearanceArrays) -> list[LimitKey]:
    """Each limit with a price of feed-in."""
    binding = clearance.fed_in.binding
    element = element_labels(clearance, binding.limited_by, binding.element).texts().tolist()
    kinds = [LimitedBy(kind).label for kind in binding.limited_by.tolist()]
    phases = [PHASE_LABELS[phase] for phase in binding.phase.tolist()]
    return [LimitKey(*one) for one in zip(kinds, element, phases, strict=True)]


def _prices(clearance: ClearanceArrays) -> dict[LimitKey, float]:
    """Energy that 1 % more of each limit lets in, in all periods together; not a number by `even`."""
    prices, hours = dict[LimitKey, float](), clearance.case.horizon.hours_per_period
    per_percent = clearance.fed_in.binding.shadow_price_kw_per_percent.tolist()
    for key, kw in zip(_binding_keys(clearance), per_percent, strict=True):
        prices[key] = prices.get(key, 0.0) + kw * hours
    return prices


def _values(clearance: ClearanceArrays) -> dict[tuple[int, LimitKey], float]:
    """Where each limit that curtails stands, by period."""
    binding = clearance.fed_in.binding
    keys = zip(binding.period.tolist(), _binding_keys(clearance), strict=True)
    return dict(zip(keys, binding.limit.tolist(), strict=True))
