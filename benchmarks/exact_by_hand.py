"""The same day as a competent researcher clears it on the exact equations: one programme, Ipopt hour by hour.

CasADi builds the programme once for the network and the pairs of the day; loads, generation, caps and open
trades are parameters and bounds. Each period starts from the solution and the multipliers of the one before.
It gives the greatest volume alone: no even cut, no reasons, no verification.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import casadi as ca
import numpy as np
from scipy.sparse import csr_array

import gridpact
from benchmarks.cases import feeder_day
from benchmarks.ipopt.silent import silent_ipopt
from benchmarks.phases import timed
from gridpact.case import Case
from gridpact.clearing.problem.problem import ClearingProblem, pose
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.published import cigre_extreme

TIGHT_KW = 40.0
NETWORK_LIMITS = (LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN, LimitedBy.LINE, LimitedBy.TRANSFORMER)
DIFFERENCE_MAX_KW = 1e-3
COLD = {"tol": 1e-8}
WARM = {
    **COLD,
    "warm_start_init_point": "yes",
    "warm_start_bound_push": 1e-9,
    "warm_start_mult_bound_push": 1e-9,
    "mu_init": 1e-4,
}


class ExactProgramme:
    """The greatest volume of one period at a time.

    Args:
        problem: whose numbers are given to it: caps, what is open, loads, generation and the network.
    """

    def __init__(self, problem: ClearingProblem) -> None:
        self._problem = problem
        network, offers = problem.network, problem.offers
        self._free = np.setdiff1d(np.arange(network.nodes), network.slack_node)
        pairs = np.stack([offers.column_seller, offers.column_buyer], axis=1)
        self._pairs, self._pair_of_column = np.unique(pairs, axis=0, return_inverse=True)
        nlp, self._rows = self._built()
        self._warm, self._cold = silent_ipopt("warm", nlp, WARM), silent_ipopt("cold", nlp, COLD)
        no_load = np.concatenate([np.ones(len(self._free)), np.zeros(len(self._free) + len(self._pairs))])
        self._start: dict[str, Any] = {"x0": no_load}
        self._last: dict[str, Any] | None = None

    def clear(self, period: int) -> float:
        """What clears in a period, kW."""
        problem, count = self._problem, len(self._free)
        baseline, limits = problem.baseline_at_nodes, problem.operating_limits
        columns = problem.offers.of_period(period)
        upper = np.zeros(len(self._pairs))
        np.add.at(upper, self._pair_of_column[columns], problem.offers.column_kw[columns])
        network = problem.network
        voltage_max = np.full(network.nodes, np.inf)
        voltage_min = np.full(network.nodes, -np.inf)
        voltage_max[network.bus_node] = limits.voltage_max_pu[period]
        voltage_min[network.bus_node] = limits.voltage_min_pu[period]
        loading = np.tile(limits.loading_max_percent[period][network.branches.element], 2) / 100.0
        free, balances = self._free, np.zeros(self._rows[0])
        with np.errstate(invalid="ignore"):
            asked = {
                "p": np.concatenate([baseline.p_kw[period][free], baseline.q_kvar[period][free]]),
                "lbx": np.concatenate([np.full(2 * count, -np.inf), np.zeros(len(upper))]),
                "ubx": np.concatenate([np.full(2 * count, np.inf), upper]),
                "lbg": np.concatenate(
                    [balances, voltage_min[free] ** 2, np.full(self._rows[2] + self._rows[3], -np.inf)]
                ),
                "ubg": np.concatenate(
                    [
                        balances,
                        voltage_max[free] ** 2,
                        (loading**2)[self._rated],
                        problem.seller_cap_kw[period],
                        problem.buyer_cap_kw[period],
                    ]
                ),
            }
        found = self._warm(**asked, **self._last) if self._last else None
        if found is None or not self._warm.stats()["success"]:
            found = self._cold(**asked, **self._start)
        self._last = {"x0": found["x"], "lam_x0": found["lam_x"], "lam_g0": found["lam_g"]}
        return -float(found["f"])

    def _built(self) -> tuple[Any, tuple[int, int, int, int]]:
        problem, network, free = self._problem, self._problem.network, self._free
        count, pairs = len(free), len(self._pairs)
        e, f, power = ca.SX.sym("e", count), ca.SX.sym("f", count), ca.SX.sym("x", pairs)
        base = ca.SX.sym("base", 2 * count)
        every = np.arange(pairs)
        people = len(problem.participants)
        sold = csr_array((np.ones(pairs), (self._pairs[:, 0], every)), shape=(people, pairs))
        bought = csr_array((np.ones(pairs), (self._pairs[:, 1], every)), shape=(people, pairs))
        at_free = csr_array(problem.connected[:, free].T)
        injects, draws = problem.seller_injects[:, None], problem.buyer_draws[:, None]
        into_p = at_free @ (sold.multiply(injects) - bought.multiply(draws)).tocsr()
        into_q = (
            at_free
            @ (
                sold.multiply(injects * problem.participants.generation_tan_phi[:, None])
                - bought.multiply(draws * problem.participants.load_tan_phi[:, None])
            ).tocsr()
        )

        def linear(admittance: csr_array) -> tuple[Any, Any]:
            supplied = np.asarray(admittance[:, network.slack_node] @ network.slack_voltage_pu)
            own = csr_array(admittance[:, free])
            real, imaginary = _matrix(own.real), _matrix(own.imag)
            return real @ e - imaginary @ f + supplied.real, imaginary @ e + real @ f + supplied.imag

        current_real, current_imaginary = linear(csr_array(network.admittance[free]))
        scale = ca.DM(1.0 / np.abs(network.admittance.diagonal()[free]))
        p = e * current_real + f * current_imaginary - base[:count] - _matrix(csr_array(into_p)) @ power
        q = f * current_real - e * current_imaginary - base[count:] - _matrix(csr_array(into_q)) @ power
        branches = network.branches
        rating = np.concatenate([branches.rating_from_kva, branches.rating_to_kva])
        self._rated = np.flatnonzero(np.isfinite(rating) & (np.tile(branches.element, 2) >= 0))
        ends = [
            csr_array(one.multiply(1.0 / part[:, None]))
            for one, part in (
                (branches.admittance_from, branches.rating_from_kva),
                (branches.admittance_to, branches.rating_to_kva),
            )
        ]
        loading = ca.vertcat(*(real**2 + imaginary**2 for real, imaginary in map(linear, ends)))
        rows = (
            ca.vertcat(p * scale, q * scale),
            e**2 + f**2,
            loading[self._rated.tolist()],
            ca.vertcat(_matrix(sold) @ power, _matrix(bought) @ power),
        )
        nlp = {
            "x": ca.vertcat(e, f, power),
            "f": -ca.sum1(power),
            "g": ca.densify(ca.vertcat(*rows)),
            "p": base,
        }
        return nlp, tuple(one.numel() for one in rows)


@dataclass(frozen=True, kw_only=True)
class ExactDay:
    """A congested day in both ways, median seconds; the peer's calm periods are free of charge.

    `less_kwh` is what the peer clears less, where Ipopt ends at another optimum or at none.
    """

    cleared_kwh: float
    less_kwh: float
    congested: int
    gridpact_s: float
    build_s: float
    exact_s: float


CONGESTED: dict[str, Callable[[], Case]] = {
    "published extreme hour": cigre_extreme,
    "100-bus feeder day, 300 trades": lambda: feeder_day(300, TIGHT_KW),
    "100-bus feeder day, 1,000 trades": lambda: feeder_day(1_000, TIGHT_KW),
}


def compare_exact(case: Case, runs: int = 3) -> ExactDay:
    """A day in both ways.

    Raises:
        SystemExit: the peer clears more.
    """
    network = gridpact.compile_network(case)
    clearance = gridpact.clear(case, network=network)
    problem = pose(case, clearance.trades, network)
    cleared_kw = problem.offers.volume_kw(clearance.solution.column_kw, case.horizon.periods)
    by_network = np.isin(clearance.solution.limited_by, NETWORK_LIMITS)
    tight = np.unique(problem.offers.column_period[by_network]).tolist()
    seconds: dict[str, list[float]] = {"gridpact": [], "build": [], "exact": []}
    for _ in range(runs):
        taken, _ = timed(lambda: gridpact.clear(case, network=network, certify=False))
        seconds["gridpact"].append(taken)
        taken, programme = timed(lambda: ExactProgramme(problem))
        seconds["build"].append(taken)
        taken, found_kw = timed(partial(_cleared_kw, programme, tight))
        seconds["exact"].append(taken)
        more_kw = np.array(found_kw) - cleared_kw[tight]
        if more_kw.max(initial=0.0) > DIFFERENCE_MAX_KW:
            raise SystemExit("the exact programme by hand clears more")
    median = {name: statistics.median(taken) for name, taken in seconds.items()}
    return ExactDay(
        cleared_kwh=float(cleared_kw.sum()) * case.horizon.hours_per_period,
        less_kwh=-float(more_kw.sum()) * case.horizon.hours_per_period,
        congested=len(tight),
        gridpact_s=median["gridpact"],
        build_s=median["build"],
        exact_s=median["exact"],
    )


def _cleared_kw(programme: ExactProgramme, periods: list[int]) -> list[float]:
    return [programme.clear(period) for period in periods]


def exact_table(days: dict[str, ExactDay]) -> str:
    """Days in Markdown."""
    head = (
        "| day | cleared kWh | the peer less, kWh | congested periods | gridpact, s | built, s | solved, s "
        "| solved × gridpact |"
    )
    rows = [
        f"| {name} | {one.cleared_kwh:.3f} | {one.less_kwh:.3f} | {one.congested} "
        f"| {one.gridpact_s:.4f} | {one.build_s:.4f} | {one.exact_s:.4f} "
        f"| {one.exact_s / one.gridpact_s:.2f} |"
        for name, one in days.items()
    ]
    return "\n".join([head, "|---|" + "---:|" * 7, *rows])


def _matrix(array: csr_array) -> Any:
    columns = csr_array(array).tocsc()
    columns.eliminate_zeros()
    columns.sort_indices()
    sparsity = ca.Sparsity(*columns.shape, columns.indptr.tolist(), columns.indices.tolist())
    return ca.DM(sparsity, columns.data)
