"""GateSettings: what gate.toml says, checked."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gridpact.errors import InvalidUsage

SETTINGS_FILE = "gate.toml"
PORT_MAX = 65_535
DRAIN_SECONDS_MAX = 60.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")
LOGIN_HOURS_MAX = 24.0 * 31
OF_SIGN_ON = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")
URLS = ("public_url", "oidc_issuer")
TEXTS = ("database", "public_url", *OF_SIGN_ON)


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
        public_url: where people reach the gate, `https://…`; needed for single sign-on.
        login_hours: after which a login ends.
        oidc_issuer: URL of an identity provider (OpenID Connect), empty for none.
        oidc_client_id: what the provider calls this gate.
        oidc_client_secret: by which the gate shows the provider that it is this client.
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
    public_url: str = ""
    login_hours: float = 12.0
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
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
    if missing := _missing_of_sign_on(said):
        raise InvalidUsage(f"{path}: single sign-on lacks {', '.join(missing)}", "give all of its settings")
    return GateSettings(**said)


def _missing_of_sign_on(said: dict[str, Any]) -> list[str]:
    """What single sign-on needs and was not given, where some of it was."""
    if not any(said.get(name) for name in OF_SIGN_ON):
        return []
    return [name for name in (*OF_SIGN_ON, "public_url") if not said.get(name)]


def _fault(name: str, value: Any, known: dict[str, Any]) -> str:
    """What is wrong with a setting; nothing where it is right."""
    if name not in known:
        return f"{name} is not known"
    if name in TEXTS:
        return _text_fault(name, value)
    if known[name] in (bool, "bool"):
        return "" if isinstance(value, bool) else f"{name} is neither true nor false"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{name} is not a number"
    if name == "metrics_port":
        is_port = isinstance(value, int) and 0 <= value <= PORT_MAX
        return "" if is_port else f"metrics_port is not a port, 0 to {PORT_MAX}"
    if name == "login_hours":
        is_fit = 0.0 < value <= LOGIN_HOURS_MAX
        return "" if is_fit else f"login_hours is not above 0 and at most {LOGIN_HOURS_MAX:g}"
    if name == "drain_seconds":
        is_short = 0.0 < value <= DRAIN_SECONDS_MAX
        return "" if is_short else f"drain_seconds is not above 0 and at most {DRAIN_SECONDS_MAX:g}"
    return "" if 1.0 <= value < float("inf") else f"{name} is not 1 or more"


def _text_fault(name: str, value: Any) -> str:
    """What is wrong with a setting that is a text."""
    if not isinstance(value, str):
        return f"{name} is not text"
    if name not in URLS or not value:
        return ""
    parts = urlsplit(value)
    is_safe = parts.scheme == "https" or parts.hostname in LOOPBACK
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        return f"{name} is not a URL, as in https://gate.example.org"
    return "" if is_safe else f"{name} is not https"
