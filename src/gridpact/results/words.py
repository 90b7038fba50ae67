"""A clearance in words: what is shown on stdout and at the head of the report."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gridpact.clearing.solution import LimitedBy
from gridpact.clearing.verify import Status
from gridpact.results.extremes import highest, lowest

if TYPE_CHECKING:
    from gridpact.results.clearance import Clearance

CUTS_SHOWN = 10
CUT_SHARE_MIN = 1e-6


def verdict(clearance: "Clearance") -> str:
    """The one line that matters most."""
    summary = clearance.summary
    proposed, cleared = summary["proposed_kwh"], summary["cleared_kwh"]
    share = cleared / proposed if proposed else 1.0
    carried = f"{cleared:.3f} kWh of {proposed:.3f} kWh proposed cleared ({share:.1%})"
    match clearance.verification.status:
        case Status.CLEARED:
            return f"{carried}; every limit kept."
        case Status.LIMITS_BROKEN:
            return f"{carried}; NOT SAFE: the dispatch breaks limits of the network."
        case Status.NOT_CONVERGED:
            return f"{carried}; NOT SAFE: the network has no operating point under this dispatch."


def outcome(clearance: "Clearance") -> str:
    """The outcome in a few aligned lines, for people."""
    summary, case = clearance.summary, clearance.case
    lines = [
        f"{case.name}: {verdict(clearance)}",
        f"  trades    {summary['trades']} over {summary['periods']} periods of {case.horizon.resolution}",
        f"  load      {summary['load_kwh']:.3f} kWh, {summary['p2p_share_of_load']:.1%} of it from peers",
        f"  network   {_extremes(clearance)}",
        f"  verified  {_verified(clearance)}",
    ]
    violations = summary["baseline_violations"]
    if violations:
        lines.append(
            f"  baseline  breaks {len(violations)} limits before any trade; each is relaxed to its own value"
        )
        lines += [f"            {_violation(violation)}" for violation in violations[:CUTS_SHOWN]]
    cuts = cut_sentences(clearance)
    if cuts:
        lines.append(f"  cuts      {len(cuts)}")
        lines += [f"            {cut}" for cut in cuts[:CUTS_SHOWN]]
        if len(cuts) > CUTS_SHOWN:
            lines.append(f"            … and {len(cuts) - CUTS_SHOWN} more in cleared")
    lines += [f"  notice    {notice}" for notice in summary["notices"]]
    return "\n".join(lines)


def cut_sentences(clearance: "Clearance") -> list[str]:
    """Each run of periods in which one limit cuts a trade by the same share, deepest cuts first.

    "t17 cut 38 %: line 12 at 100.0 % of its rating, 11:00–12:00".
    """
    runs = cut_runs(clearance)
    horizon = clearance.case.horizon
    return [
        f"{trade} cut {cut:.0%}: {why}, {horizon.span(first, last)}"
        for trade, cut, why, first, last in zip(
            runs["trade"], runs["cut"], runs["reason"], runs["first"], runs["last"], strict=True
        )
    ]


def cut_runs(clearance: "Clearance") -> pd.DataFrame:
    """Cut trades as runs of neighbouring periods with one reason: trade, reason, cut, kwh, first, last."""
    cleared, period = clearance.cleared, clearance.offers.period
    lost_kw = (cleared["proposed_kw"] - cleared["cleared_kw"]).to_numpy()
    share = np.divide(lost_kw, cleared["proposed_kw"], out=np.zeros_like(lost_kw), where=lost_kw > 0)
    is_cut = share > CUT_SHARE_MIN
    rows = cleared.loc[is_cut, ["trade", "seller", "buyer", "limited_by", "element"]].assign(
        kwh=lost_kw[is_cut] * clearance.case.horizon.hours_per_period,
        cut=np.round(share[is_cut], 2),
        period=period[is_cut],
    )
    kept = ["trade", "limited_by", "element", "cut"]
    run = (rows[kept].ne(rows[kept].shift()).any(axis=1) | rows["period"].diff().ne(1)).cumsum()
    runs: pd.DataFrame = rows.groupby(run).agg(
        trade=("trade", "first"),
        seller=("seller", "first"),
        buyer=("buyer", "first"),
        limited_by=("limited_by", "first"),
        element=("element", "first"),
        cut=("cut", "first"),
        kwh=("kwh", "sum"),
        first=("period", "first"),
        last=("period", "last"),
    )
    limits = _limit_values(clearance)
    reasons = [
        reason(kind, element, limits.get((first, kind, element)))
        for kind, element, first in zip(runs["limited_by"], runs["element"], runs["first"], strict=True)
    ]
    return runs.assign(reason=reasons).sort_values(
        ["kwh", "trade"], ascending=[False, True], ignore_index=True
    )


def reason(limited_by: str, element: str, limit: float | None) -> str:
    """A limit in words, with the value it stood at."""
    value = float("nan") if limit is None else limit
    words = {
        LimitedBy.SELLER_SURPLUS: f"seller {element} has {value:.3f} kW of surplus",
        LimitedBy.BUYER_DEMAND: f"buyer {element} has {value:.3f} kW of residual demand",
        LimitedBy.VOLTAGE_MAX: f"bus {element} at {value:.3f} pu",
        LimitedBy.VOLTAGE_MIN: f"bus {element} at {value:.3f} pu",
        LimitedBy.LINE: f"line {element} at {value:.1f} % of its rating",
        LimitedBy.TRANSFORMER: f"transformer {element} at {value:.1f} % of its rating",
        LimitedBy.TERMS: "its own terms",
    }
    return next((text for kind, text in words.items() if kind.label == limited_by), "no single limit")


def _limit_values(clearance: "Clearance") -> dict[tuple[int, str, str], float]:
    """The limit that each binding limit stands at, by period, kind and element."""
    limits, period = clearance.limits, clearance.solution.binding.period
    keys = zip(period.tolist(), limits["limited_by"], limits["element"], strict=True)
    return dict(zip(keys, limits["limit"], strict=True))


def _extremes(clearance: "Clearance") -> str:
    operation, network, horizon = clearance.operation, clearance.network, clearance.case.horizon
    found = (
        ("lowest", lowest(operation.voltage_pu)),
        ("highest", highest(operation.voltage_pu)),
    )
    parts = [
        f"{word} voltage {extreme.value:.4f} pu at bus {network.bus_ids[extreme.position]}, "
        f"{horizon.instant(extreme.period):%H:%M}"
        for word, extreme in found
        if extreme
    ]
    if loading := highest(operation.loading_percent):
        parts.append(
            f"highest loading {loading.value:.1f} % on {network.elements.kind[loading.position]} "
            f"{network.elements.id[loading.position]}, {horizon.instant(loading.period):%H:%M}"
        )
    return "; ".join(parts) or "no operating point"


def _verified(clearance: "Clearance") -> str:
    verification = clearance.verification
    if verification.status is Status.CLEARED:
        return f"by {verification.engine}: no limit broken"
    findings = (
        (verification.max_voltage_excess_pu, "a voltage {:.4f} pu outside its band"),
        (verification.max_loading_excess_percent, "a loading {:.1f} points above its limit"),
        (verification.unconverged_periods, "{} periods without a solution"),
    )
    return f"by {verification.engine}: " + ", ".join(text.format(value) for value, text in findings if value)


def _violation(violation: dict[str, object]) -> str:
    kind = LimitedBy[str(violation["limited_by"]).upper()]
    element = str(violation["element"])
    periods = violation["periods"]
    return (
        f"{reason(kind.label, element, float(str(violation['worst_value'])))} at {violation['worst_time']}, "
        f"limit {violation['limit']}, in {periods} period{'s' if periods != 1 else ''}"
    )
