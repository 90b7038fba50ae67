"""The documents of the API as JSON schemas; members of orders and trades are those of a case."""

from typing import Any

from gridpact.case.folder.settings import SECTIONS
from gridpact.case.schema import ORDERS, PARTICIPANTS, TRADES, Column, Kind, Schema
from gridpact.gate.access.visitor import RIGHTS, ROLES
from gridpact.gate.door.case_rows import NOT_HANDED_IN
from gridpact.gate.door.take_orders import BATCH_MAX
from gridpact.gate.events.gate_event import KINDS
from gridpact.gate.market.market_documents import OF_HORIZON, TABLES, Rules
from gridpact.gate.market.session_states import CANCELLED, CLEARED, CLEARING, CLOSED, FAILED, OPEN, SCHEDULED
from gridpact.gate.settlement.settlement_state import STATES
from gridpact.gate.webhooks.webhook_commands import ACTIVE, DISABLED
from gridpact.gate.words.gate_names import NAME_CHARACTERS_MAX
from gridpact.gate.words.refused import TITLES

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
TEXT_OR_NULL: Json = {"type": ["string", "null"]}
NUMBER: Json = {"type": "number"}
WHOLE: Json = {"type": "integer"}
FLAG: Json = {"type": "boolean"}
MOMENT: Json = {"type": "string", "format": "date-time"}
MOMENT_OR_NULL: Json = {"type": ["string", "null"], "format": "date-time"}
DIGEST: Json = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
NAME: Json = {"type": "string", "minLength": 1, "maxLength": NAME_CHARACTERS_MAX}
ROWS: Json = {"type": "array", "items": {"type": "object"}}
_LIST_OF_TEXTS: Json = {"type": "array", "items": TEXT}
_NAMES = ("order", "trade", "group", "link", "replaces")
_KINDS: dict[Kind, Json] = {
    Kind.ID: TEXT,
    Kind.CHOICE: TEXT,
    Kind.BUS: {"type": ["integer", "string"]},
    Kind.FLAG: FLAG,
    Kind.TIME: MOMENT,
    Kind.INSTANT: MOMENT,
}


def reference(name: str) -> Json:
    """A reference to a document."""
    return {"$ref": f"#/components/schemas/{name}"}


def closed(properties: Json, *needed: str) -> Json:
    """An object that has no other members than these."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(needed),
        "additionalProperties": False,
    }


def opened(properties: Json) -> Json:
    """An object that has these members, and may come to have more."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def list_of(items: Json) -> Json:
    """A part of a list."""
    return opened({"items": {"type": "array", "items": items}, "next": TEXT_OR_NULL})


def _member(column: Column) -> Json:
    kind = NAME if column.name in _NAMES else _KINDS.get(column.kind, NUMBER)
    types = kind["type"] if isinstance(kind["type"], list) else [kind["type"]]
    found = kind if column.required else {**kind, "type": [*types, "null"]}
    return {**found, "description": column.meaning}


def _row(schema: Schema, *others: Column) -> Json:
    columns = [*(column for column in schema.columns if column.name not in NOT_HANDED_IN), *others]
    needed = (column.name for column in columns if column.required)
    return closed({column.name: _member(column) for column in columns}, *needed)


def _market() -> Json:
    rules = {
        name: {bool: FLAG, int: WHOLE, float: NUMBER, str: TEXT}[type(value)]
        for name, value in ((name, getattr(Rules(), name)) for name in Rules.__dataclass_fields__)
    }
    plain = {"type": ["string", "number", "boolean"]}
    tables = {
        table: closed({key: plain for key in SECTIONS[table] if (table, key) != ("network", "file")})
        for table in TABLES
    }
    texts = dict.fromkeys((*SECTIONS[""], *OF_HORIZON), TEXT)
    return closed({**texts, **tables, "rules": closed(rules)}, *texts)


