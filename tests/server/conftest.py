"""A server, a browser before it and a window, for the tests that want them.

What they need is imported when they do. One browser a module: it occupies the event loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.server.started import started

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.server.browser import Window


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    """The address of a server."""
    with started() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    from tests.server.browser import chromium

    with chromium() as running:
        yield running


@pytest.fixture
def window(browser: Browser, origin: str) -> Iterator[Window]:
    """A new window, whose page must do nothing wrong until the test ends."""
    from tests.server.browser import Window

    opened = Window(browser.new_context(viewport={"width": 1280, "height": 900}), origin)
    yield opened
    opened.close()
