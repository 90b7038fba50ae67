"""The gate's clock, whatever is done to that of the machine."""

from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")

from gridpact.gate.store.database import Database
from gridpact.gate.store.gate_clock import APART_MAX, GateClock

SECOND = 1_000_000


class Times:
    """Clocks of a machine that a test sets."""

    def __init__(self) -> None:
        self.system, self.steady = 1_900_000_000 * SECOND, 5 * SECOND

    def pass_by(self, microseconds: int) -> None:
        self.system += microseconds
        self.steady += microseconds


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture
def clock(times: Times, tmp_path: Path) -> GateClock:
    database = Database(f"sqlite:///{tmp_path / 'gate.db'}")
    return GateClock(database, lambda: times.system, lambda: times.steady)


def test_a_jump_of_the_machines_clock_waits_for_a_measurement(times: Times, clock: GateClock) -> None:
    start = clock()
    times.system -= 3600 * SECOND
    times.pass_by(10)
    assert clock() == start + 10
    assert not clock.is_near
    times.system += 7200 * SECOND
    assert clock() == start + 10
    clock.measure()
    assert clock() == times.system and clock.is_near


def test_it_never_goes_back(times: Times, clock: GateClock) -> None:
    start = clock()
    times.system -= 3 * SECOND
    clock.measure()
    assert clock() == start
    times.pass_by(2 * SECOND)
    assert clock() == start
    times.pass_by(2 * SECOND)
    assert clock() == start + SECOND


def test_one_that_is_a_little_off_is_near(times: Times, clock: GateClock) -> None:
    times.system += APART_MAX
    assert clock.is_near
    times.system += 1
    assert not clock.is_near
