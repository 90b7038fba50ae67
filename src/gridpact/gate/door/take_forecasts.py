"""Forecasts of participants by themselves, and of all by the operator; the newest counts."""

from collections.abc import Mapping
from typing import Any

from gridpact.gate.access.visibility import need_trade
from gridpact.gate.door.arrival import Arrival, need_open
from gridpact.gate.door.intake import FORECAST, Item, state_of, store
from gridpact.gate.market.session_frames import SessionFrame
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.refused import Refused

OPERATORS = "operator-forecast"
EVERYBODY = "*"


def take_forecast(
    transaction: Transaction,
    arrival: Arrival,
    participant: str,
    frame: SessionFrame,
    private: Mapping[str, Any],
) -> tuple[int, dict[str, Any]]:
    """Stores the forecast of a participant by itself."""
    state = state_of(transaction, arrival.session)
    need_trade(arrival.visitor, frame.market, participant)
    need_open(state, arrival.received_at)
    return 200, store(
        transaction, state, arrival, _item(FORECAST, participant, transaction, arrival), private
    )


def take_forecasts(
    transaction: Transaction, arrival: Arrival, private: Mapping[str, Any]
) -> tuple[int, dict[str, Any]]:
    """Stores the forecasts that an operator gives of participants, from the session's creation on."""
    state = state_of(transaction, arrival.session)
    if arrival.received_at >= state.row.opens_at or state.row.cancelled_at is not None:
        need_open(state, arrival.received_at)
    elif state.seal is not None:
        raise Refused(409, "wrong-state", "The session is sealed.")
    return 200, store(transaction, state, arrival, _item(OPERATORS, EVERYBODY, transaction, arrival), private)


def _item(kind: str, participant: str, transaction: Transaction, arrival: Arrival) -> Item:
    """A forecast, which has no name of its own: each is called by its number in the log."""
    return Item(
        kind=kind,
        participant=participant,
        name=f"{kind}-{transaction.lock_head()[0] + 1}",
        document=arrival.document,
        digest=arrival.digest.hex(),
        body=arrival.body,
    )
