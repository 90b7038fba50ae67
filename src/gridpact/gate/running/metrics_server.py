"""The metrics on a port of their own, without a key: for a network that only those who watch can reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from gridpact.errors import InvalidUsage
from gridpact.gate.store.gate_home import Gate

METRICS_PATH = "/metrics"


@contextmanager
def metrics_served(gate: Gate, host: str) -> Iterator[list[Thread]]:
    """Threads that serve metrics on the port of the settings, to be started: none where there is no port.

    Raises:
        InvalidUsage: the port is taken.
    """
    if not gate.settings.metrics_port:
        yield []
        return
    try:
        server = ThreadingHTTPServer((host, gate.settings.metrics_port), _handler(gate))
    except OSError as error:
        raise InvalidUsage(
            f"cannot listen on {host} port {gate.settings.metrics_port}: {error.strerror}",
            "give another metrics_port in gate.toml",
        ) from error
    thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
    try:
        yield [thread]
    finally:
        if thread.is_alive():
            server.shutdown()
        server.server_close()


def _handler(gate: Gate) -> type[BaseHTTPRequestHandler]:
    """What answers requests for the metrics of a gate."""
    from gridpact.gate.watch.gate_metrics import METRICS_TYPE, metrics_text

    class Handler(BaseHTTPRequestHandler):
        """Answers one path."""

        timeout = 10.0

        def do_GET(self) -> None:
            """Answers with the metrics."""
            is_there = self.path.partition("?")[0] == METRICS_PATH
            content = metrics_text(gate.database, gate.clock) if is_there else b""
            self.send_response(200 if is_there else 404)
            self.send_header("Content-Type", METRICS_TYPE)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    return Handler
