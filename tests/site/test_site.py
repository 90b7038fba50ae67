"""The site is built without a warning, and loads nothing from elsewhere."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import gridpact
from gridpact.cli import app
from tests.documentation import ROOT
from tests.pages.browser import CHROMIUM, DESKTOP, NO_BROWSER, PHONE, browser

LOADS = {
    ("script", "src"),
    ("img", "src"),
    ("iframe", "src"),
    ("source", "src"),
    ("video", "src"),
    ("object", "data"),
}
LINK_KINDS = {
    "stylesheet",
    "icon",
    "preload",
    "preconnect",
    "prefetch",
    "dns-prefetch",
    "modulepreload",
    "manifest",
}
OUTSIDE = re.compile(r"^(?:[a-z]+:)?//", re.IGNORECASE)
PAGES = (
    "docs/README",
    "docs/explanation/model",
    "docs/reference/case-format",
    "examples/notebooks/solar-sweep",
)


class Loaded(HTMLParser):
    """What a page has a browser load."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.addresses += [value for name, value in given.items() if (tag, name) in LOADS]
        if tag == "link" and LINK_KINDS & set(given.get("rel", "").split()):
            self.addresses.append(given.get("href", ""))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    recipe = (ROOT / "Makefile").read_text().split("\ndocs: $(READY)\n")[1].split("\n\n")[0]
    (command,) = re.findall(r"^\t\$\(BIN\)/python (-m sphinx .*)$", recipe, re.MULTILINE)
    words = command.replace("out/site", str(folder)).replace("out/doctrees", str(folder / "doctrees")).split()
    assert "-W" in words
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_no_page_loads_anything_from_outside(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert loaded.addresses or page == site / "index.html"
        assert not [address for address in loaded.addresses if OUTSIDE.match(address)], page
    for sheet in site.rglob("*.css"):
        found = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s;]+)", sheet.read_text(encoding="utf-8"))
        assert not [address for address in found if OUTSIDE.match(address)], sheet


def test_formulas_are_drawn_by_the_browser_itself(site: Path) -> None:
    page = (site / "docs" / "explanation" / "model.html").read_text(encoding="utf-8")
    assert page.count("<math ") > 20 and "\\sum" not in page and "MathJax" not in page


def test_every_command_and_every_public_name_has_its_place(site: Path) -> None:
    commands = (site / "docs" / "reference" / "command-line.html").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert f'id="gridpact-{command.name or command.callback.__name__}"' in commands
    assert "--allocation" in commands and 'id="gridpact-gate-session-put"' in commands
    names = (site / "docs" / "reference" / "python-api.html").read_text(encoding="utf-8")
    for name in gridpact.__all__:
        assert f'id="gridpact.{name}"' in names, name


@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
def test_pages_fit_a_phone_and_a_desk_and_ask_the_network_for_nothing(site: Path) -> None:
    with browser() as driven:
        for name in PAGES:
            for width in (PHONE, DESKTOP):
                driven.open(site / f"{name}.html", width=width)
                assert driven.run("document.documentElement.scrollWidth") <= width, (name, width)
                assert not [one for one in driven.addresses() if not one.startswith(("file:", "data:"))]
                assert not driven.complaints()
