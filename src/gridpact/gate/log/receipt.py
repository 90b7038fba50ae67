"""Receipts and seals: what the gate says and signs of submissions and sessions."""

import json
from collections.abc import Mapping
from typing import Any

from gridpact.gate.log.jws import BadSignature, sign_compact, verify_compact
from gridpact.gate.words.json_bodies import compact_json

SIGNATURE = "jws"


def signed(facts: Mapping[str, Any], private: Mapping[str, Any]) -> dict[str, Any]:
    """Facts with a member `jws`: a compact JWS by a private JWK whose payload is the JSON of the others."""
    return {**facts, SIGNATURE: sign_compact(compact_json(facts).encode(), private)}


def signed_text(facts: str, private: Mapping[str, Any]) -> str:
    """The JSON text of a signed answer, of the JSON text of its facts."""
    return f'{facts[:-1]},"{SIGNATURE}":"{sign_compact(facts.encode(), private)}"}}'


def verified(answer: Mapping[str, Any], public: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a signed answer.

    Raises:
        BadSignature: its signature is not of the key, or not over the other members.
    """
    payload = json.loads(verify_compact(str(answer[SIGNATURE]), public))
    facts = {name: value for name, value in answer.items() if name != SIGNATURE}
    if payload != facts:
        raise BadSignature("is over other content")
    return facts
