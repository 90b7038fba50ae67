"""What users, keys and mandates are made of, checked."""

from collections.abc import Callable, Mapping
from typing import Any

from gridpact.gate.access.visitor import RETAILER, RIGHTS, ROLES
from gridpact.gate.words.gate_names import name_problem, shown
from gridpact.gate.words.moments import MOMENT_REMEDY, read_moment
from gridpact.gate.words.refused import FieldProblem, invalid

Check = Callable[[str, Any], list[FieldProblem]]


def checked_members(
    document: Mapping[str, Any], needed: Mapping[str, Check], optional: Mapping[str, Check]
) -> list[FieldProblem]:
    """Everything that is wrong with the members of an object: unknown, missing, or faulty."""
    problems = []
    known = {**needed, **optional}
    for name, value in document.items():
        pointer = f"/{name.replace('~', '~0').replace('/', '~1')}"
        if name not in known:
            remedy = f"known are {', '.join(known)}"
            problems.append(
                FieldProblem(pointer=pointer, value=shown(value), what="is not known", remedy=remedy)
            )
        elif not (value is None and name in optional):
            problems += known[name](pointer, value)
    missing = [name for name in needed if name not in document]
    return problems + [FieldProblem(pointer=f"/{n}", what="is missing", remedy=f"add {n}") for n in missing]


def texts_among(words: tuple[str, ...]) -> Check:
    """The check of a list of some of these words."""

    def check(pointer: str, value: Any) -> list[FieldProblem]:
        if isinstance(value, list) and all(isinstance(each, str) and each in words for each in value):
            return []
        remedy = f"write a list of {', '.join(words)}"
        return [FieldProblem(pointer=pointer, value=shown(value), what="is not such a list", remedy=remedy)]

    return check


def is_name(pointer: str, value: Any) -> list[FieldProblem]:
    """The check of a name."""
    problem = name_problem(pointer, value)
    return [problem] if problem else []


def are_names(pointer: str, value: Any) -> list[FieldProblem]:
    """The check of a list of names."""
    if not isinstance(value, list):
        return [FieldProblem(pointer=pointer, value=shown(value), what="is not a list", remedy="write one")]
    return [problem for k, each in enumerate(value) for problem in is_name(f"{pointer}/{k}", each)]


def is_moment(pointer: str, value: Any) -> list[FieldProblem]:
    """The check of a time with an offset."""
    if read_moment(value) is not None:
        return []
    what = "is not a time with an offset"
    return [FieldProblem(pointer=pointer, value=shown(value), what=what, remedy=MOMENT_REMEDY)]


def check_user(document: Mapping[str, Any]) -> None:
    """Refuses a user that is none (422)."""
    roles = texts_among(ROLES)
    problems = checked_members(document, {"name": is_name, "roles": roles}, {"retailer": is_name})
    if not problems and (document.get("retailer") is not None) != (RETAILER in document["roles"]):
        remedy = f"give it to users of the role {RETAILER}, and to nobody else"
        problems.append(FieldProblem(pointer="/retailer", what="does not fit the roles", remedy=remedy))
    if problems:
        raise invalid(problems)


def check_key(document: Mapping[str, Any]) -> None:
    """Refuses a key that is none (422)."""
    optional = {"expires": is_moment, "participants": are_names, "rights": texts_among(RIGHTS)}
    if problems := checked_members(document, {"key": is_name}, optional):
        raise invalid(problems)


def check_mandate(document: Mapping[str, Any]) -> None:
    """Refuses a mandate that is none (422)."""
    problems = checked_members(
        document, {"rights": texts_among(RIGHTS)}, {"from": is_moment, "until": is_moment}
    )
    since, until = read_moment(document.get("from")), read_moment(document.get("until"))
    if since is not None and until is not None and until <= since:
        remedy = "write a later time than from"
        problems.append(
            FieldProblem(
                pointer="/until", value=shown(document["until"]), what="is not after from", remedy=remedy
            )
        )
    if problems:
        raise invalid(problems)
