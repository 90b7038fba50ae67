"""The hash chain: each link holds all entries up to it."""

from hashlib import sha256

START = bytes(32)


def next_link(link: bytes, leaf: bytes) -> bytes:
    """The link after `link` for an entry whose leaf hash is `leaf`."""
    return sha256(link + leaf).digest()
