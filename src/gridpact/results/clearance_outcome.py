"""A clearance in words: what is shown on stdout and at the head of the report."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gridpact.arrays import run_starts
from gridpact.case.case import Allocation, Formulation
from gridpact.clearing.dispatch_verification import (
    LOADING_TOLERANCE_PERCENT,
    UNBALANCE_TOLERANCE_PERCENT,
    VOLTAGE_TOLERANCE_PU,
    Status,
)
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.fields.said import counted
from gridpact.grid.network import Network
from gridpact.grid.network_model import PHASE_LABELS
from gridpact.results.clearance import Clearance
from gridpact.results.clearance_summary import unsolved_baseline
from gridpact.results.clearance_tables import PHASE, cleared_columns, limits_columns
from gridpact.results.curtailment import curtailed_runs
from gridpact.results.decimals import rounded
from gridpact.results.extremes import highest, lowest
from gridpact.results.violations import Violation
from gridpact.results.words.limit_kinds import UNITS, limit_place, reason, unit_of
from gridpact.results.words.phrases import clock, share_of, significant, span, told_apart
from gridpact.results.words.place_words import loading_place, name_of, unbalance_place, voltage_place

SHOWN = 10
GAP_SHOWN = 1e-4
PRICE_SHOWN = 5e-5  # per kWh, below which prices are shown as one
CUT_SHARE_MIN = 1e-6
CUT_SHOWN_MAX = 0.995  # of a cut that is not whole
EVERY_LIMIT_KEPT = "every limit kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class CutRun:
    """Neighbouring periods in which one limit cuts a trade of one power by the same share.

    Attributes:
        trade, seller, buyer: names.
        committed: whether the trade is a commitment.
        proposed_kw: in each period.
        cut: share of the proposed power, to the percent.
        kwh: energy lost.
        first, last: periods.
        reason: the limit in words.
    """

    trade: str
    seller: str
    buyer: str
    committed: bool
    proposed_kw: float
    cut: float
    kwh: float
    first: int
    last: int
    reason: str


def verdict(clearance: Clearance) -> str:
    """The one line that matters most."""
    return f"{_carried(clearance)}; {_safety(clearance)}."


def limits_kept(clearance: Clearance) -> str:
    """What a verified dispatch does to limits: "every limit kept", and what was wrong before any trade."""
    violations, unsolved = clearance.summary["baseline_violations"], unsolved_baseline(clearance)
    remaining = clearance.summary["remaining_violations"]
    said = [f"{_limits_are(len(remaining))} broken, none made worse" if remaining else EVERY_LIMIT_KEPT]
    if violations:
        said.append(f"{_limits_are(len(violations))} broken before any trade")
    if unsolved:
        said.append(f"{counted(unsolved, 'period')} had no power-flow solution before any trade")
    return "; ".join(said)


def outcome(clearance: Clearance) -> str:
    """The outcome in a few aligned lines, for people."""
    summary, case = clearance.summary, clearance.case
    horizon = case.horizon
    share = f", {summary['p2p_share_of_load']:.1%} of it from peers" if summary["load_kwh"] else ""
    lines = [
        f"{case.name}: {verdict(clearance)}",
        f"  trades    {summary['trades']} over {counted(horizon.periods, 'period')} of {horizon.resolution}",
        f"  load      {summary['load_kwh']:,.3f} kWh{share}",
        f"  network   {_extremes(clearance)}",
        f"  verified  {_verified(clearance)}",
        *(f"  {word:<10}{sentence}" for word, sentence in proof_and_price(clearance)),
    ]
    if auctioned := summary.get("auction"):
        lines.append(f"  auction   {_auctioned(auctioned, case.currency)}")
    if broken := summary["violations"]:
        sentences = violation_sentences(clearance, broken)
        lines += _listed("broken", f"{counted(len(broken), 'limit')} by the dispatch", sentences)
    if already := summary["baseline_violations"]:
        head = f"breaks {counted(len(already), 'limit')} before any trade"
        lines += _listed("baseline", head, violation_sentences(clearance, already))
        remaining = summary["remaining_violations"]
        head = f"{counted(len(remaining), 'limit')} of the case still broken in the dispatch"
        lines += _listed("remaining", head, violation_sentences(clearance, remaining))
    if sentence := fed_in_sentence(clearance):
        curtailments = curtailment_sentences(clearance)
        lines += _listed("feed-in", sentence, curtailments, where=f" in curtailed.{case.table_format}")
    if clearance.committed:
        lines.append(f"  firm      {_firm(clearance)}")
    if cuts := cut_sentences(clearance):
        lines += _listed("cuts", str(len(cuts)), cuts, where=f" in cleared.{case.table_format}")
    lines += [f"  notice    {notice}" for notice in summary["notices"]]
    return "\n".join(lines)


def _auctioned(figures: dict[str, Any], currency: str) -> str:
    """What the orders that were cleared on the network come to."""
    money = f" {currency}" if currency else ""
    said = f"welfare {figures['welfare']:.3f}{money}, congestion rent {figures['congestion_rent']:.3f}{money}"
    if figures["lowest_price_per_kwh"] is None:
        return f"{said}; nothing clears"
    low, high = figures["lowest_price_per_kwh"], figures["highest_price_per_kwh"]
    at = f"{low:.4f}" if high - low < PRICE_SHOWN else f"{low:.4f} to {high:.4f}"
    return f"{said}; {figures['cleared_kwh']:,.3f} kWh at {at}{money} per kWh"


def proof_and_price(clearance: Clearance) -> list[tuple[str, str]]:
    """What is proven, and what the rule and robustness cost in volume, each with its word, if any."""
    bound, price = clearance.summary["bound"], clearance.summary["price_of_fairness"]
    lines: list[tuple[str, str]] = []
    if bound["method"] == "search" and clearance.trades.terms.given.any():
        ended = "" if bound["finished"] else "; stopped before its end"
        found = f"no choice among the terms of trades clears more than {bound['upper_kwh']:,.3f} kWh"
        lines.append(("searched", f"{found}: gap {bound['gap']:.4%}{ended}"))
    if clearance.certificate is not None:
        worst = max(bound["periods"], key=lambda period: float(period["gap"]))
        proof = f"no allocation clears more than {bound['upper_kwh']:,.3f} kWh: gap {bound['gap']:.4%}"
        at = f", at the most {worst['gap']:.4%} at {worst['time']}" if worst["gap"] > GAP_SHOWN else ""
        lines.append(("proven", proof + at))
    if clearance.case.allocation != Allocation.MAX_VOLUME and clearance.cleared_orders is None:
        cost = f"{clearance.case.allocation} costs {price['cost_kwh']:,.3f} kWh of the"
        greatest = f"{price['max_volume_kwh']:,.3f} kWh that max-volume clears"
        lines.append(("fairness", f"{cost} {greatest} ({price['cost_share']:.1%})"))
    if robust := clearance.summary.get("robustness"):
        carried = f"every limit kept in {counted(robust['outages'], 'outage')} of a single seller or trade"
        kept = f"{robust['broken_after']:,} of them break a limit" if robust["broken_after"] else carried
        lines.append(("robust", f"{kept}; costs {robust['cost_kwh']:,.3f} kWh"))
    return lines


def violation_sentences(clearance: Clearance, violations: list[Violation]) -> list[str]:
    """Each broken limit: "line 2 at 1.04 %, limit 1 %, worst at 11:00, in 3 periods"."""
    horizon, network = clearance.case.horizon, clearance.network
    period_of = {label: period for period, label in enumerate(horizon.labels())}
    return [
        f"{violation_words(network, each)}, worst at {clock(horizon, period_of[each['worst_time']])}, "
        f"in {counted(each['periods'], 'period')}"
        for each in violations
    ]


def violation_words(network: Network, violation: Violation) -> str:
    """A broken limit at its worst: "line 2 at 1.04 %, limit 1 %"."""
    kind, element, unit = violation["limited_by"], violation["element"], unit_of(violation["limited_by"])
    name = limit_place(kind, element, violation.get(PHASE, ""), name_of(network, kind, element))
    value, limit = told_apart(violation["worst_value"], violation["limit"])
    return f"{name} at {value} {unit}, limit {limit} {unit}"


def worst_violations(clearance: Clearance) -> str:
    """The limits that the dispatch breaks most, one voltage, loading and unbalance; empty where none."""
    violations = clearance.summary["violations"]
    worst = {}
    for each in sorted(violations, key=lambda one: abs(one["worst_value"] - one["limit"])):
        kind = LimitedBy[each["limited_by"].upper()]
        worst[kind is LimitedBy.VOLTAGE_UNBALANCE, UNITS[kind] == "%"] = each
    said = "; ".join(violation_sentences(clearance, [worst[quantity] for quantity in sorted(worst)]))
    return f"The dispatch breaks {counted(len(violations), 'limit')}: {said}" if said else ""


def cut_sentences(clearance: Clearance) -> list[str]:
    """Each run of periods in which one limit cuts a trade by the same share, deepest cuts first.

    "t17 cut 38 %: line 12 at 100 % of its rating, 11:00–12:00".
    """
    horizon = clearance.case.horizon
    return [
        f"{run.trade}{' (firm)' if run.committed else ''} cut {_percent(run.cut)}: {run.reason}, "
        f"{span(horizon, run.first, run.last)}"
        for run in cut_runs(clearance)
    ]


def curtailment_sentences(clearance: Clearance) -> list[str]:
    """Each run of periods in which one limit curtails an exporter's feed-in, most energy first.

    "curtailed 34 % of h07's feed-in: bus 29 at 1.100 pu, 11:30–13:00".
    """
    horizon, model = clearance.case.horizon, loadings_are_of(clearance)
    sentences = []
    for run in curtailed_runs(clearance):
        share = _percent(min(round(run.share, 2), CUT_SHOWN_MAX) if run.share < 1.0 else 1.0)
        name = name_of(clearance.network, run.key.limited_by, run.key.element)
        why = reason(run.key.limited_by, run.key.element, run.values, model, run.key.phase, name)
        when = span(horizon, run.first, run.last)
        sentences.append(f"curtailed {share} of {run.participant}'s feed-in: {why}, {when}")
    return sentences


def fed_in_sentence(clearance: Clearance) -> str:
    """How much feed-in retailers take: "120.000 kWh of 150.000 kWh taken by retailers (80 %)", or nothing."""
    figures = clearance.summary.get("feed_in")
    if not figures or not figures["available_kwh"]:
        return ""
    available, fed_in = figures["available_kwh"], figures["fed_in_kwh"]
    taken = f"{fed_in:,.3f} kWh of {available:,.3f} kWh taken by retailers ({share_of(fed_in, available)})"
    return f"{taken}; {figures['curtailed_kwh']:,.3f} kWh curtailed" if figures["curtailed_kwh"] else taken


def cut_runs(clearance: Clearance) -> list[CutRun]:
    """Cut trades as runs of neighbouring periods with one reason, those that lost most energy first."""
    cleared, period = cleared_columns(clearance), clearance.offers.period
    proposed_kw, lost_kw = cleared["proposed_kw"], cleared["proposed_kw"] - cleared["cleared_kw"]
    share = np.divide(lost_kw, proposed_kw, out=np.zeros_like(lost_kw), where=lost_kw > 0)
    rows = np.flatnonzero(share > CUT_SHARE_MIN)
    cut = np.where(share < 1.0, np.minimum(np.round(share, 2), CUT_SHOWN_MAX), 1.0)[rows]
    names = ("trade", "seller", "buyer", "limited_by", "element")
    text = {name: cleared[name].texts()[rows] for name in names}
    phase = cleared[PHASE].texts()[rows] if PHASE in cleared else np.full(len(rows), "", dtype=object)
    labels = (text["trade"], proposed_kw[rows], text["limited_by"], text["element"], phase, cut)
    start = run_starts(period[rows], *labels)
    kwh = np.add.reduceat(lost_kw[rows], start) if len(start) else np.zeros(0)
    kwh = rounded(kwh * clearance.case.horizon.hours_per_period)
    limits, model = _limit_values(clearance), loadings_are_of(clearance)
    runs = []
    for run, (at, end) in enumerate(zip(start, np.append(start, len(rows))[1:], strict=True)):
        kind, element, on_phase = text["limited_by"][at], text["element"][at], phase[at]
        first, last = int(period[rows[at]]), int(period[rows[end - 1]])
        keys = ((of_period, kind, element, on_phase) for of_period in range(first, last + 1))
        known = [limits[key] for key in keys if key in limits]
        runs.append(
            CutRun(
                trade=text["trade"][at],
                seller=text["seller"][at],
                buyer=text["buyer"][at],
                committed=bool(clearance.is_committed[rows[at]]),
                proposed_kw=float(proposed_kw[rows[at]]),
                cut=float(cut[at]),
                kwh=float(kwh[run]),
                first=first,
                last=last,
                reason=reason(
                    kind, element, known, model, on_phase, name_of(clearance.network, kind, element)
                ),
            )
        )
    return sorted(runs, key=lambda run: (-run.kwh, run.trade))


def loadings_are_of(clearance: Clearance) -> str:
    """What the loadings in `limits` are of: empty for the real network."""
    return "in the dc model" if clearance.case.formulation is Formulation.DC else ""


def _firm(clearance: Clearance) -> str:
    """What earlier sessions made firm and how much of it is kept: "3 trades, 12.000 kWh, all kept"."""
    figures = clearance.summary["commitments"]
    cut = counted(figures["cut_trades"], "trade")
    kept = f"{figures['kept_kwh']:,.3f} kWh kept, {cut} cut" if figures["cut_rows"] else "all kept"
    return f"{counted(figures['trades'], 'trade')}, {figures['committed_kwh']:,.3f} kWh, {kept}"


def _limits_are(count: int) -> str:
    """How many limits there are, and the verb: "2 limits are"."""
    return f"{counted(count, 'limit')} {'is' if count == 1 else 'are'}"


def _carried(clearance: Clearance) -> str:
    """What is cleared of what was proposed."""
    proposed, cleared = clearance.summary["proposed_kwh"], clearance.summary["cleared_kwh"]
    if clearance.cleared_orders is not None:
        return f"{cleared:,.3f} kWh cleared of orders on the network"
    if not proposed:
        return "nothing was proposed"
    return f"{cleared:,.3f} kWh of {proposed:,.3f} kWh proposed cleared ({share_of(cleared, proposed)})"


def _safety(clearance: Clearance) -> str:
    """Whether the dispatch is safe to operate."""
    match clearance.verification.status:
        case Status.CLEARED:
            return limits_kept(clearance)
        case Status.BASELINE_UNSAFE:
            return f"NOT SAFE: {limits_kept(clearance)}"
        case Status.LIMITS_BROKEN:
            return "NOT SAFE: the dispatch breaks limits of the network"
        case Status.NOT_CONVERGED:
            return "NOT SAFE: the network has no operating point under this dispatch"


def _percent(cut: float) -> str:
    """A cut in percent, never 0 or 100 where it is neither."""
    return ">99%" if cut == CUT_SHOWN_MAX else "<1%" if cut == 0.0 else f"{cut:.0%}"


def _listed(word: str, head: str, lines: list[str], where: str = "") -> list[str]:
    """A line under a word, and the first few of a list below it."""
    shown = [f"            {line}" for line in lines[:SHOWN]]
    if len(lines) > SHOWN:
        shown.append(f"            … and {len(lines) - SHOWN} more{where}")
    return [f"  {word:<10}{head}", *shown]


def _limit_values(clearance: Clearance) -> dict[tuple[int, str, str, str], float]:
    """The limit that each binding limit stands at, by period, kind, element and phase."""
    limits, binding = limits_columns(clearance), clearance.solution.binding
    phases = [PHASE_LABELS[phase] for phase in binding.phase.tolist()]
    places = limits["limited_by"].texts(), limits["element"].texts(), phases
    keys = zip(binding.period.tolist(), *places, strict=True)
    return dict(zip(keys, limits["limit"].tolist(), strict=True))


def _extremes(clearance: Clearance) -> str:
    """The worst voltages, loading and unbalance, where and when."""
    operation, network, horizon = clearance.operation, clearance.network, clearance.case.horizon
    extremes = (
        ("lowest", lowest(operation.voltage_pu)),
        ("highest", highest(operation.voltage_pu)),
    )
    parts = [
        f"{word} voltage {extreme.value:.4f} pu at {voltage_place(network, extreme.position)}, "
        f"{clock(horizon, extreme.period)}"
        for word, extreme in extremes
        if extreme
    ]
    if loading := highest(operation.loading_percent):
        parts.append(
            f"highest loading {significant(loading.value)} % on {loading_place(network, loading.position)}, "
            f"{clock(horizon, loading.period)}"
        )
    if unbalance := highest(operation.unbalance_percent):
        parts.append(
            f"highest unbalance {significant(unbalance.value)} % at "
            f"{unbalance_place(network, unbalance.position)}, {clock(horizon, unbalance.period)}"
        )
    return "; ".join(parts) or "no operating point"


def _verified(clearance: Clearance) -> str:
    """What the verification found, and by which engine."""
    verification = clearance.verification
    if verification.status in (Status.CLEARED, Status.BASELINE_UNSAFE):
        return f"by {verification.engine}: {limits_kept(clearance)}"
    findings = (
        (verification.max_voltage_excess_pu, VOLTAGE_TOLERANCE_PU, "a voltage {} pu outside its band"),
        (
            verification.max_loading_excess_percent,
            LOADING_TOLERANCE_PERCENT,
            "a loading {} percentage points above its limit",
        ),
        (
            verification.max_unbalance_excess_percent,
            UNBALANCE_TOLERANCE_PERCENT,
            "an unbalance {} percentage points above its limit",
        ),
    )
    found = [text.format(significant(value)) for value, tolerance, text in findings if value > tolerance]
    if unconverged := verification.unconverged_periods:
        found.append(f"{counted(unconverged, 'period')} without a solution")
    return f"by {verification.engine}: {', '.join(found)}"
