"""The WSGI layer before Flask: takes bodies in, answers queries the short way, counts and logs.

A log line is JSON on stderr: time, method, route (the rule, never the address), status,
milliseconds, bytes and, of a query, the beginning of its SHA-256. Finding a view and making its
response takes Flask longer than a small query takes, so a query sent by GET goes to
``server.sparql`` from here, and a small result is kept; everything else goes through Flask.
"""

from __future__ import annotations

import contextlib
import io
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Flask
from werkzeug.wrappers import Request

from server import sparql
from server.kept import Kept
from server.options import BODIES
from server.problems import Fault, Problem
from server.responses import Reply, refusal, tag
from server.service import Service

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BODY = 1_000_000
ROUTE = "m816.route"  # key of the environ under which Flask's side leaves the rule
_VARIES = (
    "QUERY_STRING",
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_IF_NONE_MATCH",
    "HTTP_CONTENT_ENCODING",
)
_METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}
_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Front:
    """Wraps the WSGI application of ``app``."""

    def __init__(self, app: Flask) -> None:
        self._inner: WSGIApplication = app.wsgi_app
        self._here: Service = app.extensions["m816"]
        self._kept = Kept()
        self._bodies = threading.BoundedSemaphore(BODIES)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer, count, log. The body is a list of one: a WSGI server sends that fastest."""
        began = time.perf_counter()
        try:
            made = self._reply(environ)
        except Problem as problem:
            made = refusal(problem)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told so
            made = failed(error)
        if made is None:
            status, body = self._by_flask(environ, start)
        else:
            status, body = made.status, made.body
            headers = list(made.headers.items())
            if status != 304:
                headers.append(("Content-Length", str(len(body))))
            start(_LINES[status], headers)
        self._tell(environ, status, len(body), time.perf_counter() - began)
        return [body]

    def _reply(self, environ: WSGIEnvironment) -> Reply | None:
        """The reply to a query sent by GET, kept if it was asked before; None for all else."""
        if not environ.get("QUERY_STRING", "").isascii():  # werkzeug would fail to decode it
            raise Problem("bad-request", "The parameters are not urlencoded UTF-8")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            self._take_in(environ)
            return None
        if environ["PATH_INFO"] != "/sparql" or environ["REQUEST_METHOD"] == "HEAD":
            return None
        environ[ROUTE] = "/sparql"
        key = tag(self._here.generation, *(environ.get(name, "") for name in _VARIES))
        found = self._kept.get(key)
        if found is not None:
            made, environ[sparql.DIGEST] = found
            return made
        reply = sparql.direct(self._here, Request(environ))
        if reply is not None:
            self._kept.put(key, reply, environ[sparql.DIGEST])
        return reply

    def _take_in(self, environ: WSGIEnvironment) -> None:
        """Read the whole body, so that Flask's side neither waits for it nor gets a part of it."""
        told = environ.get("CONTENT_LENGTH") or ""
        if told and not told.isdecimal():
            raise Problem("bad-request", "The length of the body is no number")
        if told and int(told) > MAX_BODY:
            raise Problem("too-large", f"A body has at most {MAX_BODY} bytes")
        if not self._bodies.acquire(blocking=False):
            raise Problem("busy", "More bodies are being sent than can be taken in")
        try:
            body, source = bytearray(), environ["wsgi.input"]
            size = int(told or MAX_BODY + 1)  # to ask for more than was announced may block
            while len(body) < size and (more := source.read(size - len(body))):
                body += more
        finally:
            self._bodies.release()
        if len(body) > MAX_BODY:
            raise Problem("too-large", f"A body has at most {MAX_BODY} bytes")
        if told and len(body) != int(told):
            raise Problem("bad-request", "The body is not as long as announced")
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))

    def _by_flask(self, environ: WSGIEnvironment, start: StartResponse) -> tuple[int, bytes]:
        lines: list[str] = []

        def noted(line: str, headers: list[tuple[str, str]], *_: object) -> Any:
            lines.append(line)
            return start(line, headers)

        parts = self._inner(environ, noted)
        try:
            return int(lines[0][:3]), b"".join(parts)
        finally:
            getattr(parts, "close", bool)()

    def _tell(self, environ: WSGIEnvironment, status: int, size: int, seconds: float) -> None:
        method = environ["REQUEST_METHOD"]
        method = method if method in _METHODS else "other"
        route = environ.get(ROUTE, "none")
        self._here.metrics.request(method, route, status, seconds)
        line = {
            "time": _now(),
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1_000, 2),
            "bytes": size,
        }
        if sparql.DIGEST in environ:
            line["query"] = environ[sparql.DIGEST]
        _log(line)


def failed(error: Exception) -> Reply:
    """What nobody expected: logged by its kind and place, without what was asked."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{PurePath(place.filename).name}:{place.lineno}"
    kind, where = error.args if isinstance(error, Fault) else (type(error).__name__, where)
    _log({"time": _now(), "error": kind, "at": where})
    return refusal(Problem("internal"))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _log(line: dict[str, object]) -> None:
    with contextlib.suppress(OSError, ValueError):  # nobody reads it: no reason not to answer
        sys.stderr.write(msgspec.json.encode(line).decode() + "\n")
