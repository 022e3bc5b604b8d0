"""Named queries over HTTP: run at /queries/<id> with typed parameters.

A question about cases takes a record by POST; nothing of it is stored or logged.
"""

from __future__ import annotations

import functools
from importlib.resources import files

import msgspec
import pyoxigraph as ox
from flask import Response, request
from werkzeug.datastructures import MultiDict

from kg.errors import UnusableParameter
from kg.queries import cell
from kg.questions import Question, bound, called, choices, expected, questions, term
from server.engines import Asked
from server.examples import routes
from server.html import page
from server.negotiate import GRAPHS, HTML, TABLES, Syntax
from server.problems import Problem
from server.protocol import decoded
from server.received import FORM, RECORDS, meant, parameters, received
from server.responses import answered, preflight, syntax_for, tag, unchanged
from server.service import service

__all__ = ["routes"]


@routes.get("/queries/<name>", provide_automatic_options=False)
def run(name: str) -> Response:
    """The answer to a named query; for people a page with its form, text and result."""
    here, question = service(), _question(name)
    given, syntax = _asked_for(question, MultiDict(decoded(request.query_string)))
    asked = _asked(question, given, syntax, here.union)
    if question.of_case:
        if syntax is not HTML:
            raise Problem("not-acceptable", "By GET there is its page only; send a record by POST")
        return _page(question, given, asked.text)
    if syntax is HTML:
        return _page(question, given, asked.text, here.answer(asked))
    etag = tag(here.generation, asked.text, syntax.name)
    if same := unchanged(request, etag):
        return same
    return answered(request, here.answer(asked), syntax.served, etag)


@routes.post("/queries/<name>", provide_automatic_options=False)
def of_record(name: str) -> Response:
    """The answer of a question about cases on the record that is sent."""
    question = _question(name)
    if not question.of_case:
        raise Problem("method-not-allowed", "It asks of no case", Allow="GET, HEAD, OPTIONS")
    sent = received({**RECORDS, **FORM}, _example())
    given, syntax = _asked_for(question, sent.parameters)
    asked = _asked(question, given, syntax, True)
    job = {"do": "ask", "name": sent.name, "body": sent.body, "asked": msgspec.to_builtins(asked)}
    answer = service().judge(job)
    if syntax is not HTML:
        return answered(request, answer, syntax.served)
    shown = _page(question, given, asked.text, answer)
    shown.headers["Cache-Control"] = "no-store"
    return shown


@routes.route("/queries/<name>", methods=["OPTIONS"])
def options(name: str) -> Response:
    """What a browser asks before a request from another origin."""
    methods = "GET, HEAD, POST, OPTIONS" if _question(name).of_case else "GET, HEAD, OPTIONS"
    return preflight(methods)


def _question(name: str) -> Question:
    found = questions(service().knowledge).get(name)
    if found is None:
        raise Problem("not-found", "No query has that name; /queries lists them")
    return found


def _asked_for(question: Question, sent: MultiDict[str, str]) -> tuple[dict[str, str], Syntax]:
    """The values that were given, an empty one being none, and the syntax to answer in."""
    given = parameters(sent, (*(p.name for p in question.parameters), "format"))
    offered = (*(GRAPHS if question.form == "construct" else TABLES), HTML)
    named = meant("format", {syntax.name: syntax for syntax in offered}, given)
    given.pop("format", None)
    values = {name: words for name, words in given.items() if words}
    return values, named or syntax_for(request, offered)


def _asked(question: Question, given: dict[str, str], syntax: Syntax, union: bool) -> Asked:
    inner = "turtle" if question.form == "construct" else "json"
    try:
        text = bound(question, given, service().knowledge)
    except UnusableParameter as error:
        raise Problem("bad-parameter", f"{error.place}: {error.what}") from None
    return Asked(text, inner if syntax is HTML else syntax.name, union=union)


def _page(
    question: Question, given: dict[str, str], text: str = "", answer: bytes = b""
) -> Response:
    knowledge = service().knowledge
    fields = []
    for p in question.parameters:
        value = term(question.id, p, given[p.name], knowledge) if p.name in given else p.default
        words = called(p, value, knowledge)
        fields.append((p, words, choices(p, knowledge), expected(p, knowledge)))
    graph = answer.decode() if question.form == "construct" else ""
    found = msgspec.json.decode(answer) if answer and not graph else {}
    shown = {"fields": fields, "text": text, "graph": graph, "found": found}
    return page("query-result.html", question=question, cell=_cell, here=shown)


def _cell(binding: dict[str, str]) -> str:
    """A value of the SPARQL results in JSON, as a table shows it."""
    said = binding["value"]
    return cell(ox.NamedNode(said) if binding["type"] == "uri" else ox.Literal(said))


@functools.cache
def _example() -> bytes:
    return files("server").joinpath("static/example.json").read_bytes()
