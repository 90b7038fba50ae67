"""Trades with terms, solved straight from the definition, to compare with.

Nothing here knows gridpact's clearing. A *share* is a cleared fraction that terms make one number: that of a
block or of a link over all its periods, else that of a trade in one period. A *decision* says whether a share
with a least fraction, or all shares of a member of an exclusive group, clear at all.

The greatest volume over caps, with the flow limits of the DC model where asked, is that of a mixed-integer
programme (SciPy, HiGHS). Of equal volumes the one that accepts the earlier submitted, then the first by id.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import casadi as ca
import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from gridpact.case import Case
from gridpact.case.terms import NONE
from tests.exact import SOLVED, _nodes, injected

SAME_VOLUME = 1e-7  # relative, below which two volumes are a tie
KEPT_KW = 1e-7
OBJECTIVE_SCALE = 1e3  # HiGHS ends within 1e-6 of its objective
COMBINATIONS_MAX = 1 << 14


@dataclass(frozen=True)
class Decision:
    """Whether something clears at all.

    Attributes:
        order: what decides ties, least first: submission (none last), id, period (−1 for all of them).
        group: exclusive group, of which one is accepted at most, whenever it clears; `NONE` for none.
    """

    order: tuple[float, str, int]
    group: int = NONE


@dataclass(frozen=True)
class Share:
    """One cleared fraction: what it is of, and its terms.

    Attributes:
        trades: those that clear at it.
        periods: of each of these trades, in which it does.
        least: the least fraction but 0.
        needs: decisions that must all be accepted for it to clear, and the last of which makes it clear.
    """

    trades: tuple[int, ...]
    periods: tuple[tuple[int, ...], ...]
    least: float
    needs: tuple[Decision, ...]


@dataclass(frozen=True)
class Optimum:
    """A greatest volume, in kW summed over periods, and what is accepted there."""

    volume: float
    accepted: tuple[bool, ...]
    fraction: np.ndarray | None = None


class Shares:
    """The shares of a case, its decisions in the order of ties, and how shares use the caps."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.all = tuple(_shares(case))
        needed = {decision for share in self.all for decision in share.needs}
        self.decided = tuple(sorted(needed, key=lambda decision: decision.order))
        self.decisions = len(self.decided)

    def __len__(self) -> int:
        return len(self.all)

    @cached_property
    def least(self) -> np.ndarray:
        """The least fraction but 0 of each share."""
        return np.array([share.least for share in self.all])

    @cached_property
    def of(self) -> np.ndarray:
        """The share of each trade in each period, −1 outside its window, (trades, T)."""
        of = np.full((len(self.case.trades), self.case.horizon.periods), -1)
        for index, share in enumerate(self.all):
            for trade, periods in zip(share.trades, share.periods, strict=True):
                of[trade, list(periods)] = index
        return of

    @cached_property
    def weight(self) -> np.ndarray:
        """kW over all periods of each share in full."""
        weight = np.zeros(len(self))
        inside = self.of >= 0
        np.add.at(weight, self.of[inside], np.broadcast_to(self._power, self.of.shape)[inside])
        return weight

    @cached_property
    def caps(self) -> tuple[np.ndarray, np.ndarray]:
        """A x ≤ b: what each seller and each buyer sells and buys in each period."""
        sold, bought = self.traded
        load, made = self.case.profiles.load_kw, self.case.profiles.generation_kw
        own = np.minimum(load, made)
        return (
            np.concatenate([sold, bought]).reshape(-1, len(self)),
            np.concatenate([made - own, load - own]).ravel(),
        )

    @cached_property
    def traded(self) -> tuple[np.ndarray, np.ndarray]:
        """kW sold and bought by each participant in each period per unit of each share, (T, P, S) each."""
        case = self.case
        sold = np.zeros((case.horizon.periods, len(case.participants), len(self)))
        bought = np.zeros_like(sold)
        for trade, period in np.argwhere(self.of >= 0).tolist():
            share, power = self.of[trade, period], case.trades.power_kw[trade]
            sold[period, case.trades.seller[trade], share] += power
            bought[period, case.trades.buyer[trade], share] += power
        return sold, bought

    @cached_property
    def exclusive(self) -> np.ndarray:
        """Rows of decisions of which at most one may be accepted, one for each group, (m, decisions)."""
        group = np.array([decision.group for decision in self.decided], dtype=int)
        return np.unique(group[group != NONE])[:, None] == group

    @cached_property
    def needs(self) -> np.ndarray:
        """Which decisions each share needs, (shares, decisions)."""
        needs = np.zeros((len(self), self.decisions), dtype=bool)
        for index, share in enumerate(self.all):
            needs[index, [self._place[decision] for decision in share.needs]] = True
        return needs

    @cached_property
    def forces(self) -> np.ndarray:
        """Which decision makes each share clear at its least fraction or more, −1 for none, (shares,)."""
        place = {decision: index for index, decision in enumerate(self.decided)}
        return np.array(
            [place[share.needs[-1]] if share.least > 0.0 else -1 for share in self.all], dtype=int
        )

    @cached_property
    def implied(self) -> np.ndarray:
        """Pairs of decisions, the first of which needs the second, (k, 2)."""
        place = {decision: index for index, decision in enumerate(self.decided)}
        pairs = {
            (place[share.needs[1]], place[share.needs[0]]) for share in self.all if len(share.needs) == 2
        }
        return np.array(sorted(pairs), dtype=int).reshape(-1, 2)

    @cached_property
    def parents(self) -> np.ndarray:
        """Decisions that others need: one of those has to be accepted with it, (k,)."""
        return np.unique(self.implied[:, 1])

    @cached_property
    def children(self) -> np.ndarray:
        """Which decisions need each of `parents`, (k, decisions)."""
        children = np.zeros((len(self.parents), self.decisions), dtype=bool)
        children[np.searchsorted(self.parents, self.implied[:, 1]), self.implied[:, 0]] = True
        return children

    @cached_property
    def combinations(self) -> np.ndarray:
        """Every combination of decisions that the groups allow, the preferred first, (n, decisions)."""
        if 1 << self.decisions > COMBINATIONS_MAX:
            raise ValueError(f"{self.decisions} decisions are too many to go through")
        every = np.array(list(product([True, False], repeat=self.decisions)), dtype=bool)
        every = every.reshape(2**self.decisions, self.decisions)
        allowed = np.all(every @ self.exclusive.T.astype(int) <= 1, axis=1)
        child, parent = self.implied.T
        needed = np.all(every[:, child] <= every[:, parent], axis=1)
        idle = np.any(every[:, self.parents] & ~(every @ self.children.T), axis=1)
        return every[allowed & needed & ~idle]

    def bounds(self, accepted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The bounds of each share under a combination of decisions."""
        accepted = np.asarray(accepted, dtype=float)
        upper = np.where(self.needs, accepted, 1.0).min(axis=1, initial=1.0)
        return self.least * np.append(accepted, 0.0)[self.forces], upper

    def fraction(self, cleared_kw: np.ndarray) -> np.ndarray:
        """Each share of cleared powers, (trades, T): the mean over its trades and periods."""
        total = np.zeros(len(self))
        inside = self.of >= 0
        np.add.at(total, self.of[inside], cleared_kw[inside])
        return total / np.where(self.weight > 0.0, self.weight, 1.0)

    def accepted(self, fraction: np.ndarray) -> np.ndarray:
        """Which decisions something that clears needs, (decisions,)."""
        return np.any(self.needs & (fraction > 0.0)[:, None], axis=0)

    @cached_property
    def _place(self) -> dict[Decision, int]:
        return {decision: index for index, decision in enumerate(self.decided)}

    @property
    def _power(self) -> np.ndarray:
        return self.case.trades.power_kw[:, None]


def _shares(case: Case) -> list[Share]:
    trades, terms = case.trades, case.trades.terms
    units: dict[tuple[str, int], list[int]] = {}
    for trade, link in enumerate(terms.link.tolist()):
        units.setdefault(("trade", trade) if link == NONE else ("link", link), []).append(trade)
    shares = []
    for (kind, _), members in units.items():
        windows = tuple(tuple(range(int(trades.start[k]), int(trades.end[k]))) for k in members)
        first = min((_submission(int(trades.submitted[k])), trades.ids[k]) for k in members)
        least = max(float(terms.min_fraction[k]) for k in members)
        whole = Decision((*first, -1), int(terms.group[members[0]]))
        grouped = (whole,) if whole.group != NONE else ()
        if kind == "link" or terms.block[members[0]]:
            needs = (whole,) if least > 0.0 else grouped
            shares.append(Share(tuple(members), windows, least, needs))
            continue
        for period in windows[0]:
            own = (Decision((*first, period)),) if least > 0.0 else ()
            shares.append(Share(tuple(members), ((period,),), least, grouped + own))
    return shares


def _submission(microseconds: int) -> float:
    return float(microseconds) if microseconds else np.inf


class Linear:
    """The programme over caps, and over the flow limits of the DC model where a net is given."""

    def __init__(self, case: Case, net=None) -> None:
        self.shares = Shares(case)
        rows, upper = self.shares.caps
        self.is_relaxed = False  # whether the baseline breaks a flow limit, which these rows relax to it
        if net is not None:
            flows, most, self.is_relaxed = dc_rows(net, self.shares)
            rows, upper = np.concatenate([rows, flows]), np.concatenate([upper, most])
        used = np.abs(rows).sum(axis=1) > 0.0
        self.rows, self.upper = rows[used], upper[used]

    def best(self) -> Optimum:
        """The greatest volume; of equal ones the preferred decisions."""
        accepted = np.zeros(self.shares.decisions, dtype=bool)
        open_ = np.ones(self.shares.decisions, dtype=bool)
        greatest = self._mixed(accepted, open_)
        for decision in range(self.shares.decisions):
            open_[decision], accepted[decision] = False, True
            volume = self._mixed(accepted, open_)
            accepted[decision] = volume >= greatest - SAME_VOLUME * max(greatest, 1.0)
        return self.under(accepted)

    def greatest(self) -> float:
        """The greatest volume, by one mixed-integer programme."""
        decisions = self.shares.decisions
        return self._mixed(np.zeros(decisions, dtype=bool), np.ones(decisions, dtype=bool))

    def best_of_all(self) -> Optimum:
        """The same as `best`, by going through every combination."""
        found = [self.under(accepted) for accepted in self.shares.combinations]
        greatest = max(one.volume for one in found)
        return next(one for one in found if one.volume >= greatest - SAME_VOLUME * max(greatest, 1.0))

    def under(self, accepted: np.ndarray) -> Optimum:
        """The greatest volume under given decisions, −∞ where they cannot be."""
        lower, upper = self.shares.bounds(accepted)
        found = linprog(
            -self.shares.weight,
            A_ub=self.rows,
            b_ub=self.upper + KEPT_KW / 100,
            bounds=np.column_stack([lower, upper]),
        )
        volume = -found.fun if found.status == 0 else -np.inf
        return Optimum(volume, tuple(accepted.tolist()), found.x if found.status == 0 else None)

    def most_even(self, accepted: np.ndarray) -> np.ndarray:
        """Of all optima of given decisions the one with the least Σ q (1 − x)², by Ipopt."""
        lower, upper = self.shares.bounds(accepted)
        weight, best = self.shares.weight, self.under(accepted)
        fraction = ca.SX.sym("x", len(lower))
        programme = {
            "x": fraction,
            "f": ca.dot(weight, (1.0 - fraction) ** 2),
            "g": ca.mtimes(ca.DM(np.vstack([self.rows, weight])), fraction),
        }
        options = {"print_level": 0, "sb": "yes", "tol": 1e-9, "bound_relax_factor": 1e-10, "max_iter": 500}
        solver = ca.nlpsol("even", "ipopt", programme, {"print_time": False, "ipopt": options})
        found = solver(
            x0=best.fraction,
            lbx=lower,
            ubx=upper,
            lbg=np.append(np.full(len(self.rows), -np.inf), best.volume - KEPT_KW),
            ubg=np.append(self.upper, np.inf),
        )
        assert solver.stats()["return_status"] in SOLVED
        return np.asarray(found["x"]).ravel()

    def unevenness(self, fraction: np.ndarray) -> float:
        """Σ q (1 − x)² in kW."""
        return float(self.shares.weight @ (1.0 - fraction) ** 2)

    def _mixed(self, accepted: np.ndarray, is_open: np.ndarray) -> float:
        """The greatest volume with some decisions open and the others as given."""
        shares, count, decisions = self.shares, len(self.shares), self.shares.decisions
        share, needed = np.nonzero(shares.needs)
        forced = np.flatnonzero(shares.forces >= 0)
        every, decided = np.eye(count), np.eye(decisions)
        none = np.zeros((len(self.rows), decisions))
        least = shares.least[forced, None] * decided[shares.forces[forced]]
        child, parent = shares.implied.T
        at_most = [
            (np.hstack([self.rows, none]), self.upper),
            (np.hstack([every[share], -decided[needed]]), 0.0),
            (np.hstack([-every[forced], least]), 0.0),
            (np.hstack([np.zeros((len(child), count)), decided[child] - decided[parent]]), 0.0),
            (
                np.hstack(
                    [np.zeros((len(shares.parents), count)), decided[shares.parents] - shares.children]
                ),
                0.0,
            ),
            (np.hstack([np.zeros((len(shares.exclusive), count)), shares.exclusive]), 1.0),
        ]
        constraints = [LinearConstraint(rows, ub=upper) for rows, upper in at_most if len(rows)]
        fixed = accepted.astype(float)
        found = milp(
            -OBJECTIVE_SCALE * np.append(shares.weight, np.zeros(decisions)),
            constraints=constraints,
            integrality=np.append(np.zeros(count), np.ones(decisions)),
            bounds=Bounds(
                np.append(np.zeros(count), np.where(is_open, 0.0, fixed)),
                np.append(np.ones(count), np.where(is_open, 1.0, fixed)),
            ),
            options={"mip_rel_gap": 0.0},
        )
        if found.status == 2:
            return -np.inf
        assert found.status == 0, found.message
        return self.under(np.round(found.x[count:]).astype(bool)).volume


def dc_rows(net, shares: Shares) -> tuple[np.ndarray, np.ndarray, bool]:
    """A x ≤ b of the DC model from pandapower's tables: flows both ways, in every branch and period.

    And whether the baseline breaks a limit, which is then its own flow.
    """
    case = shares.case
    people, limits = case.participants, case.limits
    node = _nodes(net)
    ends, susceptance, limit = _dc_branches(net, limits)
    places = sorted({node[int(bus)] for bus in net.bus.index})
    at = {bus: places.index(node[int(bus)]) for bus in net.bus.index}
    held = {at[bus] for bus in net.ext_grid.bus}
    free = np.array([place for place in range(len(places)) if place not in held])
    flow = np.zeros((len(ends), len(places)))
    for row, (start, end) in enumerate(ends):
        flow[row, at[start]] += susceptance[row]
        flow[row, at[end]] -= susceptance[row]
    incidence = flow / susceptance[:, None]
    factors = flow[:, free] @ np.linalg.inv(incidence[:, free].T @ flow[:, free])
    place = np.zeros((len(places), len(people)))
    place[[at[bus] for bus in people.bus], np.arange(len(people))] = 1.0
    by_participant = factors @ place[free]
    nothing = np.zeros(len(people))
    rows, upper, is_relaxed = [], [], False
    for period in range(case.horizon.periods):
        baseline = by_participant @ injected(case, period, nothing, nothing)[0]
        sold, bought = shares.traded[0][period], shares.traded[1][period]
        effect = by_participant @ (~people.exports[:, None] * sold - ~people.firm[:, None] * bought)
        is_relaxed |= bool(np.any(np.abs(baseline) > limit))
        rows += [effect, -effect]
        upper += [np.maximum(limit, baseline) - baseline, np.maximum(limit, -baseline) + baseline]
    return np.concatenate(rows), np.concatenate(upper), is_relaxed


def _dc_branches(net, limits):
    """Ends, kW per radian, and greatest flow of lines and transformers; 30 degrees at most across each."""
    ends, susceptance, limit = [], [], []
    for line in net.line[net.line.in_service].itertuples():
        volt = net.bus.vn_kv[line.from_bus]
        r, x = (each * line.length_km / line.parallel for each in (line.r_ohm_per_km, line.x_ohm_per_km))
        rating = np.sqrt(3) * volt * line.max_i_ka * line.df * line.parallel * 1e3
        ends.append((line.from_bus, line.to_bus))
        susceptance.append(1e3 * volt**2 * x / (r**2 + x**2))
        limit.append(rating * limits.line_loading_max_percent / 100)
    for trafo in net.trafo[net.trafo.in_service].itertuples():
        r = trafo.vkr_percent / 100
        x = np.sqrt((trafo.vk_percent / 100) ** 2 - r**2)
        ends.append((trafo.hv_bus, trafo.lv_bus))
        susceptance.append(1e3 * trafo.sn_mva * x / (r**2 + x**2))
        limit.append(1e3 * trafo.sn_mva * limits.transformer_loading_max_percent / 100)
    return ends, np.array(susceptance), np.minimum(limit, np.array(susceptance) * np.pi / 6)
