"""``/sparql``: the SPARQL 1.1 Protocol over the served dataset, and its description."""

from __future__ import annotations

from flask import Blueprint, Request, Response, request

from server.engines import Asked
from server.negotiate import GRAPHS, HTML, TABLES
from server.problems import Problem
from server.protocol import MAX_URL, Operation, operation
from server.responses import CORS, answered, syntax_for, tag, unchanged
from server.service import Service, service

routes = Blueprint("sparql", __name__)
METHODS = "GET, HEAD, POST, OPTIONS"


@routes.route("/sparql", methods=["GET", "HEAD", "POST"], provide_automatic_options=False)
def sparql() -> Response:
    """A query's result; without a query the query page or the service description."""
    here = service()
    if len(request.environ.get("RAW_URI", "") or request.full_path) > MAX_URL:
        raise Problem("url-too-long", f"At most {MAX_URL} characters; send the query by POST")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Problem("unsupported-media-type", "Send the body without a content encoding")
    body = request.get_data(cache=False) if request.method == "POST" else b""
    media = request.headers.get("Content-Type", "")
    asked = operation(request.method, request.query_string, media, body)
    if asked is None:
        return description(here, request)
    if asked.kind == "update":
        return here.update(asked, request)
    return query(here, asked, request)


@routes.route("/sparql", methods=["OPTIONS"])
def preflight() -> Response:
    """What a browser asks before a request from another origin."""
    headers = {
        **CORS,
        "Allow": METHODS,
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": "Accept, Content-Type, If-None-Match",
        "Access-Control-Max-Age": "86400",
    }
    return Response(status=204, headers=headers)


def query(here: Service, asked: Operation, sent: Request) -> Response:
    """Run a query, or tell the client that it has the answer."""
    graph = asked.overview.form in ("CONSTRUCT", "DESCRIBE")
    syntax = syntax_for(sent, GRAPHS if graph else TABLES)
    etag = ""
    if not asked.overview.volatile:
        graphs = (*asked.default_graphs, "|", *asked.named_graphs)
        etag = tag(here.generation, asked.text, syntax.name, *graphs)
        if same := unchanged(sent, etag):
            return same
    job = Asked(
        asked.text,
        syntax.name,
        asked.default_graphs,
        asked.named_graphs,
        union=here.union and not asked.overview.dataset,
    )
    return answered(sent, here.answer(job), syntax.served, etag)


def description(here: Service, sent: Request) -> Response:
    """The service description, or the query page for a browser."""
    syntax = syntax_for(sent, (*GRAPHS, HTML))
    if syntax is HTML:
        return here.page(sent)
    etag = tag(here.generation, "description", syntax.name)
    return unchanged(sent, etag) or answered(
        sent, here.description(syntax.name), syntax.served, etag
    )
