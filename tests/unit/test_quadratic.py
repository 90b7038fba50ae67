"""Quadratic programmes, by dense and by sparse matrices, against the conditions of an optimum."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array, vstack

from gridpact.clearing.solver.active_set import ActiveSet, held_bounds, solve_from
from gridpact.clearing.solver.dense_daqp import solve_dense
from gridpact.clearing.solver.optimality import is_minimum, other_corners
from gridpact.clearing.solver.quadratic import (
    NetworkBlock,
    QuadraticOptimum,
    QuadraticProgramme,
    convexified,
)
from gridpact.clearing.solver.sparse_piqp import solve_sparse

UNEVEN = 1e-6


def programme(seed: int, *, elastic: float | None = None) -> QuadraticProgramme:
    """One as clearing poses them: a slight curvature, volume, caps, and a few limits; 0 is feasible."""
    rng = np.random.default_rng(seed)
    count, caps, rows = int(rng.integers(2, 30)), int(rng.integers(0, 8)), int(rng.integers(1, 4))
    seen = int(rng.integers(1, count + 1))
    turn = rng.normal(size=(seen, seen)) * 1e-3
    limits = rng.normal(size=(rows, seen))
    limits /= np.abs(limits).max(axis=1)[:, None]
    upper = rng.uniform(0.1, 4.0, count)
    effect = csr_array((np.ones(seen), (np.arange(seen), rng.permutation(count)[:seen])), shape=(seen, count))
    return QuadraticProgramme(
        diagonal=UNEVEN * rng.uniform(0.5, 20.0, count),
        gradient=np.full(count, -1.0),
        lower=np.zeros(count),
        upper=upper,
        rows=csr_array((rng.random((caps, count)) < 0.3).astype(float)),
        row_upper=rng.uniform(0.0, 5.0, caps),
        blocks=(
            NetworkBlock(
                effect=effect,
                hessian=1e-2 * turn @ turn.T,
                gradient=np.zeros(seen),
                rows=limits,
                upper=rng.uniform(0.0, 1.0, rows),
            ),
        ),
        span=upper,
        elastic=elastic,
    )


def lagrangian(one: QuadraticProgramme, found: QuadraticOptimum) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Its gradient, (n,), the slack of rows and limits, and their multipliers."""
    block = one.blocks[0]
    hessian = np.diag(one.diagonal) + block.effect.T @ block.hessian @ block.effect.toarray()
    rows = np.vstack([one.rows.toarray(), block.rows @ block.effect.toarray()])
    dual = np.concatenate([found.row_dual, found.limit_dual])
    slack = np.concatenate([one.row_upper, block.upper]) - rows @ found.value
    return hessian @ found.value + one.gradient + found.bound_dual + rows.T @ dual, slack, dual


@pytest.mark.parametrize(("solve", "tolerance"), [("dense", 1e-8), ("sparse", 1e-6)])
@pytest.mark.parametrize("seed", range(60))
def test_what_is_found_satisfies_the_conditions_of_an_optimum(
    seed: int, solve: str, tolerance: float
) -> None:
    one = programme(seed)
    found = solve_dense(one) if solve == "dense" else solve_sparse(one, 1e-12)
    assert found is not None
    assert np.all(found.value >= one.lower - 1e-9) and np.all(found.value <= one.upper + 1e-9)
    stationary, slack, dual = lagrangian(one, found)
    assert np.all(slack >= -1e-6)
    assert np.abs(stationary).max() <= tolerance
    assert np.all(dual >= -1e-9)
    assert np.abs(dual * slack).max(initial=0.0) <= 1e-6
    at_lower, at_upper = found.bound_dual < -1e-5, found.bound_dual > 1e-5
    np.testing.assert_allclose(found.value[at_lower], one.lower[at_lower], atol=1e-5)
    np.testing.assert_allclose(found.value[at_upper], one.upper[at_upper], atol=1e-5)


