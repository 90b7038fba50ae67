"""Trades with terms: known answers, and AC clearing beside every combination of what may be accepted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.against_enumeration import random_case as enumeration_case

import gridpact
from gridpact.case import Case, Formulation
from gridpact.grid.compile import compile_source
from gridpact.grid.limits import Limits
from gridpact.results import Clearance
from tests.ac_instances import net_of, table_kw, uncapped
from tests.congested import NONE_MADE_WORSE
from tests.exact import worst_excess
from tests.terms_check import assert_terms_hold
from tests.terms_exact import ExactTerms, enumerate_indivisible
from tests.terms_instances import CIGRE, street, tight_case, with_submissions, with_terms
from tests.terms_oracle import Linear, Shares

SAME_KW = 1e-6
VOLUME_TOLERANCE = 1e-5
WIDE = 400.0
TIGHT = {
    "voltage_max": Limits(
        voltage_min_pu=0.7,
        voltage_max_pu=1.018,
        line_loading_max_percent=WIDE,
        transformer_loading_max_percent=WIDE,
    ),
    "voltage_min": Limits(
        voltage_min_pu=0.985,
        voltage_max_pu=1.3,
        line_loading_max_percent=WIDE,
        transformer_loading_max_percent=WIDE,
    ),
    "transformer": Limits(
        voltage_min_pu=0.7,
        voltage_max_pu=1.3,
        line_loading_max_percent=WIDE,
        transformer_loading_max_percent=8.0,
    ),
    "line": Limits(
        voltage_min_pu=0.7,
        voltage_max_pu=1.3,
        line_loading_max_percent=8.0,
        transformer_loading_max_percent=WIDE,
    ),
}
both = pytest.mark.parametrize("formulation", list(Formulation))


def cleared(case: Case, formulation: Formulation = Formulation.AC) -> np.ndarray:
    """Cleared power of each trade in each period, (trades, T)."""
    return table_kw(gridpact.clear(replace(case, formulation=formulation)))


# Known answers: one seller of 5 kW, and buyers who want more than it has.
PAIR = street([5.0], [9.0], [(0, 0, 0, 1, 4.0), (0, 0, 0, 1, 3.0)])
UNLIKE = street([5.0], [1.0, 9.0], [(0, 0, 0, 1, 4.0), (0, 1, 0, 1, 4.0)])
THREE = street([4.0], [9.0], [(0, 0, 0, 1, 6.0), (0, 0, 0, 1, 4.0), (0, 0, 0, 1, 4.0)])
HOURS = street([[5.0], [2.0]], [[9.0], [9.0]], [(0, 0, 0, 2, 4.0), (0, 0, 0, 2, 3.0)])


@both
@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (with_terms(PAIR, min_fraction=1.0), [[4.0], [0.0]]),
        (with_terms(PAIR, min_fraction=[0.0, 1.0]), [[2.0], [3.0]]),
        (with_terms(PAIR, min_fraction=[1.0, 0.3]), [[4.0], [1.0]]),
        (with_terms(PAIR, min_fraction=[1.0, 0.5]), [[4.0], [0.0]]),
        (with_terms(PAIR, group=0), [[4.0], [0.0]]),
        (with_terms(PAIR, link=0), [[20.0 / 7.0], [15.0 / 7.0]]),
        (with_terms(PAIR, link=0, min_fraction=[0.0, 0.8]), [[0.0], [0.0]]),
        (with_terms(UNLIKE, link=0), [[1.0], [1.0]]),
        (with_terms(THREE, min_fraction=[0.7, 0.0, 0.0], group=[0, 0, -1]), [[0.0], [2.0], [2.0]]),
        (
            with_terms(THREE, block=[True, False, False], min_fraction=[0.7, 0.0, 0.0], group=[0, 0, -1]),
            [[0.0], [2.0], [2.0]],
        ),
        (with_terms(HOURS, block=True, min_fraction=0.6), [[0.0, 0.0], [2.0, 2.0]]),
        (with_terms(HOURS, block=True, min_fraction=1.0), [[0.0, 0.0], [0.0, 0.0]]),
        (with_terms(HOURS, min_fraction=1.0), [[4.0, 0.0], [0.0, 0.0]]),
        (with_terms(HOURS, block=True), [[8.0 / 7.0, 8.0 / 7.0], [6.0 / 7.0, 6.0 / 7.0]]),
    ],
)
def test_known_answers(case: Case, expected: list[list[float]], formulation: Formulation) -> None:
    np.testing.assert_allclose(cleared(case, formulation), expected, rtol=0, atol=1e-8)


@both
def test_a_block_gives_way_to_an_even_cut_where_that_costs_nothing(formulation: Formulation) -> None:
    """Block x and plain x1, x2 with 4x + 3x1 = 5 and 4x + 3x2 = 2: only x is free, from 0.5 down to 0.5."""
    case = with_terms(HOURS, block=[True, False])
    np.testing.assert_allclose(cleared(case, formulation), [[2.0, 2.0], [3.0, 0.0]], rtol=0, atol=1e-8)


@both
def test_a_link_spans_windows_and_sellers(formulation: Formulation) -> None:
    rows = [(0, 0, 0, 1, 4.0), (1, 0, 1, 3, 6.0)]
    case = with_terms(street([[2.0, 9.0], [2.0, 9.0], [2.0, 9.0]], [[9.0]] * 3, rows), link=0)
    np.testing.assert_allclose(
        cleared(case, formulation), [[2.0, 0.0, 0.0], [0.0, 3.0, 3.0]], rtol=0, atol=1e-8
    )


@both
def test_a_link_of_one_trade_clears_one_fraction_too(formulation: Formulation) -> None:
    case = with_terms(street([[4.0], [2.0]], [[9.0]] * 2, [(0, 0, 0, 2, 4.0)]), link=0)
    np.testing.assert_allclose(cleared(case, formulation), [[2.0, 2.0]], rtol=0, atol=1e-8)


@both
def test_of_a_group_only_one_clears_whenever_that_is(formulation: Formulation) -> None:
    """Two plain trades of a group: the one that clears more, even where the other could clear."""
    rows = [(0, 0, 0, 2, 4.0), (1, 0, 0, 2, 4.0)]
    case = with_terms(street([[4.0, 1.0], [1.0, 3.0]], [[9.0]] * 2, rows), group=0)
    np.testing.assert_allclose(cleared(case, formulation), [[4.0, 1.0], [0.0, 0.0]], rtol=0, atol=1e-8)


TRIPLE = street([4.0], [9.0], [(0, 0, 0, 1, 4.0)] * 3)


@both
@pytest.mark.parametrize(
    ("submitted", "winner"), [([0, 0, 0], 0), ([0, 7, 7], 1), ([9, 8, 7], 2), ([5, 0, 5], 0), ([0, 0, 1], 2)]
)
def test_ties_go_to_the_earlier_submitted_then_to_the_first_id(
    submitted: list[int], winner: int, formulation: Formulation
) -> None:
    case = with_submissions(with_terms(TRIPLE, min_fraction=1.0), submitted)
    expected = np.zeros((3, 1))
    expected[winner] = 4.0
    np.testing.assert_allclose(cleared(case, formulation), expected, rtol=0, atol=1e-9)


@both
def test_a_tie_accepts_the_earlier_over_more_of_the_later(formulation: Formulation) -> None:
    """4 kW alone or 2 + 2 kW: the earliest of the three decides which."""
    rows = [(0, 0, 0, 1, 2.0), (0, 0, 0, 1, 2.0), (0, 0, 0, 1, 4.0)]
    case = with_terms(street([4.0], [9.0], rows), min_fraction=1.0)
    np.testing.assert_allclose(cleared(case, formulation).ravel(), [2.0, 2.0, 0.0], atol=1e-9)
    late = with_submissions(case, [2, 2, 1])
    np.testing.assert_allclose(cleared(late, formulation).ravel(), [0.0, 0.0, 4.0], atol=1e-9)


def test_the_summary_says_what_bounds_the_volume() -> None:
    bound = gridpact.clear(with_terms(PAIR, min_fraction=1.0)).summary["bound"]
    assert bound["upper_kwh"] == pytest.approx(1.0, abs=1e-9)
    assert bound["gap"] == pytest.approx(0.0, abs=1e-9)
    assert bound["method"]


def test_what_terms_cut_is_said_to_be_cut_by_terms() -> None:
    clearance = gridpact.clear(with_terms(PAIR, min_fraction=[1.0, 0.5]))
    assert list(clearance.cleared["limited_by"]) == ["", "terms"]


# AC: every combination of what may be accepted, on networks whose limits bind.
def compared(clearance: Clearance, accepted: tuple[bool, ...], volume: float) -> None:
    """The clearance accepts the same, keeps its terms and the network's limits, and claims no wrong bound."""
    case = clearance.case
    table = table_kw(clearance)
    hours = case.horizon.hours_per_period
    assert clearance.summary["status"] in NONE_MADE_WORSE
    assert_terms_hold(case, table)
    assert table.sum() == pytest.approx(volume, rel=VOLUME_TOLERANCE)
    assert clearance.summary["bound"]["upper_kwh"] >= volume * hours * (1.0 - 1e-7)
    shares = Shares(case)
    np.testing.assert_array_equal(shares.accepted(shares.fraction(table)), accepted)


