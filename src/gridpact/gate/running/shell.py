"""The operator's shell: what the API does, without HTTP, every action in the log."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gridpact.errors import InvalidUsage
from gridpact.gate.store.gate_home import open_gate
from gridpact.gate.store.transaction import Transaction, carry_out
from gridpact.gate.words.refused import Refused, not_found

Answer = TypeVar("Answer")
SHELL = "shell"  # as the log calls who acts here


def at_the_shell(folder: Path, work: Callable[[Transaction, int], Answer]) -> Answer:
    """Carries out what an operator does at the shell.

    Args:
        folder: of the gate.
        work: takes the transaction and the gate's time.

    Raises:
        InvalidUsage: it is refused, with every problem.
    """
    gate = open_gate(folder)
    try:
        return carry_out(gate.database, lambda transaction: work(transaction, gate.clock()))
    except Refused as refused:
        lines = [
            f"{problem.pointer} {problem.value!r} {problem.what}"
            + (f" ({problem.remedy})" if problem.remedy else "")
            for problem in refused.problems
        ]
        raise InvalidUsage("\n  ".join([_sentence(refused), *lines])) from None
    finally:
        gate.database.close()


def _sentence(refused: Refused) -> str:
    """What a refusal says where there is no path that it was an answer to."""
    said = refused.as_json()
    if refused.name == not_found().name:
        return "the gate has no user, key, market, participant, session or settlement of that name"
    return str(said["title"] if said["detail"] == said["title"] else f"{said['title']}: {said['detail']}")
