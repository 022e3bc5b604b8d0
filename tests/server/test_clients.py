"""Programs that others wrote ask our server: over a real socket, as people start it."""

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from rdflib import DCTERMS, Graph, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore

from kg.dataset import dataset
from kg.knowledge import default
from kg.namespaces import M816
from tests.server.started import ROOT, started

RULE = f"{M816}rule/dxa-site"
QUERY = f"SELECT ?p ?o WHERE {{ <{RULE}> ?p ?o }}"
GRAPH = f"CONSTRUCT WHERE {{ <{RULE}> ?p ?o }}"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The address of ``/sparql``."""
    with started() as url:
        yield f"{url}/sparql"


@pytest.fixture(scope="module")
def facts() -> set[tuple[str, str]]:
    """What our files say of the rule, independently of any server: property and value as text."""
    quads = ox.parse(dataset(default()).quads, ox.RdfFormat.N_QUADS)
    return {
        (q.predicate.value, str(q.object)) for q in quads if getattr(q.subject, "value", "") == RULE
    }


def rdf(said: set[tuple[str, str]]) -> set[tuple[Any, Any]]:
    """The same as terms of rdflib."""
    lines = "\n".join(f"<{RULE}> <{p}> {o} ." for p, o in said)
    return set(Graph().parse(data=lines, format="nt").predicate_objects())


def values(said: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The same as SPARQL results in JSON give it: the value without quotes, type and language."""
    return {(str(p), str(o)) for p, o in rdf(said)}


# ---- SPARQLWrapper ----


@pytest.fixture(params=["GET", "POST form", "POST direct"])
def wrapper(request: pytest.FixtureRequest, endpoint: str) -> Any:
    """A SPARQLWrapper that asks in one of the three ways of the protocol."""
    made = pytest.importorskip("SPARQLWrapper").SPARQLWrapper(endpoint)
    method, _, how = request.param.partition(" ")
    made.setMethod(method)
    made.setRequestMethod("postdirectly" if how == "direct" else "urlencoded")
    return made


def test_sparqlwrapper_reads_a_table_in_every_syntax(
    wrapper: Any, facts: set[tuple[str, str]]
) -> None:
    wrapper.setQuery(QUERY)
    wrapper.setReturnFormat("json")
    rows = wrapper.queryAndConvert()["results"]["bindings"]
    assert {(row["p"]["value"], row["o"]["value"]) for row in rows} == values(facts)
    wrapper.setReturnFormat("xml")
    assert len(wrapper.queryAndConvert().getElementsByTagName("result")) == len(facts)
    wrapper.setReturnFormat("csv")
    table = list(csv.reader(io.StringIO(wrapper.queryAndConvert().decode())))
    assert {tuple(row) for row in table[1:]} == values(facts)
    wrapper.setReturnFormat("tsv")
    lines = wrapper.queryAndConvert().decode().splitlines()
    assert lines[0] == "?p\t?o"
    assert len(lines) == len(facts) + 1


# its convert() makes a ConjunctiveGraph, which rdflib deprecates
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_sparqlwrapper_reads_an_answer_and_graphs(
    wrapper: Any, facts: set[tuple[str, str]]
) -> None:
    wrapper.setReturnFormat("json")
    wrapper.setQuery(f"ASK {{ <{RULE}> ?p ?o }}")
    assert wrapper.queryAndConvert()["boolean"] is True
    for query in (GRAPH, f"DESCRIBE <{RULE}>"):
        wrapper.setQuery(query)
        for syntax in ("rdf+xml", "json-ld"):
            wrapper.setReturnFormat(syntax)
            assert set(wrapper.queryAndConvert().predicate_objects(URIRef(RULE))) == rdf(facts)
        wrapper.setReturnFormat("turtle")
        found = Graph().parse(data=wrapper.queryAndConvert(), format="turtle")
        assert set(found.predicate_objects(URIRef(RULE))) == rdf(facts)


