"""The summary of a clearance: the figures of `summary.json`."""

from typing import Any

import numpy as np

from gridpact.case.case import Formulation
from gridpact.clearing.certificate.certify import ProvenBy
from gridpact.clearing.contingencies import WorstOutage
from gridpact.clearing.problem.solution import LimitedBy, PeriodStatus
from gridpact.clearing.solver.budget import EndedBy
from gridpact.fields.said import counted
from gridpact.results.clearance_arrays import ClearanceArrays
from gridpact.results.clearance_tables import cleared_columns, commitments_columns
from gridpact.results.curtailment import feed_in_figures
from gridpact.results.decimals import figure
from gridpact.results.violations import baseline_violations, dispatch_violations, remaining_violations
from gridpact.results.words.phrases import significant
from gridpact.version import __version__

DIFFERENCE_DECIMALS = 13
DISAGREEMENT_PU = 1e-6


def summarise(clearance: ClearanceArrays) -> dict[str, Any]:
    """The summary as plain numbers, texts, lists and dicts; energies in kWh, seconds of wall time."""
    case, verification = clearance.case, clearance.verification
    is_three_phase = clearance.network.is_three_phase
    unbalance_percent = figure(verification.max_unbalance_excess_percent)
    hours = case.horizon.hours_per_period
    cleared_kwh = float(clearance.solution.column_kw.sum()) * hours
    load_kwh = float(case.profiles.load_kw.sum()) * hours
    return {
        "name": case.name,
        "status": str(verification.status),
        "formulation": str(case.formulation),
        **({"model": str(case.network.model)} if is_three_phase else {}),
        "allocation": str(case.allocation),
        "start": case.horizon.instant(0).isoformat(timespec="minutes"),
        "periods": case.horizon.periods,
        "resolution": case.horizon.resolution,
        "trades": len(set(clearance.trades.ids)),
        "proposed_kwh": figure(float(clearance.offers.proposed_kw.sum()) * hours),
        "cleared_kwh": figure(cleared_kwh),
        "commitments": _commitments(clearance),
        "load_kwh": figure(load_kwh),
        "p2p_share_of_load": figure(cleared_kwh / load_kwh if load_kwh else 0.0),
        **feed_in_figures(clearance),
        "baseline_violations": baseline_violations(clearance),
        "violations": dispatch_violations(clearance),
        "remaining_violations": remaining_violations(clearance),
        "verification": {
            "engine": verification.engine,
            "max_voltage_excess_pu": figure(verification.max_voltage_excess_pu),
            "max_loading_excess_percent": figure(verification.max_loading_excess_percent),
            **({"max_unbalance_excess_percent": unbalance_percent} if is_three_phase else {}),
            "max_difference_pu": round(verification.max_difference_pu, DIFFERENCE_DECIMALS),
            "unconverged_periods": verification.unconverged_periods,
        },
        "bound": _bound(clearance, cleared_kwh),
        "price_of_fairness": _price_of_fairness(clearance, cleared_kwh),
        **_auction(clearance),
        **_robustness(clearance),
        "solves": _solves(clearance),
        "notices": _notices(clearance),
        "seconds": {name: round(value, 6) for name, value in clearance.seconds.items()},
        "inputs_sha256": case.inputs_sha256,
        "version": __version__,
        **({"ended_by": str(clearance.ended_by)} if clearance.ended_by else {}),
    }


def _commitments(clearance: ClearanceArrays) -> dict[str, float]:
    """What earlier clearings had made firm, and what is kept of it."""
    if not clearance.committed:
        return {"trades": 0, "committed_kwh": 0.0, "kept_kwh": 0.0, "cut_trades": 0, "cut_rows": 0}
    hours, cleared = clearance.case.horizon.hours_per_period, cleared_columns(clearance)
    cut, is_firm = commitments_columns(clearance)["trade"].texts(), clearance.is_committed
    return {
        "trades": len(set(cleared["trade"].texts()[is_firm])),
        "committed_kwh": figure(float(cleared["proposed_kw"][is_firm].sum()) * hours),
        "kept_kwh": figure(float(cleared["cleared_kw"][is_firm].sum()) * hours),
        "cut_trades": len(set(cut)),
        "cut_rows": len(cut),
    }