_SESSION: Json = {
    "delivery_start": MOMENT,
    "periods": {"type": "integer", "minimum": 1},
    "gate_opens": MOMENT,
    "gate_closes": MOMENT,
    "open_from": MOMENT_OR_NULL,
    "previous": TEXT_OR_NULL,
}
_SERIES: Json = {"type": "array", "items": NUMBER}
_FORECAST = closed({"load_kw": _SERIES, "generation_kw": _SERIES}, "load_kw", "generation_kw")
_RECEIPT: Json = {
    "submission": TEXT,
    "kind": TEXT,
    "session": TEXT,
    "participant": TEXT,
    "name": TEXT,
    "sequence": WHOLE,
    "received_at": MOMENT,
    "sha256": DIGEST,
    "chain": DIGEST,
}
_ENTRY: Json = {
    "sequence": WHOLE,
    "kind": TEXT,
    "session": TEXT_OR_NULL,
    "actor": TEXT,
    "received_at": MOMENT,
    "sha256": DIGEST,
}
_JWK: Json = {"kty": {"const": "OKP"}, "crv": {"const": "Ed25519"}, "x": TEXT}
_SHOWN_SESSION = opened(
    {
        "session": TEXT,
        "market": TEXT,
        **{name: _SESSION[name] for name in ("delivery_start", "periods", "gate_opens", "gate_closes")},
        "previous": TEXT_OR_NULL,
    }
)
_OWN: Json = {"submission": TEXT, "participant": TEXT, "state": TEXT, "received_at": MOMENT, "sha256": DIGEST}
_KEY: Json = {
    "key": NAME,
    "expires": MOMENT_OR_NULL,
    "participants": {"type": "array", "items": NAME},
    "rights": {"type": "array", "items": {"enum": list(RIGHTS)}},
}
_SETTLEMENT: Json = {
    "settlement": TEXT,
    "market": TEXT,
    "from": MOMENT,
    "until": MOMENT,
    "corrects": TEXT_OR_NULL,
    "sessions": {"type": "array", "items": TEXT},
    "not_cleared": {"type": "array", "items": TEXT},
    "state": {"enum": list(STATES)},
}
_WEBHOOK = opened(
    {
        "webhook": TEXT,
        "url": TEXT,
        "events": {"type": "array", "items": {"enum": list(KINDS)}},
        "state": {"enum": [ACTIVE, DISABLED]},
        "after": TEXT,
        "failures": WHOLE,
        "problem": TEXT_OR_NULL,
        "disabled_at": MOMENT_OR_NULL,
    }
)
_REPLACES = Column(
    name="replaces", kind=Kind.ID, meaning="an own order that it takes the place of", required=False
)
DOCUMENTS: dict[str, Json] = {
    "Problem": {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "enum": [f"/problems/{name}" for name in TITLES]},
            "title": TEXT,
            "status": WHOLE,
            "detail": TEXT,
            "total": WHOLE,
            "request_id": TEXT,
            "gate_opens": MOMENT,
            "gate_closes": MOMENT,
            "received_at": MOMENT,
            "problems": {
                "type": "array",
                "items": opened(dict.fromkeys(("pointer", "value", "what", "remedy"), TEXT)),
            },
        },
    },
    "Health": opened({"status": {"const": "ok"}, "version": TEXT}),
    "Ready": opened({"status": {"const": "ready"}}),
    "Time": opened({"now": MOMENT}),
    "Keys": opened({"gate": TEXT, "keys": {"type": "array", "items": opened({**_JWK, "kid": TEXT})}}),
    "User": closed(
        {
            "name": NAME,
            "roles": {"type": "array", "items": {"enum": list(ROLES)}},
            "retailer": {**NAME, "type": ["string", "null"]},
        },
        "name",
        "roles",
    ),
    "ShownUser": opened({"user": TEXT, "name": TEXT, "roles": {"type": "array", "items": TEXT}}),
    "Users": list_of(opened({"user": TEXT, "name": TEXT, "can_log_in": FLAG, "mandates": ROWS})),
    "Invitation": opened({"user": TEXT, "path": TEXT, "expires": MOMENT}),
    "Key": closed(_KEY, "key"),
    "NewKey": opened({"key": TEXT, "secret": TEXT}),
    "KnownKey": opened({"key": TEXT}),
    "SigningKey": closed(_JWK, *_JWK),
    "ShownSigningKey": opened({"kid": TEXT, **_JWK}),
    "Mandate": closed({"rights": _KEY["rights"], "from": MOMENT_OR_NULL, "until": MOMENT_OR_NULL}, "rights"),
    "ShownMandate": opened({"user": TEXT, "participant": TEXT, "rights": {"type": "array", "items": TEXT}}),
    "Me": opened(
        {
            "user": TEXT,
            "name": TEXT,
            "roles": {"type": "array", "items": TEXT},
            "mandates": ROWS,
            "handed_over": ROWS,
            "keys": ROWS,
            "signing_keys": ROWS,
        }
    ),
    "Market": _market(),
    "ShownMarket": opened(
        {"market": TEXT, "name": TEXT, "currency": TEXT, "timezone": TEXT, "resolution": TEXT}
    ),
    "OfMarket": opened({"market": TEXT}),
    "Markets": list_of(opened({"market": TEXT})),
    "Network": {"type": "object", "description": "A network of pandapower or power-grid-model as JSON"},
    "Participants": closed({"participants": {"type": "array", "items": _row(PARTICIPANTS)}}, "participants"),
    "ShownParticipants": opened({"participants": ROWS}),
    "ListOfParticipants": list_of(opened({"participant": TEXT})),
    "Session": closed(_SESSION, "delivery_start", "periods", "gate_opens", "gate_closes"),
    "MadeSession": _SHOWN_SESSION,
    "ShownSession": {
        "allOf": [
            _SHOWN_SESSION,
            opened(
                {
                    "state": {
                        "enum": [SCHEDULED, OPEN, CLOSED, CLEARING, CLEARED, FAILED, CANCELLED],
                    },
                    "now": MOMENT,
                    "sealed_at": MOMENT_OR_NULL,
                    "submissions": {"type": ["integer", "null"]},
                }
            ),
        ]
    },
    "Sessions": list_of({"$ref": "#/components/schemas/ShownSession"}),
    "Retry": closed(
        {"reason": {**TEXT, "minLength": 1}, "exclude": {"type": "array", "items": TEXT}}, "reason"
    ),
    "Retried": opened({"session": TEXT, "state": TEXT}),
    "Order": _row(ORDERS, _REPLACES),
    "OrderBatch": closed(
        {
            "orders": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/Order"},
                "minItems": 1,
                "maxItems": BATCH_MAX,
            }
        },
        "orders",
    ),
    "Trade": _row(TRADES),
    "Confirmation": closed({"sha256": DIGEST}, "sha256"),
    "Rejection": closed({}),
    "Withdrawal": closed({"withdrawal": NAME, "submission": TEXT}, "withdrawal", "submission"),
    "Forecast": _FORECAST,
    "Forecasts": closed({"forecasts": {"type": "object", "additionalProperties": _FORECAST}}, "forecasts"),
    "Receipt": opened({**_RECEIPT, "jws": TEXT}),
    "Receipts": opened({"receipts": {"type": "array", "items": opened(_RECEIPT)}, "jws": TEXT}),
    "Orders": list_of(opened({"order": TEXT, **_OWN})),
    "Trades": list_of(opened({"trade": TEXT, "seller": TEXT, "buyer": TEXT, **_OWN})),
    "Submission": opened(
        {
            "submission": TEXT,
            "receipt": {"$ref": "#/components/schemas/Receipt"},
            "state": TEXT_OR_NULL,
            "document": TEXT,
        }
    ),
    "Proof": opened(
        {"leaf": DIGEST, "leaf_index": WHOLE, "tree_size": WHOLE, "path": {"type": "array", "items": DIGEST}}
    ),
    "Seal": opened(
        {
            "session": TEXT,
            "sealed_at": MOMENT,
            "submissions": WHOLE,
            "root": DIGEST,
            "chain": DIGEST,
            "case_sha256": TEXT_OR_NULL,
            "jws": TEXT,
        }
    ),
    "Results": opened(
        {
            "session": TEXT,
            "status": TEXT,
            "summary": {"type": "object"},
            "orders": ROWS,
            "trades": ROWS,
            "schedule": ROWS,
        }
    ),
    "Rows": ROWS,
    "Explanation": opened(
        {
            "case": TEXT,
            "kind": TEXT,
            "name": TEXT,
            "formulation": TEXT,
            "allocation": TEXT,
            "status": TEXT,
            "proposed_kwh": {"type": "number"},
            "cleared_kwh": {"type": "number"},
            "trades": ROWS,
            "orders": ROWS,
            "causes": ROWS,
            "runs": ROWS,
            "pressed": ROWS,
            "energy_kwh": {"type": "object"},
            "notes": _LIST_OF_TEXTS,
            "text": _LIST_OF_TEXTS,
        }
    ),
    "Headroom": opened({"session": TEXT, "sequence": WHOLE, "headroom": ROWS}),
    "Settlement": closed(
        {"settlement": NAME, "from": MOMENT, "until": MOMENT, "corrects": TEXT_OR_NULL},
        "settlement",
        "from",
        "until",
    ),
    "TakenOn": opened(_SETTLEMENT),
    "ShownSettlement": opened({**_SETTLEMENT, "published_at": MOMENT_OR_NULL}),
    "Settlements": list_of(opened({**_SETTLEMENT, "published_at": MOMENT_OR_NULL})),
    "Webhook": closed({"url": TEXT, "events": {"type": "array", "items": {"enum": list(KINDS)}}}, "url"),
    "ShownWebhook": _WEBHOOK,
    "Webhooks": list_of(_WEBHOOK),
    "Log": list_of(opened({**_ENTRY, "chain": DIGEST})),
}
