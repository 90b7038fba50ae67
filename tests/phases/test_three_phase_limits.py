"""Each kind of limit of three phases: binding, broken by the bare network, relieved by trades.

On networks of both formats. Shadow prices are those of finite differences, and reasons name the phase.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridpact
from gridpact.case import Case
from gridpact.results import Clearance
from gridpact.results.clearance_outcome import cut_sentences, outcome
from tests.phases.cases import (
    FIELD,
    FORMATS,
    PHASES,
    WIDE,
    case_on,
    limited,
    network_source,
    relief_case,
    worst_of,
)

KINDS = tuple(FIELD)
ON_A_PHASE = {"voltage_max", "voltage_min", "line", "transformer"}
CAPS = {"", "seller_surplus", "buyer_demand"}


def volume(case: Case, limits: Any) -> float:
    return float(gridpact.clear(replace(case, limits=limits)).solution.column_kw.sum())


def binding_case(kind: str, network_format: str, folder: Path) -> Case:
    """A case in which a kind of limit, and no other, cuts trades: beyond what the bare network has."""
    low = {} if network_format == "power-grid-model" else {"vn_lv_kv": 0.4 if kind == "voltage_min" else 0.41}
    case = case_on(network_source(network_format, folder, **low), folder, phases=PHASES, power_kw=12.0)
    free = gridpact.clear(replace(case, limits=WIDE)).network_state
    bare, most = (worst_of(free, kind, column) for column in ("baseline", "cleared"))
    return limited(case, kind, bare + 0.6 * (most - bare))


@pytest.mark.parametrize("network_format", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_binding_limit_has_the_price_of_finite_differences_and_is_the_reason(
    kind: str, network_format: str, tmp_path: Path
) -> None:
    case = binding_case(kind, network_format, tmp_path)
    clearance = gridpact.clear(case)
    assert clearance.summary["status"] == "cleared"
    assert clearance.summary["cleared_kwh"] < 0.999 * clearance.summary["bound"]["upper_kwh"]
    limits = clearance.limits
    assert set(limits["limited_by"]) - CAPS == {kind}
    price = limits.loc[limits["limited_by"] == kind, "shadow_price"].sum()
    value, step = getattr(case.limits, FIELD[kind]), 2e-5 if "voltage_m" in kind else 5e-4
    more, less = (
        volume(case, replace(case.limits, **{FIELD[kind]: value * (1.0 + sign * step)})) for sign in (1, -1)
    )
    sign = -1.0 if kind == "voltage_min" else 1.0
    assert price == pytest.approx(sign * (more - less) / (200.0 * step), rel=0.01)
    named(clearance, kind)


def named(clearance: Clearance, kind: str) -> None:
    """Cut trades name an element and a phase that has a price."""
    cut = clearance.cleared[clearance.cleared["limited_by"] == kind]
    binding = clearance.limits[clearance.limits["limited_by"] == kind]
    assert len(cut)
    places = {(row.time, row.element, row.phase) for row in binding.itertuples()}
    assert {(row.time, row.element, row.phase) for row in cut.itertuples()} <= places
    expected = set("abc") if kind in ON_A_PHASE else {"n"} if kind == "neutral" else {""}
    assert set(binding["phase"]) <= expected
    table = clearance.network_state.set_index(["time", "kind", "element", "phase", "quantity"])
    what = {
        "line": ("line", "loading_percent"),
        "neutral": ("line", "loading_percent"),
        "transformer": ("transformer", "loading_percent"),
        "voltage_unbalance": ("bus", "unbalance_percent"),
    }.get(kind, ("bus", "voltage_pu"))
    for row in binding.itertuples():
        stands = table.loc[(row.time, what[0], int(row.element), row.phase, what[1])]
        assert stands["cleared"] == pytest.approx(row.limit, abs=1e-5)
        assert row.limit in (stands["limit_max"], stands["limit_min"])
    first = binding.iloc[0]
    words = {
        "neutral": f"neutral of line {first.element} at ",
        "voltage_unbalance": f"unbalance of bus {first.element} at ",
    }.get(kind, f"{what[0]} {first.element} phase {first.phase} at ")
    assert any(words in sentence for sentence in cut_sentences(clearance))
    assert any(words in line for line in outcome(clearance).splitlines())


@pytest.mark.parametrize("network_format", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_bare_network_breaks_is_relieved_where_trades_can(
    kind: str, network_format: str, tmp_path: Path
) -> None:
    case, bare, traded = strained(kind, network_format, tmp_path)
    relieved = gridpact.clear(
        limited(case, kind, bare + 0.3 * (traded - bare) if "voltage_m" in kind else 0.9 * bare)
    )
    summary = relieved.summary
    [first, *_] = broken = summary["baseline_violations"]
    assert {each["limited_by"] for each in broken} == {kind}
    assert {each["phase"] for each in broken} <= ({"a"} if kind in ON_A_PHASE else {"n", ""})
    assert first["worst_value"] == pytest.approx(bare, abs=1e-6) or len(broken) > 1
    assert summary["status"] == "cleared"
    assert summary["remaining_violations"] == [] and summary["violations"] == []
    np.testing.assert_array_equal(
        relieved.operating_limits.voltage_max_pu, relieved.nominal_limits.voltage_max_pu
    )
    np.testing.assert_array_equal(
        relieved.operating_limits.unbalance_max_percent, relieved.nominal_limits.unbalance_max_percent
    )


@pytest.mark.parametrize("network_format", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_no_trade_mends_is_relaxed_at_its_place_alone_and_never_worsened(
    kind: str, network_format: str, tmp_path: Path
) -> None:
    case, bare, _ = strained(kind, network_format, tmp_path)
    out_of_reach = {"voltage_max": 0.9, "voltage_min": 1.1}.get(kind, 0.02 * bare)
    broken = gridpact.clear(limited(case, kind, out_of_reach))
    summary = broken.summary
    assert summary["status"] == "cleared" and summary["violations"] == []
    assert kind in {each["limited_by"] for each in summary["baseline_violations"]}
    limits, nominal = broken.operating_limits, broken.nominal_limits
    base, state = broken.baseline, broken.operation
    for relaxed, own, before, after, sign in (
        (limits.voltage_max_pu, nominal.voltage_max_pu, base.voltage_pu, state.voltage_pu, 1.0),
        (limits.voltage_min_pu, nominal.voltage_min_pu, base.voltage_pu, state.voltage_pu, -1.0),
        (
            limits.loading_max_percent,
            nominal.loading_max_percent,
            base.loading_percent,
            state.loading_percent,
            1,
        ),
        (
            limits.unbalance_max_percent,
            nominal.unbalance_max_percent,
            base.unbalance_percent,
            state.unbalance_percent,
            1.0,
        ),
    ):
        np.testing.assert_array_equal(relaxed * sign, np.maximum(own * sign, before * sign))
        assert (sign * after <= sign * relaxed + 1e-5).all()


def strained(kind: str, network_format: str, folder: Path) -> tuple[Case, float, float]:
    """A case whose first participant strains phase a, and the worst value before and after all trades."""
    case = relief_case(network_source(network_format, folder), high=kind != "voltage_min")
    table = gridpact.clear(replace(case, limits=WIDE)).network_state
    return case, worst_of(table, kind, "baseline"), worst_of(table, kind, "cleared")
