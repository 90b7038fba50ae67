"""Each of thirty damages is refused, and named with its file and line."""

from pathlib import Path

import pytest

from gridpact.case import read_case
from gridpact.errors import InvalidCase
from tests.damage import DAMAGES, Damage
from tests.example import write_example


def test_there_are_thirty_damages_with_names_of_their_own() -> None:
    assert len({damage.name for damage in DAMAGES}) == len(DAMAGES) == 30


def test_the_example_is_sound(tmp_path: Path) -> None:
    case = read_case(write_example(tmp_path / "case"))
    assert (len(case.participants), len(case.trades), len(case.orders)) == (3, 3, 2)
    assert case.warnings == ()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_a_damage_is_refused_with_its_file_and_line(damage: Damage, tmp_path: Path) -> None:
    folder = write_example(tmp_path / "case")
    damage.inflict(folder)
    with pytest.raises(InvalidCase) as refusal:
        read_case(folder)
    places = [(problem.file, problem.line or None) for problem in refusal.value.problems]
    assert places == [(damage.file, damage.line)], str(refusal.value)
