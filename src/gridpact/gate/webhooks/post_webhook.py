"""Sending a webhook: one POST, to an address that was looked at, without redirections, within a time."""

import socket
import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from threading import Timer
from typing import Any

from gridpact.gate.webhooks.webhook_address import HTTPS, NoAddress, WebhookAddress, address_of, numbers_of

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 10.0
_GOOD = range(200, 300)


def post_webhook(url: str, body: bytes, headers: Mapping[str, str], *, permits_private: bool) -> str:
    """Sends a webhook, and gives what went wrong; nothing where it was taken.

    Args:
        url: of the webhook.
        body: that is sent.
        headers: beside those of every request.
        permits_private: whether it may go to addresses that are not public, and without TLS.
    """
    try:
        address = address_of(url, permits_private=permits_private)
        numbers = numbers_of(address, permits_private=permits_private)
        status = _status(address, numbers[0], body, headers)
    except NoAddress as error:
        return str(error)
    except TimeoutError:
        return f"did not answer within {ANSWER_SECONDS:g} s"
    except ssl.SSLError:
        return "has no certificate that can be trusted, or does not speak TLS"
    except (OSError, HTTPException):
        return "cannot be reached, or does not speak HTTP"
    return "" if status in _GOOD else f"answered {status}"


def _status(address: WebhookAddress, number: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status that a place answers with."""
    line = _Line(address, number)
    is_late = False

    def cut() -> None:
        nonlocal is_late
        is_late = True
        line.cut()

    watch = Timer(ANSWER_SECONDS, cut)  # However slowly it answers: the time of a socket is that of one read.
    watch.daemon = True
    watch.start()
    try:
        line.request("POST", address.target, body, dict(headers))
        return int(line.getresponse().status)
    except (OSError, HTTPException):
        if is_late:
            raise TimeoutError from None
        raise
    finally:
        watch.cancel()
        line.close()


class _Line(HTTPConnection):
    """A connection to one address of a host."""

    def __init__(self, address: WebhookAddress, number: str) -> None:
        super().__init__(address.host, address.port, timeout=CONNECT_SECONDS)
        self._address, self._number = address, number
        self._plain: socket.socket | None = None
        if address.scheme == HTTPS:
            self.default_port = 443  # which the header Host leaves out

    def connect(self) -> None:
        """Connects, by TLS where the URL says so."""
        self._plain = socket.create_connection((self._number, self._address.port), timeout=CONNECT_SECONDS)
        line: Any = self._plain
        if self._address.scheme == HTTPS:
            line = ssl.create_default_context().wrap_socket(line, server_hostname=self._address.host)
        line.settimeout(ANSWER_SECONDS)
        self.sock = line

    def cut(self) -> None:
        """Ends whatever it waits for, from another thread."""
        line = self.sock or self._plain
        if line is not None:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:  # It has ended by itself.
                return
