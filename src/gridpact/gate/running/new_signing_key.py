"""A new key that the gate signs with; what it signed before stays to be verified by the old ones."""

from pathlib import Path

from gridpact.gate.log.jws import new_private_jwk, public_jwk
from gridpact.gate.running.shell import SHELL
from gridpact.gate.store.gate_home import KEY_FILE, open_gate, write_secret
from gridpact.gate.store.gate_tables import GATE_KEY
from gridpact.gate.store.transaction import Transaction, carry_out
from gridpact.gate.words.json_bodies import compact_json


def replace_signing_key(folder: Path) -> str:
    """Makes a new key, known before anything is signed with it, and gives its `kid`.

    Args:
        folder: of the gate. Its old key is gone from there afterwards.
    """
    gate, private = open_gate(folder), new_private_jwk()
    jwk, kid = compact_json(public_jwk(private)), str(private["kid"])
    fresh = folder / f"{KEY_FILE}.new"
    fresh.unlink(missing_ok=True)
    write_secret(fresh, compact_json(private))

    def work(transaction: Transaction) -> None:
        now = gate.clock()
        transaction.act(kind="gate-key", subject=kid, actor=SHELL, received_at=now, body=jwk.encode())
        transaction.insert(GATE_KEY, kid=kid, jwk=jwk, since=now)

    try:
        carry_out(gate.database, work)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    fresh.replace(folder / KEY_FILE)
    gate.database.close()
    return kid
