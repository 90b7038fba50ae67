"""A small OpenADR 3 server (VTN) for tests, on loopback: programmes, events and reports, with tokens.

It was written after the models of the package `openadr3`, as no open server could be had as a package: paths,
required members, paging by `skip` and `limit` of 50 at most, 201 for what is made, 409 for a second programme
of a name, problems as `{"type", "title", "status", "detail"}`. What is posted is checked by the raw models of
the package `openadr3`, and by its own check of members for the version that it speaks.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from openadr3.entities.raw import RawEvent, RawProgram, RawReport
from pydantic import ValidationError

PAGE_MAX = 50
CLIENT, SECRET, TOKEN = "gridpact", "s3cret & more", "token-1"
MEMBERS = {
    "programs": {"objectType", "programName", "programDescriptions", "payloadDescriptors", "targets"},
    "events": {"objectType", "programID", "eventName", "priority", "targets", "duration"}
    | {"reportDescriptors", "payloadDescriptors", "intervalPeriod", "intervals"},
    "reports": {"objectType", "programID", "eventID", "clientName", "reportName"}
    | {"payloadDescriptors", "resources"},
}
MODELS = {"programs": RawProgram, "events": RawEvent, "reports": RawReport}


class SmallVtn:
    """What a server holds, and how it behaves."""

    def __init__(self, version: str = "3.0") -> None:
        self.version = version
        self.held: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in MEMBERS}
        self.asked: list[str] = []
        self.away = 0  # how many requests are answered 503
        self.spoil = False  # whether limits are stored wrong
        self.url = ""
        self._ids = count(1)

    def fault(self, kind: str, body: dict[str, Any]) -> str:
        """What is wrong with an object that is sent; empty where nothing is."""
        if unknown := body.keys() - MEMBERS[kind]:
            return f"unknown members {sorted(unknown)}"
        plain = json.loads(json.dumps(body))
        if kind == "events":
            targets = body.get("targets") or []
            if self.version == "3.0":
                good = all(isinstance(each, dict) and each.keys() == {"type", "values"} for each in targets)
                plain["targets"] = None
            else:
                good = all(isinstance(each, str) for each in targets)
            if not good:
                return "targets are not of this version"
            if body["programID"] not in self.held["programs"]:
                return "no such programID"
        try:
            MODELS[kind].model_validate(plain)
        except ValidationError as error:
            return str(error)
        return ""

    def store(self, kind: str, body: dict[str, Any], name: str = "") -> dict[str, Any]:
        """Keeps an object, with what a server adds."""
        now = datetime.now(UTC).isoformat()
        name = name or f"{kind}-{next(self._ids)}"
        created = self.held[kind].get(name, {}).get("createdDateTime", now)
        made = {**body, "id": name, "createdDateTime": created, "modificationDateTime": now}
        if self.spoil and kind == "events":
            made["intervals"] = json.loads(json.dumps(made["intervals"]))
            made["intervals"][-1]["payloads"][0]["values"][0] += 0.001
        self.held[kind][name] = made
        return made


def _handler(vtn: SmallVtn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

        def answer(self, status: int, body: Any, **headers: str) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def problem(self, status: int, detail: str) -> None:
            self.answer(
                status, {"type": "about:blank", "title": "Refused", "status": status, "detail": detail}
            )

        def serve(self) -> None:
            parts = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            vtn.asked.append(f"{self.command} {parts.path}")
            if vtn.away:
                vtn.away -= 1
                return self.answer(503, {"title": "Busy"}, Retry_After="0")
            if parts.path == "/auth/token":
                form = {key: values[0] for key, values in parse_qs(content.decode()).items()}
                good = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
                if form != good:
                    return self.answer(401, {"error": "invalid_client"})
                return self.answer(200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 60})
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return self.problem(403, "no token")
            kind, _, name = parts.path.strip("/").partition("/")
            if kind not in vtn.held or (name and name not in vtn.held[kind]):
                return self.problem(404, "no such object")
            if self.command == "GET":
                return self.listed(kind, parse_qs(parts.query))
            body = json.loads(content)
            if fault := vtn.fault(kind, body):
                return self.problem(400, fault)
            if kind == "programs" and body["programName"] in {
                each["programName"] for each in vtn.held[kind].values()
            }:
                return self.problem(409, "programName is taken")
            return self.answer(200 if name else 201, vtn.store(kind, body, name))

        def listed(self, kind: str, query: dict[str, list[str]]) -> None:
            limit, skip = (
                int(query.get(key, [default])[0]) for key, default in (("limit", "50"), ("skip", "0"))
            )
            if not 0 < limit <= PAGE_MAX or skip < 0:
                return self.problem(400, "limit is 1 to 50")
            wanted = query.get("programID", [None])[0]
            every = [each for each in vtn.held[kind].values() if wanted in (None, each.get("programID"))]
            return self.answer(200, every[skip : skip + limit])

        do_GET = do_POST = do_PUT = serve  # noqa: N815

    return Handler


@contextmanager
def serving(version: str = "3.0") -> Iterator[SmallVtn]:
    """A server while the block runs."""
    vtn = SmallVtn(version)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(vtn))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    vtn.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield vtn
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
