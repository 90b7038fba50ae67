"""The way from a case to its headroom."""

from gridpact.case.case import Case, need_case
from gridpact.clearing.network.network_state import keeps_limits, operate
from gridpact.clearing.option_agreement import need_formulation
from gridpact.clearing.solver.budget import Budget
from gridpact.grid.network import Network
from gridpact.pipeline import SOLVERS, compile_network, need_network
from gridpact.trading_headroom.alone import Side, reach_alone
from gridpact.trading_headroom.headroom_result import Headroom
from gridpact.trading_headroom.outsider import open_trading


def headroom(case: Case, network: Network | None = None) -> Headroom:
    """The most that each participant could sell and buy under the forecast, alone and all together.

    The other side of every sale and purchase is left open, as if it stood at the supply. Alone is exact AC
    whatever the formulation; together is the clearing of everything at once by the case's own formulation
    and allocation. The case's trades and orders are not looked at.

    Args:
        case: a case, as `read_case` gives it.
        network: its compiled network; compiled here where there is none.

    Raises:
        InvalidCase: the network cannot be compiled, or does not have the participants' buses.
        InvalidUsage: the formulation is not one of the network, or `case` is no case.
        SolverFailed: no optimum was found over the caps, or in the DC model.
    """
    need_case("headroom", case)
    need_network("headroom", network, case)
    need_formulation(case)
    network = network or compile_network(case)
    trading, people = open_trading(case, network), len(case.participants)
    problem = trading.problem
    sale = reach_alone(problem, trading.sale_cap_kw, Side.SALE)
    purchase = reach_alone(problem, trading.purchase_cap_kw, Side.PURCHASE)
    together = SOLVERS[case.formulation](problem, Budget())
    operation = operate(network, problem.injection_at_nodes(together.column_kw))
    return Headroom(
        case=case,
        network=network,
        surplus_kw=case.profiles.surplus_kw,
        residual_demand_kw=case.profiles.residual_demand_kw,
        sale_cap_kw=trading.sale_cap_kw,
        sale_alone_kw=sale.power_kw,
        sale_together_kw=problem.offers.sold_kw(together.column_kw, problem.shape)[:, :people],
        sale_limited_by=sale.limited_by,
        sale_element=sale.element,
        sale_phase=sale.phase,
        purchase_cap_kw=trading.purchase_cap_kw,
        purchase_alone_kw=purchase.power_kw,
        purchase_together_kw=problem.offers.bought_kw(together.column_kw, problem.shape)[:, :people],
        purchase_limited_by=purchase.limited_by,
        purchase_element=purchase.element,
        purchase_phase=purchase.phase,
        operating_limits=problem.operating_limits,
        together_status=together.status,
        together_kept=keeps_limits(operation, problem.operating_limits),
        has_state=problem.baseline_operation.converged,
    )