def test_sparqlwrapper_names_graphs_and_is_told_what_is_wrong(wrapper: Any) -> None:
    wrapper.setReturnFormat("json")
    wrapper.addDefaultGraph(f"{M816}graph/shapes")
    wrapper.setQuery(f"ASK {{ <{RULE}> a ?class }}")
    assert wrapper.queryAndConvert()["boolean"] is True
    wrapper.setQuery(f"ASK {{ ?s a <{M816}SourceConflict> }}")
    assert wrapper.queryAndConvert()["boolean"] is False
    wrapper.setQuery("SELECT ?x WHERE { ?x }")
    refused = pytest.importorskip("SPARQLWrapper.SPARQLExceptions").QueryBadFormed
    with pytest.raises(refused, match="problem/bad-query"):
        wrapper.query()


# ---- rdflib ----


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
@pytest.mark.parametrize("syntax", ["xml", "json", "csv", "tsv"])
def test_an_rdflib_graph_lies_over_the_endpoint(
    method: str, syntax: str, endpoint: str, facts: set[tuple[str, str]]
) -> None:
    graph = Graph(SPARQLStore(endpoint, method=method, returnFormat=syntax))
    found: Any = graph.query(QUERY)
    assert len(found) == len(facts)
    if syntax != "csv":  # which has no types
        assert {(row.p, row.o) for row in found} == rdf(facts)
        assert set(graph.predicate_objects(URIRef(RULE))) == rdf(facts)
    if syntax in ("xml", "json"):  # rdflib asks ASK, whose answer only these two have a form for
        source = next(o for p, o in rdf(facts) if p == DCTERMS.source)
        assert (URIRef(RULE), DCTERMS.source, source) in graph
        assert (URIRef(RULE), DCTERMS.source, URIRef("urn:nothing")) not in graph


def test_rdflib_counts_lists_graphs_and_constructs(
    endpoint: str, facts: set[tuple[str, str]]
) -> None:
    quads = list(ox.parse(dataset(default()).quads, ox.RdfFormat.N_QUADS))
    assert len(Graph(SPARQLStore(endpoint))) == len({quad.triple for quad in quads})
    names = {quad.graph_name.value for quad in quads if isinstance(quad.graph_name, ox.NamedNode)}
    assert {str(name) for name in SPARQLStore(endpoint).contexts()} == names
    shapes = f"{M816}graph/shapes"
    one = Graph(SPARQLStore(endpoint, context_aware=True), URIRef(shapes))
    assert len(one) == sum(getattr(quad.graph_name, "value", "") == shapes for quad in quads)
    for query in (GRAPH, f"DESCRIBE <{RULE}>"):
        found = Graph(SPARQLStore(endpoint)).query(query).graph
        assert found is not None
        assert set(found.predicate_objects(URIRef(RULE))) == rdf(facts)
    assert Graph(SPARQLStore(endpoint)).query("ASK {}").askAnswer is True


# ---- another engine's SERVICE ----


def test_pyoxigraph_and_rdflib_ask_us_by_service(
    endpoint: str, facts: set[tuple[str, str]]
) -> None:
    query = (
        f"SELECT ?n ?p ?o WHERE {{ VALUES ?n {{ 1 2 }} SERVICE <{endpoint}> {{ <{RULE}> ?p ?o }} }}"
    )
    solutions: Any = ox.Store().query(query)
    found = [(s["n"].value, s["p"].value, str(s["o"])) for s in solutions]
    assert len(found) == 2 * len(facts)
    assert {(p, o) for _, p, o in found} == facts
    rows: Any = Graph().query(query)
    assert len(rows) == 2 * len(facts)
    assert {(row.p, row.o) for row in rows} == rdf(facts)


# ---- curl ----


def curl(*words: str) -> tuple[dict[str, str], bytes]:
    """Headers in lower case, with ``status``, and body of what curl got; 20 seconds at most."""
    command = shutil.which("curl")
    if command is None:
        pytest.skip("needs curl")
    run = subprocess.run(
        [command, "--silent", "--show-error", "--include", "--max-time", "20", *words],
        capture_output=True,
        check=True,
    )
    top, _, body = run.stdout.partition(b"\r\n\r\n")
    if top.endswith(b" 100 Continue"):
        top, _, body = body.partition(b"\r\n\r\n")
    status, *lines = top.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return {**headers, "status": status.split()[1]}, body


