"""Bodies and problems → HTTP responses: gzip, ETag and 304, CORS, HEAD."""

from __future__ import annotations

import gzip
import hashlib
from typing import NamedTuple

from flask import Response
from werkzeug.wrappers import Request

from server.negotiate import Syntax, chosen
from server.problems import Problem

_COMPRESS = 1_000  # smaller bodies gain nothing
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Location, Retry-After",
}
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # for data, which may hold XHTML; pages have their own. Browsers lay XML out by inline styles.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


class Reply(NamedTuple):
    """What is sent in the end; ``response`` makes it Flask's, which costs as much as a query."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    def response(self) -> Response:
        """The same for Flask."""
        return Response(self.body, self.status, self.headers)


def syntax_for(request: Request, offered: tuple[Syntax, ...]) -> Syntax:
    """The syntax to answer in, or ``Problem`` not-acceptable."""
    found = chosen(request.headers.get("Accept", ""), offered)
    if found is None:
        given = ", ".join(syntax.asked[0] for syntax in offered)
        raise Problem("not-acceptable", f"Accept one of {given}")
    return found


def plain(request: Request) -> None:
    """Refuse a compressed body: it may grow without end."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Problem("unsupported-media-type", "Send the body without a content encoding")


def preflight(methods: str) -> Response:
    """What a browser asks before a request from another origin; it may send no token."""
    headers = {
        **CORS,
        "Allow": methods,
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": "Accept, Content-Type, If-None-Match",
        "Access-Control-Max-Age": "86400",
    }
    return Response(status=204, headers=headers)


def tag(*parts: str) -> str:
    """An entity tag for what was asked of a generation of the data; none if that is unknown."""
    if not parts[0]:
        return ""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def unchanged(request: Request, etag: str) -> Response | None:
    """304 if the client has this version already."""
    made = same(request, etag)
    return None if made is None else made.response()


def same(request: Request, etag: str) -> Reply | None:
    """As ``unchanged``, not yet Flask's."""
    sent = request.headers.get("If-None-Match")
    if not etag or sent is None or not request.if_none_match.contains_weak(etag):
        return None
    return Reply(304, {**CORS, **_validators(etag)})


def answered(request: Request, body: bytes, media: str, etag: str = "", **more: str) -> Response:
    """200 with a body; compressed if wanted, revalidated if tagged, else not stored."""
    made = reply(request, body, media, etag)
    made.headers.update({name.replace("_", "-"): value for name, value in more.items()})
    return made.response()


def reply(request: Request, body: bytes, media: str, etag: str = "") -> Reply:
    """As ``answered``, not yet Flask's."""
    headers = {**CORS, **SAFE, "Content-Type": media}
    headers |= _validators(etag) if etag else {"Cache-Control": "no-store"}
    if len(body) >= _COMPRESS and _zips(request) and request.accept_encodings.quality("gzip") > 0:
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    headers["Vary"] = "Accept, Accept-Encoding"
    return Reply(200, headers, body)


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
    return refusal(problem).response()


def refusal(problem: Problem) -> Reply:
    """As ``refused``, not yet Flask's."""
    headers = {**CORS, **SAFE, "Content-Type": "application/problem+json", **problem.headers}
    headers["Cache-Control"] = "no-store"
    return Reply(problem.status, headers, problem.body())