@pytest.mark.parametrize("limits", TIGHT)
@pytest.mark.parametrize("periods", [1, 3])
def test_of_twelve_indivisible_trades_the_right_ones_clear(limits: str, periods: int) -> None:
    stopped = 0
    for seed in range(4, 8):
        case = uncapped(
            tight_case(
                seed,
                trades=12,
                periods=periods,
                power_kw=30.0 * periods**0.5,
                limits=TIGHT[limits],
                block_share=1.0,
            )
        )
        every = enumerate_indivisible(case, compile_source(case.network))
        assert every.slack > 0.5
        best = every.best
        compared(gridpact.clear(case), best.accepted, best.volume)
        stopped += 2 <= sum(best.accepted) <= 8
    assert stopped >= 1


@pytest.mark.parametrize("limits", TIGHT)
def test_caps_and_limits_decide_together(limits: str) -> None:
    stopped = 0
    for seed in range(10, 14):
        case = tight_case(
            seed, trades=12, power_kw=40.0, limits=TIGHT[limits], firm=0.2, exports=0.2, power_factor=0.95
        )
        every = enumerate_indivisible(case, compile_source(case.network))
        assert every.slack > 0.5
        best = every.best
        compared(gridpact.clear(case), best.accepted, best.volume)
        stopped += best.volume < every.volume[every.within_caps].max()
    assert stopped >= 1


