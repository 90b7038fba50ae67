"""Bills as PDF: the printed page, made by WeasyPrint, which is an extra."""

from collections.abc import Callable, Iterable, Iterator

PDF_REMEDY = 'pip install "gridpact[pdf]"'


def pdf_maker() -> Callable[[str], bytes] | None:
    """What makes a PDF of a page; `None` where WeasyPrint, or the Pango library that it needs, is missing."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError):
        return None

    nowhere = URLFetcher(allowed_protocols=())  # a bill has all that it shows in itself

    def made(page: str) -> bytes:
        octets: bytes = HTML(string=page, url_fetcher=nowhere).write_pdf()
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
