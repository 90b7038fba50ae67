"""Trades with terms under AC, by going through what may be accepted, to compare with.

Nothing here knows gridpact's clearing. Every combination of indivisible trades gets a power flow of
power-grid-model; other combinations each get a polar nonlinear programme over all periods, made of those of
`tests/exact.py`, for Ipopt. What a share and a decision is stands in `tests/terms_oracle.py`.
"""

from dataclasses import dataclass

import casadi as ca
import numpy as np

from gridpact.case import Case
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from tests.exact import BASE_KW, SOLVED, VOLUMES_MAX, ExactPeriod, NoOptimum, injected
from tests.terms_oracle import KEPT_KW, SAME_VOLUME, Linear, Optimum, Shares

KEPT_PU, KEPT_POINTS = 1e-7, 1e-5


@dataclass(frozen=True)
class Enumeration:
    """What holds of every combination of indivisible trades.

    Attributes:
        accepted: the combinations that the groups allow, the preferred first, (n, decisions).
        volume: of each, (n,).
        within_caps: (n,).
        fits: whether it keeps every limit as well, (n,).
        slack: how far the nearest of them is from being judged the other way, in tolerances: the greater,
            the less can rounding decide; 1 where one is exactly at a limit.
    """

    accepted: np.ndarray
    volume: np.ndarray
    within_caps: np.ndarray
    fits: np.ndarray
    slack: float

    @property
    def best(self) -> Optimum:
        """The greatest volume; of equal ones the preferred."""
        greatest = self.volume[self.fits].max()
        index = np.flatnonzero(self.fits & (self.volume >= greatest - SAME_VOLUME * max(greatest, 1.0)))[0]
        return Optimum(float(self.volume[index]), tuple(self.accepted[index].tolist()))


def enumerate_indivisible(case: Case, network: Network) -> Enumeration:
    """Every combination of the trades of a case whose least fractions are all 1, under AC."""
    shares = Shares(case)
    if np.any(shares.least < 1.0) or len(shares.implied):
        raise ValueError("only trades that clear in full or not at all can be gone through")
    accepted = shares.combinations
    clears = accepted[:, shares.forces]
    rows, upper = shares.caps
    within = np.all(clears @ rows.T <= upper + KEPT_KW, axis=1)
    fits, slack = within.copy(), np.inf
    for period in range(case.horizon.periods):
        here = np.unique(shares.of[:, period])
        here = here[here >= 0]
        chosen, inverse = np.unique(clears[within][:, here], axis=0, return_inverse=True)
        keeps, near = _keeps_limits(shares, network, period, here, chosen)
        fits[within] &= keeps[inverse]
        slack = min(slack, near)
    return Enumeration(accepted, clears @ shares.weight, within, fits, slack)


def _keeps_limits(shares: Shares, network: Network, period: int, here, chosen) -> tuple[np.ndarray, float]:
    """Whether each choice among the shares of a period keeps the limits, and the least distance from that."""
    case = shares.case
    sold = chosen @ shares.traded[0][period][:, here].T
    bought = chosen @ shares.traded[1][period][:, here].T
    nothing = np.zeros((1, len(case.participants)))
    p, q = injected(case, period, np.concatenate([nothing, sold]), np.concatenate([nothing, bought]))
    position = np.searchsorted(network.bus_ids, case.participants.bus)
    flow = run_verification_power_flow(network.verification_model, position, p, q)
    free = ~np.isin(network.bus_node, network.slack_node)
    is_line = np.array([kind is ElementKind.LINE for kind in network.elements.kind])
    limits = case.limits
    most = np.where(is_line, limits.line_loading_max_percent, limits.transformer_loading_max_percent)
    voltage, loading = flow.voltage_pu[1:, free], flow.loading_percent[1:]
    v0, i0 = flow.voltage_pu[0, free], flow.loading_percent[0]
    assert flow.converged[0], "the baseline has no power flow"
    over = np.hstack(
        [
            (voltage - np.maximum(limits.voltage_max_pu, v0)) / KEPT_PU,
            (np.minimum(limits.voltage_min_pu, v0) - voltage) / KEPT_PU,
            (loading - np.maximum(most, i0)) / KEPT_POINTS,
        ]
    )
    worst = np.where(flow.converged[1:], over.max(axis=1, initial=-np.inf), np.inf)
    some = chosen.any(axis=1)
    keeps = ~some | (worst <= 1.0)
    return keeps, float(np.abs(worst[some] - 1.0).min(initial=np.inf))


