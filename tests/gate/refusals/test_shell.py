"""What the operator's shell says of what is refused."""

from pathlib import Path

import pytest

pytest.importorskip("granian")

from gridpact.errors import InvalidUsage
from gridpact.gate.access.user_commands import make_key, pseudonym_of
from gridpact.gate.running.new_gate import new_gate
from gridpact.gate.running.shell import at_the_shell


def test_a_name_that_is_not_there_is_not_just_not_found(tmp_path: Path) -> None:
    new_gate(tmp_path / "g", "")
    with pytest.raises(InvalidUsage, match=r"^the gate has no user, key, .* of that name$"):
        at_the_shell(tmp_path / "g", lambda transaction, now: pseudonym_of(transaction, "nobody"))


def test_every_problem_is_a_line(tmp_path: Path) -> None:
    new_gate(tmp_path / "g", "")
    document = {"key": "", "rights": ["fly"]}
    with pytest.raises(InvalidUsage) as refused:
        at_the_shell(
            tmp_path / "g",
            lambda transaction, now: make_key(transaction, "operator", document, by=None, received_at=now),
        )
    first, *others = str(refused.value).splitlines()
    assert first == "The content has problems: 2 problems; nothing was stored."
    assert [line.split()[0] for line in others] == ["/key", "/rights"]
