"""rdflib as the reference engine gives the solutions that Oxigraph gives, over the whole dataset.

Numbers and booleans are compared by value: Oxigraph's store keeps values, rdflib spellings.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kg.namespaces import PREFIXES
from server.engines import GRAPHS, TABLES, Asked
from server.problems import Problem
from server.reference import Rdflib
from server.service import Options
from tests.conformance.solutions import Result, read
from tests.server.stores import client_of

PROLOGUE = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
GRAPH = "https://w3id.org/m816/graph/"
QUERIES = {
    "join": "SELECT ?c ?l { ?c a m816:DrugClass ; rdfs:label ?l }",
    "optional": "SELECT ?c ?a { ?c a m816:Code OPTIONAL { ?c skos:altLabel ?a } }",
    "optional with a filter": """SELECT ?b ?p { ?b a m816:Region ; rdfs:label ?l
        OPTIONAL { ?p m816:denotes ?b FILTER(?b != m816:femur) } }""",
    "union": "SELECT ?x { { ?x a m816:Region } UNION { ?x a m816:DrugClass } }",
    "minus": "SELECT ?c { ?c a owl:Class MINUS { ?c rdfs:subClassOf ?d FILTER(isIRI(?d)) } }",
    "not exists": """SELECT ?c { ?c a m816:Region
        FILTER NOT EXISTS { ?c m816:partOf ?d } }""",
    "sequence path": "SELECT ?c ?n { ?c a m816:SiteCode ; m816:code/skos:notation ?n }",
    "closure path": "SELECT ?up { icd:M81.6 skos:broader+ ?up }",
    "zero or more": "SELECT ?c { ?c skos:broader* icd:M80-M85 }",
    "inverse and alternative": """SELECT ?x ?y { ?x a m816:SourceConflict ;
        (m816:strongerStatement|^m816:conflict) ?y }""",
    "negated property set": "SELECT ?v { icd:M81.6 !(skos:prefLabel|rdf:type) ?v }",
    "count of groups": "SELECT ?t (COUNT(?s) AS ?n) { ?s a ?t FILTER(isIRI(?t)) } GROUP BY ?t",
    "having": """SELECT ?d (COUNT(*) AS ?n) { ?s m816:document ?d } GROUP BY ?d
        HAVING(COUNT(*) > 50)""",
    "sum, average and extremes": """SELECT (SUM(?g) AS ?a) (MIN(?g) AS ?b) (MAX(?g) AS ?c)
        (COUNT(DISTINCT ?g) AS ?d) { ?s m816:maxGap ?g }""",
    "subquery": """SELECT ?r ?n { { SELECT ?r (COUNT(*) AS ?n) { ?c m816:region ?r } GROUP BY ?r }
        FILTER(?n > 20) }""",
    "distinct": "SELECT DISTINCT ?r ?s { ?c a m816:SiteCode ; m816:region ?r ; m816:side ?s }",
    "values": "SELECT ?c ?l { VALUES ?c { icd:M81.6 icd:M81.0 } ?c skos:prefLabel ?l }",
    "values with undef": """SELECT ?c ?n { VALUES (?c ?n) { (icd:M81.6 UNDEF) (UNDEF "M81.0") }
        ?c skos:notation ?n }""",
    "bind and strings": """SELECT ?n ?u ?k { ?c a m816:Code ; skos:notation ?n
        FILTER(STRSTARTS(?n, "M8"))
        BIND(LCASE(STRBEFORE(?n, ".")) AS ?u) BIND(STRLEN(?n) AS ?k) }""",
    "regular expression": 'SELECT ?n { ?c skos:notation ?n FILTER(REGEX(?n, "^M81\\\\.[0-9]$")) }',
    "languages": 'SELECT ?c ?d { ?c skos:definition ?d FILTER(LANG(?d) = "en") }',
    "dates": 'SELECT ?c { ?c m816:validFrom ?d FILTER(?d >= "2024-10-01"^^xsd:date) }',
    "booleans": "SELECT ?c { ?c m816:billable false ; a m816:Code }",
    "coalesce and if": """SELECT ?c ?x { ?c a m816:Region OPTIONAL { ?c m816:partOf ?p }
        BIND(IF(BOUND(?p), "part", COALESCE(?nothing, "whole")) AS ?x) }""",
    "lists": "SELECT ?x ?y { ?x owl:intersectionOf/rdf:rest*/rdf:first ?y FILTER(isIRI(?y)) }",
    "one graph": f"SELECT ?s {{ GRAPH <{GRAPH}shapes> {{ ?s a m816:Rule }} }}",
    "which graph": "SELECT ?g { GRAPH ?g { icd:M81.6 ?p ?o } } GROUP BY ?g",
    "two graphs": f"""SELECT ?s ?c {{ GRAPH <{GRAPH}shapes> {{ ?s a m816:Rule ; dct:source ?c }}
        GRAPH <{GRAPH}statements> {{ ?c m816:authority ?a }} }}""",
    "from": f"SELECT ?s FROM <{GRAPH}shapes> {{ ?s a m816:Rule }}",
    "from named": f"SELECT ?g FROM NAMED <{GRAPH}shapes> {{ GRAPH ?g {{ ?s a m816:Rule }} }}",
    "from, with nothing in named graphs": f"ASK FROM <{GRAPH}shapes> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "ask, true": "ASK { ?s a m816:SourceConflict }",
    "ask, false": "ASK { ?s a m816:Rule, m816:Code }",
    "construct": "CONSTRUCT { ?b skos:narrower ?c } { ?c skos:broader ?b }",
    "construct with blank nodes": """CONSTRUCT { ?c dct:subject [ rdfs:label ?l ] }
        { ?c a m816:DrugClass ; rdfs:label ?l }""",
    "construct where": "CONSTRUCT WHERE { ?s a m816:Region ; rdfs:label ?l }",
}
ORDERED = {
    "by a text": "SELECT ?n { ?c skos:notation ?n } ORDER BY ?n LIMIT 50 OFFSET 100",
    "descending, by two": """SELECT ?g ?s { ?s m816:maxGap ?g } ORDER BY DESC(?g) ?s""",
    "by an expression": """SELECT ?n { ?c a m816:Code ; skos:notation ?n }
        ORDER BY STRLEN(?n) DESC(?n) LIMIT 60""",
}
NOWHERE = "a default graph that is not there"
DATASETS = {
    "a default graph": {"default-graph-uri": [GRAPH + "shapes"]},
    "two default graphs": {"default-graph-uri": [GRAPH + "shapes", GRAPH + "statements"]},
    "a named graph": {"named-graph-uri": [GRAPH + "shapes"]},
    "both": {"default-graph-uri": [GRAPH + "statements"], "named-graph-uri": [GRAPH + "shapes"]},
    NOWHERE: {"default-graph-uri": [GRAPH + "none"]},
}
WHERE = "SELECT ?g ?s { { ?s a m816:Rule } UNION { GRAPH ?g { ?s a m816:Rule } } }"


def answer(client: FlaskClient, query: str, dataset: dict[str, list[str]]) -> TestResponse:
    accept = "application/sparql-results+json, application/n-triples;q=0.9"
    sent = {"query": PROLOGUE + query, **dataset}
    got = client.post("/sparql", data=sent, headers={"Accept": accept})
    assert got.status_code == 200, (query, got.text)
    return got


def result(got: TestResponse) -> Result:
    return read(got.data, got.mimetype or "", GRAPH)


def test_both_engines_give_the_same_answers() -> None:
    """One test, for rdflib needs seconds to load the dataset."""
    asked = [
        *((name, query, {}) for name, query in (QUERIES | ORDERED).items()),
        *((name, WHERE, dataset) for name, dataset in DATASETS.items()),
    ]
    with (
        client_of(Options()) as ours,
        client_of(Options(engine="rdflib", workers=1, deadline=60)) as reference,
    ):
        both = {n: (answer(ours, q, d), answer(reference, q, d)) for n, q, d in asked}
    assert [name for name, (a, b) in both.items() if result(a) != result(b)] == []
    assert [name for name, (a, _) in both.items() if not a.data or b":[]" in a.data] == [NOWHERE]
    for name in ORDERED:
        first, second = (got.get_json(force=True)["results"]["bindings"] for got in both[name])
        assert first == second, name
        assert len(first) >= 50


def test_the_reference_names_the_fault_of_a_query() -> None:
    engine = Rdflib(b"", {})
    with pytest.raises(Problem, match="bad-query"):
        engine.query(Asked("SELECT ?s { ?s ?p }", "json"), 1_000)
    with pytest.raises(Problem, match="result-too-large"):
        engine.query(Asked("SELECT (1 AS ?one) {}", "json"), 10)


@pytest.mark.parametrize("syntax", [*TABLES, *GRAPHS])
def test_the_reference_writes_every_syntax(syntax: str) -> None:
    engine = Rdflib(b"<urn:a> <urn:b> <urn:c> .", {})
    form = "SELECT ?s" if syntax in TABLES else "CONSTRUCT { ?s <urn:b> <urn:c> }"
    assert b"urn:a" in engine.query(Asked(f"{form} {{ ?s ?p ?o }}", syntax), 1_000)


def test_the_reference_fetches_nothing_that_from_names(tmp_path: Path) -> None:
    (tmp_path / "secret.ttl").write_text("<urn:a> <urn:b> <urn:c> .")
    address = (tmp_path / "secret.ttl").as_uri()
    asked = Asked(f"SELECT ?s FROM <{address}> {{ ?s ?p ?o }}", "csv", union=False)
    assert Rdflib(b"", {}).query(asked, 1_000) == b"s\r\n"
