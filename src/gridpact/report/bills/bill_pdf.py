"""Bills as PDF: the printed page, made by WeasyPrint, which is an extra."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gridpact.extras import PDF

PANGO_REMEDY = "WeasyPrint needs the library Pango: apt-get install libpangoft2-1.0-0, or its like"


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfMaker:
    """What makes a PDF of a page.

    Attributes:
        make: from the page to the PDF; `None` where none can be made.
        remedy: what is missing then.
    """

    make: Callable[[str], bytes] | None
    remedy: str = ""


def pdf_maker() -> PdfMaker:
    """What makes PDFs on this machine, or what is missing for it."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except ImportError:
        return PdfMaker(make=None, remedy=PDF.command)
    except OSError:
        return PdfMaker(make=None, remedy=PANGO_REMEDY)

    nowhere = URLFetcher(allowed_protocols=())  # a bill has all that it shows in itself

    def make(page: str) -> bytes:
        octets: bytes = HTML(string=page, url_fetcher=nowhere).write_pdf()
        return octets

    return PdfMaker(make=make)


def with_pdf(
    pages: Iterable[tuple[str, str]], make: Callable[[str], bytes] | None
) -> Iterator[tuple[str, str | bytes]]:
    """The file name and content of each page and, where PDF can be made, of its PDF."""
    for name, page in pages:
        yield f"{name}.html", page
        if make is not None:
            yield f"{name}.pdf", make(page)
