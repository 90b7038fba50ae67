"""Cells: one participant in one period each, trading alone, and what that does to the limits."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.clearing.network.network_state import operate
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.problem.reasons import element_kinds
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.flow.power_flow import bus_voltage_pu, loading_percent, run_power_flow

NO_STATE = 1.0
VALUES_AT_ONCE = 2_000_000  # voltages and loadings that are held at the same time


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstLimit:
    """The limit that is exceeded most, or is nearest, under each of m cells.

    Attributes:
        excess: in pu of voltage or as a share of the rating, negative inside; `NO_STATE` where there is
            no operating point, (m,).
        limited_by: a `LimitedBy`, (m,).
        element: as in `BindingLimits`, −1 without an operating point, (m,).
    """

    excess: Float
    limited_by: Int
    element: Int


class Cells:
    """R cells, each of which adds to what is injected in its period before anything is traded.

    Args:
        problem: the network, its limits, and that injection.
        period: of each cell, (R,).
        node: that it injects at, (R,).
        p_per_kw: kW more injected per kW that the cell trades, (R,).
        q_per_kw: kvar more injected per kW, (R,).

    Attributes:
        has_state: whether the network has an operating point before, (R,); where it has none, no cell is
            solved.
    """

    def __init__(
        self, problem: ClearingProblem, *, period: Int, node: Int, p_per_kw: Float, q_per_kw: Float
    ) -> None:
        self._network, self._limits = problem.network, problem.operating_limits
        self._before = problem.injection_at_nodes(np.zeros(problem.offers.columns))
        self._period, self._node = period, node
        self._p_per_kw, self._q_per_kw = p_per_kw, q_per_kw
        self._element_kind = element_kinds(self._network, np.arange(len(self._network.elements)))
        self._at_once = max(1, VALUES_AT_ONCE // (self._network.nodes + len(self._network.elements)))
        self.has_state = operate(self._network, self._before).converged[period]

    def worst(self, power_kw: Float, cells: Int) -> WorstLimit:
        """The worst limit of some cells, (m,), each trading its own power, (m,), alone."""
        excess = np.full(len(cells), NO_STATE)
        limited_by = np.full(len(cells), LimitedBy.VOLTAGE_MIN, dtype=np.int64)
        element = np.full(len(cells), -1, dtype=np.int64)
        solvable = np.flatnonzero(self.has_state[cells])
        for first in range(0, len(solvable), self._at_once):
            some = solvable[first : first + self._at_once]
            found = self._worst(power_kw[some], cells[some])
            excess[some], limited_by[some], element[some] = found.excess, found.limited_by, found.element
        return WorstLimit(excess=excess, limited_by=limited_by, element=element)

    def _worst(self, power_kw: Float, cells: Int) -> WorstLimit:
        """The same for cells in periods with an operating point, few enough to be held at once."""
        period, row = self._period[cells], np.arange(len(cells))
        p_kw, q_kvar = self._before.p_kw[period], self._before.q_kvar[period]
        p_kw[row, self._node[cells]] += self._p_per_kw[cells] * power_kw
        q_kvar[row, self._node[cells]] += self._q_per_kw[cells] * power_kw
        flow = run_power_flow(self._network, p_kw, q_kvar)
        voltage_pu, limits = bus_voltage_pu(self._network, flow), self._limits
        beyond = np.hstack(
            [
                voltage_pu - limits.voltage_max_pu[period],
                limits.voltage_min_pu[period] - voltage_pu,
                (loading_percent(self._network, flow) - limits.loading_max_percent[period]) / 100.0,
            ]
        )
        buses = voltage_pu.shape[1]
        kinds = np.concatenate(
            [
                np.full(buses, LimitedBy.VOLTAGE_MAX),
                np.full(buses, LimitedBy.VOLTAGE_MIN),
                self._element_kind,
            ]
        )
        elements = np.concatenate([np.arange(buses), np.arange(buses), np.arange(len(self._element_kind))])
        worst = beyond.argmax(axis=1)
        return WorstLimit(
            excess=np.where(flow.converged, beyond[row, worst], NO_STATE),
            limited_by=np.where(flow.converged, kinds[worst], LimitedBy.VOLTAGE_MIN),
            element=np.where(flow.converged, elements[worst], -1),
        )
