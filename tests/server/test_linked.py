"""/id and /doc: every name is described as it was written, and nothing else is."""

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from kg.namespaces import M816, RULE
from server import linked
from server.app import create_app
from server.service import Options
from tests.server.names import KINDS, facts, names, odd_teller, place_of

TURTLE, JSON_LD, N_TRIPLES = "text/turtle", "application/ld+json", "application/n-triples"
SYNTAXES = {
    TURTLE: ox.RdfFormat.TURTLE,
    JSON_LD: ox.RdfFormat.JSON_LD,
    N_TRIPLES: ox.RdfFormat.N_TRIPLES,
}


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    """A client of the application; no worker is needed."""
    app = create_app(Options())
    yield app.test_client()
    app.extensions["m816"].close()


@pytest.mark.parametrize("kind", [*KINDS, "Code"])
def test_every_name_is_described_in_each_syntax_with_all_that_was_written_of_it(
    client: FlaskClient, kind: str
) -> None:
    assert names(kind)
    for iri in names(kind):
        for media, syntax in SYNTAXES.items():
            got = client.get(f"/doc/{place_of(iri)}", headers={"Accept": media})
            assert got.status_code == 200, iri
            assert got.content_type.split(";")[0] == media
            told = {quad.triple for quad in ox.parse(got.data, syntax)}
            assert facts()[iri] <= told, iri


def test_an_id_sends_on_to_its_description(client: FlaskClient) -> None:
    for name in ("LocalizedOsteoporosis", "rule/excludes1-conflict", "code/M81.6", "graph/codes"):
        got = client.get(f"/id/{name}")
        assert got.status_code == 303
        assert got.headers["Location"] == f"/doc/{name}"
        assert client.head(f"/doc/{name}").status_code == 200
    assert client.get("/id/").headers["Location"] == client.get("/doc").headers["Location"]


@pytest.mark.parametrize(
    "path",
    [
        "/id/nothing",
        "/doc/nothing",
        "/doc/code/M81.66",
        "/doc/rule/",
        "/id/..%2f..%2fetc%2fpasswd",
        "/doc/../server/app.py",
        "/doc/rule%2fexcludes1-conflict",
        "/doc//rule/excludes1-conflict",
        "/doc/rule//excludes1-conflict",
        "/doc/%00",
        "/doc/%ff%fe",
        "/id/rule/excludes1-conflict%0d%0aSet-Cookie:x",
        "/doc/%F0%9F%A6%B4",
        "/doc/<script>alert(1)<%2fscript>",
        "/doc/derivation/nothing",
        "/id/derivation/nothing",
        "/doc/" + "x" * 5_000,
        "/doc/https://example.org/",
    ],
)
def test_what_nothing_is_called_is_not_found(client: FlaskClient, path: str) -> None:
    for accept in ("text/html", TURTLE):
        got = client.get(path, headers={"Accept": accept})
        assert got.status_code == 404
        assert got.content_type == "application/problem+json"
        assert b"script" not in got.data


def test_a_description_is_revalidated_by_its_tag(client: FlaskClient) -> None:
    for accept in ("text/html", TURTLE):
        asked = {"Accept": accept}
        first = client.get("/doc/code/M81.6", headers=asked)
        again = client.get(
            "/doc/code/M81.6", headers={**asked, "If-None-Match": first.headers["ETag"]}
        )
        assert again.status_code == 304
        assert not again.data
        assert "Accept" in first.headers["Vary"]
        other = client.get("/doc/code/M81.8", headers=asked)
        assert other.headers["ETag"] != first.headers["ETag"]


def test_a_syntax_is_negotiated_or_named_in_the_address(client: FlaskClient) -> None:
    place = "/doc/rule/dxa-site"
    assert client.get(place).content_type.startswith(TURTLE)
    assert client.get(place, headers={"Accept": "image/png"}).status_code == 406
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    assert client.get(place, headers=browser).content_type.startswith("text/html")
    named = client.get(f"{place}?format=ntriples", headers=browser)
    assert named.content_type == N_TRIPLES
    assert client.get(f"{place}?format=odd", headers=browser).content_type.startswith("text/html")


def test_a_part_without_a_name_comes_with_what_it_belongs_to(client: FlaskClient) -> None:
    got = client.get("/doc/ExtentConflict", headers={"Accept": TURTLE})
    store = ox.Store()
    store.extend(ox.parse(got.data, ox.RdfFormat.TURTLE))
    assert store.query(f"""
        PREFIX m816: <{M816}> PREFIX owl: <http://www.w3.org/2002/07/owl#>
        PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
        ASK {{ m816:ExtentConflict owl:equivalentClass/owl:intersectionOf/rdf:rest*/rdf:first
            [ owl:onProperty m816:evidencedByFinding ] }}""")
    again = client.get("/doc/ExtentConflict", headers={"Accept": TURTLE})
    assert again.data == got.data


def test_what_points_at_a_name_is_part_of_its_description(client: FlaskClient) -> None:
    got = client.get("/doc/obligation-O-05", headers={"Accept": N_TRIPLES})
    assert (
        f"<{RULE}dxa-site> <{M816}operationalises> <{M816}obligation-O-05> .".encode() in got.data
    )
    through_a_part = client.get("/doc/evidencedByFinding", headers={"Accept": N_TRIPLES})
    assert f"<{M816}ExtentConflict>".encode() in through_a_part.data


def test_the_dataset_is_described_at_its_well_known_address(client: FlaskClient) -> None:
    got = client.get("/.well-known/void", headers={"Accept": N_TRIPLES})
    assert b"<http://rdfs.org/ns/void#sparqlEndpoint> <http://127.0.0.1:8160/sparql>" in got.data
    assert client.get("/doc/", headers={"Accept": N_TRIPLES}).data == got.data


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The odd graph is served instead of the real one."""
    monkeypatch.setenv("M816_CACHE", "")
    telling = odd_teller(tmp_path)
    monkeypatch.setattr(linked, "teller", lambda: telling)
    monkeypatch.setattr(linked, "_edition", lambda: "odd")


@pytest.mark.usefixtures("odd")
def test_a_literal_comes_out_as_it_was_written(client: FlaskClient) -> None:
    for media, syntax in SYNTAXES.items():
        got = client.get("/doc/odd", headers={"Accept": media})
        values = {getattr(q.object, "value", "") for q in ox.parse(got.data, syntax)}
        assert {"-2.50", "007", "1", "1.0", "+3.0"} <= values
    page = client.get("/doc/odd?format=html").get_data(as_text=True)
    assert all(written in page for written in ("-2.50", "007", "1.0", "+3.0"))
