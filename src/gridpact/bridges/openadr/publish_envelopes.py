"""Envelopes put onto an OpenADR 3 server: each once, the newest, and read back."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridpact.bridges.openadr.envelope_events import EnvelopeEvent, published_event, read_envelope_events
from gridpact.bridges.openadr.event_limits import EventLimits, NotAnEnvelope, limits_of_event
from gridpact.bridges.openadr.vtn_connection import VtnConnection, VtnFailed
from gridpact.bridges.standards.standards_file import read_standards
from gridpact.bridges.standards.vtn_terms import OPENADR, VtnTerms
from gridpact.case.reading.problems import Problems
from gridpact.errors import InvalidUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What publishing did: how many events were made, replaced, and found as they should be."""

    program: str
    created: int
    replaced: int
    kept: int


def publish_envelopes(folder: Path, standards: Path) -> Published:
    """Puts the envelopes of a folder onto the server that `[openadr]` names.

    An event is found again by its name and its start. The same command twice is as once; where an answer is
    lost, it is run again.

    Args:
        folder: of `gridpact envelope`.
        standards: the file with `[openadr]`.

    Raises:
        InvalidCase: the envelopes or the standards cannot be used, with every problem of both.
        VtnFailed: the server refuses, does not answer, or holds another limit afterwards.
    """
    problems = Problems()
    events = read_envelope_events(folder, problems)
    people = tuple(each.limits.target for each in events)
    said = read_standards(standards, OPENADR, people or None, problems)
    if said is None or said.openadr is None or len(problems):
        raise problems.refusal()
    return publish(events, said.openadr, connection_of(said.openadr, standards))


def connection_of(terms: VtnTerms, standards: Path) -> VtnConnection:
    """A connection to the server, logged in where it asks for that.

    Raises:
        InvalidUsage: the file of the secret cannot be read.
        VtnFailed: the server refuses, or does not answer.
    """
    connection = VtnConnection(terms.vtn)
    if terms.client_id:
        path = standards.parent / terms.client_secret_file
        try:
            secret = path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise InvalidUsage(
                f"the secret of the server cannot be read from {path}", "put it there"
            ) from error
        connection.log_in(terms.token_url, terms.client_id, secret, terms.scope)
    return connection


def publish(events: Sequence[EnvelopeEvent], terms: VtnTerms, connection: VtnConnection) -> Published:
    """Puts events onto a server, and reads back that it holds their limits.

    Raises:
        VtnFailed: the server refuses, does not answer, or holds another limit afterwards.
    """
    program_id = _program(connection, terms.program)
    there = _events(connection, program_id)
    made = replaced = kept = 0
    for each in events:
        wanted = published_event(each, terms, program_id)
        found = there.get(_key(wanted))
        if found is None:
            connection.ask("POST", "/events", wanted)
            made += 1
        elif _limits(found) == _limits(wanted):
            kept += 1
        else:
            connection.ask("PUT", f"/events/{found['id']}", wanted)
            replaced += 1
    _read_back(events, terms, _events(connection, program_id), program_id)
    return Published(program=terms.program, created=made, replaced=replaced, kept=kept)


def _program(connection: VtnConnection, name: str) -> str:
    """The ID of the programme of that name, which is made where there is none."""
    for program in connection.every("/programs", {}):
        if program.get("programName") == name:
            return str(program.get("id", ""))
    made = connection.ask("POST", "/programs", {"objectType": "PROGRAM", "programName": name})
    if not isinstance(made, dict) or not isinstance(made.get("id"), str):
        raise VtnFailed(f"the server gave the programme '{name}' no ID")
    return str(made["id"])


def _events(connection: VtnConnection, program_id: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The events of a programme, by their names and starts."""
    events = connection.every("/events", {"programID": program_id})
    return {
        _key(event): event for event in events if event.get("programID") == program_id and event.get("id")
    }


def _key(event: dict[str, Any]) -> tuple[str, str]:
    """What an event is known by: its name and its first instant in UTC."""
    limits = _limits(event)
    return str(event.get("eventName")), limits.starts[0].isoformat() if limits else ""


def _limits(event: dict[str, Any]) -> EventLimits | None:
    """The limits of an event; `None` where it holds none."""
    try:
        return limits_of_event(event)
    except NotAnEnvelope:
        return None


def _read_back(
    events: Sequence[EnvelopeEvent],
    terms: VtnTerms,
    there: dict[tuple[str, str], dict[str, Any]],
    program_id: str,
) -> None:
    """Makes sure that the server holds every limit as it was sent."""
    for each in events:
        wanted = published_event(each, terms, program_id)
        found = there.get(_key(wanted))
        if found is None or _limits(found) != _limits(wanted):
            name = each.limits.target
            raise VtnFailed(f"the server holds another limit of '{name}' than it was sent: publish again")
