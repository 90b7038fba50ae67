"""The documentation says what is true."""

import json
import re
from pathlib import Path

import pytest

from gridpact.case.schema import SCHEMAS, Schema
from gridpact.case.settings import SECTIONS
from gridpact.cli import app
from gridpact.results import tables

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_the_python_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(), re.DOTALL)
    assert len(blocks) >= 4
    exec("\n".join(blocks), {})


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_the_case_format_names_every_column_and_no_other(schema: Schema) -> None:
    page = (ROOT / "docs" / "case-format.md").read_text()
    section = page.split(f"\n## {schema.name}\n")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == [column.name for column in schema.columns]


def test_the_case_format_names_every_setting() -> None:
    page = (ROOT / "docs" / "case-format.md").read_text()
    for section, keys in SECTIONS.items():
        assert not section or f"[{section}]" in page
        for key in keys:
            assert re.search(rf"\b{key}\b", page), key


@pytest.mark.parametrize("name", ["CLEARED", "SCHEDULE", "NETWORK", "EXCHANGE", "LIMITS"])
def test_the_results_page_names_every_column(name: str) -> None:
    page = (ROOT / "docs" / "results.md").read_text()
    assert f"`{', '.join(getattr(tables, name))}`" in page


def test_the_readme_shows_what_the_demo_prints(tmp_path: Path) -> None:
    import gridpact
    from gridpact.published import cigre_day
    from gridpact.results.words import outcome

    shown = (ROOT / "README.md").read_text()
    for line in outcome(gridpact.clear(cigre_day())).splitlines():
        assert line in shown


def test_the_readme_names_only_commands_that_exist() -> None:
    known = {command.callback.__name__ for command in app.registered_commands}
    named = set(re.findall(r"gridpact (\w+)", (ROOT / "README.md").read_text()))
    assert named & known
    assert not {word for word in named if word in {"settle", "fleet"}} - known


@pytest.mark.parametrize("page", DOCS, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_the_summary_keys_are_documented() -> None:
    import gridpact
    from gridpact.published import cigre_extreme

    page = (ROOT / "docs" / "results.md").read_text()
    summary = gridpact.clear(cigre_extreme()).summary
    json.dumps(summary)
    for key in {*summary, *summary["verification"], *summary["bound"]} - {"name"}:
        assert key in page, key
