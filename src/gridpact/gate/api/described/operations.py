"""The operations of the API: what each takes, and what each answers when all is well."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gridpact.gate.api.incoming import CSV, JSON, TOML

Content = Mapping[str, str]  # Names of documents, by media type; an empty name is text or bytes.


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedOperation:
    """One method of one path.

    Attributes:
        answers: content of each status that says it was done.
        takes: content of the body, nothing where it has none.
        query: names of its query parameters.
        is_open: whether it needs no key.
        is_signed: whether its body may be signed.
        is_versioned: whether it needs `If-Match` where it changes something.
        is_resumable: whether it goes on after the last event that the client has.
        is_made: whether a command of gridpact makes the answer, which may refuse to.
    """

    answers: Mapping[int, Content]
    takes: Content = field(default_factory=dict)
    query: tuple[str, ...] = ()
    is_open: bool = False
    is_signed: bool = False
    is_versioned: bool = False
    is_made: bool = False
    is_resumable: bool = False


def _read(
    document: str, *query: str, is_open: bool = False, others: Content | None = None
) -> DescribedOperation:
    content = {JSON: document, **(others or {})}
    return DescribedOperation(answers={200: content}, query=query, is_open=is_open)


def _put(takes: Content, made: str) -> DescribedOperation:
    return DescribedOperation(answers={200: {JSON: made}, 201: {JSON: made}}, takes=takes)


def _submit(document: str, receipt: str = "Receipt") -> DescribedOperation:
    return DescribedOperation(
        answers={200: {JSON: receipt}, 201: {JSON: receipt}}, takes={JSON: document}, is_signed=True
    )


_END = DescribedOperation(answers={204: {}})
_PAGED = ("limit", "after")
OPERATIONS: Mapping[tuple[str, str], DescribedOperation] = {
    ("get", "/health"): _read("Health", is_open=True),
    ("get", "/ready"): _read("Ready", is_open=True),
    ("get", "/time"): _read("Time", is_open=True),
    ("get", "/keys"): _read("Keys", is_open=True),
    ("get", "/openapi.json"): DescribedOperation(answers={200: {JSON: ""}}, is_open=True),
    ("get", "/metrics"): DescribedOperation(answers={200: {"text/plain": ""}}),
    ("put", "/users/{user}"): _put({JSON: "User"}, "ShownUser"),
    ("get", "/users"): _read("Users", *_PAGED),
    ("delete", "/users/{user}"): _END,
    ("post", "/users/{user}/invitations"): DescribedOperation(answers={201: {JSON: "Invitation"}}),
    ("post", "/users/{user}/keys"): DescribedOperation(
        answers={200: {JSON: "KnownKey"}, 201: {JSON: "NewKey"}}, takes={JSON: "Key"}
    ),
    ("delete", "/users/{user}/keys/{key}"): _END,
    ("put", "/users/{user}/signing-keys/{kid}"): _put({JSON: "SigningKey"}, "ShownSigningKey"),
    ("delete", "/users/{user}/signing-keys/{kid}"): _END,
    ("put", "/markets/{market}/mandates/{user}/{participant}"): _put({JSON: "Mandate"}, "ShownMandate"),
    ("delete", "/markets/{market}/mandates/{user}/{participant}"): _END,
    ("get", "/me"): _read("Me"),
    ("get", "/me/export"): DescribedOperation(answers={200: {"application/zip": ""}}),
    ("put", "/markets/{market}"): _put({JSON: "Market"}, "ShownMarket"),
    ("put", "/markets/{market}/network"): _put({JSON: "Network"}, "OfMarket"),
    ("put", "/markets/{market}/participants"): _put({JSON: "Participants", CSV: ""}, "ShownParticipants"),
    ("put", "/markets/{market}/tariffs"): _put({TOML: ""}, "OfMarket"),
    ("put", "/markets/{market}/sharing"): _put({CSV: ""}, "OfMarket"),
    ("put", "/markets/{market}/prices"): _put({CSV: ""}, "OfMarket"),
    ("put", "/markets/{market}/meters"): _put({CSV: ""}, "OfMarket"),
    ("post", "/markets/{market}/settlements"): DescribedOperation(
        answers={200: {JSON: "TakenOn"}, 202: {JSON: "TakenOn"}}, takes={JSON: "Settlement"}
    ),
    ("get", "/markets/{market}/settlements"): _read("Settlements", *_PAGED),
    ("get", "/settlements/{settlement}"): _read("ShownSettlement"),
    ("get", "/settlements/{settlement}/statements"): _read("Rows", "participant", others={CSV: ""}),
    ("get", "/settlements/{settlement}/ledger"): _read("Rows", "participant", others={CSV: ""}),
    ("get", "/settlements/{settlement}/residuals"): _read("Rows", others={CSV: ""}),
    ("get", "/settlements/{settlement}/bills/{participant}"): DescribedOperation(
        answers={200: {"text/html": "", "application/pdf": ""}}
    ),
    ("get", "/settlements/{settlement}/files/{name}"): DescribedOperation(
        answers={200: {CSV: "", JSON: "", "text/html": "", "application/octet-stream": ""}}
    ),
    ("put", "/markets/{market}/operating-envelopes"): _put({CSV: ""}, "OfMarket"),
    ("get", "/markets/{market}/operating-envelopes"): _read("Rows", "participant", others={CSV: ""}),
    ("get", "/markets"): _read("Markets", *_PAGED),
    ("get", "/markets/{market}"): _read("ShownMarket"),
    ("get", "/markets/{market}/participants"): _read("ListOfParticipants", *_PAGED),
    ("put", "/markets/{market}/sessions/{session}"): DescribedOperation(
        answers={200: {JSON: "MadeSession"}, 201: {JSON: "MadeSession"}},
        takes={JSON: "Session"},
        query=("reason",),
        is_versioned=True,
    ),
    ("delete", "/sessions/{session}"): DescribedOperation(
        answers={204: {}}, query=("reason",), is_versioned=True
    ),
    ("get", "/sessions/{session}"): _read("ShownSession"),
    ("get", "/markets/{market}/sessions"): _read("Sessions", *_PAGED),
    ("post", "/sessions/{session}/retry"): DescribedOperation(
        answers={202: {JSON: "Retried"}}, takes={JSON: "Retry"}
    ),
    ("get", "/sessions/{session}/headroom"): DescribedOperation(
        answers={200: {JSON: "Headroom"}}, query=("participant",), is_made=True
    ),
    ("post", "/sessions/{session}/orders"): _submit("Order"),
    ("post", "/sessions/{session}/order-batches"): _submit("OrderBatch", "Receipts"),
    ("post", "/sessions/{session}/trades"): _submit("Trade"),
    ("post", "/sessions/{session}/trades/{submission}/confirmation"): _submit("Confirmation"),
    ("post", "/sessions/{session}/trades/{submission}/rejection"): _submit("Rejection"),
    ("post", "/sessions/{session}/withdrawals"): _submit("Withdrawal"),
    ("put", "/sessions/{session}/forecasts/{participant}"): DescribedOperation(
        answers={200: {JSON: "Receipt"}}, takes={JSON: "Forecast"}, is_signed=True
    ),
    ("put", "/sessions/{session}/forecasts"): DescribedOperation(
        answers={200: {JSON: "Receipt"}}, takes={JSON: "Forecasts", CSV: ""}, is_signed=True
    ),
    ("get", "/sessions/{session}/orders"): _read("Orders", *_PAGED),
    ("get", "/sessions/{session}/trades"): _read("Trades", *_PAGED),
    ("get", "/submissions/{submission}"): _read("Submission"),
    ("get", "/submissions/{submission}/proof"): _read("Proof"),
    ("get", "/sessions/{session}/seal"): _read("Seal"),
    ("get", "/sessions/{session}/results"): _read("Results", "participant"),
    ("get", "/sessions/{session}/results/{table}"): _read("Rows", others={CSV: ""}),
    ("get", "/sessions/{session}/explanation"): _read("Explanation", "name", "what"),
    ("get", "/sessions/{session}/files/{name}"): DescribedOperation(
        answers={200: {CSV: "", JSON: "", "text/html": "", "application/octet-stream": ""}}, is_made=True
    ),
    ("get", "/events"): DescribedOperation(answers={200: {"text/event-stream": ""}}, is_resumable=True),
    ("get", "/webhooks"): _read("Webhooks"),
    ("get", "/webhooks/{webhook}"): _read("ShownWebhook"),
    ("put", "/webhooks/{webhook}"): _put({JSON: "Webhook"}, "ShownWebhook"),
    ("delete", "/webhooks/{webhook}"): _END,
    ("get", "/log"): _read("Log", *_PAGED),
}
