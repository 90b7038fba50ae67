"""Pictures of the gate's pages while the street trades: `--pictures DIR`, with playwright and a Chromium."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from market_day import UNSAFE, gridpact

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PASSWORD = "blue tram seven"
WIDTH, HEIGHT = 1024, 720
# Those who look: a home with a roof, one with a car, who runs the gate and who checks it.
HOME, CAR, OPERATOR, AUDITOR = "sun-01", "car-04", "operator", "auditor"


@dataclass(frozen=True, kw_only=True)
class Album:
    """Looks at the pages of a gate as those whose pages they are.

    Attributes:
        browser: that shows them.
        gate: folder of the gate.
        url: of the gate.
        folder: of the pictures.
    """

    browser: "Browser"
    gate: Path
    url: str
    folder: Path
    _pages: dict[str, "Page"] = field(default_factory=dict)

    def look(self, user: str, path: str, name: str, *, heading: str = "") -> None:
        """Takes a picture of a page as a user sees it, from a heading on where one is named."""
        page = self._page_of(user)
        page.goto(self.url + path)
        if heading:
            page.get_by_role("heading", name=heading).first.evaluate("one => one.scrollIntoView()")
        page.screenshot(path=self.folder / f"{name}.png")

    def _page_of(self, user: str) -> "Page":
        """A browser in which the user is logged in, by an invitation."""
        if user not in self._pages:
            page = self.browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}).new_page()
            link = gridpact("gate", "user", "invite", str(self.gate), user).split()[0]
            page.goto(self.url + link.removeprefix(self.url))
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_label("The same again").fill(PASSWORD)
            page.get_by_role("button", name="Set the password").click()
            page.get_by_role("button", name="Log out", exact=True).wait_for()
            self._pages[user] = page
        return self._pages[user]


@contextmanager
def album(gate: Path, url: str, folder: Path) -> Iterator[Album]:
    """An album whose browser ends with it."""
    folder.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(which, BROWSERS)), None)
    if chromium is None:
        raise SystemExit("pictures take a Chromium: `apt-get install chromium`, or its package elsewhere")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield Album(browser=browser, gate=gate, url=url, folder=folder)
        browser.close()


@dataclass(frozen=True)
class Tour:
    """The pictures of a day, in the order of the walk-through.

    Attributes:
        album: that they go to.
    """

    album: Album

    def while_open(self, number: int) -> None:
        """What a home sees before a gate closes; one with a car sees its operating envelope."""
        if number == 0:
            self.album.look(HOME, "/", "home-while-open")
        elif number == UNSAFE + 1:
            self.album.look(CAR, "/", "home-with-envelope")

    def after(self, number: int, session: str) -> None:
        """What came of a session."""
        if number == 0:
            self.album.look(HOME, f"/sessions/{session}", "home-result", heading="What came of it")
        elif number == UNSAFE:
            self.album.look(OPERATOR, "/", "operator-unsafe")

    def at_the_end(self, settlement: str) -> None:
        """The bill of a home, and what the auditor checks."""
        self.album.look(HOME, f"/settlements/{settlement}/bills/{HOME}", "home-bill")
        self.album.look(AUDITOR, "/seals", "auditor-seals")
