"""Markets that take nothing unsigned: at the door, and where a signature is gone afterwards."""

from pathlib import Path

import pytest

pytest.importorskip("granian")

from gridpact.gate.log.jws import detached, new_private_jwk, public_jwk, sign_compact
from gridpact.gate.verification.verify_gate import deviations
from tests.gate.inside import inside
from tests.gate.served import DELIVERY, MARKET, PARTICIPANTS, order, text


def test_a_signature_that_a_market_requires_is_missed_when_it_is_gone(tmp_path: Path) -> None:
    with inside(tmp_path / "g") as gate:
        operator, home, private = gate.operator, gate.user("h1"), new_private_jwk()
        rules = {"signatures": "required"}
        gates = {"gate_opens": gate.moment(-1), "gate_closes": gate.moment(3000)}
        session = {"delivery_start": DELIVERY, "periods": 4, **gates}
        jwk = {name: value for name, value in public_jwk(private).items() if name != "kid"}
        for answer in (
            operator.put("/markets/elm", json={**MARKET, "rules": rules}),
            operator.put("/markets/elm/participants", json={"participants": PARTICIPANTS}),
            operator.put("/markets/elm/sessions/s", json=session),
            operator.put("/markets/elm/mandates/h1/h1", json={"rights": ["trade"]}),
            home.put(f"/users/h1/signing-keys/{private['kid']}", json=jwk),
        ):
            assert answer.status_code == 201, answer.text
        body = text(order("a", "h1", "sell")).encode()
        header = {"aud": operator.get("/keys").json()["gate"], "sub": "s"}
        signed = {
            "Content-Type": "application/json",
            "JWS-Signature": detached(sign_compact(body, private, header)),
        }
        unsigned = home.post("/sessions/s/orders", json=order("a", "h1", "sell"))
        assert unsigned.json()["problems"][0]["pointer"] == "@JWS-Signature"
        receipt = home.post("/sessions/s/orders", content=body, headers=signed)
        assert receipt.status_code == 201, receipt.text
        with gate.gate.database.reading() as connection:
            assert list(deviations(connection, gate.gate.private)) == []
        with gate.gate.database.writing() as connection:
            query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for name in list(connection.exec_driver_sql(query).scalars()):
                connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
            connection.exec_driver_sql("UPDATE submission SET jws = NULL")
            connection.commit()
        with gate.gate.database.reading() as connection:
            (found,) = deviations(connection, gate.gate.private)
        assert found.endswith("it has no signature, which its market requires")
