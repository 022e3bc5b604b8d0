"""Accept headers → the syntax to answer in (RFC 9110 §12.5.1), or that there is none.

A syntax is named by its short name (``json``, ``turtle`` …); each has one content type it is
served with and the further media types that ask for it.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header


class Syntax(NamedTuple):
    """A result syntax: the content type served, and the media types that ask for it."""

    name: str
    served: str
    asked: tuple[str, ...]


def _syntax(name: str, media: str, *aliases: str, charset: bool = False) -> Syntax:
    return Syntax(name, f"{media}; charset=utf-8" if charset else media, (media, *aliases))


TABLES = (
    _syntax("json", "application/sparql-results+json", "application/json"),
    _syntax("xml", "application/sparql-results+xml", "application/xml", "text/xml"),
    _syntax("csv", "text/csv", charset=True),
    _syntax("tsv", "text/tab-separated-values", charset=True),
)
GRAPHS = (
    _syntax("turtle", "text/turtle", "application/x-turtle", charset=True),
    _syntax("ntriples", "application/n-triples", "text/plain"),
    _syntax("jsonld", "application/ld+json", "application/json"),
    _syntax("rdfxml", "application/rdf+xml", "application/xml", "text/xml"),
    _syntax("trig", "application/trig"),
    _syntax("nquads", "application/n-quads"),
)
HTML = _syntax("html", "text/html", "application/xhtml+xml", charset=True)


@functools.lru_cache(maxsize=512)
def chosen(accept: str, offered: tuple[Syntax, ...]) -> Syntax | None:
    """The best syntax for an Accept header, the first offered if it is empty; None for none."""
    if not accept.strip():
        return offered[0]
    wanted = parse_accept_header(accept, MIMEAccept)
    best: Syntax | None = None
    rank = (0.0, -1, 0)
    for place, syntax in enumerate(offered):
        for media in syntax.asked:
            found = (*_quality(wanted, media), -place)
            if found[0] > 0 and found > rank:
                best, rank = syntax, found
    return best


def _quality(wanted: MIMEAccept, media: str) -> tuple[float, int]:
    """The q-value of the most specific range that covers the media type, and how specific it is."""
    kind = media.split("/", maxsplit=1)[0]
    found = {name.split(";")[0].strip().lower(): quality for name, quality in reversed(wanted)}
    for specific, name in ((2, media), (1, f"{kind}/*"), (0, "*/*")):
        if name in found:
            return found[name], specific
    return 0.0, -1
