"""GateSettings: what gate.toml says, checked."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from gridpact.errors import InvalidUsage

SETTINGS_FILE = "gate.toml"
PORT_MAX = 65_535
DRAIN_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """The settings of a gate.

    Attributes:
        database: `sqlite:///…` or `postgresql://…`, empty for a file in the folder.
        metrics_port: on which metrics are given without a key, on the address that is served; 0 for none.
        drain_seconds: after the closure until which a session is sealed at the latest.
        requests_per_second: of a key in the long run.
        requests_at_once: of a key in a moment.
        log_requests: whether the log has a line for each request.
        event_streams: how many streams of events a user may hold at a time, of each serving process.
        private_webhooks: whether webhooks may be at addresses that are not public, and without TLS.
        webhook_retry_seconds: after which a webhook that was not taken is sent again; failures double it.
        webhook_failures_max: after how many of them in succession it is disabled.
    """

    database: str = ""
    metrics_port: int = 0
    drain_seconds: float = 2.0
    requests_per_second: float = 50.0
    requests_at_once: float = 200.0
    log_requests: bool = False
    event_streams: float = 10
    private_webhooks: bool = False
    webhook_retry_seconds: float = 5.0
    webhook_failures_max: float = 16


def read_gate_settings(folder: Path) -> GateSettings:
    """The settings of the gate in a folder.

    Raises:
        InvalidUsage: with everything that is wrong with them.
    """
    path = folder / SETTINGS_FILE
    if not path.exists():
        return GateSettings()
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise InvalidUsage(f"{path} cannot be read: {error}") from error
    known = {each.name: each.type for each in fields(GateSettings)}
    faults = [_fault(name, value, known) for name, value in said.items()]
    if found := [fault for fault in faults if fault]:
        raise InvalidUsage(f"{path}: {'; '.join(found)}", f"known are {', '.join(known)}")
    return GateSettings(**said)


def _fault(name: str, value: Any, known: dict[str, Any]) -> str:
    """What is wrong with a setting; nothing where it is right."""
    if name not in known:
        return f"{name} is not known"
    if name == "database":
        return "" if isinstance(value, str) else "database is not text"
    if known[name] in (bool, "bool"):
        return "" if isinstance(value, bool) else f"{name} is neither true nor false"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{name} is not a number"
    if name == "metrics_port":
        is_port = isinstance(value, int) and 0 <= value <= PORT_MAX
        return "" if is_port else f"metrics_port is not a port, 0 to {PORT_MAX}"
    if name == "drain_seconds":
        is_short = 0.0 < value <= DRAIN_SECONDS_MAX
        return "" if is_short else f"drain_seconds is not above 0 and at most {DRAIN_SECONDS_MAX:g}"
    return "" if 1.0 <= value < float("inf") else f"{name} is not 1 or more"
