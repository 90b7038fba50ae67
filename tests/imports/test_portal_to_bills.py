"""A community of 25 goes from the files of a portal to bills in the four commands of the page."""

import json
import re
import shlex
from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from gridpact.cli import main
from tests.documentation import read_page
from tests.imports import portal_files as made
from tests.imports.portal_files import Truth

ROOT = Path(__file__).parents[2]
MEMBERS = 25
ESTIMATED = 100  # an interval of the first member, of which a better file has the measured energy


def truth(member: int) -> Truth:
    """A month of a member, in quarters of a watt-hour; every fifth feeds in by day."""
    starts = made.instants("Europe/Lisbon", date(2026, 10, 1), 31, 15)
    drawn: list[Decimal | None] = []
    fed_in: list[Decimal | None] = []
    for k, start in enumerate(starts):
        hour = made.wall(start, "Europe/Lisbon").hour
        sun = Decimal((400 + 7 * (k % 13)) * (5 - abs(hour - 13))) / 4 if 9 <= hour <= 17 else Decimal(0)
        load = Decimal(300 + 37 * member + 11 * ((k + member) % 17)) / 4
        net = sun * 3 - load if member % 5 == 0 else -load
        drawn.append(max(-net, Decimal(0)))
        fed_in.append(max(net, Decimal(0)))
    meter = f"PT000200000000{member:04}AB"
    return Truth(meter, 15, starts, drawn, fed_in, frozenset({ESTIMATED} if member == 1 else ()))


def run(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Runs a command of the page, with * as a shell has it."""
    words = [
        name
        for word in shlex.split(command)
        for name in (sorted(map(str, Path().glob(word))) if "*" in word else [word])
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as ended:
            main()
    assert not ended.value.code, command
    return capsys.readouterr().out


def shared_wh(truths: list[Truth], energies: dict[int, list[tuple[int, int]]]) -> int:
    """What can be shared in the month: in each quarter the lesser of what members feed in and draw."""
    total = 0
    for k in range(len(truths[0].starts)):
        drawn = sum(energies[member][k][0] for member in energies)
        fed_in = sum(energies[member][k][1] for member in energies)
        total += min(drawn, fed_in)
    return total


@pytest.mark.slow
def test_four_commands_from_the_files_of_a_portal_to_bills_and_corrected_bills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = read_page("own-meters").split("\n## From the files of a portal to bills\n")[1]
    monkeypatch.chdir(tmp_path)
    for folder in ("community", "portal", "better"):
        Path(folder).mkdir()
    for name, text in re.findall(
        r"^`(community/\w+\.toml)`\n\n```toml\n(.*?)```", page, re.DOTALL | re.MULTILINE
    ):
        Path(name).write_text(text)
    (table,) = re.findall(r"```\n(participant,meter\n.*?)```", page, re.DOTALL)
    rows = [f"casa {member:02},PT000200000000{member:04}AB\n" for member in range(1, MEMBERS + 1)]
    assert table == "participant,meter\n" + "".join(rows[:2])
    Path("community/participants.csv").write_text("participant,meter\n" + "".join(rows))
    truths = [truth(member) for member in range(1, MEMBERS + 1)]
    assert len(truths[0].starts) == 2980
    for member, own in enumerate(truths, start=1):
        made.write_csv(Path("portal") / f"consumos-{member:02}.csv", made.e_redes(own))
    first = truths[0]
    day = [k for k, start in enumerate(first.starts) if start.date() == first.starts[ESTIMATED].date()]
    better = Truth(
        first.meter,
        15,
        [first.starts[k] for k in day],
        [(first.import_wh[k] or Decimal(0)) + (400 if k == ESTIMATED else 0) for k in day],
        [first.export_wh[k] for k in day],
    )
    made.write_csv(Path("better") / "consumos-01.csv", made.e_redes(better))
    commands = re.findall(r"^\$ (gridpact .*)$", page, re.MULTILINE)
    assert len(commands) == 4
    said = run(commands[0], capsys)
    assert "recognised by its columns Data, Hora" in said and "149,000: 149,000 used" in said
    run(commands[1], capsys)
    energies = {
        member: [
            (round(Fraction(drawn or 0)), round(Fraction(fed_in or 0)))
            for drawn, fed_in in zip(own.import_wh, own.export_wh, strict=True)
        ]
        for member, own in enumerate(truths, start=1)
    }
    settled = json.loads(Path("october/settlement.json").read_text())
    figures = settled["energy_wh"]
    assert figures["import"] == sum(drawn for own in energies.values() for drawn, _ in own)
    assert figures["export"] == sum(fed_in for own in energies.values() for _, fed_in in own)
    assert figures["shared"] == shared_wh(truths, energies) > 100_000
    assert len(list(Path("october/bills").glob("*.html"))) == MEMBERS
    assert Path("october/accounts.xlsx").is_file()
    ledger_sums = defaultdict(int)
    for line in Path("october/ledger.csv").read_text().splitlines()[1:]:
        cells = line.split(",")
        ledger_sums[cells[3]] -= int(cells[6])
        ledger_sums[cells[4]] += int(cells[6])
    assert sum(ledger_sums.values()) == 0
    told = run(commands[2], capsys)
    assert "192 given again" in told
    run(commands[3], capsys)
    corrected = json.loads(Path("october-corrected/settlement.json").read_text())
    assert corrected["energy_wh"]["import"] == figures["import"] + 400
    assert set(corrected["changed"]) == {"casa 01"}
    changed = corrected["changed"]["casa 01"]
    assert (changed["periods"], changed["import_wh"], changed["export_wh"]) == (1, 400, 0)
