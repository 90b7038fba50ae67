"""The picture at the top of the README is what its program makes of the networks in the repository."""

import re

from benchmarks.overview.__main__ import PICTURE
from benchmarks.overview.figures import extreme_hour, three_phase_day
from benchmarks.overview.overview_svg import overview_svg


def test_the_picture_is_what_its_program_makes() -> None:
    hour, day = extreme_hour(), three_phase_day()
    assert [bar.safe for bar in hour.bars] == [False, None, True]
    assert [round(bar.value) for bar in hour.bars] == [729, 256, 713]
    assert [bar.safe for bar in day.bars] == [False, True, True]
    assert day.bars[1].value < 0.5 * day.bars[2].value < 0.5 * day.bars[0].value
    assert PICTURE.read_text(encoding="utf-8") == overview_svg([hour, day])


def test_the_readme_shows_it_and_it_loads_nothing() -> None:
    readme = (PICTURE.parents[1] / "README.md").read_text(encoding="utf-8")
    assert re.search(r"!\[[^\]]+\]\(docs/overview\.svg\)", readme.split("## Two minutes")[0])
    picture = PICTURE.read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in picture
    assert not re.search(r"href|url\(|<script|<image", picture)
