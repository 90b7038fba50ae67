"""The description of the API (OpenAPI 3.1): what every route can answer, and takes."""

from typing import Any

from gridpact.gate.api.answers import PROBLEM_JSON
from gridpact.gate.words.refused import TITLES

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "enum": [f"/problems/{name}" for name in TITLES]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "total": {"type": "integer"},
        "request_id": {"type": "string"},
        "problems": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    member: {"type": "string"} for member in ("pointer", "value", "what", "remedy")
                },
            },
        },
    },
}
REFUSALS = {
    "400": "The body is not JSON, not UTF-8, or has duplicate members",
    "401": "No key that is in force",
    "403": "The right for this is missing",
    "404": "Does not exist, or is another's",
    "405": "Not a method of this",
    "406": "Not a type that is given here",
    "409": "The name is taken, the gate is not open, or this is not its state",
    "412": "It was changed meanwhile",
    "413": "The body is too large",
    "415": "Not a type that is taken here",
    "422": "The content has problems; nothing was stored",
    "428": "The change needs If-Match",
    "429": "Too many requests",
    "503": "It could not be stored, and is not counted",
}
_DONE = {"200": "Read, done, or made before", "201": "Made, durable", "202": "Taken on", "204": "Done"}
_SUCCESSES = {"get": ("200", "304"), "put": ("200", "201"), "post": ("200", "201", "202"), "delete": ("204",)}
_OPEN = ("/health", "/ready", "/time", "/keys")


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """The description that the framework makes, with what it cannot know of the routes."""
    components = schema.setdefault("components", {})
    components["schemas"] = {"Problem": PROBLEM}
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            operation["responses"] = _responses(method)
            if not path.endswith(_OPEN):
                operation["security"] = [{"key": []}]
            if method in ("put", "post"):
                content: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
                if path.endswith(("/participants", "/forecasts")):
                    content["text/csv"] = {"schema": {"type": "string"}}
                operation["requestBody"] = {"required": True, "content": content}
    return schema


def _responses(method: str) -> dict[str, Any]:
    problem = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    successes = {
        status: {"description": _DONE.get(status, "The client has it already")}
        for status in _SUCCESSES[method]
    }
    return successes | {
        status: {"description": said, "content": problem} for status, said in REFUSALS.items()
    }
