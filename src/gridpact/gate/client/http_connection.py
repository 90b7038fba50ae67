"""One connection to a gate: JSON there and back, and again where the gate says so or an answer was lost."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

BASE = "/api/v1"
TOO_MANY, NOT_STORED, BAD = 429, 503, 400
WAIT_SECONDS_MAX = 30.0


class GateRefused(Exception):
    """What was asked for is refused.

    Attributes:
        status: of the answer.
        name: of the kind of refusal, as in `gate-closed`.
        problems: what is wrong with what was sent: `pointer`, `value`, `what`, `remedy` of each.
        document: all that the gate said.
    """

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.name = str(document.get("type", "")).rpartition("/")[2]
        self.problems: list[dict[str, str]] = list(document.get("problems", []))
        self.document = dict(document)
        said = "; ".join(f"{each['pointer']} {each['what']}" for each in self.problems)
        super().__init__(f"{status} {self.name}: {said or document.get('detail', '')}")


class GateUnreachable(Exception):
    """The gate did not answer, however often it was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswer:
    """An answer: its status, its headers with small letters, its bytes."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def document(self) -> Any:
        """The JSON in it; `None` where it is empty."""
        return json.loads(self.content) if self.content else None


class GateConnection:
    """A connection that is kept, for one thread.

    Args:
        url: of the gate, as `gridpact serve` prints it.
        key: secret of a key; none for what is open to all.
        timeout_seconds: for one answer.
        patience_seconds: for which something is sent again, as long as the gate is away or asks to wait.

    Raises:
        ValueError: the URL is not one of HTTP.
    """

    def __init__(self, url: str, key: str = "", *, timeout_seconds: float, patience_seconds: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not the URL of a gate, as in http://127.0.0.1:8000")
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port = parts.hostname, parts.port
        self._connection = self._kind(parts.hostname, parts.port, timeout=timeout_seconds)
        self._root = parts.path.rstrip("/").removesuffix(BASE) + BASE
        self._key, self._patience = key, patience_seconds

    def ask(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> GateAnswer:
        """Sends a request until it is answered.

        The same is sent again after a lost answer, 429 and 503. The gate counts it once all the same.

        Raises:
            GateRefused: it is refused.
            GateUnreachable: there was no answer in time.
        """
        end, pause = time.monotonic() + self._patience, 0.1
        target = self._root + path + (f"?{urlencode(query)}" if query else "")
        while True:
            answer, lost = None, ""
            try:
                answer = self._send(method, target, content, dict(headers or {}))
            except (OSError, HTTPException) as error:
                self._connection.close()
                lost = f"{type(error).__name__}: {error}"
            if answer is not None and answer.status not in (TOO_MANY, NOT_STORED):
                return _good(answer)
            wait = pause if answer is None else _wait_seconds(answer, pause)
            pause = min(2 * pause, WAIT_SECONDS_MAX)
            if time.monotonic() + wait > end:
                if answer is not None:
                    return _good(answer)
                raise GateUnreachable(f"no answer to {method} {target} ({lost})")
            time.sleep(wait)

    def lines(self, path: str, *, headers: Mapping[str, str], silence_seconds: float) -> Iterator[str]:
        """The lines of a stream, over a connection of its own, until it ends.

        Raises:
            GateRefused: it is refused.
            OSError: it broke, or nothing came for too long.
            HTTPException: what came is no answer.
        """
        line = self._kind(self._host, self._port, timeout=silence_seconds)
        try:
            sent = {**headers, **({"Authorization": f"Bearer {self._key}"} if self._key else {})}
            line.request("GET", self._root + path, headers=sent)
            answer = line.getresponse()
            if answer.status in (TOO_MANY, NOT_STORED):
                raise OSError(f"the gate asks to wait ({answer.status})")
            if answer.status >= BAD:
                _good(GateAnswer(status=answer.status, headers={}, content=answer.read()))
            while text := answer.readline():
                yield text.decode().rstrip("\n")
        finally:
            line.close()

    def _send(self, method: str, target: str, content: bytes | None, headers: dict[str, str]) -> GateAnswer:
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if content is not None:
            headers.setdefault("Content-Type", "application/json")
        self._connection.request(method, target, content, headers)
        response = self._connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return GateAnswer(status=response.status, headers=found, content=response.read())

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()


def _good(answer: GateAnswer) -> GateAnswer:
    """An answer that is no refusal."""
    if answer.status < BAD:
        return answer
    try:
        document = json.loads(answer.content)
    except ValueError:
        document = None
    raise GateRefused(answer.status, document if isinstance(document, dict) else {})


def _wait_seconds(answer: GateAnswer, pause: float) -> float:
    """How long the gate asks to wait."""
    said = answer.headers.get("retry-after", "")
    return min(float(said), WAIT_SECONDS_MAX) if said.isdigit() else pause
