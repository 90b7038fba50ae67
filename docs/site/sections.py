"""The contents of the site are the links that each `README.md` in `docs` lists: there is no second list."""

import posixpath
import re

from sphinx.application import Sphinx

LISTED = re.compile(r"^- \[[^\]]+\]\(([^)#]+)\.(?:md|ipynb)\)", re.MULTILINE)


def listed(page: str, text: str) -> list[str]:
    """The pages that the items of a page's lists begin with, by their names on the site, in order."""
    folder = posixpath.dirname(page)
    found = (posixpath.normpath(posixpath.join(folder, target)) for target in LISTED.findall(text))
    return list(dict.fromkeys(found))


def with_contents(_: Sphinx, page: str, source: list[str]) -> None:
    """Gives the page of a section what it lists as its branch of the contents."""
    if page.startswith("docs/") and page.endswith("README"):
        pages = "\n".join(f"/{each}" for each in listed(page, source[0]))
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n\n{pages}\n```\n"


def setup(app: Sphinx) -> dict[str, bool]:
    """Completes pages as they are read."""
    app.connect("source-read", with_contents)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
