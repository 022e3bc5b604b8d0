"""The query page in a real browser: by mouse, by keyboard, without a script, with hostile data."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.browser import HOSTILE, Window, run, tab_to

PREFIXES = """
PREFIX m816: <https://w3id.org/m816/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""


def cells(page: Page) -> list[str]:
    """The text of all cells of the result."""
    return page.locator("#result td").all_inner_texts()


def test_the_query_page_runs_its_first_query_and_shows_rows(window: Window) -> None:
    page = window.open("/sparql")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"^\d rows, in "))
    heads = page.locator("#result th").all_inner_texts()
    assert heads == ["graph", "title", "triples"]
    assert "Statements and conflicts @en" in cells(page)
    assert page.url == f"{window.origin}/sparql"  # the query is not in the address


def test_a_question_is_picked_and_answered(window: Window) -> None:
    page = window.open("/sparql")
    choice = page.get_by_label("Start from a question")
    choice.select_option("neighbours")
    expect(choice).to_have_accessible_description(re.compile(r"^Which codes .*\?$"))
    text = page.get_by_label("Query", exact=True)
    expect(text).to_have_value(re.compile(r"SELECT \?relation"))
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"^\d+ rows, in "))
    assert "relation" in page.locator("#result th").all_inner_texts()


def test_our_terms_lead_to_their_pages_and_others_to_the_web(window: Window) -> None:
    page = window.open("/sparql")
    run(page, f"{PREFIXES}SELECT * {{ VALUES (?a ?b ?c) {{ (m816:femur owl:Class <urn:x:1>) }} }}")
    ours, other, none = (page.locator("#result td").nth(place) for place in range(3))
    web = other.get_by_role("link", name="owl:Class").get_attribute("href")
    assert web == "http://www.w3.org/2002/07/owl#Class"
    assert none.inner_text() == "urn:x:1"
    assert none.get_by_role("link").count() == 0
    ours.get_by_role("link", name="m816:femur").click()
    page.wait_for_url(f"{window.origin}/doc/femur")


def test_every_kind_of_term_is_shown_as_what_it_is(window: Window) -> None:
    page = window.open("/sparql")
    run(page, 'SELECT * { VALUES (?a ?b ?c) { ("x"@de 1.5 UNDEF) } BIND(BNODE() AS ?d) }')
    shown = dict(zip(page.locator("#result th").all_inner_texts(), cells(page), strict=True))
    assert shown.pop("d").startswith("_:")
    assert shown == {"a": "x @de", "b": "1.5 xsd:decimal", "c": ""}


def test_yes_and_no_and_a_graph_are_shown(window: Window) -> None:
    page = window.open("/sparql")
    expect(run(page, PREFIXES + "ASK { ?s a owl:Class }")).to_have_text(re.compile("^Yes, in "))
    expect(run(page, PREFIXES + "ASK { ?s a m816:No }")).to_have_text(re.compile("^No, in "))
    status = run(page, PREFIXES + 'CONSTRUCT { m816:x rdfs:label "<i>" } WHERE {}')
    expect(status).to_contain_text("of Turtle")
    assert 'm816:x rdfs:label "<i>" .' in page.locator("#result pre").inner_text()


def test_a_long_result_is_shown_in_part_and_says_so(window: Window) -> None:
    page = window.open("/sparql")
    status = run(page, "SELECT ?s { ?s ?p ?o } LIMIT 1001")
    expect(status).to_contain_text("The first 1000 of 1001 rows; downloads have all")
    assert page.locator("#result tbody tr").count() == 1000


def test_an_error_is_shown_with_its_reason_and_goes_away(window: Window) -> None:
    page = window.open("/sparql")
    expect(run(page, "SELECT <script>alert(1)</script>")).to_have_text("No result.")
    problem = page.get_by_role("alert")
    expect(problem.get_by_role("heading")).to_have_text("The query cannot be parsed or run")
    assert "1:" in problem.locator("p").inner_text()  # line and column
    expect(page.get_by_label("Query", exact=True)).to_have_attribute("aria-invalid", "true")
    run(page, "ASK { SERVICE <http://127.0.0.1:9/> {} }")
    expect(problem).to_contain_text("SERVICE is refused")
    expect(run(page, "ASK {}")).to_contain_text("Yes")
    expect(problem).to_be_hidden()


