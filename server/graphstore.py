"""The Graph Store HTTP Protocol at /store, with --scratch only.

A graph is named by ``?graph=``, by ``?default`` or by its own address below /store; POST to /store
itself makes a new one. Reading is open, changing needs the token.
"""

from __future__ import annotations

import uuid
from urllib.parse import quote

from flask import Blueprint, Request, Response, request

from server.negotiate import GRAPHS
from server.problems import Problem
from server.protocol import decoded
from server.responses import CORS, answered, plain, preflight, syntax_for, tag, unchanged
from server.service import Service, service
from server.worker import Job

routes = Blueprint("graphstore", __name__)
METHODS = "GET, HEAD, PUT, POST, DELETE, OPTIONS"
_IN_PATHS = "/:@!$&'()*+,;=~"
_UPLOADS = GRAPHS[:4]  # a syntax of many graphs says more than one graph can hold


@routes.route("/store", methods=METHODS.split(", "), provide_automatic_options=False)
@routes.route("/store/<path:name>", methods=METHODS.split(", "), provide_automatic_options=False)
def store(name: str = "") -> Response:
    """One request of the protocol."""
    here = service()
    if not here.options.scratch:
        raise Problem("not-found", "Start the server with --scratch for a graph store")
    if request.method == "OPTIONS":
        return preflight(METHODS)
    graph = _named(here, name)
    if request.method in ("GET", "HEAD"):
        return _read(here, graph)
    return _change(here, graph)


def _named(here: Service, name: str) -> str | None:
    """The graph a request is about, empty for the default graph, None for a new one."""
    fields = decoded(request.query_string)
    named = [value for key, value in fields if key == "graph"]
    named += ["" for key, _ in fields if key == "default"]
    if name:
        named.append(f"{here.options.base}/store/{quote(name, safe=_IN_PATHS)}")
    if len(named) == 1:
        return named[0]
    if not named and request.method == "POST":
        return None
    raise Problem("bad-request", "Name one graph: ?graph=, ?default or an address below /store")


def _read(here: Service, graph: str | None) -> Response:
    syntax = syntax_for(request, GRAPHS)
    etag = tag(here.generation, "graph", str(graph), syntax.name)
    job = {"do": "graph", "method": "GET", "graph": graph, "syntax": syntax.name}
    body = here.run(job)  # first, for a graph that is gone is no unchanged graph
    return unchanged(request, etag) or answered(request, body, syntax.served, etag)


def _change(here: Service, graph: str | None) -> Response:
    made = f"{here.options.base}/store/{uuid.uuid4()}" if graph is None else ""
    name = made or graph or ""
    job: Job = {
        "do": "graph",
        "method": request.method,
        "graph": name,
        "base": name or f"{here.options.base}/store",
    }
    here.admit(request)
    if request.method != "DELETE":
        job["sent"] = _documents(request)
    created = here.change(job) == b"created"
    headers = {**CORS, "Cache-Control": "no-store"} | ({"Location": made} if made else {})
    return Response(status=201 if created else 204, headers=headers)


def _documents(sent: Request) -> list[tuple[str, bytes]]:
    """What was sent: one document, or several as the files of a form; each with its syntax."""
    plain(sent)
    if sent.mimetype == "multipart/form-data" and sent.method == "POST":
        files = [file for _, file in sent.files.items(multi=True)]
        if sent.form or not files:
            raise Problem("bad-request", "Every part of the form is a file with its content type")
        return [(_syntax(file.mimetype), file.read()) for file in files]
    return [(_syntax(sent.mimetype), sent.get_data())]


def _syntax(media: str) -> str:
    found = next((syntax for syntax in _UPLOADS if media in syntax.asked), None)
    if found is None:
        raise Problem("unsupported-media-type", "Send Turtle, N-Triples, RDF/XML or JSON-LD")
    return found.name
