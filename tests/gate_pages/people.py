"""People before a gate's pages: a browser of each, and what they do there."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.gate.served import Served, ok
from tests.pages.browser import axe_script

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
NO_BROWSER = "there is no Chromium: `apt-get install chromium`, or its package elsewhere"
PASSWORD = "blue tram seven"
PATIENCE_MS = 60_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window; the one that the machine has."""
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        try:
            yield browser
        finally:
            browser.close()


class Person:
    """Somebody with a browser of their own.

    Args:
        browser: that it is a part of.
        gate: whose pages they open.
        options: of the browser.
    """

    def __init__(self, browser: Browser, gate: Served, **options: object) -> None:
        self.context: BrowserContext = browser.new_context(
            base_url=f"http://127.0.0.1:{gate.port}",
            **options,  # type: ignore[arg-type]
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def accept(self, gate: Served, user: str) -> None:
        """Is invited by the operator, and sets a password, which logs in."""
        path = ok(gate.operator.post(f"/users/{user}/invitations"))["path"]
        self.page.goto(path)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_label("The same again").fill(PASSWORD)
        self.page.get_by_role("button", name="Set the password").click()
        self.page.get_by_role("button", name="Log out", exact=True).wait_for()

    def log_in(self, user: str, password: str = PASSWORD) -> None:
        self.page.goto("/login")
        self.page.get_by_label("User").fill(user)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in", exact=True).click()
        self.page.wait_for_load_state()

    @property
    def text(self) -> str:
        """What the page says."""
        return re.sub(r"\s+", " ", self.page.locator("body").inner_text())

    def hand_in(self, side: str, power: str, price: str) -> None:
        """Hands in an order for the first two periods."""
        form = self.page.locator('form[data-sign="order"]')
        form.get_by_label(side, exact=True).check()
        form.get_by_label("Until").select_option(index=1)
        form.get_by_label("Power, kW").fill(power)
        form.get_by_label("Price, EUR per kWh").fill(price)
        form.get_by_role("button", name="Hand in").click()
        self.page.wait_for_load_state()


def violations(page: Page) -> list[str]:
    """What axe-core finds on a page, by its rules of WCAG 2.2 AA and good practice."""
    if not page.evaluate("() => typeof window.axe === 'object'"):
        page.evaluate(axe_script())
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{page.url}: {each['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
