"""JWS by Ed25519 (RFC 7515, 8037, 9864): compact ones of the gate, detached ones of users."""

import json
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.registry import HeaderParameter
from joserfc.util import urlsafe_b64decode

ED25519 = "Ed25519"
ALGORITHMS = (ED25519, "EdDSA")
_PARTS = 3
_OWN = {"aud": HeaderParameter("Audience", "str"), "sub": HeaderParameter("Subject", "str")}
_X_BYTES = 32


class BadSignature(ValueError):
    """A signature that is none, or not of this document by this key; its text says what is wrong."""


def _registry() -> jws.JWSRegistry:
    return jws.JWSRegistry(header_registry=_OWN, algorithms=list(ALGORITHMS))


def new_private_jwk() -> dict[str, Any]:
    """A new private key as a JWK, its `kid` the thumbprint of its public part (RFC 7638)."""
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    return {"kid": key.kid, **key.as_dict(private=True)}


def public_jwk(private: Mapping[str, Any]) -> dict[str, Any]:
    """The public part of a JWK."""
    return {name: private[name] for name in ("kty", "crv", "x", "kid") if name in private}


def jwk_fault(jwk: Mapping[str, Any]) -> str | None:
    """What is wrong with a public JWK of Ed25519; `None` where nothing is."""
    if set(jwk) != {"kty", "crv", "x"}:
        return "is not a public JWK of the members kty, crv and x"
    if (jwk["kty"], jwk["crv"]) != ("OKP", "Ed25519"):
        return "is not a key of Ed25519"
    try:
        length = len(urlsafe_b64decode(str(jwk["x"]).encode()))
    except ValueError:
        return "has an x that is not base64url"
    return None if length == _X_BYTES else "has an x that is not of 32 bytes"


def sign_compact(payload: bytes, private: Mapping[str, Any], header: Mapping[str, str] | None = None) -> str:
    """A compact JWS over a payload by a private JWK, with its `kid`, and further members, in the header."""
    protected = {"alg": ED25519, "kid": private["kid"], **(header or {})}
    return jws.serialize_compact(protected, payload, OKPKey.import_key(dict(private)), registry=_registry())


def detached(compact: str) -> str:
    """A compact JWS without its payload (RFC 7515, appendix F)."""
    head, _, signature = compact.split(".")
    return f"{head}..{signature}"


def signature_member(compact: str) -> dict[str, str]:
    """A detached JWS as one of the `signatures` of the general JSON serialisation (RFC 7515, 7.2.1)."""
    head, _, signature = compact.split(".")
    return {"protected": head, "signature": signature}


def read_header(compact: str) -> dict[str, Any]:
    """The protected header of a compact JWS, whose signature is not looked at.

    Raises:
        BadSignature: it is no compact JWS.
    """
    parts = compact.split(".")
    try:
        header = json.loads(urlsafe_b64decode(parts[0].encode("ascii")))
    except (ValueError, RecursionError):
        header = None
    if len(parts) != _PARTS or not isinstance(header, dict):
        raise BadSignature("is not a compact JWS")
    return header


def verify_compact(compact: str, public: Mapping[str, Any]) -> bytes:
    """The payload of a compact JWS that a key has signed.

    Raises:
        BadSignature: it is none of this key.
    """
    return _verified(compact, public, None)


def verify_detached(compact: str, payload: bytes, public: Mapping[str, Any]) -> None:
    """Makes sure that a key has signed a payload by a detached JWS.

    Raises:
        BadSignature: it has not.
    """
    if compact.count(".") != _PARTS - 1 or compact.split(".")[1]:
        raise BadSignature("is not a detached compact JWS")
    _verified(compact, public, payload)


def _verified(compact: str, public: Mapping[str, Any], payload: bytes | None) -> bytes:
    header = read_header(compact)
    if header.get("alg") not in ALGORITHMS:
        raise BadSignature("has an algorithm other than Ed25519 and EdDSA")
    try:
        found = jws.deserialize_compact(
            compact, OKPKey.import_key(dict(public)), registry=_registry(), payload=payload
        )
    except (JoseError, ValueError, TypeError) as error:
        raise BadSignature("does not verify") from error
    return bytes(found.payload)
