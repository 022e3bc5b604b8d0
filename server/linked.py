"""Names of things → what is known of them: /id/X redirects to /doc/X as HTML, Turtle or JSON-LD.

The facts come from the Turtle as it was written (``kg.authored``), never from a store. A request
for a name that nothing is called is refused, whatever bytes it is made of.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from urllib.parse import quote

import pyoxigraph as ox
from flask import Blueprint, Response, render_template, request

from kg.authored import authored
from kg.knowledge import default
from kg.locations import version
from kg.namespaces import ICD, M816, PREFIXES
from kg.telling import Shown, Teller
from server.engines import GRAPHS as FORMATS
from server.html import POLICY
from server.negotiate import GRAPHS, HTML, Syntax
from server.problems import Problem
from server.protocol import decoded
from server.responses import answered, syntax_for, tag, unchanged
from server.service import service

routes = Blueprint("linked", __name__)
PLACES = (  # below /id/ and /doc/: the namespaces whose names have pages
    ("code/", ICD),
    ("loinc/", "https://loinc.org/"),
    ("snomed/", "http://snomed.info/id/"),
    ("", M816),
)
_OFFERED = tuple(s for s in GRAPHS if s.name in ("turtle", "jsonld", "ntriples"))


@functools.cache
def teller() -> Teller:
    """The Turtle of this installation, read with the first request that needs it."""
    return Teller(authored(default()), default())


@functools.cache
def _edition() -> str:
    return f"{version()} {teller().found.sha256}"


@routes.app_template_global()
def page_of(iri: str) -> str:
    """The address of a name's page; empty for a name of elsewhere."""
    for place, namespace in PLACES:
        if iri.startswith(namespace) and len(iri) > len(namespace):
            return f"/doc/{place}{quote(iri.removeprefix(namespace))}"
    return ""


@routes.get("/id/<path:name>", merge_slashes=False)
def redirected(name: str) -> Response:
    """303: the thing is not its description."""
    return _see_other(page_of(_iri(name)))


@routes.get("/id")
@routes.get("/id/")
@routes.get("/doc")
def to_index() -> Response:
    """303 to the index."""
    return _see_other("/doc/")


def _see_other(path: str) -> Response:
    return Response(status=303, headers={"Location": path, "Access-Control-Allow-Origin": "*"})


@routes.get("/doc/<path:name>", merge_slashes=False)
def described(name: str) -> Response:
    """What is known of a name, in the syntax asked for."""
    iri = _iri(name)
    syntax = _syntax((*_OFFERED, HTML))
    if syntax is HTML:
        record = teller().found.record(iri)
        return told_page(
            "doc.html", name, lambda: {**teller().told(iri), "record": _turtle(record)[1]}
        )
    etag = tag(_edition(), name, syntax.name)
    if same := unchanged(request, etag):
        return same
    triples = teller().found.described(iri)
    turtle = syntax.name == "turtle"
    body = "\n".join(_turtle(triples)).encode() if turtle else _written(triples, syntax)
    return answered(request, body, syntax.served, etag)


@routes.get("/doc/derivation/<name>")
def derivation(name: str) -> Response:
    """A derivation: for people with its text, for programs what is said of it."""
    told = teller().derivation(name)
    if told is None:
        raise Problem("not-found", "No derivation has that name")
    if _syntax((*_OFFERED, HTML)) is not HTML:
        return described(f"derivation/{name}")
    return told_page("doc-derivation.html", f"derivation {name}", lambda: told)


@routes.get("/doc/")
def index() -> Response:
    """Where to begin: for people a list of what there is, for programs the description."""
    syntax = _syntax((*_OFFERED, HTML))
    if syntax is HTML:
        return told_page("doc-index.html", "", teller().entrances)
    return _description(syntax)


@routes.get("/.well-known/void")
def void() -> Response:
    """The description of the dataset (VoID §7.2)."""
    return _description(_syntax(GRAPHS))


def _description(syntax: Syntax) -> Response:
    etag = tag(service().generation, "description", syntax.name)
    return unchanged(request, etag) or answered(
        request, service().description(syntax.name), syntax.served, etag
    )


def _iri(path: str) -> str:
    """The IRI that a path below /id/ or /doc/ stands for; ``Problem`` if it is unknown."""
    address = str(request.environ.get("RAW_URI", "")).partition("?")[0]
    place, namespace = next(row for row in PLACES if path.startswith(row[0]))
    iri = namespace + path.removeprefix(place)
    if "%2f" in address.lower() or iri not in teller().found:
        raise Problem("not-found", "Nothing in the knowledge graph has that name")
    return iri


def _syntax(offered: tuple[Syntax, ...]) -> Syntax:
    """The syntax that ``?format=`` names, for people who follow a link, or that Accept asks for."""
    wanted = dict(decoded(request.query_string)).get("format", "")
    return next((s for s in offered if s.name == wanted), None) or syntax_for(request, offered)


def told_page(template: str, name: str, told: Callable[[], Shown]) -> Response:
    """A page that stays the same for as long as the knowledge does; told only if it has to be."""
    etag = tag(_edition(), name, template)
    if same := unchanged(request, etag):
        return same
    page = render_template(template, told=told()).encode("utf-8", "replace")
    return answered(request, page, HTML.served, etag, Content_Security_Policy=POLICY)


def _written(triples: list[ox.Triple], syntax: Syntax) -> bytes:
    return ox.serialize(triples, format=FORMATS[syntax.name], prefixes=PREFIXES) or b""


def _turtle(triples: list[ox.Triple]) -> tuple[str, str]:
    """The prefixes in use, sorted since the serializer gives them in any order, and the rest."""
    rows = _written(triples, _OFFERED[0]).decode().splitlines(keepends=True)
    body = "".join(row for row in rows if not row.startswith("@prefix "))
    head = sorted(row for row in rows if row.startswith("@prefix ") and row.split()[1] in body)
    return "".join(head), body
