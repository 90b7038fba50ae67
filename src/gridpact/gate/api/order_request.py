"""OrderRequest: a request with orders, whose headers are looked up at once."""

from starlette.datastructures import Headers
from starlette.requests import Request


class FirstHeaders(Headers):
    """Headers of which the first of each name is found without going through all of them."""

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        super().__init__(raw=raw)
        self._first = dict(reversed(raw))

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        """The first header of a name."""
        value = self._first.get(key.lower().encode("latin-1"))
        return default if value is None else value.decode("latin-1")


class OrderRequest(Request):
    """A request with orders."""

    @property
    def headers(self) -> Headers:
        """Its headers."""
        if not hasattr(self, "_headers"):
            self._headers = FirstHeaders(self.scope["headers"])
        return self._headers
