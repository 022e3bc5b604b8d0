"""Every page in a real browser: accessible, no wider than its window, shut to the outside."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.server.browser import AXE, HOSTILE, YASGUI, Window, run, tab_to

EXAMPLE = Path(__file__).parents[2] / "server" / "static" / "example.json"
AXE_FINDS = """async () => {
  const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
  const found = await axe.run(document, { runOnly, resultTypes: ["violations"] });
  const faults = found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 200)}`));
  if (document.documentElement.scrollWidth > innerWidth) faults.push("wider than its window");
  return found.passes.length ? faults : ["axe looked at nothing"];
}"""
PAGES = [
    "/",
    "/sparql",
    "/yasgui",
    "/check",
    "/map",
    "/queries",
    "/queries/neighbours",
    "/queries/missing",
    "/doc/",
    "/doc/femur",
    "/doc/rule/dxa-site",
    "/doc/code/M81.6",
    "/doc/statement/G-IV.J",
]


def needs_yasgui() -> None:
    """Skip if it was not built."""
    if not YASGUI.is_file():
        pytest.skip("needs the built YASGUI, run make ui")


def looked_at(page: Page) -> None:
    """Look at a page in a wide and a narrow window, in both colour schemes."""
    if not AXE.is_file():
        pytest.skip("needs axe-core, run make ui")
    page.evaluate(AXE.read_text("utf-8"))
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert page.evaluate(AXE_FINDS) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert page.evaluate(AXE_FINDS) == []


@pytest.mark.parametrize("place", PAGES)
def test_a_page_is_accessible_and_fits_its_window(window: Window, place: str) -> None:
    if place == "/yasgui":
        needs_yasgui()
    looked_at(window.open(place))


def test_results_and_errors_are_accessible_and_fit_their_window(window: Window) -> None:
    page = window.open("/sparql")
    run(page, HOSTILE)
    page.get_by_role("button", name="Make a link").click()
    looked_at(page)
    run(page, "SELECT")
    looked_at(page)


def test_yasgui_runs_a_query_shows_data_as_text_and_leads_to_our_pages(window: Window) -> None:
    needs_yasgui()
    page = window.open("/sparql")
    page.get_by_role("link", name="YASGUI").click()
    expect(page.locator(".yasqe_queryButton")).to_be_visible()
    assert page.locator(".autocomplete").input_value() == f"{window.origin}/sparql"
    page.locator(".yasqe_queryButton").click()
    link = page.locator(".yasr_results a.iri").first
    expect(link).to_be_visible()
    looked_at(page)
    with page.context.expect_page() as opened:
        link.click()
    opened.value.wait_for_url(f"{window.origin}/doc/*")
    fill = "query => document.querySelector('.CodeMirror').CodeMirror.setValue(query)"
    # no handler: the sanitizer inside parses it where nothing runs, yet the browser reports it
    page.evaluate(fill, HOSTILE.replace("onerror", "title"))
    page.locator(".yasqe_queryButton").click()
    expect(page.locator(".yasr_results")).to_contain_text("<script>alert(1)</script>")
    assert page.locator(".yasr_results :is(script, img)").count() == 0


def test_a_record_is_checked_and_the_verdict_read(window: Window) -> None:
    page = window.open("/check")
    page.get_by_label("A file").set_input_files(EXAMPLE)
    page.get_by_role("button", name="Check", exact=True).click()
    page.wait_for_url(re.compile("^blob:"))
    expect(page.locator("body")).to_contain_text("M81.6")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    looked_at(page)


def test_a_record_is_checked_without_a_mouse(window: Window) -> None:
    page = window.open("/check")
    text = page.get_by_label("Or its text")
    tab_to(page, text)
    page.keyboard.insert_text("{}")
    tab_to(page, page.get_by_role("button", name="Check", exact=True))
    page.keyboard.press("Enter")
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("The record or graph cannot be read")
    expect(problem).to_be_focused()
    looked_at(page)
    text.focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(EXAMPLE.read_text("utf-8"))
    tab_to(page, page.get_by_role("button", name="Check", exact=True))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("^blob:"))
    expect(page.locator("body")).to_contain_text("M81.6")


def test_what_a_record_says_is_never_run(window: Window) -> None:
    record = EXAMPLE.read_text("utf-8")
    hostile = record.replace('"S82.202A"', '"<img/src=x>"').replace(" at home", " <img src=x>")
    assert hostile.count("<img") >= 2
    page = window.open("/check")
    page.get_by_label("Or its text").fill(hostile)
    page.get_by_role("button", name="Check", exact=True).click()
    page.wait_for_url(re.compile("^blob:"))
    expect(page.locator("body")).to_contain_text("img/src=x")
    assert page.locator("img, script").count() == 0


def test_a_question_is_asked_with_another_value(window: Window) -> None:
    page = window.open("/queries")
    page.get_by_role("link", name="Neighbouring codes").click()
    page.get_by_label("code").fill("M80")
    page.get_by_role("button", name="Ask").click()
    page.wait_for_url("**/queries/neighbours?code=M80")
    expect(page.get_by_role("region", name="Answer")).to_contain_text("M81")
