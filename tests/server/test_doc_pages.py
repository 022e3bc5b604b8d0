"""/doc for people: the pages show the label, the citations, the cases; no text becomes markup."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from kg.knowledge import default
from kg.namespaces import ICD, STATEMENT
from server import linked
from server.app import create_app
from server.service import Options
from tests.rules.corpus import rule_cases
from tests.server.names import KINDS, facts, names, odd_teller, place_of

CASE = re.compile(r">([^<>]+)</a>")
HREF = re.compile(r'href="(/[^"#?]*)"')


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    """A client of the application; no worker is needed."""
    app = create_app(Options())
    yield app.test_client()
    app.extensions["m816"].close()


def html(client: FlaskClient, place: str) -> str:
    """A page, which must be there."""
    got = client.get(f"/doc/{place}", headers={"Accept": "text/html"})
    assert got.status_code == 200, place
    assert got.content_type == "text/html; charset=utf-8"
    return got.get_data(as_text=True)


@pytest.mark.parametrize("kind", [*KINDS, "Code"])
def test_every_page_shows_the_label_and_every_citation(client: FlaskClient, kind: str) -> None:
    step = 10 if kind == "Statement" else 3 if kind == "Code" else 1
    for iri in names(kind)[::step]:
        page = unescape(html(client, place_of(iri)))
        assert default().label(iri) in page or iri.startswith(ICD)
        assert iri in page
        for triple in facts()[iri]:
            cited = getattr(triple.object, "value", "")
            if cited.startswith(STATEMENT):
                document = default().text(cited, "document")
                assert default().label(cited) in page
                assert default().label(document) in page
                assert default().text(cited, "locator") in page


def test_every_address_on_the_pages_leads_somewhere(client: FlaskClient) -> None:
    pages = [html(client, place_of(iri)) for kind in KINDS[:3] for iri in names(kind)]
    pages += [html(client, place) for place in ("", "code/M81.6", "statement/S15", "icd10cm")]
    found = {unescape(place) for page in pages for place in HREF.findall(page)}
    assert len(found) > 1_000
    told = {f"/doc/derivation/{it.id}" for it in default().derivations} | {"/doc/"}
    for place in sorted(found - told):
        if place.startswith("/doc/"):
            assert client.get(place.replace("/doc/", "/id/", 1)).status_code == 303, place


def test_a_rule_shows_every_case_of_it_under_its_outcome(client: FlaskClient) -> None:
    by_rule: dict[str, dict[str, set[str]]] = {}
    for case in rule_cases():
        by_rule.setdefault(case.about, {}).setdefault(case.outcome, set()).add(case.label)
    for rule, outcomes in by_rule.items():
        page = unescape(html(client, f"rule/{rule}"))
        shown = page[page.index("<h2>Cases") :].split("<h3>")[1:]
        assert len(shown) == len(outcomes)
        listed = [frozenset(CASE.findall(part[: part.index("</ul>")])) for part in shown]
        assert set(listed) == {frozenset(labels) for labels in outcomes.values()}


def test_a_rule_names_what_it_applies_to_and_what_makes_it_so(client: FlaskClient) -> None:
    page = html(client, "rule/dxa-site")
    assert "/doc/FinalDXAReport" in page
    assert "/doc/derivation/dxa-report" in page
    assert "/doc/obligation-O-05" in page


def test_a_code_shows_its_own_and_its_inherited_notes(client: FlaskClient) -> None:
    page = unescape(html(client, "code/M81.6"))
    own, _, inherited = page.partition("Notes inherited from")
    assert "/doc/statement/T-M81.6-excludes1-1" in own
    assert "/doc/statement/T-M81-excludes1-1" in inherited
    assert "valid from 2015-10-01" in page
    assert "/doc/statement/I-osteoporosis-localized" in page
    assert "/doc/conflict-C4" in page
    assert "/doc/code/M81.6" in html(client, "code/M81")


def test_a_derivation_has_a_page_with_its_text_and_facts_for_programs(client: FlaskClient) -> None:
    for derivation in default().derivations:
        page = unescape(html(client, f"derivation/{derivation.id}"))
        assert derivation.query in page
        assert all(f"/doc/statement/{cited}" in page for cited in derivation.cites)
    got = client.get("/doc/derivation/stated-type", headers={"Accept": "text/turtle"})
    assert got.status_code == 200
    assert "a m816:Derivation" in got.text


def test_the_index_leads_to_every_rule_obligation_conflict_and_derivation(
    client: FlaskClient,
) -> None:
    linked_to = {unquote(unescape(place)) for place in HREF.findall(html(client, ""))}
    iris = [iri for kind in KINDS[:3] for iri in names(kind)]
    assert {f"/doc/{place_of(iri)}" for iri in iris} <= linked_to
    assert {f"/doc/derivation/{it.id}" for it in default().derivations} <= linked_to


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The odd graph is served instead of the real one."""
    monkeypatch.setenv("M816_CACHE", "")
    telling = odd_teller(tmp_path)
    monkeypatch.setattr(linked, "teller", lambda: telling)
    monkeypatch.setattr(linked, "_edition", lambda: "odd")


@pytest.mark.usefixtures("odd")
def test_nothing_in_the_data_becomes_markup(client: FlaskClient) -> None:
    got = client.get("/doc/odd", headers={"Accept": "text/html"})
    page = got.get_data(as_text=True)
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>" not in page
    assert 'href="javascript:' not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "script-src 'self'" in got.headers["Content-Security-Policy"]
