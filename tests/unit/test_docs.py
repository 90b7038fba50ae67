"""The documentation says what is true."""

import inspect
import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

import gridpact
from gridpact.case.case import Formulation
from gridpact.case.folder.settings import SECTIONS
from gridpact.case.schema import SCHEMAS, SETTLEMENT_SCHEMAS, Schema
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.cli import app, main
from gridpact.cli.imports.meters import meters
from gridpact.comparison.comparison_table import COMPARISON
from gridpact.comparison.place_state import LIMIT_KINDS
from gridpact.envelopes import operating_tables
from gridpact.grid.compile import compile_source
from gridpact.grid.source import NetworkSource
from gridpact.imports.import_meters import FORMATS
from gridpact.published import cigre_day, cigre_extreme
from gridpact.results import clearance_tables as tables
from gridpact.results.clearance_outcome import outcome
from gridpact.results.explanation.tables import explanation_tables
from gridpact.results.explanation.tables.matching_table import MATCHING_COLUMNS
from gridpact.settlement.energy.keys import KeyKind
from gridpact.settlement.reading.read_tariffs import RETAILER_KEYS
from gridpact.settlement.reading.read_tariffs import SECTIONS as TARIFF_SECTIONS
from gridpact.settlement.tariffs.prices import DAYS, WEEKDAYS
from gridpact.settlement.tariffs.tariffs import LossAllocation, Missing, Mode
from gridpact.trading_headroom.headroom_table import HEADROOM
from tests.documentation import read_page
from tests.example import write_example
from tests.settle_example import write_settle_example

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_the_python_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", read_page("python"), re.DOTALL)
    assert len(blocks) >= 4
    exec("\n".join(blocks), {})


def tables_of(page: str) -> None:
    """Writes the tables of a page whose name stands above them into the current folder."""
    for name, table in re.findall(r"^`([\w/.-]+\.csv)`\n\n```csv\n(.*?)```", page, re.DOTALL | re.MULTILINE):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(table)


