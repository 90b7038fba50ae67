"""Small quadratic programmes against the conditions of an optimum."""

import numpy as np
import pytest

from gridpact.clearing.quadratic import convexified, is_best_corner, is_minimum, solve_quadratic

UNEVEN = 1e-6


def programme(seed: int) -> tuple[np.ndarray, ...]:
    """One as clearing poses them: a slight curvature, volume, caps, and a few dense rows; 0 is feasible."""
    rng = np.random.default_rng(seed)
    count, caps, rows = int(rng.integers(1, 30)), int(rng.integers(0, 8)), int(rng.integers(0, 4))
    turn = rng.normal(size=(count, count)) * 1e-3
    hessian = UNEVEN * np.diag(rng.uniform(0.5, 20.0, count)) + 1e-2 * turn @ turn.T
    under = (rng.random((caps, count)) < 0.3).astype(float)
    dense = rng.normal(size=(rows, count)) * 1e-4
    upper = np.concatenate([rng.uniform(0.0, 5.0, caps), rng.uniform(0.0, 1e-4, rows)])
    return hessian, np.full(count, -1.0), np.vstack([under, dense]), upper, rng.uniform(0.1, 4.0, count)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_found_satisfies_the_conditions_of_an_optimum(seed: int) -> None:
    hessian, gradient, rows, row_upper, upper = programme(seed)
    lower = np.zeros_like(upper)
    found = solve_quadratic(hessian, gradient, rows, row_upper, lower, upper)
    assert found is not None
    assert np.all(found.value >= lower - 1e-9) and np.all(found.value <= upper + 1e-9)
    scale = np.maximum(np.abs(rows).max(axis=1, initial=0.0), 1e-300)
    assert np.all((rows @ found.value - row_upper) / scale <= 1e-6)
    stationary = hessian @ found.value + gradient + found.bound_dual + rows.T @ found.row_dual
    assert np.abs(stationary).max() <= 1e-8
    assert np.all(found.row_dual >= -1e-9)
    slack = row_upper - rows @ found.value
    assert np.abs(found.row_dual * slack).max(initial=0.0) <= 1e-6
    at_lower, at_upper = found.bound_dual < -1e-9, found.bound_dual > 1e-9
    np.testing.assert_allclose(found.value[at_lower], lower[at_lower], atol=1e-9)
    np.testing.assert_allclose(found.value[at_upper], upper[at_upper], atol=1e-9)


def test_contradicting_rows_have_no_optimum() -> None:
    rows = np.array([[1.0, 1.0], [-1.0, -1.0]])
    nothing = np.zeros(2)
    assert solve_quadratic(np.eye(2), nothing, rows, np.array([1.0, -1.5]), nothing, np.ones(2)) is None


def test_eigenvalues_are_made_positive_and_a_convex_matrix_is_kept() -> None:
    rng = np.random.default_rng(0)
    base, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    bent = base @ np.diag([-3.0, 1e-9, 0.5, 2.0]) @ base.T
    np.testing.assert_allclose(np.linalg.eigvalsh(convexified(bent, 1e-3)), [1e-3, 0.5, 2.0, 3.0], atol=1e-12)
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
    assert is_best_corner(hessian, np.empty((0, 2)), np.array([-0.1, 0.0]), np.full(2, 10.0)) is expected


def test_a_corner_is_left_along_what_holds_the_others() -> None:
    """What leaves its bound takes from the other variable, as their sum is held, and that bends down."""
    hessian = np.diag([0.0, -0.03])
    dual, reach = np.array([-0.1, 0.0]), np.full(2, 10.0)
    assert not is_best_corner(hessian, np.array([[1.0, 1.0]]), dual, reach)
    assert is_best_corner(hessian, np.empty((0, 2)), dual, reach)


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
        said.append(is_best_corner(hessian, np.empty((0, count)), dual, reach))
        if said[-1]:
            assert value.min() >= -1e-12
    assert 10 <= sum(said) <= 70
