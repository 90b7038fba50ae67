"""Doubts: what meters show that what is known of their participants contradicts.

A meter may have import and export exchanged, or kW in its columns of kWh, so that readings are 60 / minutes
times too large. It is doubted where undoing that at least halves its distance to what was expected of it: the
sum over all periods of what its net energy is off. What is no further off than 15 % of all that was expected
is right.
"""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.case import Case
from gridpact.case.horizon import RESOLUTION_MINUTES
from gridpact.settlement.amounts.money import WH_PER_KWH
from gridpact.settlement.amounts.whole import nearest_wh
from gridpact.settlement.energy.meters import Meters
from gridpact.units import MINUTES_PER_HOUR

RIGHT = 0.15  # of what was expected, that right meters may be off by
HALVED = 0.5
NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is known of meters: net injection, whole watt-hours, and where it is known, (T, P) each."""

    net_injection_wh: Int
    is_known: Bool


def expected_of(case: Case, scheduled_wh: Int, is_scheduled: Bool, *, has_profiles: bool) -> Expected:
    """What is expected of the meters of a case: its schedule, or else its forecast without any trade.

    Args:
        case: with forecasts, or with none, which are zeros.
        scheduled_wh: net injection by the schedule, whole watt-hours, (T, P).
        is_scheduled: where the schedule says it, (T, P).
        has_profiles: whether the case has forecasts.
    """
    if not has_profiles:
        return Expected(net_injection_wh=scheduled_wh, is_known=is_scheduled)
    profiles, people = case.profiles, case.participants
    surplus_kw = np.where(people.exports, profiles.surplus_kw, 0.0)
    demand_kw = np.where(people.firm, profiles.residual_demand_kw, 0.0)
    forecast_wh = nearest_wh(surplus_kw - demand_kw, case.horizon.hours_per_period)
    is_forecast = (profiles.load_kw > 0) | (profiles.generation_kw > 0)
    return Expected(
        net_injection_wh=np.where(is_scheduled, scheduled_wh, forecast_wh),
        is_known=is_scheduled | is_forecast,
    )


def doubts(case: Case, meters: Meters, expected: Expected, *, has_profiles: bool) -> list[str]:
    """The notices of what meters contradict, each with its participants."""
    names = tuple(f"'{name}'" for name in case.participants.ids)
    net_wh = meters.export_wh - meters.import_wh
    factor = MINUTES_PER_HOUR // RESOLUTION_MINUTES[case.horizon.resolution]
    is_read = meters.given & ~meters.estimated & meters.is_asked
    known = expected.is_known & is_read
    scale = np.where(known, np.abs(expected.net_injection_wh), 0).sum(axis=0)
    off = np.where(known, net_wh - expected.net_injection_wh, 0)
    distance = np.abs(off).sum(axis=0)
    undone = {
        name: np.abs(np.where(known, net_wh * turned - expected.net_injection_wh, 0)).sum(axis=0)
        for name, turned in _turns(factor).items()
    }
    is_doubted = (scale > 0) & (distance > RIGHT * scale)
    found = _said(names, is_doubted, distance, undone, "what the schedule or the forecast has")
    if meters.head_given.any():
        found += _doubted_by_head(names, meters, net_wh, scale == 0, factor)
    if has_profiles:
        found += _exporters_without_generation(names, case, meters)
    return found


def losses_doubted(case: Case, meters: Meters, losses_wh: Int) -> list[str]:
    """The notice that the network lost more than its members drew, if so."""
    lost, drawn = int(losses_wh.sum()), int(meters.import_wh.sum())
    if not lost > drawn or not drawn:
        return []
    return [
        f"losses of {_kwh(lost)} are more than the {_kwh(drawn)} that all {len(case.participants):,} "
        "participants import: are all meters there, and in the same unit as @head?"
    ]


def _turns(factor: int) -> dict[str, float]:
    """What may be wrong with a meter, and what undoes it."""
    exchanged = "import and export look exchanged"
    if factor == 1:
        return {exchanged: -1.0}
    times = f"readings look {factor} times too large, as kW in columns of kWh are"
    return {exchanged: -1.0, times: 1 / factor, f"{exchanged}, and {times}": -1 / factor}


def _said(
    names: tuple[str, ...], is_doubted: Bool, distance: Float | Int, undone: dict[str, Float], beside: str
) -> list[str]:
    """One notice for each thing that may be wrong, of those whose distance undoing it halves."""
    best = np.stack(list(undone.values()))
    chosen, least = best.argmin(axis=0), best.min(axis=0)
    is_told = is_doubted & (least <= HALVED * distance)
    notices = []
    for place, what in enumerate(undone):
        who = np.flatnonzero(is_told & (chosen == place)).tolist()
        if who:
            notices.append(f"meters of {_named(names, who)}: {what}, beside {beside}")
    return notices


def _doubted_by_head(
    names: tuple[str, ...], meters: Meters, net_wh: Int, is_unknown: Bool, factor: int
) -> list[str]:
    """What @head contradicts: the likeliest meter of those of which nothing else is known, or all."""
    at = np.flatnonzero(meters.head_given)
    head_wh, metered_wh = meters.head_import_wh[at], meters.net_import_wh[at]
    distance, scale = float(np.abs(metered_wh - head_wh).sum()), float(np.abs(head_wh).sum())
    if not scale or distance <= RIGHT * scale or not is_unknown.any():
        return []
    turns = _turns(factor)
    rest_wh = metered_wh[:, None] - head_wh[:, None]
    undone = {
        what: np.append(
            np.where(is_unknown, np.abs(rest_wh + (1 - turned) * net_wh[at]).sum(axis=0), np.inf),
            np.abs(metered_wh * turned - head_wh).sum() if is_unknown.all() else np.inf,
        )
        for what, turned in turns.items()
    }
    least = np.stack(list(undone.values())).min(axis=0)
    is_likeliest = np.arange(len(least)) == least.argmin()
    return _said((*names, "all participants"), is_likeliest, np.full(len(least), distance), undone, "@head")


def _exporters_without_generation(names: tuple[str, ...], case: Case, meters: Meters) -> list[str]:
    """The notice of those who export, and are forecast to consume and never to generate."""
    profiles = case.profiles
    never = (profiles.generation_kw.max(axis=0) <= 0) & (profiles.load_kw.max(axis=0) > 0)
    export_wh = meters.export_wh.sum(axis=0)
    who = np.flatnonzero(never & (export_wh > 0)).tolist()
    if not who:
        return []
    verb = "exports" if len(who) == 1 else "export"
    have = "has" if len(who) == 1 else "have"
    energy = _kwh(int(export_wh[who].sum()))
    return [f"{_named(names, who)} {verb} {energy} and {have} no generation in any period"]


def _named(names: tuple[str, ...], who: list[int]) -> str:
    """Some of the participants, the first few of many."""
    shown = [names[each] for each in who[:NAMES_SHOWN]]
    more = f" and {len(who) - NAMES_SHOWN:,} more" if len(who) > NAMES_SHOWN else ""
    return ", ".join(shown) + more


def _kwh(wh: int) -> str:
    """An energy in kWh."""
    return f"{wh / WH_PER_KWH:,.3f} kWh"
