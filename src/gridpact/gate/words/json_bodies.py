"""JSON bodies: read strictly, and compared by their values."""

import json
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from gridpact.gate.words.refused import Refused

NUMBER_CHARACTERS_MAX = 64


def read_json(body: bytes) -> dict[str, Any]:
    """The JSON object in a body, its numbers with a point as `Decimal`.

    Raises:
        Refused: 400, it is not UTF-8, not JSON, not an object, or has an object with duplicate members.
    """
    try:
        document = _DECODER.decode(body.decode("utf-8"))
        if b"\\u" in body:  # The only way to half a character, which is none.
            json.dumps(document, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeError:
        raise Refused(400, "not-json", "The body is not UTF-8 text.") from None
    except (ValueError, ArithmeticError, RecursionError) as error:
        said = str(error) if isinstance(error, _Unfit) else "The body is not JSON."
        raise Refused(400, "not-json", said) from None
    if not isinstance(document, dict):
        raise Refused(400, "not-json", "The body is not a JSON object.")
    return document


def same_content(first: Any, second: Any) -> bool:
    """Whether two JSON documents have the same values: numbers by value, members in any order."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same_content(first[key], second[key]) for key in first)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same_content, first, second))
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    return bool(first == second)


def json_string(text: str) -> str:
    """A text as JSON has it, as in `compact_json`."""
    return encode_basestring(text)


def compact_json(document: Any) -> str:
    """A document as JSON without blanks, its members in their order."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


class _Unfit(ValueError):
    """What JSON has no place for, in words for whoever sent it."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _Unfit("An object has duplicate members.")
    return members


def _decimal(text: str) -> Decimal:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise _Unfit("A number is longer than any that can be meant.")
    return Decimal(text)


def _whole(text: str) -> int:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise _Unfit("A number is longer than any that can be meant.")
    return int(text)


def _constant(text: str) -> Any:
    raise _Unfit(f"{text} is not JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_decimal, parse_int=_whole, parse_constant=_constant
)
