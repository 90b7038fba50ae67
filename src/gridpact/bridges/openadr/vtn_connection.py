"""One connection to an OpenADR 3 server (VTN): JSON there and back, with a token of OAuth 2."""

import json
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from gridpact.case.reading.problems import shown
from gridpact.errors import GridpactError

PAGE = 50  # the most that a server gives at once
BYTES_MAX = 64 * 1024 * 1024
TIMEOUT_SECONDS, PATIENCE_SECONDS, WAIT_SECONDS_MAX = 30.0, 60.0, 30.0
LATER = (429, 503)
SAFE = ("GET", "PUT", "DELETE")  # twice is as once


class VtnFailed(GridpactError):
    """A server did not do what was asked of it."""


class VtnConnection:
    """A connection that is kept, for one thread.

    Args:
        url: that the paths of the API are appended to.
        patience_seconds: for which something is sent again, as long as the server asks to wait.
    """

    def __init__(self, url: str, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._url, self._patience = url, patience_seconds
        self._token = ""

    def log_in(self, token_url: str, client_id: str, secret: str, scope: str) -> None:
        """Takes a token by client credentials (RFC 6749, 4.4).

        Raises:
            VtnFailed: none is given.
        """
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        content = urlencode({**form, **({"scope": scope} if scope else {})}).encode()
        kind = "application/x-www-form-urlencoded"
        answer = self._answer("POST", token_url, content, {"Content-Type": kind})
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise VtnFailed(f"{token_url} gave no token")
        self._token = token

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What the server answers.

        Raises:
            VtnFailed: it refuses, or does not answer.
        """
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        content = None
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        return self._answer(method, self._url + path, content, headers)

    def every(self, path: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """All objects of a list, page by page.

        Raises:
            VtnFailed: it refuses, does not answer, or gives no list of objects.
        """
        skip = 0
        while True:
            page = self.ask("GET", f"{path}?{urlencode({**query, 'skip': skip, 'limit': PAGE})}")
            if not isinstance(page, list) or not all(isinstance(each, dict) for each in page):
                raise VtnFailed(f"{self._url}{path} gave no list of objects")
            yield from page
            if len(page) < PAGE:
                return
            skip += len(page)

    def _answer(self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]) -> Any:
        """The JSON of an answer that is no refusal."""
        end, pause = time.monotonic() + self._patience, 0.5
        while True:
            try:
                status, said, wait = _sent(method, url, content, headers)
            except (OSError, HTTPException) as error:
                status, said, wait = 0, str(error).encode() or b"no answer", None
            again = status in LATER or (not status and method in SAFE)
            wait = min(wait if wait is not None else pause, WAIT_SECONDS_MAX)
            pause = min(2 * pause, WAIT_SECONDS_MAX)
            if not again or time.monotonic() + wait > end:
                return _good(method, url, status, said)
            time.sleep(wait)


def _sent(
    method: str, url: str, content: bytes | None, headers: Mapping[str, str]
) -> tuple[int, bytes, float | None]:
    """Status and content of an answer, and how many seconds it asks to wait."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(
            method, parts.path + (f"?{parts.query}" if parts.query else ""), content, dict(headers)
        )
        response: HTTPResponse = connection.getresponse()
        wait = response.getheader("Retry-After", "")
        return response.status, response.read(BYTES_MAX), float(wait) if wait.isdigit() else None
    finally:
        connection.close()


def _good(method: str, url: str, status: int, said: bytes) -> Any:
    """The JSON of an answer.

    Raises:
        VtnFailed: it is a refusal, or none.
    """
    where = f"{method} {url.partition('?')[0]}"
    if not status:
        raise VtnFailed(f"{where}: no answer ({shown(said.decode(errors='replace'))})")
    try:
        document = json.loads(said) if said.strip() else None
    except (ValueError, RecursionError):
        document = None
        if status < 300:
            raise VtnFailed(f"{where}: the answer is not JSON") from None
    if 200 <= status < 300:
        return document
    facts = document if isinstance(document, dict) else {}
    reason = ": ".join(str(facts[key]) for key in ("title", "error", "detail") if facts.get(key))
    raise VtnFailed(f"{where}: {status} {shown(_plain(reason))}".rstrip())


def _plain(text: str) -> str:
    """A text of others with nothing in it that a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
