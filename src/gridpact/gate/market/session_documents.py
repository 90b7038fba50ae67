"""What operators say of a session, checked."""

from collections.abc import Mapping, Set
from typing import Any
from zoneinfo import ZoneInfo

from gridpact.case.folder.case_reader import PROFILE_VALUES_MAX
from gridpact.case.horizon import periods_fault
from gridpact.case.times import Fault, from_microseconds, microseconds, read_start
from gridpact.gate.access.user_documents import checked_members, is_moment
from gridpact.gate.market.market_documents import Rules
from gridpact.gate.market.session_frames import horizon_of
from gridpact.gate.words.gate_names import SESSION_NAME, shown
from gridpact.gate.words.moments import moment_text, read_moment
from gridpact.gate.words.refused import FieldProblem


def session_problems(
    document: Mapping[str, Any],
    market: Mapping[str, Any],
    rules: Rules,
    *,
    participants: int,
    received_at: int,
) -> list[FieldProblem]:
    """What is wrong with a session in itself.

    Args:
        document: of the session.
        market: document of its market.
        rules: of the market.
        participants: how many it has.
        received_at: when the session was asked for.
    """
    moments = dict.fromkeys(("delivery_start", "gate_opens", "gate_closes"), is_moment)
    needed = {**moments, "periods": _is_count}
    problems = checked_members(document, needed, {"open_from": is_moment, "previous": _is_session})
    wrong = {problem.pointer for problem in problems}
    right = {name for name in (*needed, "open_from") if f"/{name}" not in wrong}
    problems += _gate_problems(document, right, received_at)
    if "delivery_start" not in right:
        return problems
    start = read_start(from_microseconds(_moment(document, "delivery_start")), ZoneInfo(market["timezone"]))
    if isinstance(start, Fault):
        return [*problems, _problem(document, "delivery_start", start.what, start.remedy)]
    if {"periods", "open_from"} <= right:
        problems += _horizon_problems(document, market, rules, participants, gate="gate_closes" in right)
    return problems


def _gate_problems(document: Mapping[str, Any], right: Set[str], received_at: int) -> list[FieldProblem]:
    """What is wrong with the hours of a gate, as far as its times are some."""
    if "gate_closes" not in right:
        return []
    closes, problems = _moment(document, "gate_closes"), []
    if "gate_opens" in right and _moment(document, "gate_opens") >= closes:
        remedy = "write a later time than gate_opens"
        problems.append(_problem(document, "gate_closes", "is not after gate_opens", remedy))
    if closes <= received_at:
        problems.append(_problem(document, "gate_closes", "is not in the future", "write a later time"))
    return problems


def _horizon_problems(
    document: Mapping[str, Any], market: Mapping[str, Any], rules: Rules, participants: int, *, gate: bool
) -> list[FieldProblem]:
    """What is wrong with a horizon, and with the closure of a gate before it, where that is a time."""
    horizon, first_open = horizon_of(market, document)
    if isinstance(first_open, Fault):
        return [_problem(document, "open_from", first_open.what, first_open.remedy)]
    problems, latest = [], microseconds(horizon.instant(first_open))
    if gate and not rules.late_gates and _moment(document, "gate_closes") > latest:
        what, remedy = (
            "is after the start of the first open period",
            f"write {moment_text(latest)} or earlier",
        )
        problems.append(_problem(document, "gate_closes", what, remedy))
    if horizon.periods * participants > PROFILE_VALUES_MAX:
        what = (
            f"times {participants:,} participants are more than {PROFILE_VALUES_MAX:,} values of a forecast"
        )
        problems.append(_problem(document, "periods", what, "split the horizon"))
    return problems


def horizon_key(document: Mapping[str, Any], market: Mapping[str, Any]) -> tuple[int, int]:
    """Start and end of the horizon of a session that is right."""
    horizon, _ = horizon_of(market, document)
    return microseconds(horizon.instant(0)), microseconds(horizon.instant(horizon.periods))


def _moment(document: Mapping[str, Any], name: str) -> int:
    return read_moment(document[name]) or 0


def _is_count(pointer: str, value: Any) -> list[FieldProblem]:
    fault = periods_fault(value)
    if fault is None:
        return []
    return [FieldProblem(pointer=pointer, value=shown(value), what=fault.what, remedy=fault.remedy)]


def _is_session(pointer: str, value: Any) -> list[FieldProblem]:
    if isinstance(value, str) and SESSION_NAME.fullmatch(value):
        return []
    return [FieldProblem(pointer=pointer, value=shown(value), what="is not the name of a session")]


def _problem(document: Mapping[str, Any], name: str, what: str, remedy: str = "") -> FieldProblem:
    return FieldProblem(pointer=f"/{name}", value=shown(document[name]), what=what, remedy=remedy)
