"""The log as pure functions, by known answers of the standards."""

import json
from hashlib import sha256

import pytest

pytest.importorskip("cryptography")
pytest.importorskip("joserfc")

from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry, deserialize_compact, serialize_compact

from gridpact.gate.log.entry import LogEntry
from gridpact.gate.log.hash_chain import START, next_link
from gridpact.gate.log.jws import (
    BadSignature,
    detached,
    jwk_fault,
    new_private_jwk,
    public_jwk,
    sign_compact,
    verify_compact,
    verify_detached,
)
from gridpact.gate.log.merkle import GrowingTree, inclusion_path, leads_to, merkle_root
from gridpact.gate.log.receipt import signed, signed_text, verified
from gridpact.gate.words.json_bodies import compact_json

# The trees of the reference implementation of Certificate Transparency: inputs, and the root of the first k.
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
# RFC 8037, appendix A.
PRIVATE = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "kid": "rfc",
}
PAYLOAD = b"Example of Ed25519 signing"
JWS = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)


def _leaves(count: int) -> list[bytes]:
    return [sha256(b"\0" + bytes.fromhex(text)).digest() for text in INPUTS[:count]]


@pytest.mark.parametrize("count", range(1, 9))
def test_roots_are_those_of_certificate_transparency(count: int) -> None:
    assert merkle_root(_leaves(count)).hex() == ROOTS[count - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert merkle_root([]) == sha256(b"").digest()


@pytest.mark.parametrize("count", (1, 2, 3, 5, 7, 8, 33))
def test_every_path_leads_to_its_root_and_to_no_other(count: int) -> None:
    leaves = [sha256(b"\0%d" % k).digest() for k in range(count)]
    root = merkle_root(leaves)
    for index, leaf in enumerate(leaves):
        path = inclusion_path(leaves, index)
        assert leads_to(root, leaf, index, count, path)
        assert not leads_to(root, sha256(leaf).digest(), index, count, path)
        assert not leads_to(root, leaf, index, count, [*path, leaf])
        assert count == 1 or not leads_to(root, leaf, (index + 1) % count, count, path)


def test_a_jws_is_that_of_rfc_8037() -> None:
    assert verify_compact(JWS, public_jwk(PRIVATE)) == PAYLOAD
    verify_detached(detached(JWS), PAYLOAD, public_jwk(PRIVATE))


def test_a_leaf_is_the_hash_of_the_members_in_order() -> None:
    entry = LogEntry(
        sequence=7, kind="order", session="s", actor="u-1", received_at=1_764_331_199_123_456, sha256="ab"
    )
    text = (
        '{"sequence":7,"kind":"order","session":"s","actor":"u-1",'
        '"received_at":"2025-11-28T11:59:59.123456Z","sha256":"ab"}'
    )
    assert entry.leaf() == sha256(b"\0" + text.encode()).digest()
    assert next_link(START, entry.leaf()) == sha256(bytes(32) + entry.leaf()).digest()


@pytest.mark.parametrize(
    "header",
    [
        "eyJhbGciOiJub25lIn0",  # none
        "eyJhbGciOiJIUzI1NiJ9",  # HS256
        "eyJhbGciOiJFUzI1NiJ9",  # ES256
        "bm90IGpzb24",
        "",
    ],
)
def test_other_algorithms_and_broken_headers_are_refused(header: str) -> None:
    with pytest.raises(BadSignature):
        verify_detached(f"{header}..{JWS.split('.')[2]}", PAYLOAD, public_jwk(PRIVATE))


def test_a_signature_of_another_document_or_key_is_refused() -> None:
    private = new_private_jwk()
    compact = sign_compact(PAYLOAD, private, {"aud": "gate", "sub": "session"})
    verify_detached(detached(compact), PAYLOAD, public_jwk(private))
    for text, payload, key in (
        (detached(compact), PAYLOAD + b" ", private),
        (detached(compact), PAYLOAD, PRIVATE),
        (compact, PAYLOAD, private),
        (detached(compact)[:-4] + "AAAA", PAYLOAD, private),
    ):
        with pytest.raises(BadSignature):
            verify_detached(text, payload, public_jwk(key))


def test_a_receipt_holds_only_with_every_member_as_it_was_signed() -> None:
    private = new_private_jwk()
    receipt = signed({"submission": "s1", "sequence": 1}, private)
    assert verified(receipt, public_jwk(private)) == {"submission": "s1", "sequence": 1}
    with pytest.raises(BadSignature):
        verified({**receipt, "sequence": 2}, public_jwk(private))


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "OKP", "crv": "X25519", "x": PRIVATE["x"]},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519", "x": PRIVATE["x"], "d": PRIVATE["d"]},
    ],
)
def test_keys_that_are_none_of_ed25519_are_named(jwk: dict[str, str]) -> None:
    assert jwk_fault(jwk)
    assert not jwk_fault({name: PRIVATE[name] for name in ("kty", "crv", "x")})


def test_a_growing_tree_has_the_root_of_its_leaves_at_every_size() -> None:
    tree, leaves = GrowingTree(), []
    for k in range(70):
        assert (tree.root(), tree.size) == (merkle_root(leaves), k)
        kept = tree.copy()
        leaves.append(sha256(b"%d" % k).digest())
        tree.add(leaves[-1])
        assert kept.root() == merkle_root(leaves[:-1])


@pytest.mark.parametrize("session", ["s", None, 'a"\\\u2028\x7f\u00e9\U0001f600'])
def test_a_leaf_is_that_of_the_json_of_its_entry(session: str | None) -> None:
    entry = LogEntry(
        sequence=2**53, kind="order", session=session, actor="u\t", received_at=0, sha256="\u00df"
    )
    assert entry.leaf() == sha256(b"\0" + compact_json(entry.as_json()).encode()).digest()


def test_signed_texts_are_signed_documents() -> None:
    private, facts = new_private_jwk(), {"submission": "s1", "name": 'x,"jws":"\u00e9'}
    assert json.loads(signed_text(compact_json(facts), private)) == signed(facts, private)


def test_signatures_are_those_of_a_library_for_jose() -> None:
    private = new_private_jwk()
    key = OKPKey.import_key(private)
    assert private["kid"] == key.thumbprint()
    registry = JWSRegistry(algorithms=["Ed25519", "EdDSA"])
    ours = sign_compact(PAYLOAD, private)
    assert deserialize_compact(ours, key, registry=registry).payload == PAYLOAD
    for algorithm in ("Ed25519", "EdDSA"):
        theirs = serialize_compact({"alg": algorithm, "kid": private["kid"]}, PAYLOAD, key, registry=registry)
        assert verify_compact(theirs, public_jwk(private)) == PAYLOAD


def test_what_is_not_the_only_text_of_a_signature_is_refused() -> None:
    private = new_private_jwk()
    compact = sign_compact(PAYLOAD, private)
    for text in (compact + "=", compact + "\n", compact[:-1] + _neighbour(compact[-1])):
        with pytest.raises(BadSignature):
            verify_compact(text, public_jwk(private))


def test_a_header_that_has_to_be_understood_is_refused() -> None:
    private = new_private_jwk()
    compact = sign_compact(PAYLOAD, private, {"crit": "b64"})
    with pytest.raises(BadSignature):
        verify_compact(compact, public_jwk(private))


def _neighbour(letter: str) -> str:
    """The letter of base64url that means the same at the end of 64 bytes, where two bits count."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return letters[letters.index(letter) ^ 1]
