"""A small identity provider on loopback, which keeps to OpenID Connect unless it is told not to."""

import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, KeySet

CLIENT, SECRET = "gate-client", "gate secret"


class Provider:
    """The state of the provider.

    Attributes:
        subject: whom it logs in.
        changed: claims of its tokens that differ from what they should be; `None` leaves one out.
        signs_with: the key of its tokens.
    """

    def __init__(self, place: str) -> None:
        self.issuer, self.subject, self.changed = place, "person-1", dict[str, Any]()
        self.key = ECKey.generate_key("P-256", {"kid": "p1", "use": "sig", "alg": "ES256"})
        self.signs_with = self.key
        self.header: dict[str, Any] = {"alg": "ES256", "kid": "p1"}
        self.codes: dict[str, dict[str, str]] = {}
        self.refuses = False

    def authorized(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        if self.refuses:
            denied = {"error": "access_denied", "state": query["state"]}
            return f"{query['redirect_uri']}?{urlencode(denied)}"
        assert query["response_type"] == "code" and query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split() and query["client_id"] == CLIENT
        code = secrets.token_urlsafe()
        self.codes[code] = query
        given = {"code": code, "state": query["state"], "iss": self.issuer}
        return f"{query['redirect_uri']}?{urlencode(given)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The answer to who brings a code."""
        user, _, password = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = (
            urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        )
        is_client = (unquote(user), unquote(password.replace("+", " "))) == (CLIENT, SECRET)
        if asked is None or not is_client or challenge != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
            **self.changed,
        }
        payload = json.dumps({name: value for name, value in claims.items() if value is not None})
        if self.header["alg"] == "none":
            parts = (json.dumps(self.header).encode(), payload.encode(), b"")
            id_token = ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
        else:
            id_token = jws.serialize_compact(self.header, payload, self.signs_with)
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": id_token}

    def document(self, path: str) -> dict[str, Any] | None:
        """What is open to all."""
        if path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            return {"issuer": self.issuer, **{name: f"{self.issuer}/{end}" for name, end in ends.items()}}
        return dict(KeySet([self.key]).as_dict(private=False)) if path == "/keys" else None


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that runs until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def _json(self, status: int, document: Any) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            place = urlsplit(self.path)
            if place.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(place.query).items()}
                self.send_response(302)
                self.send_header("Location", running.authorized(query))
                self.end_headers()
                return
            found = running.document(place.path)
            self._json(200 if found else 404, found or {})

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(sent).items()}
            self._json(*running.token(form, self.headers.get("Authorization", "")))

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = Provider(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