@pytest.mark.parametrize(
    ("limits", "seed"), [("voltage_max", 6), ("voltage_min", 3), ("transformer", 0), ("line", 7)]
)
def test_trades_that_are_no_block_are_decided_in_each_period(limits: str, seed: int) -> None:
    case = uncapped(
        tight_case(seed, trades=7, periods=3, power_kw=60.0, limits=TIGHT[limits], block_share=0.3)
    )
    every = enumerate_indivisible(case, compile_source(case.network))
    assert 8 <= len(every.best.accepted) <= 12
    compared(gridpact.clear(case), every.best.accepted, every.best.volume)


@pytest.mark.parametrize("limits", TIGHT)
@pytest.mark.parametrize("periods", [1, 2])
def test_trades_of_which_half_is_of_use(limits: str, periods: int) -> None:
    case = uncapped(
        tight_case(
            8,
            trades=6,
            periods=periods,
            power_kw=60.0,
            limits=TIGHT[limits],
            min_fraction=[0.5, 0.0, 0.8, 0.5, 0.3, 0.6],
            block_share=1.0,
        )
    )
    exact = ExactTerms(net_of(case), case)
    best = exact.best()
    assert best.volume < Linear(case).best().volume - 1e-3
    clearance = gridpact.clear(case)
    table = table_kw(clearance)
    assert_terms_hold(case, table)
    assert table.sum() == pytest.approx(best.volume, rel=VOLUME_TOLERANCE)
    excess_pu, excess_points = worst_excess(net_of(case), clearance)
    assert excess_pu <= 1e-6
    assert excess_points <= 1e-3


@pytest.mark.parametrize("limits", TIGHT)
def test_continuous_blocks_under_ac(limits: str) -> None:
    """Blocks that may be cut: no decision, one programme over all periods."""
    case = uncapped(
        tight_case(9, trades=10, periods=3, power_kw=50.0, limits=TIGHT[limits], min_fraction=0.0)
    )
    volume = ExactTerms(net_of(case), case).best().volume
    assert volume < Linear(case).best().volume - 1e-3
    table = cleared(case)
    assert_terms_hold(case, table)
    assert table.sum() == pytest.approx(volume, rel=VOLUME_TOLERANCE)


@pytest.mark.parametrize("limits", ["voltage_max", "transformer"])
def test_groups_and_links_under_ac(limits: str) -> None:
    case = with_terms(
        uncapped(tight_case(2, trades=6, periods=2, power_kw=60.0, limits=TIGHT[limits])),
        block=True,
        min_fraction=[0.0, 0.0, 0.5, 1.0, 0.0, 0.0],
        group=[0, 0, 1, 1, -1, -1],
        link=[-1, -1, -1, -1, 0, 0],
    )
    best = ExactTerms(net_of(case), case).best()
    table = cleared(case)
    assert_terms_hold(case, table)
    assert table.sum() == pytest.approx(best.volume, rel=VOLUME_TOLERANCE)


def test_the_network_of_the_tests_is_the_public_one() -> None:
    assert tight_case(0).network.name == CIGRE


@pytest.mark.parametrize(("seed", "volume_kw"), [(165, 122.20910), (501, 109.12656)])
def test_what_planes_cut_off_is_found_beside_the_best_choice(
    seed: int, volume_kw: float, tmp_path: Path
) -> None:
    """Volumes are those of the best of all combinations, of `benchmarks.against_enumeration`."""
    case = enumeration_case(seed, tmp_path)
    clearance = gridpact.clear(case)
    assert_terms_hold(case, table_kw(clearance))
    volume = clearance.offers.volume_kw(clearance.solution.column_kw, case.horizon.periods)
    assert volume.sum() == pytest.approx(volume_kw, rel=1e-6)
