"""JSON bodies: read strictly, and compared by their values."""

import json
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from gridpact.gate.words.refused import FieldProblem, Refused, invalid

NUMBER_CHARACTERS_MAX = 64
EXPONENT_MAX = 400  # beyond those of every float


def read_json(body: bytes) -> dict[str, Any]:
    """The JSON object in a body, its numbers with a point as `Decimal`.

    Raises:
        Refused: 400, it is not UTF-8, not JSON, not an object, or has an object with duplicate members;
            422, a number is longer, larger or smaller than any that can be meant.
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
    _need_short(text)
    try:
        value = Decimal(text)
    except ArithmeticError:
        raise _out_of_reach(text) from None
    if not value:
        return Decimal(0).copy_sign(value)  # Its exponent says nothing, and may be that of endless zeros.
    if abs(value.adjusted()) > EXPONENT_MAX:
        raise _out_of_reach(text)
    return value


def _whole(text: str) -> int:
    _need_short(text)
    return int(text)


def _need_short(text: str) -> None:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise _out_of_reach(text)


def _out_of_reach(text: str) -> Refused:
    value = text if len(text) <= NUMBER_CHARACTERS_MAX else f"{text[:NUMBER_CHARACTERS_MAX]}…"
    what = "is a number longer, larger or smaller than any that can be meant"
    return invalid(
        [FieldProblem(pointer="", value=value, what=what, remedy="write it with at most 6 decimals")]
    )


def _constant(text: str) -> Any:
    raise _Unfit(f"{text} is not JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_decimal, parse_int=_whole, parse_constant=_constant
)
