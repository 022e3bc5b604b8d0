"""The named queries published: the list at /queries, and the graph that describes them.

The graph is also at /.well-known/sparql-examples, where SPARQL editors look for examples. It is
read from the Turtle of this installation, whatever store the server asks.
"""

from __future__ import annotations

import functools

import msgspec
import pyoxigraph as ox
from flask import Blueprint, Response, request

from kg.knowledge import Knowledge, triples_of, turtle_files
from kg.locations import ONTOLOGY
from kg.namespaces import M816, PREFIXES
from kg.questions import Question, called, questions
from server.engines import GRAPHS as FORMATS
from server.html import page
from server.negotiate import GRAPHS, HTML, Syntax
from server.responses import answered, syntax_for, tag, unchanged
from server.service import service

routes = Blueprint("named", __name__)
_LIST = (Syntax("json", "application/json", ("application/json",)), *GRAPHS, HTML)
_PREFIXES = {**PREFIXES, "query": M816 + "query/", "schema": "https://schema.org/"}
_TARGET = ox.NamedNode(M816 + "sparql")  # stands for the address of this server


@routes.get("/queries")
def listed() -> Response:
    """The named queries: a page, JSON, or the graph that describes them."""
    syntax = syntax_for(request, _LIST)
    knowledge = service().knowledge
    known = questions(knowledge).values()
    if syntax is HTML:
        return page("queries.html", questions=known)
    if syntax.name != "json":
        return _described(syntax)
    etag = tag(knowledge.sha256, "queries", syntax.name)
    if same := unchanged(request, etag):
        return same
    body = msgspec.json.encode([_row(question, knowledge) for question in known])
    return answered(request, body, syntax.served, etag)


@routes.get("/.well-known/sparql-examples")
def examples() -> Response:
    """The graph that describes the named queries."""
    return _described(syntax_for(request, GRAPHS))


def _row(question: Question, knowledge: Knowledge) -> dict[str, object]:
    """A named query as it stands in the JSON list."""
    return {
        "id": question.id,
        "iri": question.iri,
        "label": question.label,
        "asks": question.asks,
        "keywords": question.keywords,
        "competencyQuestion": question.number or None,
        "ofCase": question.of_case,
        "form": question.form,
        "parameters": [
            {
                "name": p.name,
                "label": p.label,
                "kind": p.kind,
                "default": called(p, p.default, knowledge) or None,
            }
            for p in question.parameters
        ],
        "query": question.text,
    }


def _described(syntax: Syntax) -> Response:
    """The graph of the queries, with the address of this server as the target of each."""
    here = service()
    etag = tag(here.knowledge.sha256, here.options.base, "queries", syntax.name)
    if same := unchanged(request, etag):
        return same
    address = ox.NamedNode(f"{here.options.base}/sparql")
    triples = [
        ox.Triple(t.subject, t.predicate, address if t.object == _TARGET else t.object)
        for t in _graph()
    ]
    body = ox.serialize(triples, format=FORMATS[syntax.name], prefixes=_PREFIXES) or b""
    return answered(request, body, syntax.served, etag)


@functools.cache
def _graph() -> list[ox.Triple]:
    return [t for path in turtle_files(ONTOLOGY / "queries") for t in triples_of(path)]