def _bound(clearance: ClearanceArrays, cleared_kwh: float) -> dict[str, Any]:
    """What no allocation can exceed, by the caps or the DC optimum, or proven by a certificate."""
    certificate, solution = clearance.certificate, clearance.solution
    hours = clearance.case.horizon.hours_per_period
    if certificate is None:
        upper_kwh = solution.upper_kw() * hours
    else:
        upper_kwh = float(certificate.upper_kw.sum()) * hours
    bound: dict[str, Any] = {
        "upper_kwh": figure(upper_kwh),
        "gap": figure(max(upper_kwh - cleared_kwh, 0.0) / upper_kwh if upper_kwh else 0.0),
    }
    if certificate is None and solution.parts:
        return bound | {"method": "search", "finished": all(part.is_finished for part in solution.parts)}
    if certificate is None:
        return bound | {"method": "dc" if clearance.case.formulation is Formulation.DC else "caps"}
    labels, times = [ProvenBy(by).label for by in certificate.proven_by], clearance.case.horizon.labels()
    return bound | {
        "method": "certificate",
        "engine": certificate.engine,
        "periods": [
            {"time": time, "upper_kw": figure(upper), "gap": figure(gap), "proven_by": label}
            for time, upper, gap, label in zip(
                times, certificate.upper_kw.tolist(), certificate.gap.tolist(), labels, strict=True
            )
        ],
    }


def _price_of_fairness(clearance: ClearanceArrays, cleared_kwh: float) -> dict[str, float]:
    """The volume of the rule beside the greatest one."""
    hours = clearance.case.horizon.hours_per_period
    greatest_kwh = max(float(clearance.greatest_volume_kw.sum()) * hours, cleared_kwh)
    cost_kwh = max(greatest_kwh - cleared_kwh, 0.0)
    return {
        "max_volume_kwh": figure(greatest_kwh),
        "cost_kwh": figure(cost_kwh),
        "cost_share": figure(cost_kwh / greatest_kwh if greatest_kwh else 0.0),
    }


def _auction(clearance: ClearanceArrays) -> dict[str, Any]:
    """What the orders that were cleared on the network come to; energies in kWh, money in the currency."""
    found, hours = clearance.cleared_orders, clearance.case.horizon.hours_per_period
    if found is None:
        return {}
    orders, order = clearance.case.orders, found.rows.order
    sells, limit = orders.sells[order], orders.price_per_kwh[order]
    bought_kw = np.where(sells, -found.cleared_kw, found.cleared_kw)
    price = np.nan_to_num(found.price_per_kwh)
    traded = found.price_per_kwh[found.cleared_kw > 0.0]
    return {
        "auction": {
            "orders": len(orders),
            "offered_to_sell_kwh": figure(float(found.rows.offered_kw[sells].sum()) * hours),
            "offered_to_buy_kwh": figure(float(found.rows.offered_kw[~sells].sum()) * hours),
            "cleared_kwh": figure(float(found.cleared_kw[sells].sum()) * hours),
            "welfare": figure(float(limit @ bought_kw) * hours),
            "congestion_rent": figure(float(price @ bought_kw) * hours),
            "lowest_price_per_kwh": figure(float(traded.min())) if len(traded) else None,
            "highest_price_per_kwh": figure(float(traded.max())) if len(traded) else None,
        }
    }


def _robustness(clearance: ClearanceArrays) -> dict[str, Any]:
    """How the allocation survives outages, where that was asked for."""
    found, hours = clearance.contingencies, clearance.case.horizon.hours_per_period
    if found is None:
        return {}
    facts = {
        "mode": str(clearance.case.robustness),
        "outages": found.outages,
        "broken_before": found.broken_before,
        "broken_after": found.broken_after,
        "cost_kwh": figure(float(found.cost_kw.sum()) * hours),
        "max_voltage_excess_pu": figure(found.max_voltage_excess_pu),
        "max_loading_excess_percent": figure(found.max_loading_excess_percent),
    }
    if clearance.network.is_three_phase:
        facts["max_unbalance_excess_percent"] = figure(found.max_unbalance_excess_percent)
        facts["worst"] = _worst_in_outages(clearance, found.worst)
    return {"robustness": facts}


def _worst_in_outages(clearance: ClearanceArrays, worst: WorstOutage | None) -> dict[str, Any] | None:
    """The limit that is broken most in an outage, or nearest; its excess in pu or percentage points."""
    if worst is None:
        return None
    network, is_voltage = (
        clearance.network,
        worst.limited_by in (LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN),
    )
    at_bus = is_voltage or worst.limited_by is LimitedBy.VOLTAGE_UNBALANCE
    return {
        "time": clearance.case.horizon.instant(worst.period).isoformat(timespec="minutes"),
        "limited_by": worst.limited_by.label,
        "element": str((network.bus_ids if at_bus else network.elements.id)[worst.element]),
        "phase": worst.phase,
        "excess": figure(worst.excess if is_voltage else 100.0 * worst.excess),
    }


