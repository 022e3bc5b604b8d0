"""/map: the code and what lies around it, each box a link, the same in words below."""

import re
from collections.abc import Iterator
from html import unescape
from itertools import combinations

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from kg.errors import KnowledgeError
from kg.knowledge import Knowledge, all_triples, default
from kg.namespaces import ICD, M816
from kg.surroundings import surroundings
from server.app import create_app
from server.chart import Box, picture
from server.service import Options

PREFIXES = f"""
PREFIX m816: <{M816}> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX dct: <http://purl.org/dc/terms/> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""
CENTRE = "?hood a m816:CodeNeighbourhood ; m816:centre ?centre ."
EXPECTED = {
    "rules": "?name a m816:Rule",
    "obligations": "?name a m816:DocumentationObligation",
    "claims about causes": "?name a m816:CausalHypothesis",
    "what is to be told apart": f"""{CENTRE}
        ?type m816:indexesTo ?centre ; m816:describes ?class . ?name m816:toTellApartFrom ?class""",
    "codes of causes": "?claim m816:classifiedTo|m816:codedBeside ?name",
    "codes that notes at the code name": f"""{CENTRE}
        ?centre skos:broader* ?mine . ?mine a m816:Code .
        ?note m816:noteOn ?mine ; m816:refersTo ?name""",
    "codes whose notes name the code": f"""{CENTRE}
        ?centre skos:broader* ?mine . ?mine a m816:Code .
        ?note m816:refersTo ?mine ; m816:noteOn ?name""",
    "codes of the same category": f"""{CENTRE}
        ?centre skos:broader ?category . ?name skos:broader ?category""",
    "the code with a fracture": f"""{CENTRE}
        ?type m816:indexesTo ?centre ; m816:withFractureIndexesTo ?name""",
}
BOX = re.compile(r'<a class="box [^"]*" href="([^"]+)" data-name="([^"]+)"')


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    """A client of the application; no worker is needed."""
    app = create_app(Options())
    yield app.test_client()
    app.extensions["m816"].close()


@pytest.fixture(scope="module")
def boxes(client: FlaskClient) -> dict[str, str]:
    """The address of each box on the page, by its name."""
    page = client.get("/map").get_data(as_text=True)
    found = {unescape(name): unescape(place) for place, name in BOX.findall(page)}
    assert len(found) == page.count('<a class="box')
    return found


@pytest.fixture(scope="module")
def store() -> ox.Store:
    """The whole graph."""
    made = ox.Store()
    made.extend(ox.Quad(t.subject, t.predicate, t.object) for t in all_triples())
    return made


def selected(store: ox.Store, where: str) -> set[str]:
    """The names that a pattern finds."""
    rows = store.query(f"{PREFIXES} SELECT DISTINCT ?name WHERE {{ {where} }}")
    assert isinstance(rows, ox.QuerySolutions)
    return {row["name"].value for row in rows}


@pytest.mark.parametrize("what", EXPECTED)
def test_the_map_has_all(what: str, boxes: dict[str, str], store: ox.Store) -> None:
    expected = selected(store, EXPECTED[what])
    assert expected
    assert expected <= set(boxes)


def test_the_map_has_nothing_else(boxes: dict[str, str], store: ox.Store) -> None:
    expected = set().union(*(selected(store, where) for where in EXPECTED.values()))
    apart = selected(store, "?kind m816:describes/m816:toTellApartFrom ?c ; m816:indexesTo ?name")
    assert set(boxes) == expected | apart


def test_a_cause_is_joined_to_the_centre_only_by_a_claim_about_its_condition(
    store: ox.Store,
) -> None:
    around = surroundings(default())
    expected = selected(
        store,
        f"""{CENTRE} ?type m816:indexesTo ?centre ; m816:describes ?class .
        ?name m816:effect/rdfs:subClassOf* ?class""",
    )
    assert set(around.causes) == expected
    assert {way.start for way in around.ways if way.kind == "cause"} == expected
    assert set(around.other_causes).isdisjoint(expected)


def test_a_rule_is_joined_to_each_obligation_it_carries_out(store: ox.Store) -> None:
    rows = store.query(f"{PREFIXES} SELECT ?r ?o WHERE {{ ?r m816:operationalises ?o }}")
    assert isinstance(rows, ox.QuerySolutions)
    expected = {(row["o"].value, row["r"].value) for row in rows}
    drawn = {(way.start, way.end) for _, way in picture().curves if way.kind == "rule"}
    assert drawn == expected


def test_every_box_leads_to_a_page(client: FlaskClient, boxes: dict[str, str]) -> None:
    for name, place in boxes.items():
        assert client.get(place.replace("/doc/", "/id/", 1)).status_code == 303, name


def test_every_box_is_in_the_words_below_too(client: FlaskClient, boxes: dict[str, str]) -> None:
    page = client.get("/map").get_data(as_text=True)
    words = page[page.index('<h2 id="words">') :]
    centre = surroundings(default()).centre
    for name, place in boxes.items():
        assert f'href="{place}"' in words or name == centre


def test_no_box_covers_another_and_none_leaves_the_picture() -> None:
    made = picture()

    def apart(one: Box, other: Box) -> bool:
        beside = one.x + one.width <= other.x or other.x + other.width <= one.x
        return beside or one.y + one.height <= other.y or other.y + other.height <= one.y

    assert all(apart(one, other) for one, other in combinations(made.boxes.values(), 2))
    for box in made.boxes.values():
        assert 0 <= box.x < box.x + box.width <= made.width
        assert 0 <= box.y < box.y + box.height <= made.height
        assert "".join(box.lines).replace(" ", "") == box.shown["words"].replace(" ", "")


def test_the_map_fetches_only_from_here(client: FlaskClient) -> None:
    got = client.get("/map")
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]
    assert not re.search(r'\s(src|style|on\w+)="(?!/static/)', got.get_data(as_text=True))


@pytest.mark.parametrize("centres", [(), ("M81.6", "M81.8")])
def test_a_graph_without_one_centre_is_refused(centres: tuple[str, ...]) -> None:
    made = Knowledge()
    hood, kind = ox.NamedNode(f"{M816}hood"), ox.NamedNode(f"{M816}CodeNeighbourhood")
    made.add(ox.Triple(hood, ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), kind))
    for code in centres:
        made.add(ox.Triple(hood, ox.NamedNode(f"{M816}centre"), ox.NamedNode(ICD + code)))
    with pytest.raises(KnowledgeError):
        surroundings(made)
