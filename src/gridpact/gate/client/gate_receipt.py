"""GateReceipt: the gate's signed word that it has a submission, as a client keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

LEAF_PREFIX = b"\x00"
ENTRY = (
    "sequence",
    "kind",
    "session",
    "actor",
    "received_at",
    "sha256",
)  # In the order in which it is hashed.


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReceipt:
    """A receipt.

    Attributes:
        submission: by which it is fetched, confirmed or withdrawn.
        kind: as in `order`.
        session: that it is for.
        participant: that it is of.
        name: of the order, trade or withdrawal.
        sequence: number of its log entry.
        received_at: when its last byte came, RFC 3339.
        sha256: of the bytes as they came.
        chain: link of the log that it makes.
        is_new: whether it was stored now, and not before.
        document: what the gate signed, of a batch the receipts of all its orders; to be kept as JSON:
            `gridpact gate verify --receipt` takes it.
    """

    submission: str
    kind: str
    session: str
    participant: str
    name: str
    sequence: int
    received_at: str
    sha256: str
    chain: str
    is_new: bool
    document: Mapping[str, Any]

    @classmethod
    def of(
        cls, document: Mapping[str, Any], *, is_new: bool, signed: Mapping[str, Any] | None = None
    ) -> "GateReceipt":
        """The receipt in an answer of the gate, or in a part of one that is signed as a whole."""
        names = [name for name in cls.__dataclass_fields__ if name not in ("is_new", "document")]
        return cls(
            **{name: document[name] for name in names},
            is_new=is_new,
            document=dict(document if signed is None else signed),
        )

    def is_signed_by(self, keys: Mapping[str, Any]) -> bool:
        """Whether one of the gate's keys has signed it.

        Args:
            keys: as `GateClient.keys` gives them.
        """
        from gridpact.gate.log.jws import BadSignature, read_header
        from gridpact.gate.log.receipt import verified

        try:
            kid = read_header(str(self.document.get("jws", ""))).get("kid")
            key = next(each for each in keys["keys"] if each["kid"] == kid)
            verified(self.document, key)
        except (BadSignature, StopIteration, ValueError):
            return False
        return True

    def is_counted(self, proof: Mapping[str, Any], seal: Mapping[str, Any]) -> bool:
        """Whether a proof leads from this receipt to the root of a seal.

        Args:
            proof: as `GateClient.proof` gives it.
            seal: as `GateClient.seal` gives it, whose signature is another matter.
        """
        from gridpact.gate.log.merkle import leads_to
        from gridpact.gate.words.json_bodies import compact_json

        entry = {name: proof["entry"].get(name) for name in ENTRY}
        is_mine = all(entry[name] == getattr(self, name) for name in ENTRY if name != "actor")
        leaf = sha256(LEAF_PREFIX + compact_json(entry).encode()).digest()
        path = [bytes.fromhex(node) for node in proof["path"]]
        root = bytes.fromhex(seal["root"])
        is_led = leads_to(root, leaf, proof["leaf_index"], proof["tree_size"], path)
        return is_mine and leaf.hex() == proof["leaf"] and is_led
