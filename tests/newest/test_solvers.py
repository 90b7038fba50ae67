"""Solvers print nothing, from their construction to their end."""

from collections.abc import Callable
from functools import partial

import casadi as ca
import clarabel
import highspy
import numpy as np
import pytest
from benchmarks.ipopt.silent import silent_ipopt
from scipy.sparse import csc_array, csr_array

from gridpact.clearing.solver.dense_daqp import solve_dense
from gridpact.clearing.solver.quadratic import QuadraticOptimum, QuadraticProgramme
from gridpact.clearing.solver.sparse_piqp import solve_sparse
from gridpact.solvers.clarabel import silent_settings
from gridpact.solvers.highs import SilentHighs
from tests.newest.outputs import printed

Solve = Callable[[QuadraticProgramme], QuadraticOptimum | None]


def test_highs_prints_nothing_linear_or_integer(capfd: pytest.CaptureFixture[str]) -> None:
    for kind in (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger):
        highs = SilentHighs()
        for cost in (-1.0, -2.0, -3.0):
            highs.addVar(0.0, 4.0)
            highs.changeColCost(highs.getNumCol() - 1, cost)
        highs.changeColsIntegrality(3, np.arange(3, dtype=np.int32), np.full(3, kind))
        highs.addRow(-np.inf, 7.5, 3, np.arange(3, dtype=np.int32), np.ones(3))
        highs.run()
        highs.clearSolver()
        highs.run()
        assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    assert printed(capfd) == ""


def test_highs_uses_one_thread() -> None:
    assert SilentHighs().getOptionValue("threads")[1] == 1


def test_clarabel_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    cones = [clarabel.NonnegativeConeT(1)]
    rows = csc_array(np.array([[1.0]]))
    empty, one = csc_array((1, 1)), np.ones(1)
    solver = clarabel.DefaultSolver(empty, -one, rows, 3.0 * one, cones, silent_settings(1e-9))
    assert solver.solve().x[0] == pytest.approx(3.0, abs=1e-6)
    assert printed(capfd) == ""


@pytest.mark.parametrize("power", ["x", "log(x-20)"], ids=["solved", "not a number"])
def test_ipopt_prints_nothing(power: str, capfd: pytest.CaptureFixture[str]) -> None:
    x = ca.SX.sym("x")
    objective = (x - 1.0) ** 2 if power == "x" else ca.log(x - 20.0)
    solver = silent_ipopt("tried", {"x": x, "f": objective, "g": x}, {"tol": 1e-10, "max_iter": 20})
    found = float(solver(x0=0.0, lbx=-2.0, ubx=2.0, lbg=-2.0, ubg=2.0)["x"])
    assert power != "x" or found == pytest.approx(1.0)
    assert printed(capfd) == ""


SOLVES: dict[str, Solve] = {"DAQP": solve_dense, "PIQP": partial(solve_sparse, tolerance=1e-9)}


@pytest.mark.parametrize("name", SOLVES)
def test_quadratic_programmes_print_nothing(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    one = np.ones(1)
    for room in (0.5, -9.0):  # the second has no solution
        programme = QuadraticProgramme(
            diagonal=one,
            gradient=-one,
            lower=-one,
            upper=one,
            rows=csr_array(np.ones((1, 1))),
            row_upper=room * one,
            blocks=(),
            span=one,
        )
        found = SOLVES[name](programme)
        assert (found is None) == (room < 0.0)
    assert printed(capfd) == ""
