"""Visits of a gate's pages without a browser: cookies, forms, links."""

import re
from html import unescape

import httpx

from tests.gate.served import Served, ok
from tests.gate_pages.people import PASSWORD


class Visit:
    """Somebody with cookies, who sends forms as a browser does."""

    def __init__(self, gate: Served, **headers: str) -> None:
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{gate.port}", timeout=60, headers=headers)

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def token(self, path: str) -> str:
        """The token of the forms on a page."""
        found = re.search(r'name="form_token" value="(\w+)"', self.get(path).text)
        assert found, path
        return found[1]

    def post(self, path: str, page: str, **fields: str | list[str]) -> httpx.Response:
        """Sends a form of a page."""
        return self.client.post(path, data={"form_token": self.token(page), **fields})

    def log_in(self, user: str, password: str = PASSWORD) -> httpx.Response:
        return self.post("/login", "/login", user=user, password=password)

    def accept(self, path: str, password: str = PASSWORD) -> httpx.Response:
        return self.post(path, path, password=password, again=password)


def invited(gate: Served, user: str) -> str:
    """The path of a new invitation."""
    return str(ok(gate.operator.post(f"/users/{user}/invitations"), 201)["path"])


def logged_in(gate: Served, user: str) -> Visit:
    """Somebody who has set a password, and is logged in by that."""
    visit = Visit(gate)
    assert visit.accept(invited(gate, user)).status_code == 303
    return visit


def said(answer: httpx.Response) -> str:
    """The text of a page, without its markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))
