"""The way from a case to its operating envelopes."""

from collections.abc import Callable

import numpy as np

from gridpact.arrays import Float, Int, frozen
from gridpact.case.case import Case, need_case
from gridpact.clearing.dispatch_verification import Verification, verify
from gridpact.clearing.network.connections import connections_of
from gridpact.clearing.network.injection import Injection, at_nodes, participant_bus_position
from gridpact.clearing.network.network_state import nominal_limits, operate
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.envelopes.envelope_arrays import Corners
from gridpact.envelopes.envelope_rule import EnvelopeRule
from gridpact.envelopes.equal_rule import equal_shares
from gridpact.envelopes.max_min_rule import max_min_shares
from gridpact.envelopes.operating_result import OperatingEnvelopes
from gridpact.envelopes.search.box import Box
from gridpact.envelopes.search.metered_network import MeteredNetwork
from gridpact.envelopes.search.worst_corners import WorstCorners
from gridpact.envelopes.shares import CONNECTION, Shares
from gridpact.errors import InvalidCase, Problem
from gridpact.fields.arguments import chosen
from gridpact.grid.network import Network
from gridpact.grid.network_model import NO_PHASE
from gridpact.pipeline import compile_network, need_network
from gridpact.results.decimals import DECIMALS

ROUNDING = 1e-3  # of the last decimal: what is a whole number but for it is not rounded down
SHARES: dict[EnvelopeRule, Callable[[WorstCorners, Float], Shares]] = {
    EnvelopeRule.EQUAL: equal_shares,
    EnvelopeRule.MAX_MIN: max_min_shares,
}


def operating_envelopes(
    case: Case, network: Network | None = None, *, rule: EnvelopeRule | str = EnvelopeRule.EQUAL
) -> OperatingEnvelopes:
    """What each participant may take and feed in, whatever all the others do in their envelopes.

    Every combination of net powers −import_max_kw ≤ p ≤ export_max_kw at the meters is to keep every limit of
    the case, none of which is relaxed, under exact AC: the worst combination of each limit is searched by
    sensitivities and flips and confirmed by power flow. It is not proven that no other is worse; the result
    says how many were tried. Forecasts, trades and commitments do not enter, and reactive power follows the
    power factors of participants, that of their generation where they feed in, that of their load else.

    Args:
        case: a case, as `read_case` gives it, with `connection_kw` of every participant.
        network: its compiled network; compiled here where there is none.
        rule: how they are shared out, `equal` or `max-min`.

    Returns:
        Envelopes in kW, the same in every period, with the corners that hold them back.

    Raises:
        InvalidCase: a participant has no `connection_kw`, all of whom are listed, or the network cannot be
            compiled, or does not have the participants' buses.
        InvalidUsage: the rule is not known, `case` is no case, or `network` is modelled otherwise.
    """
    need_case("operating_envelopes", case)
    need_network("operating_envelopes", network, case)
    rule = chosen(EnvelopeRule, "rule", rule)
    check_connections(case)
    network = network or compile_network(case)
    participant_bus_position(network, case.participants)
    metered = MeteredNetwork(network, case.participants, case.limits)
    connection_kw = case.participants.connection_kw
    shares = SHARES[rule](WorstCorners(metered), connection_kw)
    box = Box(import_kw=_rounded_down(shares.box.import_kw), export_kw=_rounded_down(shares.box.export_kw))
    worst_kw = np.unique(box.power_kw(shares.worst.parts), axis=0)
    periods = case.horizon.periods
    return OperatingEnvelopes(
        case=case,
        network=network,
        rule=rule,
        import_max_kw=_in_every_period(box.import_kw, periods),
        export_max_kw=_in_every_period(box.export_kw, periods),
        **_limits("import", metered, shares.import_limit),
        **_limits("export", metered, shares.export_limit),
        corners=_corners(metered, box, shares),
        tried=shares.worst.tried,
        broken=int(np.sum(metered.idle_excess > 0.0)),
        verification=_verified(metered, worst_kw),
        verified=len(worst_kw),
    )


def check_connections(case: Case) -> None:
    """Refuses a case in which the connection of a participant is not known.

    Raises:
        InvalidCase: with a problem for each.
    """
    unknown = np.flatnonzero(np.isnan(case.participants.connection_kw))
    if len(unknown):
        raise InvalidCase(
            Problem(
                file=f"participants.{case.table_format}",
                field="connection_kw",
                value=case.participants.ids[place],
                what="has none, and operating envelopes need it",
                remedy="write the kW that its connection carries, above 0",
            )
            for place in unknown.tolist()
        )


def _rounded_down(kw: Float) -> Float:
    """To the last decimal of the results, so that what keeps a limit is never rounded beyond it."""
    scale = 10.0**DECIMALS
    down: Float = np.floor(kw * scale + ROUNDING) / scale
    return down


def _in_every_period(kw: Float, periods: int) -> Float:
    """What is the same in every period, (P,), as (T, P)."""
    return frozen(np.tile(kw, (periods, 1)), np.float64)


def _limits(side: str, metered: MeteredNetwork, limit: Int) -> dict[str, Int]:
    """The arrays that say what holds a side back."""
    people = np.arange(len(limit))
    known = limit >= 0
    at = np.where(known, limit, 0)
    at_connection = limit == CONNECTION
    without_state = np.where(at_connection, people, -1)
    kind = np.where(at_connection, LimitedBy.CONNECTION, LimitedBy.VOLTAGE_MIN)
    return {
        f"{side}_limited_by": np.where(known, metered.limited_by[at], kind),
        f"{side}_element": np.where(known, metered.element[at], without_state),
        f"{side}_phase": np.where(known, metered.phase[at], NO_PHASE),
    }


def _corners(metered: MeteredNetwork, box: Box, shares: Shares) -> Corners:
    """The combinations at a limit, one for each kind of limit that it holds, those nearest first."""
    holding, parts = shares.worst.holding, shares.worst.holding_parts
    if not len(holding):
        nearest = int(shares.worst.excess.argmax())
        holding, parts = np.array([nearest]), shares.worst.parts[[nearest]]
    keys = np.column_stack([metered.limited_by[holding], parts])
    first = np.sort(np.unique(keys, axis=0, return_index=True)[1])
    holding, power_kw = holding[first], box.power_kw(parts[first])
    found = metered.excess(power_kw)[np.arange(len(holding)), holding]
    is_voltage = np.isin(metered.limited_by[holding], (LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN))
    unit = np.where(is_voltage, 1.0, 100.0)
    return Corners(
        power_kw=frozen(power_kw, np.float64),
        limited_by=metered.limited_by[holding],
        element=metered.element[holding],
        phase=metered.phase[holding],
        value=unit * (metered.bound[holding] + metered.sign[holding] * found),
        limit=unit * metered.bound[holding],
    )


def _verified(metered: MeteredNetwork, power_kw: Float) -> Verification:
    """What power-grid-model finds under combinations of net powers, (m, P)."""
    people, network = metered.participants, metered.network
    tan_phi = np.where(power_kw >= 0.0, people.generation_tan_phi, people.load_tan_phi)
    injection = Injection(p_kw=power_kw, q_kvar=power_kw * tan_phi)
    connections = connections_of(network, people)
    incidence = connections.incidence(len(people), network.nodes)
    operation = operate(network, at_nodes(incidence, injection))
    limits = nominal_limits(network, metered.limits, len(power_kw))
    return verify(network, connections, injection, operation, limits, limits)
