"""A gate that is really served: processes of its own, HTTP on loopback, a market of a few homes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

DELIVERY = "2030-06-21T00:00:00+00:00"
MARKET = {
    "name": "Elm Street",
    "currency": "EUR",
    "timezone": "UTC",
    "resolution": "1h",
    "network": {"builtin": "pandapower/cigre_lv"},
    "limits": {"voltage_min_pu": 0.9},
}
HOMES = ("h1", "h2", "h3")
PARTICIPANTS = [
    {"participant": "h1", "bus": 11, "connection_kw": 10},
    {"participant": "h2", "bus": 15},
    {"participant": "h3", "bus": 16},
]
PERIODS = 4
SUNNY = {"load_kw": [0, 0, 0, 0], "generation_kw": [5, 5, 5, 5]}
HUNGRY = {"load_kw": [4, 4, 4, 4.5], "generation_kw": [0, 0, 0, 0]}


def environment() -> dict[str, str]:
    """Of the processes of a gate."""
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1"}


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line."""
    return subprocess.run(
        [sys.executable, "-m", "gridpact", *words],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """The processes of a gate."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder, self.port, self.options = folder, free_port(), options
        self.base = f"http://127.0.0.1:{self.port}/api/v1"
        self.log = folder.parent / f"{folder.name}.log"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gridpact",
                "serve",
                str(self.folder),
                "--port",
                str(self.port),
                *self.options,
            ],
            stdout=subprocess.PIPE,
            stderr=self.log.open("a"),
            text=True,
            env=environment(),
            start_new_session=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"gate on http://127.0.0.1:{self.port}\n"

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def kill(self) -> None:
        """Ends all its processes at once, as a power cut does."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)

    def client(self, key: str | None = None) -> httpx.Client:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.base, headers=headers, timeout=120)

    @property
    def operator(self) -> httpx.Client:
        return self.client((self.folder / "operator.key").read_text().strip())


def make_gate(folder: Path, database: str = "", settings: str = "") -> None:
    """Makes a gate, with the operator's key where `serve` would put it."""
    done = command("gate", "init", str(folder), "--json", *(("--database", database) if database else ()))
    assert done.returncode == 0, done.stderr
    (folder / "operator.key").write_text(json.loads(done.stdout)["operator_key"])
    with (folder / "gate.toml").open("a") as file:
        file.write(settings)


@contextmanager
def served(folder: Path, *options: str, settings: str = "", database: str = "") -> Iterator[Served]:
    """A gate that runs until the end of the block.

    Args:
        folder: of the gate.
        options: of `gridpact serve`.
        settings: further lines of its gate.toml, for one that is made here.
        database: its URL, for one that is made here.
    """
    gate = Served(folder, *options)
    if settings or database:
        make_gate(folder, database, settings)
    gate.start()
    try:
        yield gate
    finally:
        if gate.process is not None and gate.process.poll() is None:
            gate.kill()


def ok(response: httpx.Response, *statuses: int) -> Any:
    assert response.status_code in (statuses or (200, 201, 204)), response.text
    return response.json() if response.content else None


def make_market(gate: Served, name: str = "elm", **rules: Any) -> dict[str, httpx.Client]:
    """A market with a user for each home, who trades for it; the client of each."""
    operator = gate.operator
    ok(operator.put(f"/markets/{name}", json={**MARKET, "rules": rules}))
    ok(operator.put(f"/markets/{name}/participants", json={"participants": PARTICIPANTS}))
    clients = {}
    for home in HOMES:
        ok(operator.put(f"/users/{home}", json={"name": f"Home {home}", "roles": []}))
        secret = ok(operator.post(f"/users/{home}/keys", json={"key": f"for-{name}"}))["secret"]
        ok(operator.put(f"/markets/{name}/mandates/{home}/{home}", json={"rights": ["read", "trade"]}))
        clients[home] = gate.client(secret)
    return clients


def moment(seconds: float) -> str:
    """A time that many seconds from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def make_session(gate: Served, session: str, seconds: float, market: str = "elm", **others: Any) -> None:
    """A session that is open, and closes in some seconds."""
    document = {
        "delivery_start": DELIVERY,
        "periods": PERIODS,
        "gate_opens": moment(-1),
        "gate_closes": moment(seconds),
        **others,
    }
    ok(gate.operator.put(f"/markets/{market}/sessions/{session}", json=document), 201)


def order(name: str, home: str, side: str, **others: Any) -> dict[str, Any]:
    return {
        "order": name,
        "participant": home,
        "side": side,
        "start": "2030-06-21T00:00:00Z",
        "end": "2030-06-21T02:00:00Z",
        "power_kw": 2.5,
        "price_per_kwh": 0.1 if side == "sell" else 0.2,
        **others,
    }


def trade(name: str, seller: str, buyer: str, **others: Any) -> dict[str, Any]:
    return {
        "trade": name,
        "seller": seller,
        "buyer": buyer,
        "start": "2030-06-21T02:00:00Z",
        "end": "2030-06-21T04:00:00Z",
        "power_kw": 3,
        "price_per_kwh": 0.15,
        **others,
    }


def wait_for(gate: Served, session: str, *states: str, seconds: float = 60) -> dict[str, Any]:
    """The session, once it is in one of the states."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        view: dict[str, Any] = ok(gate.operator.get(f"/sessions/{session}"))
        if view["state"] in states:
            return view
        time.sleep(0.2)
    raise AssertionError(f"{session} is {view}")


def text(document: Mapping[str, Any]) -> str:
    return json.dumps(document)