def test_curl_gets_the_same_by_get_form_and_direct_post(
    endpoint: str, facts: set[tuple[str, str]]
) -> None:
    ways = (
        (f"{endpoint}?query={quote(QUERY)}",),
        ("--get", "--data-urlencode", f"query={QUERY}", endpoint),
        ("--data-urlencode", f"query={QUERY}", endpoint),
        ("--header", "Content-Type: application/sparql-query", "--data-binary", QUERY, endpoint),
        ("--header", "Expect: 100-continue", "--data-urlencode", f"query={QUERY}", endpoint),
        ("--http1.0", "--data-urlencode", f"query={QUERY}", endpoint),
    )
    for words in ways:
        headers, body = curl(*words)
        assert headers["status"] == "200"
        assert headers["content-type"] == "application/sparql-results+json"
        rows = json.loads(body)["results"]["bindings"]
        assert {(row["p"]["value"], row["o"]["value"]) for row in rows} == values(facts)


def test_curl_chooses_the_syntax(endpoint: str, facts: set[tuple[str, str]]) -> None:
    def got(accept: str, query: str) -> tuple[str, bytes]:
        words = ("--header", f"Accept: {accept}", "--data-urlencode", f"query={query}", endpoint)
        headers, body = curl(*words)
        return headers.get("content-type", ""), body

    media, body = got("text/csv;q=0.5, application/sparql-results+xml", QUERY)
    assert media == "application/sparql-results+xml"
    space = {"r": "http://www.w3.org/2005/sparql-results#"}
    assert len(ElementTree.fromstring(body).findall(".//r:result", space)) == len(facts)
    media, body = got("text/csv", QUERY)
    assert media == "text/csv; charset=utf-8"
    assert len(body.splitlines()) == len(facts) + 1
    media, body = got("application/n-triples", GRAPH)
    assert media == "application/n-triples"
    assert len(body.splitlines()) == len(facts)
    media, body = got("image/png", QUERY)
    assert media == "application/problem+json"
    assert json.loads(body)["status"] == 406


def test_curl_inflates_asks_for_the_head_and_revalidates(endpoint: str) -> None:
    url = f"{endpoint}?query={quote('SELECT * WHERE { ?s a ?class } LIMIT 1000')}"
    plain, body = curl(url)
    assert int(plain["content-length"]) == len(body)
    packed, inflated = curl("--compressed", url)
    assert packed["content-encoding"] == "gzip"
    assert int(packed["content-length"]) < len(body) / 4
    assert inflated == body
    head, none = curl("--head", url)
    assert none == b""
    different = {"date"}
    assert {k: v for k, v in head.items() if k not in different} == {
        k: v for k, v in plain.items() if k not in different
    }
    unchanged, none = curl("--header", f"If-None-Match: {plain['etag']}", url)
    assert (unchanged["status"], none) == ("304", b"")
    assert unchanged["etag"] == plain["etag"]


# ---- Comunica ----


def comunica(source: str, query: str) -> set[tuple[str, ...]]:
    """The rows that the command gives, in the order of the variables."""
    command = ROOT / "node_modules" / ".bin" / "comunica-sparql"
    if not command.exists():
        pytest.skip("needs Comunica, run make ui-tools")
    run = subprocess.run(
        [command, source, query, "--outputType", "application/sparql-results+json"],
        capture_output=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr.decode()
    found = json.loads(run.stdout)
    names = found["head"]["vars"]
    return {tuple(row[name]["value"] for name in names) for row in found["results"]["bindings"]}


def test_comunica_reads_what_we_say_of_ourselves_and_asks_us(
    endpoint: str, facts: set[tuple[str, str]]
) -> None:
    assert comunica(endpoint, QUERY) == values(facts)


def test_comunica_joins_a_page_of_ours_with_the_endpoint_by_service(
    endpoint: str, facts: set[tuple[str, str]]
) -> None:
    page = endpoint.removesuffix("/sparql") + "/doc/rule/dxa-site"
    query = (
        f"SELECT ?source ?class WHERE {{ <{RULE}> <{DCTERMS.source}> ?source "
        f"SERVICE <{endpoint}> {{ ?source a ?class }} }}"
    )
    sources = {o for p, o in values(facts) if p == str(DCTERMS.source)}
    assert len(sources) > 1
    assert comunica(f"file@{page}", query) == {(s, f"{M816}Statement") for s in sources}
