"""The evaluation and syntax tests of the W3C suites, played through /sparql and /store."""

from __future__ import annotations

from pyoxigraph import NamedNode, RdfFormat, parse

from tests.conformance.exchange import Send
from tests.conformance.manifest import BASE, Entry, Term, content
from tests.conformance.solutions import ASKED, Result, read, rows

_SYNTAXES = {"ttl": "text/turtle", "rdf": "application/rdf+xml", "nt": "application/n-triples"}


def load(entry: Entry, holder: Term | None, vocabulary: str, send: Send) -> None:
    """Put the data of a test (``qt`` or ``ut``) into an empty dataset by the graph store."""
    for term in entry.facts.all(holder, f"{vocabulary}:data"):
        _put(send, "default", _address(term), _address(term))
    for name, address in named(entry, holder, vocabulary):
        _put(send, f"graph={name}", address, name)


def named(entry: Entry, holder: Term | None, vocabulary: str) -> list[tuple[str, str]]:
    """The named graphs of a test: name and address of what is in them."""
    found = []
    for term in entry.facts.all(holder, f"{vocabulary}:graphData"):
        label = entry.facts.text(term, "rdfs:label")
        address = _address(entry.facts.one(term, "ut:graph")) if label else _address(term)
        found.append((label or address, address))
    return found


def _address(term: Term | None) -> str:
    assert isinstance(term, NamedNode)
    return term.value


def _put(send: Send, graph: str, address: str, base: str) -> None:
    """POST, since the data of a default graph may come in several files."""
    body, media = content(address), _SYNTAXES[address.rpartition(".")[2]]
    if media == "text/turtle":
        body = f"@base <{base}> .\n".encode() + body
    reply = send("POST", f"/store?{graph}", {"Content-Type": media}, body)
    assert reply.status in (201, 204), reply.body


def text(entry: Entry, term: Term | None) -> bytes:
    """A query or update of the suite; its relative IRIs are those of its address."""
    address = _address(term)
    return f"BASE <{address}>\n".encode() + content(address)


def evaluated(entry: Entry, send: Send) -> Result:
    """What /sparql answers, in the syntax of the expected result."""
    action = entry.facts.one(entry.node, "mf:action")
    query = text(entry, entry.facts.one(action, "qt:query"))
    wanted = _address(entry.facts.one(entry.node, "mf:result")).rpartition(".")[2]
    accept = ASKED.get(wanted, "application/sparql-results+json, text/turtle;q=0.9")
    reply = send(
        "POST", "/sparql", {"Content-Type": "application/sparql-query", "Accept": accept}, query
    )
    assert reply.status == 200, reply.body
    return read(reply.body, reply.media, BASE)


def expected_result(entry: Entry) -> Result:
    """What the suite says the answer is."""
    address = _address(entry.facts.one(entry.node, "mf:result"))
    return read(content(address), ASKED.get(address.rpartition(".")[2], "text/turtle"), address)


def understood(entry: Entry, send: Send, media: str) -> bool:
    """Whether the text of a syntax test is parsed: done, or refused for a graph that is missing."""
    body = text(entry, entry.facts.one(entry.node, "mf:action"))
    reply = send("POST", "/sparql", {"Content-Type": media}, body)
    assert reply.status in (200, 204, 400, 403), reply.body
    return reply.status < 300 or b"does not exist" in reply.body


def dataset(send: Send) -> Result:
    """Everything that is in the dataset, by graph."""
    query = b"SELECT ?g ?s ?p ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    asked = {"Content-Type": "application/sparql-query", "Accept": ASKED["srj"]}
    return read(send("POST", "/sparql", asked, query).body, ASKED["srj"], BASE)


def expected_dataset(entry: Entry) -> Result:
    """Everything the suite says is in the dataset after an update."""
    result = entry.facts.one(entry.node, "mf:result")
    sources = [("", _address(term)) for term in entry.facts.all(result, "ut:data")]
    found: list[dict[str, Term]] = []
    for name, address in sources + named(entry, result, "ut"):
        for quad in parse(content(address), RdfFormat.TURTLE, base_iri=address):
            row: dict[str, Term] = {"s": quad.subject, "p": quad.predicate, "o": quad.object}
            found.append({**row, "g": NamedNode(name)} if name else row)
    return rows(["g", "s", "p", "o"], found)
