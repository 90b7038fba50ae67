"""However what a settlement reads is damaged, it settles exactly or refuses, and does nothing else."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gridpact
from gridpact.errors import InvalidCase
from tests.properties.test_case_damage import places, raw
from tests.settle_example import SHARING, TARIFFS, write_settle_example

SHARED = '[sharing]\nkey = "hierarchical"\nprice_per_kwh = 0.1\n'
FILES = (
    "case/tariffs.toml",
    "case/meters.csv",
    "case/sharing.csv",
    "result/cleared.csv",
    "result/schedule.csv",
    "result/summary.json",
    "v1/ledger.csv",
    "v1/settlement.json",
)


def write_all(folder: Path) -> None:
    """Everything that a settlement can read: a case with all its files, its clearance, an earlier version."""
    case, result = write_settle_example(folder)
    (case / "tariffs.toml").write_text(TARIFFS + SHARED)
    (case / "sharing.csv").write_text(SHARING)
    gridpact.write_settlement(gridpact.settle(case, result), folder / "v1")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    file=st.sampled_from(FILES),
    piece=raw,
    place=places,
    length=st.integers(0, 12),
    mode=st.sampled_from(["sharing", "firm"]),
    missing=st.sampled_from(["error", "schedule"]),
    loss_allocation=st.sampled_from(["dso", "pro-rata"]),
)
def test_a_damaged_input_is_settled_exactly_or_refused(
    file: str, piece: bytes, place: int, length: int, mode: str, missing: str, loss_allocation: str
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_all(folder)
        content = (folder / file).read_bytes()
        place %= len(content) + 1
        (folder / file).write_bytes(content[:place] + piece + content[place + length :])
        try:
            settled = gridpact.settle(
                folder / "case",
                folder / "result",
                previous=folder / "v1",
                mode=mode,
                missing=missing,
                loss_allocation=loss_allocation,
            )
        except InvalidCase as refusal:
            assert refusal.total and str(refusal)
            return
        assert not any(each["figure"] for each in settled.summary["invariants"].values())
        gridpact.write_settlement(settled, folder / "v2")
