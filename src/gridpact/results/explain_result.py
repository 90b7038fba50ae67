"""explain: why a trade, an order or a participant of a result gets what it gets."""

from pathlib import Path

from gridpact.errors import InvalidUsage
from gridpact.results.clearance import Clearance
from gridpact.results.explanation.explanation import Explanation
from gridpact.results.explanation.make_explanation import explanation_of
from gridpact.results.explanation.tables.read_tables import read_tables


def explain(result: Clearance | str | Path, name: str, *, what: str | None = None) -> Explanation:
    """Why a trade, an order or a participant gets what it gets.

    What cuts it, who else loads the same limits and by how much, and what would have to change.

    Args:
        result: a clearance, or the folder that one was written to.
        name: of a trade, a participant or an order of the result.
        what: `trade`, `participant` or `order`, where a name could be several of them.

    Raises:
        InvalidCase: the folder is no result, with every problem of it.
        InvalidUsage: nothing is called so, or several things are.
    """
    if not isinstance(name, str):
        raise InvalidUsage("explain takes the name of a trade, a participant or an order", "give it as text")
    if isinstance(result, Clearance):
        return result.explain(name, what=what)
    if not isinstance(result, str | Path):
        raise InvalidUsage(
            f"explain takes a clearance or the folder of one, not {type(result).__name__}",
            "give what gridpact.clear makes, or where gridpact clear wrote it",
        )
    return explanation_of(read_tables(Path(result)), name, what=what)