def run_commands_of(page: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Runs the commands of a page in order, and gives what each writes to stdout."""
    said = []
    for command in re.findall(r"^\$ (gridpact .*)$", page, re.MULTILINE):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", shlex.split(command))
            with pytest.raises(SystemExit) as ended:
                main()
        assert not ended.value.code, command
        said.append(capsys.readouterr().out)
    return said


def test_the_page_of_an_own_network_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = read_page("own-network")
    case = write_example(tmp_path)
    monkeypatch.chdir(case)
    tables_of(page)
    run_commands_of(page, capsys)
    exec("\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), {})
    made, direct = (
        compile_source(NetworkSource(file=Path(name))) for name in ("network.json", "by-pandapower.json")
    )
    assert made.bus_names == direct.bus_names
    assert abs(made.branches.admittance_from - direct.branches.admittance_from).max() == 0
    settings = case / "case.toml"
    settings.write_text(re.sub(r"builtin = .*", 'file = "network.json"', settings.read_text()))
    (table,) = re.findall(r"```\n(participant,.*?)```", page, re.DOTALL)
    (case / "participants.csv").write_text(table)
    for name in ("profiles", "trades", "orders"):
        path = case / f"{name}.csv"
        path.write_text(path.read_text().partition("\n")[0] + "\n")
    assert gridpact.read_case(case).participants.bus.tolist() == [3, 4]


def test_the_page_of_own_meters_shows_what_its_commands_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page, _, _ = read_page("own-meters").partition("\n## From the files of a portal to bills\n")
    monkeypatch.chdir(tmp_path)
    tables_of(page)
    _, imported, table = run_commands_of(page, capsys)
    (shown,) = re.findall(r"```\n(street/meters.csv: .*?)```", page, re.DOTALL)
    assert imported == shown
    assert "2 readings of 1 participant" in table and "import 0.500 kWh, export 0.005 kWh" in table


def test_the_page_of_own_meters_names_every_format_and_every_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = read_page("own-meters")
    for name in FORMATS:
        assert f"`{name}`" in page or f"--as {name}" in page, name
    options = {f"--{name.replace('_', '-')}" for name in inspect.signature(meters).parameters}
    for option in options - {"--files", "--format-name", "--case-folder", "--as-json", "--quiet"}:
        assert option in page, option


@pytest.mark.parametrize("schema", (*SCHEMAS, *SETTLEMENT_SCHEMAS), ids=lambda schema: schema.name)
def test_the_case_format_names_every_column_and_no_other(schema: Schema) -> None:
    page = read_page("case-format")
    section = page.split(f"\n## {schema.name}\n")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == [column.name for column in schema.columns]


def test_the_case_format_names_every_setting() -> None:
    page = read_page("case-format")
    for section, keys in SECTIONS.items():
        assert not section or f"[{section}]" in page
        for key in keys:
            assert re.search(rf"\b{key}\b", page), key


def test_the_case_format_names_every_tariff_and_its_example_can_be_read(tmp_path: Path) -> None:
    page = read_page("case-format")
    section = page.split("\n## tariffs.toml\n")[1].split("\n## ")[0]
    example = section.split("```toml\n")[1].split("```")[0]
    for key in (*(key for keys in TARIFF_SECTIONS.values() for key in keys), *RETAILER_KEYS):
        assert re.search(rf"^{key} = ", example, re.MULTILINE), key
    for choice in (*Mode, *Missing, *LossAllocation, *KeyKind, *DAYS):
        assert choice in section or choice in WEEKDAYS, choice
    case, result = write_settle_example(tmp_path)
    (case / "tariffs.toml").write_text(example)
    participants = (case / "participants.csv").read_text().replace("north", "north star")
    (case / "participants.csv").write_text(participants)
    tariffs = gridpact.settle(case, result).settlement.tariffs
    assert [retailer.name for retailer in tariffs.retailers] == ["default", "north star"]


def test_the_figures_of_a_settlement_are_documented(tmp_path: Path) -> None:
    section = read_page("results").split("\n# The settlement folder\n")[1]
    summary = gridpact.settle(*write_settle_example(tmp_path)).summary
    parts = ("readings", "energy_wh", "money_micro", "invariants")
    for key in {*summary, *(key for part in parts for key in summary[part]), *summary["accounts"]["dso"]}:
        assert f"`{key}`" in section, key


def documented(section: str, page: str) -> list[str]:
    """First cells of the table of a section of a page."""
    return re.findall(r"^\| `(\w+)`", page.split(f"\n## {section}\n")[1].split("\n## ")[0], re.MULTILINE)


@pytest.mark.parametrize(
    "name", ["CLEARED", "ORDERS", "COMMITMENTS", "SCHEDULE", "NETWORK", "EXCHANGE", "LIMITS"]
)
def test_the_results_page_has_a_line_for_every_column_and_no_other(name: str) -> None:
    page = read_page("results")
    assert documented(name.lower(), page) == list(getattr(tables, name))


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("places", explanation_tables.PLACES),
        ("reasons", explanation_tables.REASONS),
        ("sensitivities", explanation_tables.LOADS),
        ("terms", explanation_tables.TERMS),
        ("matching", MATCHING_COLUMNS),
    ],
)
def test_the_page_on_explanations_has_a_line_for_every_column_and_no_other(
    name: str, columns: tuple[str, ...]
) -> None:
    page = (ROOT / "docs" / "how-to" / "explain.md").read_text().replace("### ", "## ")
    assert documented(name, page) == list(columns)


def test_the_results_page_has_a_line_for_every_column_of_headroom_and_no_other() -> None:
    page = read_page("results")
    assert documented("headroom", page) == list(HEADROOM)


@pytest.mark.parametrize("name", ["OPERATING_ENVELOPES", "OPERATING_CORNERS"])
def test_the_page_on_envelopes_has_a_line_for_every_column_and_no_other(name: str) -> None:
    page = read_page("envelopes")
    assert documented(name.lower(), page) == list(getattr(operating_tables, name))


def test_the_page_on_envelopes_says_what_every_figure_of_their_summary_is() -> None:
    page = read_page("envelopes")
    case = cigre_extreme()
    people = replace(case.participants, connection_kw=100.0)
    summary = gridpact.operating_envelopes(replace(case, participants=people)).summary
    for key in {*summary, *summary["verification"]} - {"name", "notices", "inputs_sha256", "version"}:
        assert f"`{key}`" in page, key
    for rule in gridpact.EnvelopeRule:
        assert f"`{rule}`" in page


def test_the_page_on_comparisons_names_every_column_and_every_figure() -> None:
    page = read_page("comparison")
    cells = re.findall(r"^\| (`.*?) \|", page.split("\n## comparison\n")[1].split("\n## ")[0], re.MULTILINE)
    assert re.findall(r"`(\w+)`", " ".join(cells)) == list(COMPARISON)
    cleared = gridpact.clear(cigre_extreme())
    summary = gridpact.compare(cleared, cleared).summary
    place = summary["limits"]["highest_voltage_pu"]["first"]
    parts = (summary, summary["first"], summary["energy"], LIMIT_KINDS, place)
    for key in {key for part in parts for key in part} - {"version"}:
        assert f"`{key}`" in page, key


@pytest.mark.parametrize("reason", [reason.label for reason in LimitedBy if reason.label])
def test_the_results_page_names_every_reason(reason: str) -> None:
    assert f"`{reason}`" in read_page("results")


def test_the_readme_shows_what_the_demo_prints() -> None:
    shown = (ROOT / "README.md").read_text()
    for line in outcome(gridpact.clear(cigre_day())).splitlines():
        assert line in shown


@pytest.mark.parametrize(("formulation", "shown"), [(Formulation.AC, 4), (Formulation.DC, 3)])
def test_the_readme_shows_what_the_extreme_hour_gives(formulation: Formulation, shown: int) -> None:
    blocks = re.findall(r"```\n(CIGRE LV, extreme hour: .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    said = outcome(gridpact.clear(replace(cigre_extreme(), formulation=formulation))).splitlines()
    lines = blocks[0 if formulation is Formulation.AC else 1].splitlines()
    assert len(lines) == shown and set(lines) <= set(said)


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
    page = read_page("results")
    summary = gridpact.clear(cigre_extreme()).summary
    json.dumps(summary)
    parts = ("commitments", "verification", "bound", "solves", "seconds")
    for key in {*summary, *(key for part in parts for key in summary[part])}:
        assert f"`{key}`" in page, key
