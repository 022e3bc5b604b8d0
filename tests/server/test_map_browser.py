"""The map in a browser: pointing at a box, or tabbing to it, marks what it is joined to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from server.chart import picture

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.server.browser import Window

PATIENCE = 60  # seconds, for the first page of a new server on a busy machine
MARKED = "boxes => boxes.map(box => box.dataset.name)"


def joined(name: str) -> set[str]:
    """The name and those that a curve joins to it."""
    ends = [{way.start, way.end} for _, way in picture().curves]
    return {name}.union(*(pair for pair in ends if name in pair))


def marked(page: Page) -> set[str]:
    """The names of the marked boxes."""
    return set(page.locator("#map .box.on").evaluate_all(MARKED))


@pytest.fixture(scope="module", autouse=True)
def awake(origin: str) -> None:
    """The server has read the files; the browser waits less long."""
    with urlopen(f"{origin}/map", timeout=PATIENCE) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("width", [1280, 390])
def test_pointing_at_a_box_marks_what_it_is_joined_to(window: Window, width: int) -> None:
    page = window.page
    page.set_viewport_size({"width": width, "height": 844})
    window.open("/map")
    assert marked(page) == set()
    for kind in ("cause", "neighbour", "duty", "rule"):
        box = page.locator(f"#map .box.{kind}").first
        name = box.get_attribute("data-name")
        assert name
        box.hover()
        assert marked(page) == joined(name)
    page.get_by_role("heading", level=1).hover()
    assert marked(page) == set()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_boxes_are_reached_and_followed_by_keyboard(window: Window) -> None:
    page = window.open("/map")
    page.locator("#map .box.duty").first.focus()
    page.keyboard.press("Tab")
    name = page.evaluate("document.activeElement.dataset.name")
    assert marked(page) == joined(name)
    place = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{place}")
