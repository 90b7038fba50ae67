"""The events of an envelopes folder, as a server takes them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridpact.bridges.openadr.event_limits import EventLimits, NotAnEnvelope, limits_of_event
from gridpact.bridges.standards.vtn_terms import OpenadrVersion, VtnTerms
from gridpact.case.reading.problems import Problems
from gridpact.envelopes.envelopes_writer import OPENADR_FILE
from gridpact.errors import Problem

USAGE = "USAGE"
AGAIN = "make the envelopes again by `gridpact envelope`"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeEvent:
    """An event of an envelopes folder, and the limits that it holds for a participant."""

    event: dict[str, Any]
    limits: EventLimits


def read_envelope_events(folder: Path, problems: Problems) -> list[EnvelopeEvent]:
    """The events of a folder that `gridpact envelope` wrote; what is wrong goes into the problems."""
    path = folder / OPENADR_FILE
    try:
        events = json.loads(path.read_bytes())
    except OSError as error:
        what = (
            "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        )
        problems.add(Problem(file=str(path), what=what, remedy="give the folder of `gridpact envelope`"))
        return []
    except (ValueError, RecursionError):
        events = None
    if not isinstance(events, list) or not all(isinstance(each, dict) for each in events):
        problems.add(Problem(file=str(path), what="is no list of events", remedy=AGAIN))
        return []
    return envelope_events(events, str(path), problems)


def envelope_events(events: Sequence[dict[str, Any]], file: str, problems: Problems) -> list[EnvelopeEvent]:
    """Events with the limits that they hold; each that holds none is a problem."""
    found = []
    seen: set[str] = set()
    for place, event in enumerate(events):
        try:
            limits = limits_of_event(event)
        except NotAnEnvelope as error:
            problems.add(Problem(file=file, field=f"event {place}", what=str(error), remedy=AGAIN))
            continue
        if limits.target in seen:
            what, name = "is for a participant that another event is for too", limits.target
            problems.add(Problem(file=file, field=f"event {place}", value=name, what=what, remedy=AGAIN))
        seen.add(limits.target)
        found.append(EnvelopeEvent(event=dict(event), limits=limits))
    return found


def published_event(each: EnvelopeEvent, terms: VtnTerms, program_id: str) -> dict[str, Any]:
    """The event as it is posted: of the server's programme, for the server's name of the resource.

    It asks the resource to report what it took in each interval.
    """
    resource = terms.resource_of(each.limits.target)
    is_plain = terms.version is OpenadrVersion.V3_1
    return {
        **each.event,
        "programID": program_id,
        "targets": [resource] if is_plain else [{"type": "RESOURCE_NAME", "values": [resource]}],
        "reportDescriptors": [{"payloadType": USAGE, "readingType": "DIRECT_READ", "units": "KWH"}],
    }
