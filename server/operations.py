"""What operators ask: /healthz, /readyz, /metrics; and /openapi.json, which says what is here."""

from __future__ import annotations

import functools
import json
from importlib.resources import files

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST

from kg import __version__
from server.problems import Problem
from server.responses import answered, tag, unchanged
from server.service import service

routes = Blueprint("operations", __name__)


@routes.get("/healthz")
def health() -> Response:
    """The process lives; says nothing of its workers."""
    return answered(request, b"ok\n", "text/plain; charset=utf-8")


@routes.get("/readyz")
def readiness() -> Response:
    """A worker answers; 503 if none does in time."""
    if not service().ready():
        raise Problem("busy", "No worker answers")
    return answered(request, b"ready\n", "text/plain; charset=utf-8")


@routes.get("/metrics")
def metrics() -> Response:
    """Counts since the start, for Prometheus."""
    return answered(request, service().metrics.text(), CONTENT_TYPE_LATEST)


@routes.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI document, with this version and this address in it."""
    base = service().options.base
    etag = tag("openapi", __version__, base)
    return unchanged(request, etag) or answered(request, _openapi(base), "application/json", etag)


@functools.lru_cache(maxsize=8)
def _openapi(base: str) -> bytes:
    told = json.loads(files("server").joinpath("openapi.json").read_bytes())
    told["info"]["version"] = __version__
    told["servers"] = [{"url": base}]
    return json.dumps(told, ensure_ascii=False).encode()