def test_a_server_that_is_gone_is_an_error_too(window: Window) -> None:
    page = window.open("/sparql")
    window.context.set_offline(True)
    run(page, "ASK {}")
    expect(page.get_by_role("alert")).to_have_text("The server cannot be reached")
    window.context.set_offline(False)


def test_results_are_downloaded_in_every_syntax(window: Window) -> None:
    page = window.open("/sparql")
    for query, syntaxes in (
        (
            "SELECT (1 AS ?n) {}",
            {"CSV": "n\r\n1\r\n", "TSV": "?n\n1\n", "XML": "<?xml", "JSON": "{"},
        ),
        (
            "CONSTRUCT { _:a <urn:x:b> 1 } {}",
            {"Turtle": "@prefix", "JSON-LD": "[", "N-Triples": "_:"},
        ),
    ):
        run(page, query)
        for name, start in syntaxes.items():
            with page.expect_download() as waiting:
                page.get_by_role("button", name=name, exact=True).click()
            assert waiting.value.suggested_filename.startswith("result.")
            assert Path(waiting.value.path()).read_bytes().decode().startswith(start)


def test_what_the_data_say_is_never_run(window: Window) -> None:
    page = window.open("/sparql")
    run(page, HOSTILE)
    assert cells(page) == [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(2)> @en",
        "javascript:alert(3)",
        "<b>4</b> javascript:alert(5)",
    ]
    assert page.locator("#result").get_by_role("link").count() == 0
    run(page, "CONSTRUCT { <javascript:alert(1)> <urn:x:p> '<script>alert(2)</script>' } {}")
    assert "<script>alert(2)</script>" in page.locator("#result pre").inner_text()
    assert page.locator("#result :is(script, img, b)").count() == 0


def test_prefixes_are_inserted_once(window: Window) -> None:
    page = window.open("/sparql")
    text = page.get_by_label("Query", exact=True)
    text.fill("prefix owl: <http://www.w3.org/2002/07/owl#>\nASK { ?s a owl:Class, sh:NodeShape }")
    page.get_by_role("button", name="Insert prefixes").click()
    page.get_by_role("button", name="Insert prefixes").click()
    filled = text.input_value()
    assert filled.count("PREFIX sh: <http://www.w3.org/ns/shacl#>\n") == 1
    assert filled.lower().count("prefix owl:") == 1
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("status")).to_contain_text("No, in")


def test_a_link_is_made_on_demand_and_tells_the_server_nothing(window: Window) -> None:
    page = window.open("/sparql")
    query = "ASK { ?s ?p 'a+b &c=1%' }"
    page.get_by_label("Query", exact=True).fill(query)
    page.get_by_role("button", name="Make a link").click()
    field = page.get_by_label("Link to this page")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("patient"))
    link = field.input_value()
    assert link.startswith(f"{window.origin}/sparql#")
    page.goto("about:blank")
    page.goto(link)
    expect(page.get_by_label("Query", exact=True)).to_have_value(query)
    expect(page.get_by_role("status")).to_be_empty()  # it is filled in, not run


def test_a_query_is_run_without_a_mouse(window: Window) -> None:
    page = window.open("/sparql")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Query", exact=True))
    page.keyboard.press("Control+A")
    page.keyboard.type("ASK {}")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("Yes")
    page.keyboard.press("Control+A")
    page.keyboard.type("SELECT (2 AS ?n) {}")
    tab_to(page, page.get_by_role("button", name="Run"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("1 row, in")
    tab_to(page, page.get_by_role("region", name="Result rows"))  # there to scroll it
    tab_to(page, page.get_by_role("button", name="CSV"))


@pytest.mark.parametrize("query", ["SELECT ('as it is' AS ?n) {}", "ASK {}"])
def test_a_query_is_run_without_a_script(browser: Browser, origin: str, query: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{origin}/sparql")
    assert not page.get_by_role("button", name="Insert prefixes").is_visible()
    page.get_by_label("Query", exact=True).fill(query)
    page.get_by_role("button", name="Run").click()
    page.wait_for_url(re.compile(r"/sparql\?query="))
    assert ("as it is" if "as it is" in query else "true") in page.content()
    context.close()
