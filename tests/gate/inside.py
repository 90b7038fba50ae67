"""A gate in this process: its routes without a server, and its workers when a test lets them work."""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gridpact.gate.closing.session_worker import clear_next
from gridpact.gate.running.application import application
from gridpact.gate.running.new_gate import new_gate
from gridpact.gate.settlement.settlement_worker import settle_next
from gridpact.gate.store.gate_clock import GateClock
from gridpact.gate.store.gate_home import Gate, open_gate
from gridpact.gate.words.moments import moment_text, read_moment

with warnings.catch_warnings():  # It would rather have another library under it than the one that is here.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient


class MovedClock(GateClock):
    """The time of a gate that a test lets pass.

    Attributes:
        moved: by how much it is ahead, microseconds.
    """

    moved = 0

    def __call__(self) -> int:
        return super().__call__() + self.moved


class Inside:
    """A gate, and who comes to it.

    Attributes:
        gate: with its database.
        folder: of the gate.
    """

    def __init__(self, folder: Path, gate: Gate, client: TestClient, operator_key: str) -> None:
        self.folder, self.gate, self._client = folder, gate, client
        self._operator_key = operator_key

    def client(self, key: str) -> TestClient:
        """The routes of the same gate, with a key."""
        made = TestClient(self._client.app, base_url="http://gate/api/v1")
        made.headers["Authorization"] = f"Bearer {key}"
        return made

    def visit(self) -> TestClient:
        """The pages of the same gate, to a browser of nobody yet."""
        return TestClient(self._client.app, base_url="http://127.0.0.1")

    @property
    def operator(self) -> TestClient:
        return self.client(self._operator_key)

    def user(self, user: str, **document: Any) -> TestClient:
        """Makes a user, and gives the routes with its key."""
        operator = self.operator
        answer = operator.put(f"/users/{user}", json={"name": user, "roles": [], **document})
        assert answer.status_code in (200, 201), answer.text
        answer = operator.post(f"/users/{user}/keys", json={"key": f"k{time.monotonic_ns()}"})
        assert answer.status_code == 201, answer.text
        return self.client(answer.json()["secret"])

    def moment(self, seconds: float) -> str:
        """A time that many seconds from now, by the gate's clock."""
        return moment_text(self.gate.clock() + int(seconds * 1e6))

    def clear(self, session: str, seconds: float = 300) -> None:
        """Lets the time pass until a session is closed, and clears it."""
        closes = read_moment(self.operator.get(f"/sessions/{session}").json()["gate_closes"]) or 0
        assert isinstance(self.gate.clock, MovedClock)
        self.gate.clock.moved += max(closes + 2_000_000 - self.gate.clock(), 0)
        end = time.monotonic() + seconds
        while (state := self.operator.get(f"/sessions/{session}").json()["state"]) != "cleared":
            assert state != "failed" and time.monotonic() < end, state
            clear_next(self.gate.database, self.gate.clock, self.gate.private, "here")
            time.sleep(0.1)

    def settle(self) -> str | None:
        """Makes the next settlement that waits."""
        return settle_next(self.gate.database, self.gate.clock, self.gate.private, "here")


@contextmanager
def inside(folder: Path, database: str = "") -> Iterator[Inside]:
    """A gate in this process until the end of the block."""
    made = new_gate(folder, database)
    with (folder / "gate.toml").open("a") as file:
        file.write("requests_per_second = 1e6\nrequests_at_once = 1e6\n")
    opened = open_gate(folder)
    gate = replace(opened, clock=MovedClock(opened.database))
    with TestClient(application(gate), base_url="http://gate/api/v1") as client:
        yield Inside(folder, gate, client, made.operator_key)
