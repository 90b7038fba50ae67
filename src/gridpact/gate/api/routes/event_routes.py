"""Events: what happens at the gate, told as it does."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.api.answers import need_acceptable
from gridpact.gate.api.incoming import DIGITS_MAX, parameters, service_of, visitor
from gridpact.gate.events.event_stream import EVENT_STREAM, EventStream
from gridpact.gate.words.gate_names import shown
from gridpact.gate.words.refused import FieldProblem, invalid

router = APIRouter(tags=["events"])
LAST_EVENT_ID = "Last-Event-ID"


@router.get("/events")
async def get_events(request: Request) -> Response:
    """A stream of what the user may read, from now on or after the last event that it has."""
    who, service = await visitor(request), service_of(request)
    parameters(request)
    need_acceptable(request, EVENT_STREAM)
    service.feed.refuse_many(who.pseudonym)
    end = await service.feed.end_of_log()
    after = _after(request, end)
    if getattr(request.state, "is_head", False):
        return Response(media_type=EVENT_STREAM)
    return EventStream(service.feed, who, after, end, lambda: visitor(request), service.gate.clock)


def _after(request: Request, end: int) -> int:
    """The event after which a stream begins; the end of the log where none is named.

    Raises:
        Refused: 422, it is none of this gate's.
    """
    text = request.headers.get(LAST_EVENT_ID, "").strip()
    if not text:
        return end
    is_number = text.isascii() and text.isdigit() and len(text) < DIGITS_MAX
    if is_number and int(text) <= end:
        return int(text)
    what, remedy = "is not an event of this gate", "send the id of the last event, or leave it out"
    raise invalid([FieldProblem(pointer=LAST_EVENT_ID, value=shown(text), what=what, remedy=remedy)])
