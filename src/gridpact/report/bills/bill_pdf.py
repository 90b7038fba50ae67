"""Bills as PDF: the printed page, made by WeasyPrint, which is an extra."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gridpact.errors import InvalidUsage

PDF_REMEDY = 'pip install "gridpact[pdf]"'


def pdf_maker() -> Callable[[str], bytes] | None:
    """What makes a PDF of a page; `None` where WeasyPrint, or the Pango library that it needs, is missing."""
    try:
        from weasyprint import HTML
    except (ImportError, OSError):
        return None

    def made(page: str) -> bytes:
        octets: bytes = HTML(string=page, url_fetcher=_refuse, base_url=None).write_pdf()
        return octets

    return made


def with_pdf(
    pages: Iterable[tuple[str, str]], made: Callable[[str], bytes] | None
) -> Iterator[tuple[str, str | bytes]]:
    """The file name and content of each page and, where PDF can be made, of its PDF."""
    for name, page in pages:
        yield f"{name}.html", page
        if made is not None:
            yield f"{name}.pdf", made(page)


def _refuse(address: str, *_: Any, **__: Any) -> Any:
    """Loads nothing: a bill has all that it shows in itself."""
    raise InvalidUsage(f"a bill asks for {address}", "nothing: it loads nothing from anywhere")