class ExactTerms:
    """All periods of a case as one polar nonlinear programme; shares are its variables."""

    def __init__(self, net, case: Case) -> None:
        self.shares, self.linear = Shares(case), Linear(case)
        fraction = ca.SX.sym("x", len(self.shares))
        states, starts, lower, upper, rows, lbg, ubg = [], [], [], [], [], [], []
        for period in range(case.horizon.periods):
            one = ExactPeriod(net, case, period)
            state = ca.SX.sym(f"state{period}", len(one._start))
            power = [
                fraction[int(self.shares.of[trade, period])] * case.trades.power_kw[trade] / BASE_KW
                for trade in one.trades
            ]
            weights = np.concatenate([np.ones(len(power)), np.zeros((VOLUMES_MAX + 2) * len(power))])
            _, g = one._solver.oracle()(ca.vertcat(state, *power), weights)
            states.append(state)
            starts.append(one._start)
            lower.append(one._bounds["lbv"])
            upper.append(one._bounds["ubv"])
            rows.append(g)
            lbg.append(np.append(one._bounds["lbg"], np.full(VOLUMES_MAX, -np.inf)))
            ubg.append(np.append(one._bounds["ubg"], np.full(VOLUMES_MAX, np.inf)))
        weight = self.shares.weight / BASE_KW
        programme = {
            "x": ca.vertcat(*states, fraction),
            "f": -ca.dot(weight, fraction),
            "g": ca.vertcat(*rows),
        }
        options = {"print_level": 0, "sb": "yes", "tol": 1e-9, "max_iter": 500, "bound_relax_factor": 1e-10}
        self._solver = ca.nlpsol("terms", "ipopt", programme, {"print_time": False, "ipopt": options})
        self._start, self._lower, self._upper = (np.concatenate(part) for part in (starts, lower, upper))
        self._bounds = {"lbg": np.concatenate(lbg), "ubg": np.concatenate(ubg)}

    def under(self, accepted: np.ndarray) -> Optimum:
        """The greatest volume under given decisions.

        Raises:
            NoOptimum: Ipopt found none from any start.
        """
        lower, upper = self.shares.bounds(np.asarray(accepted))
        best = None
        for part in (0.3, 0.9, 0.01):
            found = self._solver(
                x0=np.concatenate([self._start, lower + part * (upper - lower)]),
                lbx=np.concatenate([self._lower, lower]),
                ubx=np.concatenate([self._upper, upper]),
                **self._bounds,
            )
            solved = self._solver.stats()["return_status"] in SOLVED
            if solved and (best is None or float(found["f"]) < float(best["f"])):
                best = found
        if best is None:
            raise NoOptimum(self._solver.stats()["return_status"])
        fraction = np.asarray(best["x"]).ravel()[len(self._start) :]
        return Optimum(-float(best["f"]) * BASE_KW, tuple(np.asarray(accepted).tolist()), fraction)

    def best(self) -> Optimum:
        """The greatest volume of all combinations of decisions.

        They are gone through from the greatest volume over caps down, until that is below the best found.
        """
        combinations = self.shares.combinations
        bound = np.array([self.linear.under(accepted).volume for accepted in combinations])
        best = Optimum(-np.inf, ())
        for index in np.argsort(-bound, kind="stable").tolist():
            if bound[index] <= best.volume:
                break
            try:
                found = self.under(combinations[index])
            except NoOptimum:
                continue
            if found.volume > best.volume:
                best = found
        return best
