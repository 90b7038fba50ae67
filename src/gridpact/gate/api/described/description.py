"""The description of the API (OpenAPI 3.1): the routes of the framework with what they take and answer."""

from typing import Any

from gridpact.gate.api.answers import PROBLEM_JSON
from gridpact.gate.api.described.documents import DOCUMENTS, Json, reference
from gridpact.gate.api.described.operations import OPERATIONS, Content, DescribedOperation
from gridpact.gate.api.incoming import JSON, LIST_DEFAULT, LIST_MAX

REFUSALS = {
    400: "The body is not JSON, not UTF-8, or has duplicate members, or it did not come whole",
    401: "No key that is in force",
    403: "The right for this is missing",
    404: "Does not exist, or is another's",
    405: "Not a method of this path",
    406: "Not a type that is given here",
    409: "The name is taken, the gate is not open, or this is not its state",
    412: "It was changed meanwhile",
    413: "The body is too large",
    415: "Not a type that is taken here",
    422: "The content has problems; nothing was stored",
    428: "The change needs If-Match",
    429: "Too many requests",
    503: "It could not be stored, and is not counted; or it is not ready",
}
_DONE = {
    200: "Read; or made before with the same content, or replaced",
    201: "Made, durable",
    202: "A job was taken on",
    204: "Done",
    304: "The client has it already",
}
_KEYED, _WITH_BODY, _CHANGES = (401, 403, 404, 429), (400, 413, 415), (409,)
_PARAMETERS: dict[str, Json] = {
    "limit": {"schema": {"type": "integer", "minimum": 1, "maximum": LIST_MAX, "default": LIST_DEFAULT}},
    "after": {"schema": {"type": "string"}, "description": "The `next` of an answer before"},
    "participant": {"schema": {"type": "string"}, "description": "The one that is asked for"},
    "name": {
        "schema": {"type": "string", "minLength": 1},
        "required": True,
        "description": "Of the trade, the order or the participant that is explained",
    },
    "what": {
        "schema": {"type": "string", "enum": ["trade", "participant", "order"]},
        "description": "What the name is of, where it could be several",
    },
    "reason": {"schema": {"type": "string"}, "description": "Why; every change needs one"},
}
_SIGNATURE: Json = {
    "name": "JWS-Signature",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "A detached JWS by Ed25519 (RFC 7515, appendix F)",
}
_VERSION: Json = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The ETag of what is changed",
}
_LAST_EVENT: Json = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The id of the last event that the client has",
}


def described(schema: Json, base: str) -> Json:
    """The description that the framework makes, with what it cannot know of the routes.

    Args:
        schema: of the framework, which is changed.
        base: path of all routes.
    """
    components = schema.setdefault("components", {})
    components["schemas"] = DOCUMENTS
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, methods in schema["paths"].items():
        for method, route in methods.items():
            _describe(route, method, OPERATIONS[method, path.removeprefix(base)])
    return schema


def _describe(route: Json, method: str, operation: DescribedOperation) -> None:
    """Fills in one operation."""
    parameters = [each for each in route.get("parameters", []) if each["in"] == "path"]
    parameters += [{"name": name, "in": "query", **_PARAMETERS[name]} for name in operation.query]
    parameters += [_SIGNATURE] if operation.is_signed else []
    parameters += [_VERSION] if operation.is_versioned else []
    parameters += [_LAST_EVENT] if operation.is_resumable else []
    for parameter in parameters:
        parameter.setdefault("required", False)
    route["parameters"] = parameters
    route["responses"] = _responses(method, operation)
    if not operation.is_open:
        route["security"] = [{"key": []}]
    if operation.takes:
        route["requestBody"] = {"required": True, "content": _content(operation.takes)}


def _responses(method: str, operation: DescribedOperation) -> Json:
    """The answers of an operation, and its refusals, as OpenAPI has them."""
    found: Json = {}
    for status, content in operation.answers.items():
        found[str(status)] = {
            "description": _DONE[status],
            **({"content": _content(content)} if content else {}),
        }
    if method == "get":
        found["304"] = {"description": _DONE[304]}
    problem = {PROBLEM_JSON: {"schema": reference("Problem")}}
    for status in _refusals(method, operation):
        found[str(status)] = {"description": REFUSALS[status], "content": problem}
    return found


def _refusals(method: str, operation: DescribedOperation) -> list[int]:
    found = {405, 422, 503}
    found |= set() if operation.is_open else set(_KEYED)
    found |= {406} if method == "get" else set(_CHANGES)
    found |= {409} if operation.is_made else set()
    found |= set(_WITH_BODY) if operation.takes else set()
    found |= {412, 428} if operation.is_versioned else set()
    return sorted(found)


def _content(content: Content) -> dict[str, Any]:
    return {kind: {"schema": _schema(kind, name)} for kind, name in content.items()}


def _schema(kind: str, name: str) -> Json:
    if name:
        return reference(name)
    return {} if kind == JSON else {"type": "string"}
