"""Placed: where the elements of a circuit stand in the script, for problems."""

from gridpact.errors import Problem
from gridpact.grid.opendss.circuit import CircuitElement
from gridpact.grid.opendss.script.statement import Statement


class Placed:
    """The statements that elements were made by.

    Args:
        statements: of the script, in order.
        master: name of the master file, for what has no statement.
    """

    def __init__(self, statements: list[Statement], master: str) -> None:
        self._master = master
        self._made: dict[tuple[str, str], Statement] = {}
        self._all: dict[tuple[str, str], list[Statement]] = {}
        for statement in statements:
            kind, name = statement.kind, statement.name
            if kind == "circuit":
                kind, name = "vsource", "source"
            if kind:
                self._made.setdefault((kind, name), statement)
                self._all.setdefault((kind, name), []).append(statement)

    def problem(
        self, element: CircuitElement, what: str, *, remedy: str, field: str = "", value: str = ""
    ) -> Problem:
        """Something wrong with an element."""
        made = self._made.get((element.kind, element.name))
        if made is not None:
            return made.problem(what, remedy=remedy, field=field, value=value)
        place = f"{element.kind.capitalize()}.{element.name} {field}".strip()
        return Problem(file=self._master, field=place, value=value, what=what, remedy=remedy)

    def says(self, kind: str, name: str, start: str) -> bool:
        """Whether any statement on an element, or on one that it is like, gives a parameter.

        Args:
            kind: class of the element.
            name: its name.
            start: what the parameter's name begins with.
        """
        pending, seen = [name], set[str]()
        while pending:
            each = pending.pop()
            seen.add(each)
            for statement in self._all.get((kind, each), ()):
                if statement.given(start):
                    return True
                like = statement.given("like").lower()
                pending += [like] if like and like not in seen else []
        return False

    def wires_of(self, geometry: str) -> list[tuple[str, str]]:
        """Class and name of the wires that a geometry is made of."""
        found = []
        for statement in self._all.get(("linegeometry", geometry), ()):
            for value in statement.values:
                for name in value.text.lower().replace(",", " ").split():
                    found += [(kind, name) for kind in ("wiredata", "cndata", "tsdata")]
        return found
