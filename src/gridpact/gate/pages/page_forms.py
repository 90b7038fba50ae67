"""Forms as browsers send them."""

from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Message

from gridpact.gate.api.incoming import BODY_MAX, NETWORK_MAX, body, media_type
from gridpact.gate.words.refused import Refused

PLAIN, WITH_FILES = "application/x-www-form-urlencoded", "multipart/form-data"
FIELDS_MAX = 2_000


class PageForm:
    """The fields of a form.

    Args:
        fields: names and values in the order in which they came.
        received_at: when the last byte came.
    """

    def __init__(self, fields: list[tuple[str, str | bytes]], received_at: int) -> None:
        self._fields, self.received_at = fields, received_at

    def text(self, name: str) -> str:
        """The value of a field without blanks around it; empty where there is none."""
        values = self.texts(name)
        return values[0].strip() if values else ""

    def texts(self, name: str) -> list[str]:
        """All values of a field."""
        return [value for each, value in self._fields if each == name and isinstance(value, str)]

    def secret(self, name: str) -> str:
        """The value of a field as it was typed."""
        values = self.texts(name)
        return values[0] if values else ""

    def content(self, name: str) -> bytes:
        """The bytes of a file."""
        return next((value for each, value in self._fields if each == name and isinstance(value, bytes)), b"")


async def read_form(request: Request) -> PageForm:
    """The form that a request came with.

    Raises:
        Refused: 400, 413 or 415.
    """
    if media_type(request) == WITH_FILES:
        sent = await body(request, most=NETWORK_MAX, types=(WITH_FILES,))
        return PageForm(await _parts(request, sent.content), sent.received_at)
    sent = await body(request, most=BODY_MAX, types=(PLAIN,))
    try:
        fields = parse_qsl(
            sent.content.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(sent.content),
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError:
        raise _no_form() from None
    return PageForm(list(fields), sent.received_at)


async def _parts(request: Request, content: bytes) -> list[tuple[str, str | bytes]]:
    """The fields of a form with files, whose body was read within its limit."""

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    from starlette.exceptions import HTTPException

    fields: list[tuple[str, str | bytes]] = []
    try:
        async with Request(request.scope, receive).form(max_files=1, max_fields=20) as form:
            for name, value in form.multi_items():
                is_file = isinstance(value, UploadFile)
                fields.append((name, await value.read() if is_file else str(value)))  # type: ignore[union-attr]
    except HTTPException:
        raise _no_form() from None
    return fields


def _no_form() -> Refused:
    return Refused(400, "not-json", "The form did not come as a browser sends it.")
