"""Explanations of three phases name the phase, and who loads it."""

from pathlib import Path

import gridpact
from tests.phases.test_three_phase_limits import binding_case


def test_the_phase_that_cuts_is_named(tmp_path: Path) -> None:
    for kind in ("line", "voltage_max", "neutral", "voltage_unbalance"):
        folder = tmp_path / kind
        folder.mkdir()
        clearance = gridpact.clear(binding_case(kind, "pandapower", folder))
        cut = clearance.cleared.query(f"limited_by == '{kind}'").iloc[0]
        causes = clearance.explain(cut["trade"]).causes
        [cause] = [
            each
            for each in causes
            if (each.limited_by, each.element, each.phase) == (kind, cut["element"], cut["phase"])
        ]
        assert cause.room is not None and cause.room > 0.0 and cause.loads
        said = str(clearance.explain(cut["trade"])).lower()
        assert {"line": "phase ", "voltage_max": "phase ", "neutral": "neutral of line"}.get(
            kind, "unbalance"
        ) in said
        assert any(load.is_own for load in cause.loads) == (cut["cleared_kw"] > 0.0), kind