def capped(one: QuadraticProgramme, seed: int) -> QuadraticProgramme:
    """The programme with sums of variables for coordinates, and caps on these both ways, some twice."""
    rng = np.random.default_rng(seed)
    block, count = one.blocks[0], len(one.gradient)
    effect = csr_array((rng.random((len(block.gradient), count)) < 0.4) * rng.choice([-1.0, 1.0], count))
    coordinate = rng.integers(0, effect.shape[0], 6)
    factor = rng.choice([-2.0, -1.0, 0.5, 1.0, 3.0], 6)
    rows = vstack([one.rows, effect[coordinate].multiply(factor[:, None])])
    row_upper = np.append(one.row_upper, rng.uniform(0.0, 3.0, 6))
    return replace(one, rows=csr_array(rows), row_upper=row_upper, blocks=(replace(block, effect=effect),))


@pytest.mark.parametrize("seed", range(60))
def test_rows_that_bound_a_coordinate_have_the_same_minimum_and_multipliers(seed: int) -> None:
    one = capped(programme(seed), seed)
    found, dense = solve_sparse(one, 1e-12), solve_dense(one)
    assert found is not None and dense is not None
    stationary, slack, dual = lagrangian(one, found)
    assert np.all(slack >= -1e-6) and np.all(dual >= 0.0)
    assert np.abs(stationary).max() <= 1e-6
    assert np.abs(dual * slack).max() <= 1e-6
    assert one.gradient @ found.value == pytest.approx(one.gradient @ dense.value, abs=1e-5)


def moved(one: QuadraticProgramme, by: float) -> QuadraticProgramme:
    """The programme with its limits and weights a little elsewhere, as the next step's is."""
    block = replace(one.blocks[0], upper=one.blocks[0].upper + by)
    return replace(one, gradient=one.gradient * (1.0 + by), blocks=(block,))


@pytest.mark.parametrize(("by", "at_least"), [(1e-3, 40), (0.3, 15)])
def test_what_bound_in_the_last_step_leads_to_the_exact_minimum_or_to_none(by: float, at_least: int) -> None:
    settled = 0
    for seed in range(60):
        one = programme(seed)
        last = solve_sparse(moved(one, by), 1e-7)
        assert last is not None
        guess = ActiveSet(
            held=held_bounds(moved(one, by), last.value, last.bound_dual),
            row_dual=np.where(last.row_dual > 1e-6, last.row_dual, 0.0),
            limit_dual=np.where(last.limit_dual > 1e-6, last.limit_dual, 0.0),
        )
        found = solve_from(one, guess)
        if found is None:
            continue
        settled += 1
        stationary, slack, dual = lagrangian(one, found)
        assert np.abs(stationary).max() <= 1e-8
        assert np.all(dual >= 0.0) and np.all(slack >= -1e-7)
        assert np.abs(dual * slack).max(initial=0.0) <= 1e-6
        assert np.all(found.value >= one.lower) and np.all(found.value <= one.upper)
        inside = (found.value > one.lower) & (found.value < one.upper)
        assert not found.bound_dual[inside].any()
        assert found.is_exact
    assert settled >= at_least


def test_a_guess_that_is_far_off_gives_the_minimum_or_none() -> None:
    for seed in range(60):
        one = programme(seed)
        nothing = ActiveSet(
            held=np.ones(len(one.gradient), dtype=np.int64),
            row_dual=np.zeros(len(one.row_upper)),
            limit_dual=np.zeros(len(one.blocks[0].upper)),
        )
        found, other = solve_from(one, nothing), solve_dense(one)
        assert other is not None
        if found is not None:
            assert one.gradient @ found.value == pytest.approx(one.gradient @ other.value, abs=1e-5)


