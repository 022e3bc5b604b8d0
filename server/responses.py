"""Bodies and problems → HTTP responses: gzip, ETag and 304, CORS, HEAD."""

from __future__ import annotations

import gzip
import hashlib

from flask import Request, Response

from server.negotiate import Syntax, chosen
from server.problems import Problem

_COMPRESS = 1_000  # smaller bodies gain nothing
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Location, Retry-After",
}
SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def syntax_for(request: Request, offered: tuple[Syntax, ...]) -> Syntax:
    """The syntax to answer in, or ``Problem`` not-acceptable."""
    found = chosen(request.headers.get("Accept", ""), offered)
    if found is None:
        given = ", ".join(syntax.asked[0] for syntax in offered)
        raise Problem("not-acceptable", f"Accept one of {given}")
    return found


def tag(*parts: str) -> str:
    """An entity tag for what was asked of a generation of the data."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def unchanged(request: Request, etag: str) -> Response | None:
    """304 if the client has this version already."""
    sent = request.headers.get("If-None-Match")
    if sent is None or not request.if_none_match.contains_weak(etag):
        return None
    return Response(status=304, headers={**CORS, **_validators(etag)})


def answered(request: Request, body: bytes, media: str, etag: str = "", **more: str) -> Response:
    """200 with a body; compressed if wanted, revalidated if tagged, else not stored."""
    headers = {**CORS, **SAFE, "Content-Type": media}
    headers |= _validators(etag) if etag else {"Cache-Control": "no-store"}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    if len(body) >= _COMPRESS and request.accept_encodings.quality("gzip") > 0 and _zips(request):
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    headers["Vary"] = "Accept, Accept-Encoding"
    return Response(body, headers=headers)


def _zips(request: Request) -> bool:
    """Whether gzip was named, not only covered by ``*``, which some clients send by mistake."""
    return "gzip" in request.headers.get("Accept-Encoding", "")


def _validators(etag: str) -> dict[str, str]:
    return {
        "ETag": f'W/"{etag}"',  # weak: the same for gzip and plain
        "Cache-Control": "no-cache",
        "Vary": "Accept, Accept-Encoding",
    }


def refused(problem: Problem) -> Response:
    """A problem as its response."""
    headers = {**CORS, **SAFE, "Content-Type": "application/problem+json", **problem.headers}
    headers["Cache-Control"] = "no-store"
    return Response(problem.body(), status=problem.status, headers=headers)
