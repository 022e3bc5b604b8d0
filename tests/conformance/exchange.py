"""The HTTP exchanges that a protocol test is made of, played against a server and compared.

``protocol_test`` and ``graph_store_test`` take ``Send``, a function that sends one request; so the
same tests run against an application in this process or whatever else can be sent a request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask.testing import FlaskClient
from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse
from werkzeug.datastructures import Headers

from tests.conformance.manifest import Entry, Term, content


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Headers
    body: bytes

    @property
    def media(self) -> str:
        """The content type without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


Send = Callable[[str, str, dict[str, str], bytes | None], Reply]  # method, path, headers, body
TABULAR = {
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
}
_SPARQL = {"/sparql/": "/sparql"}
_GRAPH = {"text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json"}
_FORMATS = {"boolean": TABULAR, "tabular": TABULAR, "RDF": _GRAPH}
_CODES = {"OK": 200, "Created": 201, "NoContent": 204, "NotFound": 404}


def sender(client: FlaskClient, **always: str) -> Send:
    """A ``Send`` by a Flask test client; ``always`` are headers of every request."""

    def send(method: str, path: str, headers: dict[str, str], body: bytes | None) -> Reply:
        sent = {**{name.replace("_", "-"): value for name, value in always.items()}, **headers}
        got = client.open(path, method=method, headers=sent, data=body)
        return Reply(got.status_code, got.headers, got.data)

    return send


def graphs(entry: Entry) -> dict[str, bytes]:
    """The named graphs a protocol test wants to find, as N-Triples."""
    return {
        entry.facts.text(part, "rdfs:label"): content(entry.facts.text(part, "ut:graph"))
        for part in entry.facts.all(entry.node, "ut:graphData")
    }


def protocol_test(entry: Entry, send: Send) -> None:
    """Play a test of the SPARQL Protocol suite; its graphs must be there already."""
    for request in _requests(entry):
        reply = _checked(entry, request, _sent(entry, send, request, _SPARQL))
        response = entry.facts.one(request, "ht:resp")
        if wanted := entry.facts.text(response, "mf:expectedFormat"):
            assert reply.media in _FORMATS[wanted], reply.media
        if truth := entry.facts.text(response, "mf:expectedBoolean"):
            assert reply.body.replace(b" ", b"").endswith(f'"boolean":{truth}}}'.encode())


def first(entry: Entry, send: Send) -> Reply:
    """The answer to the first request of a protocol test, whatever the test wants."""
    return _sent(entry, send, _requests(entry)[0], _SPARQL)


def graph_store_test(entry: Entry, send: Send) -> None:
    """Play a test of the Graph Store Protocol suite on a store without graphs."""
    known = {"/gsp": "/store"}
    for request in _requests(entry):
        reply = _checked(entry, request, _sent(entry, send, request, known))
        response = entry.facts.one(request, "ht:resp")
        if variable := entry.facts.text(response, "mf:expectedLocation"):
            known = {**known, variable: reply.headers["Location"]}
        for header in entry.facts.items(entry.facts.one(response, "ht:headers")):
            name = entry.facts.text(header, "ht:fieldName")
            assert reply.headers[name] == entry.facts.text(header, "ht:fieldValue")
        if body := _body(entry, response):
            assert isomorphic(reply.body, body)


def _requests(entry: Entry) -> list[Term]:
    found = entry.facts.items(
        entry.facts.one(entry.facts.one(entry.node, "mf:action"), "ht:requests")
    )
    assert found
    return found


def _sent(entry: Entry, send: Send, request: Term, known: dict[str, str]) -> Reply:
    """Send a request, with what is known put in its address."""
    path = entry.facts.text(request, "ht:absolutePath")
    for name, value in known.items():
        path = path.replace(name, value, 1)
    headers = {
        entry.facts.text(field, "ht:fieldName"): entry.facts.text(field, "ht:fieldValue")
        for field in entry.facts.items(entry.facts.one(request, "ht:headers"))
    }
    method = entry.facts.text(request, "ht:methodName")
    return send(method, path, headers, _body(entry, request))


def _checked(entry: Entry, request: Term, reply: Reply) -> Reply:
    """The answer, if it has one of the statuses that the test wants."""
    wanted = {
        str(term).strip("<>").rpartition("#")[2].removeprefix("StatusCode")
        for term in entry.facts.all(entry.facts.one(request, "ht:resp"), "mf:expectedStatus")
    }
    assert wanted
    assert any(matches(reply.status, code) for code in wanted), (reply.status, wanted, reply.body)
    return reply


def matches(status: int, wanted: str) -> bool:
    """Whether a status is the named one, or of a class such as ``4xx``."""
    return f"{status // 100}xx" == wanted or _CODES.get(wanted) == status


def _body(entry: Entry, message: Term | None) -> bytes | None:
    held = entry.facts.one(message, "ht:body")
    if held is None:
        return None
    text = entry.facts.text(held, "cnt:chars")
    return text.encode(entry.facts.text(held, "cnt:characterEncoding") or "utf-8")


def isomorphic(turtle: bytes, other: bytes) -> bool:
    """Whether two Turtle documents say the same, whatever their blank nodes are called."""
    return _canonical(turtle) == _canonical(other)


def _canonical(turtle: bytes) -> set[str]:
    made = Dataset(parse(turtle, RdfFormat.TURTLE))
    made.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in made}
