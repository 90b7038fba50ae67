"""Messages of UFTP by the library `shapeshifter-uftp`, an extra: written, signed, opened and read."""

import logging
import re
import warnings
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from gridpact.bridges.xml_file import UnsafeXml, root_of
from gridpact.errors import InvalidUsage
from gridpact.extras import UFTP

PRIVATE_KEY_BYTES, PUBLIC_KEY_BYTES = 64, 32  # of Ed25519, as libsodium has them
ROLE = "AGR"


class UnusableMessage(Exception):
    """A message that is not read; the text says why, `remedy` what would be right."""

    def __init__(self, what: str, remedy: str) -> None:
        self.remedy = remedy
        super().__init__(what)


def need_uftp() -> None:
    """Refuses to go on without the library, and keeps it from writing messages to stderr.

    Raises:
        InvalidUsage: it is not installed.
    """
    UFTP.need("UFTP needs shapeshifter-uftp, which is not installed")
    import shapeshifter_uftp.logging  # noqa: F401 - sets its level when it is imported

    logging.getLogger("shapeshifter-uftp").setLevel(logging.CRITICAL)


def read_key(path: Path, length: int) -> str:
    """A key in base64 from a file.

    Args:
        path: of the file.
        length: of the key in bytes.

    Raises:
        InvalidUsage: there is none, or it is none of that length.
    """
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise InvalidUsage(
            f"the key cannot be read from {path}", "give a file with the key in base64"
        ) from error
    try:
        is_key = len(b64decode(text, validate=True)) == length
    except (NotBase64, ValueError):
        is_key = False
    if not is_key:
        raise InvalidUsage(
            f"{path} holds no key of {length} bytes in base64", "give an Ed25519 key as it is sent"
        )
    return text


def message_text(message: Any) -> str:
    """A message as XML, as the library writes it."""
    from shapeshifter_uftp.transport import to_xml

    return str(to_xml(message))


def signed_text(message: Any, private_key: str) -> str:
    """A message signed by Ed25519 in its envelope, as XML, as the library does it."""
    from shapeshifter_uftp.transport import seal_message, to_xml
    from shapeshifter_uftp.uftp import SignedMessage, UsefRole

    body = seal_message(message, private_key)
    envelope = SignedMessage(sender_domain=message.sender_domain, sender_role=UsefRole(ROLE), body=body)
    return str(to_xml(envelope))


def read_flex_order(content: bytes, public_key: str | None) -> Any:
    """The FlexOrder that a file holds, signed or not, of which every member is as the library's model has it.

    Args:
        content: of the file.
        public_key: that a signature is checked by, in base64; `None` where there is none.

    Raises:
        UnusableMessage: it is none.
    """
    from shapeshifter_uftp.uftp import FlexOrder, SignedMessage

    root = _root(content)
    if root == "SignedMessage":
        if public_key is None:
            remedy = "give the DSO's public key by --dso-key"
            raise UnusableMessage("is signed, and there is no key to check it by", remedy)
        envelope = _parsed(content, SignedMessage)
        content = _opened(envelope.body, public_key)
        root = _root(content)
        order = _parsed(content, FlexOrder) if root == "FlexOrder" else None
        if order is not None and order.sender_domain != envelope.sender_domain:
            raise UnusableMessage("is signed by another than it is from", "ask the DSO for it again")
    elif public_key is not None:
        raise UnusableMessage("is not signed", "give the message as it came, in its SignedMessage")
    if root != "FlexOrder":
        raise UnusableMessage(f"is a {root}", "give messages whose root is FlexOrder")
    return _parsed(content, FlexOrder)


def _opened(body: bytes, public_key: str) -> bytes:
    """The message in a signed one."""
    from nacl.bindings import crypto_sign_open
    from nacl.exceptions import BadSignatureError

    try:
        return bytes(crypto_sign_open(body, b64decode(public_key)))
    except (BadSignatureError, ValueError, TypeError) as error:
        what = "has a signature that the DSO's key did not make"
        raise UnusableMessage(what, "ask the DSO for the message, or for its key") from error


def _root(content: bytes) -> str:
    """The root of XML that is safe to read."""
    try:
        return root_of(content)
    except UnsafeXml as error:
        raise UnusableMessage(str(error), "give the message as the DSO sent it") from error


def _parsed(content: bytes, kind: type[Any]) -> Any:
    """A message as a model of the library, with nothing left out, added or out of form."""
    from xsdata.exceptions import ConverterWarning, ParserError
    from xsdata.formats.dataclass.parsers import XmlParser
    from xsdata.formats.dataclass.parsers.config import ParserConfig

    remedy = "ask the DSO for a message of UFTP 3"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConverterWarning)
            message = XmlParser(config=ParserConfig(fail_on_converter_warnings=True)).from_bytes(
                content, kind
            )
    except (ParserError, ConverterWarning, TypeError, ValueError, SyntaxError, RecursionError) as error:
        raise UnusableMessage(f"is no {kind.__name__} of UFTP: {_reason(error)}", remedy) from error
    if faults := list(model_faults(message)):
        raise UnusableMessage(f"is no {kind.__name__} of UFTP: {'; '.join(faults)}", remedy)
    return message


def model_faults(message: Any) -> Iterator[str]:
    """What of a message is not as the metadata of its model asks: what is required, patterns and bounds."""
    for each in fields(message):
        value, facts = getattr(message, each.name), each.metadata
        name = facts.get("name", each.name)
        if value is None:
            if facts.get("required"):
                yield f"{name} is missing"
        elif isinstance(value, list):
            for inner in value:
                if is_dataclass(inner):
                    yield from model_faults(inner)
        elif "pattern" in facts and not re.fullmatch(facts["pattern"], str(value)):
            yield f"{name} '{value}' is not of its form"
        elif isinstance(value, int | Decimal) and not (
            facts.get("min_inclusive", value) <= value <= facts.get("max_inclusive", value)
        ):
            yield f"{name} {value} is out of range"


def _reason(error: Exception) -> str:
    """What the library has against a message, without names of its own."""
    text = " ".join(str(error).split())
    return re.sub(r"\b\w+\.__init__\(\) missing \d+ required keyword-only arguments?:", "there is no", text)[
        :200
    ]
