"""``/sparql``: the SPARQL 1.1 Protocol over the served dataset, and its description."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.wrappers import Request

from server.engines import Asked
from server.negotiate import GRAPHS, HTML, TABLES, Syntax
from server.pages import query_page
from server.problems import Problem
from server.protocol import MAX_URL, Operation, operation
from server.responses import (
    Reply,
    answered,
    plain,
    preflight,
    reply,
    same,
    syntax_for,
    tag,
    unchanged,
)
from server.service import Service, service

routes = Blueprint("sparql", __name__)
METHODS = "GET, HEAD, POST, OPTIONS"
DIGEST = "m816.digest"  # key of the environ under which the log finds what stands for the query


@routes.route("/sparql", methods=["GET", "HEAD", "POST"], provide_automatic_options=False)
def sparql() -> Response:
    """A query's result; without a query the query page or the service description."""
    here = service()
    asked = received(request)
    if asked is None:
        return description(here, request)
    if asked.kind == "update":
        return here.update(asked, request)
    return query(here, asked, request).response()


def direct(here: Service, sent: Request) -> Reply | None:
    """The reply to a query sent by GET, for callers outside Flask; None if none was sent."""
    asked = received(sent)
    return None if asked is None else query(here, asked, sent)


def received(sent: Request) -> Operation | None:
    """The operation a request asks for; None for a GET that asks for nothing."""
    if len(sent.path) + len(sent.query_string) >= MAX_URL:
        raise Problem("url-too-long", f"At most {MAX_URL} characters; send the query by POST")
    plain(sent)
    body = sent.get_data(cache=False) if sent.method == "POST" else b""
    media = sent.headers.get("Content-Type", "")
    asked = operation(sent.method, sent.query_string, media, body)
    if asked is not None:
        sent.environ[DIGEST] = tag(asked.text)[:16]
    return asked


@routes.route("/sparql", methods=["OPTIONS"])
def options() -> Response:
    """What a browser asks before a request from another origin."""
    return preflight(METHODS)


def query(here: Service, asked: Operation, sent: Request) -> Reply:
    """Run a query, or tell the client that it has the answer."""
    graph = asked.overview.form in ("CONSTRUCT", "DESCRIBE")
    syntax = syntax_for(sent, GRAPHS if graph else TABLES)
    etag = ""
    if not asked.overview.volatile and sent.method != "POST":
        graphs = (*asked.default_graphs, "|", *asked.named_graphs)
        etag = tag(here.generation, asked.text, syntax.name, *graphs)
        if known := same(sent, etag):
            return known
    job = Asked(
        asked.text,
        syntax.name,
        asked.default_graphs,
        asked.named_graphs,
        union=here.union and not asked.overview.dataset,
        base=f"{here.options.base}/sparql",
    )
    return reply(sent, here.answer(job), _media(sent, syntax), etag)


def _media(sent: Request, syntax: Syntax) -> str:
    """The content type; a browser shows XML by its general name only, else it saves a file."""
    accept = sent.headers.get("Accept", "")
    shown = HTML.asked[0] in accept and syntax.served not in accept
    return "application/xml" if shown and syntax.served.endswith("+xml") else syntax.served


def description(here: Service, sent: Request) -> Response:
    """The service description, or the query page for a browser."""
    syntax = syntax_for(sent, (*GRAPHS, HTML))
    if syntax is HTML:
        return query_page()
    etag = tag(here.generation, "description", syntax.name)
    return unchanged(sent, etag) or answered(
        sent, here.description(syntax.name), syntax.served, etag
    )