@pytest.mark.parametrize("solve", ["dense", "sparse"])
def test_contradicting_limits_have_no_optimum_and_are_exceeded_as_little_as_can_be(solve: str) -> None:
    """d ≤ −1 within 0 ≤ d ≤ 1: exceeded by 1 at d = 0, as excess costs more than d is worth."""

    def contradicting(elastic: float | None) -> QuadraticOptimum | None:
        one = QuadraticProgramme(
            diagonal=np.full(1, 1e-6),
            gradient=np.full(1, -1.0),
            lower=np.zeros(1),
            upper=np.ones(1),
            rows=csr_array((0, 1)),
            row_upper=np.zeros(0),
            blocks=(
                NetworkBlock(
                    effect=csr_array(np.ones((1, 1))),
                    hessian=np.zeros((1, 1)),
                    gradient=np.zeros(1),
                    rows=np.ones((1, 1)),
                    upper=np.array([-1.0]),
                ),
            ),
            span=np.ones(1),
            elastic=elastic,
        )
        return solve_dense(one) if solve == "dense" else solve_sparse(one, 1e-10)

    assert contradicting(None) is None
    found = contradicting(1e3)
    assert found is not None
    assert found.value == pytest.approx([0.0], abs=1e-6)
    assert found.excess == pytest.approx(1.0, abs=1e-6)


def test_eigenvalues_are_made_positive_and_a_convex_matrix_is_kept() -> None:
    rng = np.random.default_rng(0)
    base, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    bent = base @ np.diag([-3.0, 1e-9, 0.5, 2.0]) @ base.T
    np.testing.assert_allclose(
        np.linalg.eigvalsh(convexified(bent, 1e-3)), [1e-3, 1e-3, 0.5, 2.0], atol=1e-12
    )
    convex = base @ np.diag([0.1, 0.2, 0.5, 2.0]) @ base.T
    assert convexified(convex, 1e-3) is convex


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (np.empty((0, 3)), False),  # free to go along the axis that curves down
        (np.array([[1.0, 0.0, 0.0]]), True),  # held on it
        (np.array([[0.0, 1.0, 0.0]]), False),  # held elsewhere
        (np.array([[1.0, 1.0, 0.0]]), False),  # −1 + 1e-3 along (1, −1)
        (np.array([[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]), True),  # the same direction twice
        (np.eye(3), True),  # nothing can move
    ],
)
def test_a_minimum_curves_up_where_it_is_free(held: np.ndarray, expected: bool) -> None:
    assert is_minimum(np.diag([-1.0, 1e-3, 1.0]), held, 1e-9) is expected


def test_a_convex_function_has_a_minimum_whatever_is_held() -> None:
    assert is_minimum(np.diag([0.0, 1.0]), np.empty((0, 2)), 1e-9)


@pytest.mark.parametrize(
    ("curvature", "expected"),
    [
        (0.0, True),  # leaving the bound costs 0.1 a kW
        (-0.01, True),  # and wins 0.05 a kW over the whole way of 10 kW
        (-0.03, False),  # or 0.15
    ],
)
def test_a_far_corner_is_better_where_curvature_outweighs_the_multiplier(
    curvature: float, expected: bool
) -> None:
    hessian = np.diag([curvature, 1.0])
    assert (
        not other_corners(hessian, np.empty((0, 2)), np.array([-0.1, 0.0]), np.full(2, 10.0))[0].any()
    ) is expected


def test_a_corner_is_left_along_what_holds_the_others() -> None:
    """What leaves its bound takes from the other variable, as their sum is held, and that bends down."""
    hessian = np.diag([0.0, -0.03])
    dual, reach = np.array([-0.1, 0.0]), np.full(2, 10.0)
    assert other_corners(hessian, np.array([[1.0, 1.0]]), dual, reach)[0].any()
    assert not other_corners(hessian, np.empty((0, 2)), dual, reach)[0].any()


def test_no_corner_is_better_where_it_says_so() -> None:
    """A quadratic function at all corners of a box, against what is said of the one at its start."""
    said = []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        count = int(rng.integers(1, 7))
        turn = rng.normal(size=(count, count))
        hessian = 0.02 * (turn + turn.T)
        dual, reach = -rng.uniform(0.05, 1.0, count), rng.uniform(0.5, 8.0, count)
        corners = np.array(np.meshgrid(*[[0.0, one] for one in reach])).reshape(count, -1).T
        value = corners @ -dual + 0.5 * np.einsum("ki,ij,kj->k", corners, hessian, corners)
        said.append(not other_corners(hessian, np.empty((0, count)), dual, reach)[0].any())
        if said[-1]:
            assert value.min() >= -1e-12
    assert 10 <= sum(said) <= 70
