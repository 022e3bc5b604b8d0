"""A headless Chromium before a server on a real socket, with an eye on all a page must not do."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
YASGUI = ROOT / "server" / "static" / "yasgui" / "yasgui.min.js"
PATIENCE = 20_000  # milliseconds, for a busy machine; a page that works needs a fraction
_FLAGS = (
    "--no-sandbox",  # containers run tests as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HOSTILE = """SELECT ?text ?tagged ?iri ?odd WHERE {
  VALUES (?text ?tagged ?iri) {
    ("<script>alert(1)</script>" "<img src=x onerror=alert(2)>"@en <javascript:alert(3)>)
  }
  BIND(STRDT("<b>4</b>", <javascript:alert(5)>) AS ?odd)
}"""
_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`refused by policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium of the system, or a skip."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("needs Chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        yield browser
        browser.close()


class Window:
    """One window with one page, and the list of what that page did wrong."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.context = context
        self.origin = origin
        self.faults: list[str] = []
        context.set_default_timeout(PATIENCE)
        context.add_init_script(_VIOLATIONS)
        context.on("request", self._requested)
        context.on("response", self._answered)
        self.page: Page = context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error.message}"))
        self.page.on("dialog", self._asked)

    def open(self, place: str) -> Page:
        """Go to a page of the server, wait until it has loaded."""
        answer = self.page.goto(self.origin + place)
        assert answer is not None
        assert answer.status == 200
        return self.page

    def kept(self) -> str:
        """What the page left in the browser's storage."""
        found = self.page.evaluate("Object.values({...localStorage, ...sessionStorage}).join('')")
        return f"{found}{''.join(cookie['name'] for cookie in self.context.cookies())}"

    def close(self) -> None:
        """Close it; whatever a test did, its page must have done nothing wrong."""
        kept = self.kept() if self.page.url.startswith(self.origin) else ""
        self.context.close()
        assert not self.faults, "\n".join(self.faults)
        assert not kept, kept

    def _requested(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if f"{parts.scheme}://{parts.netloc}" != self.origin and parts.scheme not in (
            "blob",  # made by the page itself, for downloads
            "data",
        ):
            self.faults.append(f"left the origin: {request.url}")

    def _answered(self, response: Response) -> None:
        # what a test sends by POST may be refused; what a page loads may not
        if response.status >= 400 and response.request.method == "GET":
            self.faults.append(f"{response.status} {response.url}")

    def _said(self, message: ConsoleMessage) -> None:
        refusal = message.text.startswith("Failed to load resource")  # see _answered
        if message.type in ("error", "warning") and not refusal:
            self.faults.append(f"console: {message.text}")

    def _asked(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()


def run(page: Page, query: str) -> Locator:
    """Run a query on the query page; its status line when that is done."""
    page.get_by_label("Query", exact=True).fill(query)
    page.get_by_role("button", name="Run").click()
    status = page.get_by_role("status")
    expect(status).not_to_have_text(re.compile("^$|…"))
    return status


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("Tab never gets there")
