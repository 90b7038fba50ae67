"""Where a webhook is: a URL, and the addresses of it that the gate goes to and those that it does not.

What the gate sends goes out from where it stands, behind the walls of whoever runs it. So it goes to public
addresses alone, unless its settings say otherwise, and to the very address that was looked at.
"""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

URL_CHARACTERS_MAX = 2_000
HTTPS, HTTP = "https", "http"
_PORTS = {HTTPS: 443, HTTP: 80}
# Networks of IPv6 in whose addresses another one of IPv4 is hidden: 6to4, Teredo, NAT64.
_HIDING = tuple(map(IPv6Network, ("2002::/16", "2001::/32", "64:ff9b::/96", "64:ff9b:1::/48", "::/96")))


class NoAddress(Exception):
    """A URL that leads nowhere that the gate goes to; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAddress:
    """A place that a webhook is sent to.

    Attributes:
        scheme: of the URL.
        host: of the URL.
        port: of the URL, or that of its scheme.
        target: path and query.
    """

    scheme: str
    host: str
    port: int
    target: str


def address_of(url: str, *, permits_private: bool) -> WebhookAddress:
    """The place that a URL names.

    Raises:
        NoAddress: it is not one that a webhook can have.
    """
    if len(url) > URL_CHARACTERS_MAX:
        raise NoAddress(f"has more than {URL_CHARACTERS_MAX:,} characters")
    if not url.isascii() or any(character <= " " or character == "\x7f" for character in url):
        raise NoAddress("has a character that is not of a URL")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NoAddress("is not a URL") from None
    schemes = (HTTPS, HTTP) if permits_private else (HTTPS,)
    if parts.scheme not in schemes or not parts.hostname:
        raise NoAddress(f"is not a URL of {' or '.join(schemes)}")
    if "@" in parts.netloc or parts.fragment:
        raise NoAddress("has a user or a fragment")
    if not permits_private and (number := _number(parts.hostname)) is not None and not is_public(number):
        raise NoAddress("is at an address that is not public")
    return WebhookAddress(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        target=_target(parts),
    )


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _number(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is written as; `None` for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(number: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the open Internet."""
    if isinstance(number, IPv6Address):
        if number.ipv4_mapped is not None:
            return is_public(number.ipv4_mapped)
        if any(number in network for network in _HIDING):
            return False
    return number.is_global and not (number.is_multicast or number.is_reserved)


def numbers_of(address: WebhookAddress, *, permits_private: bool) -> list[str]:
    """The addresses that the name of a place has now.

    Raises:
        NoAddress: it has none, or one to which the gate does not go.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoAddress("has a name that cannot be found") from None
    numbers = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not permits_private and not all(is_public(ip_address(each.partition("%")[0])) for each in numbers):
        raise NoAddress("is at an address that is not public")
    return numbers
