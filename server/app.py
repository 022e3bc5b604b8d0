"""The Flask application: routes, limits, and every failure as a problem document."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from server import chart, graphstore, linked, named, operations, pages, records, sparql
from server.front import MAX_BODY, ROUTE, Front, failed
from server.pool import Pool
from server.problems import Problem
from server.responses import refused
from server.service import Options, Service

_NAMES = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    414: "url-too-long",
    415: "unsupported-media-type",
}


def create_app(options: Options | None = None, queries: Pool | None = None) -> Flask:
    """The application for these options; its workers start with the first request.

    ``queries`` is the pool for queries, if it has been started already.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.url_map.merge_slashes = False  # it redirects, to wherever the Host header says
    app.extensions["m816"] = Service(options or Options(), queries)
    for part in (sparql, graphstore, linked, chart, records, named, pages, operations):
        app.register_blueprint(part.routes)
    app.register_error_handler(Problem, refused)
    app.register_error_handler(HTTPException, _refused_by_flask)
    app.register_error_handler(Exception, lambda error: failed(error).response())
    app.before_request(_note_route)
    app.wsgi_app = Front(app)  # type: ignore[assignment]
    return app


def _note_route() -> None:
    if request.url_rule is not None:
        request.environ[ROUTE] = request.url_rule.rule


def _refused_by_flask(error: HTTPException) -> Response:
    """What Flask itself refuses, in our form; a redirect passes as it is."""
    if error.response is not None or (error.code or 500) < 400:
        return Response(status=error.code)
    code = error.code or 500
    problem = Problem(_NAMES.get(code, "internal" if code >= 500 else "bad-request"))
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        problem.headers["Allow"] = ", ".join(sorted(allowed))
    return refused(problem)
