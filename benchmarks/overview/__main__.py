"""Computes the picture and writes it: `python -m benchmarks.overview`."""

from pathlib import Path

from benchmarks.overview.figures import extreme_hour, three_phase_day
from benchmarks.overview.overview_svg import overview_svg

PICTURE = Path(__file__).parents[2] / "docs" / "overview.svg"


def main() -> None:
    """Writes `docs/overview.svg`."""
    picture = overview_svg([extreme_hour(), three_phase_day()])
    PICTURE.write_text(picture, encoding="utf-8", newline="\n")
    print(PICTURE)


if __name__ == "__main__":
    main()