def _notices(clearance: ClearanceArrays) -> list[str]:
    """What a reader must know before trusting the dispatch, then what was said of the input, each once."""
    own = (
        *_without_solution(clearance),
        *_unproven(clearance),
        *_stopped(clearance),
        *_disagreeing(clearance),
        *_cut_commitments(clearance),
        *_by_formulation(clearance),
    )
    told = [*own, *clearance.case.warnings, *clearance.network.notices, *_by_robustness(clearance)]
    return list(dict.fromkeys(told))


def _without_solution(clearance: ClearanceArrays) -> list[str]:
    """The notice of periods without a power-flow solution."""
    found = []
    dispatch, baseline = clearance.verification.unconverged_periods, unsolved_baseline(clearance)
    if dispatch:
        found.append(
            f"In {counted(dispatch, 'period')} the dispatch has no power-flow solution: "
            "the network cannot carry it."
        )
    if baseline:
        found.append(
            f"In {counted(baseline, 'period')} the baseline, with no trade cleared, has no power-flow "
            "solution: whether it breaks a limit there is unknown."
        )
    return found


def _unproven(clearance: ClearanceArrays) -> list[str]:
    """The notice of periods whose allocation is the best found, not proven to be an optimum."""
    best_found = clearance.solution.status == PeriodStatus.BEST_FOUND
    count = int(np.sum(best_found & clearance.operation.converged))
    if not count:
        return []
    return [
        f"In {counted(count, 'period')} the solver failed: a share of a draft that keeps every limit was "
        "taken, which is not the rule's own allocation."
    ]


def _stopped(clearance: ClearanceArrays) -> list[str]:
    """The notice of what ended the clearing early."""
    match clearance.ended_by:
        case EndedBy.TIME:
            limit = "its time limit"
        case EndedBy.WORK:
            limit = f"its limit of {clearance.case.work_max:,} units of work"
        case EndedBy.CANCEL:
            limit = "a request"
        case EndedBy.NOTHING:
            return []
    repeats = "" if clearance.ended_by is EndedBy.WORK else "; a rerun may differ"
    return [f"The clearing was stopped by {limit} with the best found until then: more may clear{repeats}."]


def _disagreeing(clearance: ClearanceArrays) -> list[str]:
    """The notice of voltages on which the verification does not agree."""
    difference = clearance.verification.max_difference_pu
    if difference <= DISAGREEMENT_PU:
        return []
    return [
        f"The two power flows differ by up to {difference:.1e} pu: one conversion of the network is wrong. "
        "Please report this network."
    ]


def _cut_commitments(clearance: ClearanceArrays) -> list[str]:
    """The notice of commitments that had to be cut."""
    figures = _commitments(clearance)
    if not figures["cut_rows"]:
        return []
    lost_kwh = figures["committed_kwh"] - figures["kept_kwh"]
    return [
        f"The forecast no longer carries what was firm: {counted(int(figures['cut_trades']), 'commitment')} "
        f"cut by {significant(lost_kwh)} kWh in all."
    ]


def _by_robustness(clearance: ClearanceArrays) -> list[str]:
    """The notice of limits that are reached only in an outage."""
    if clearance.contingencies is None or not clearance.contingencies.broken_before:
        return []
    return [
        "Cuts name limits that are reached in the worst outage of a single seller or trade, "
        "not in the schedule."
    ]


def _by_formulation(clearance: ClearanceArrays) -> list[str]:
    """The notice of what the formulation does not see."""
    if clearance.case.formulation is not Formulation.DC:
        return []
    return ["The dc formulation does not see voltages: those shown are of an AC power flow of its dispatch."]


def unsolved_baseline(clearance: ClearanceArrays) -> int:
    """In how many periods the network has no operating point even with no trade cleared."""
    return int(np.sum(~clearance.bare.converged))


def _solves(clearance: ClearanceArrays) -> dict[str, int]:
    """In how many periods the allocation was found in which way."""
    return {status.label: int(np.sum(clearance.solution.status == status)) for status in PeriodStatus}
