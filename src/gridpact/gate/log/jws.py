"""JWS by Ed25519 (RFC 7515, 8037, 9864): compact ones of the gate, detached ones of users.

Keys are JWKs of the curve Ed25519. Signing and verifying is one call of libsodium each, beside which other
threads go on; what is around it, base64url and a header of JSON, is less than a library for it costs.
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import CryptoError

from gridpact.gate.words.json_bodies import compact_json

ED25519 = "Ed25519"
ALGORITHMS = (ED25519, "EdDSA")
HEADERS_KEPT = 20_000
MEMBERS = frozenset({"alg", "kid", "aud", "sub", "typ"})
_PARTS = 3
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64


class BadSignature(ValueError):
    """A signature that is none, or not of this document by this key; its text says what is wrong."""


def base64url(content: bytes) -> str:
    """Bytes as base64url without padding (RFC 7515, 2)."""
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """The bytes that a text of base64url without padding has.

    Raises:
        ValueError: it is none, or not the only one of these bytes.
    """
    content = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if base64url(content) != text:
        raise ValueError("is not base64url")
    return content


def new_private_jwk() -> dict[str, Any]:
    """A new private key as a JWK, its `kid` the thumbprint of its public part (RFC 7638)."""
    seed = secrets.token_bytes(_KEY_BYTES)
    x = base64url(crypto_sign_seed_keypair(seed)[0])
    kid = base64url(sha256(compact_json({"crv": ED25519, "kty": "OKP", "x": x}).encode()).digest())
    return {"kid": kid, "kty": "OKP", "crv": ED25519, "x": x, "d": base64url(seed)}


def public_jwk(private: Mapping[str, Any]) -> dict[str, Any]:
    """The public part of a JWK."""
    return {name: private[name] for name in ("kty", "crv", "x", "kid") if name in private}


def jwk_fault(jwk: Mapping[str, Any]) -> str | None:
    """What is wrong with a public JWK of Ed25519; `None` where nothing is."""
    if set(jwk) != {"kty", "crv", "x"}:
        return "is not a public JWK of the members kty, crv and x"
    if (jwk["kty"], jwk["crv"]) != ("OKP", ED25519):
        return "is not a key of Ed25519"
    try:
        length = len(from_base64url(str(jwk["x"])))
    except ValueError:
        return "has an x that is not base64url"
    return None if length == _KEY_BYTES else "has an x that is not of 32 bytes"


def sign_compact(payload: bytes, private: Mapping[str, Any], header: Mapping[str, str] | None = None) -> str:
    """A compact JWS over a payload by a private JWK, with its `kid`, and further members, in the header."""
    signed = f"{_protected(private['kid'], tuple((header or {}).items()))}.{base64url(payload)}"
    signature: bytes = crypto_sign(signed.encode("ascii"), _secret(private["d"]))[:_SIGNATURE_BYTES]
    return f"{signed}.{base64url(signature)}"


def detached(compact: str) -> str:
    """A compact JWS without its payload (RFC 7515, appendix F)."""
    head, _, signature = compact.split(".")
    return f"{head}..{signature}"


def signature_member(compact: str) -> dict[str, str]:
    """A detached JWS as one of the `signatures` of the general JSON serialisation (RFC 7515, 7.2.1)."""
    head, _, signature = compact.split(".")
    return {"protected": head, "signature": signature}


def read_header(compact: str) -> Mapping[str, Any]:
    """The protected header of a compact JWS, whose signature is not looked at.

    Raises:
        BadSignature: it is no compact JWS.
    """
    parts = compact.split(".")
    header = _header(parts[0]) if len(parts) == _PARTS else None
    if header is None:
        raise BadSignature("is not a compact JWS")
    return header


def verify_compact(compact: str, public: Mapping[str, Any]) -> bytes:
    """The payload of a compact JWS that a key has signed.

    Raises:
        BadSignature: it is none of this key.
    """
    read_header(compact)
    try:
        payload = from_base64url(compact.split(".")[1])
    except ValueError:
        raise BadSignature("does not verify") from None
    _verify(compact, public, payload)
    return payload


def verify_detached(compact: str, payload: bytes, public: Mapping[str, Any]) -> None:
    """Makes sure that a key has signed a payload by a detached JWS.

    Raises:
        BadSignature: it has not.
    """
    if compact.count(".") != _PARTS - 1 or compact.split(".")[1]:
        raise BadSignature("is not a detached compact JWS")
    _verify(compact, public, payload)


def _verify(compact: str, public: Mapping[str, Any], payload: bytes) -> None:
    """Raises where a compact signature is not of a payload by a key."""
    header = read_header(compact)
    if header.get("alg") not in ALGORITHMS:
        raise BadSignature("has an algorithm other than Ed25519 and EdDSA")
    if not header.keys() <= MEMBERS:  # `crit` above all: what it names has to be understood.
        raise BadSignature("has a protected member that is not known")
    head, _, signature = compact.split(".")
    signed = f"{head}.{base64url(payload)}".encode("ascii")
    try:
        key, of_signed = from_base64url(str(public["x"])), from_base64url(signature)
        if (len(key), len(of_signed)) != (
            _KEY_BYTES,
            _SIGNATURE_BYTES,
        ):  # libsodium reads so many, come what may.
            raise BadSignature("does not verify")
        crypto_sign_open(of_signed + signed, key)
    except (CryptoError, ValueError, KeyError):
        raise BadSignature("does not verify") from None


@lru_cache(maxsize=HEADERS_KEPT)
def _header(text: str) -> Mapping[str, Any] | None:
    """What a protected header says, `None` where it is none; many JWS have the same one."""
    try:
        header = json.loads(from_base64url(text))
    except (ValueError, RecursionError):
        return None
    return MappingProxyType(header) if isinstance(header, dict) else None


@lru_cache(maxsize=16)
def _secret(d: str) -> bytes:
    """What libsodium signs with: the seed and the public key that follows from it."""
    secret: bytes = crypto_sign_seed_keypair(from_base64url(d))[1]
    return secret


@lru_cache(maxsize=16)
def _protected(kid: str, header: tuple[tuple[str, str], ...]) -> str:
    return base64url(compact_json({"alg": ED25519, "kid": kid, **dict(header)}).encode())
