"""Accept headers → the syntax to answer in (RFC 9110 §12.5.1), or that there is none.

A syntax is named by its short name (``json``, ``turtle`` …); each has one content type it is
served with and the further media types that ask for it.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple


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


_RANGE = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+")


@functools.lru_cache(maxsize=512)
def chosen(accept: str, offered: tuple[Syntax, ...]) -> Syntax | None:
    """The best syntax for an Accept header, the first offered if it names none; None for none.

    Of equal q-values the one named more exactly wins, then the one offered first. A range such as
    ``text/*`` covers what is served, not the other names it goes by.
    """
    wanted = _ranges(accept)
    best: Syntax | None = None if wanted else offered[0]
    rank = (0.0, -1, 0)
    for place, syntax in enumerate(offered):
        if wanted.get(syntax.asked[0]) == 0:  # refused by name, whatever else would ask for it
            continue
        named = ((wanted[media], 2) for media in syntax.asked if media in wanted)
        found = (*max([_covered(wanted, syntax.asked[0]), *named]), -place)
        if found[0] > 0 and found > rank:
            best, rank = syntax, found
    return best


def _ranges(accept: str) -> dict[str, float]:
    """The media ranges and their q-values; what is no media range is passed over.

    Lenient where clients are wrong: Java has sent ``*; q=.2, */*; q=.2`` for decades.
    """
    found: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, *parameters = (word.strip() for word in part.split(";"))
        name = "*/*" if name == "*" else name
        if _RANGE.fullmatch(name):
            weight = next((word[2:] for word in parameters if word.startswith("q=")), "1")
            found[name] = max(found.get(name, 0.0), _weight(weight))
    return found


def _weight(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))  # a NaN becomes 0
    except ValueError:
        return 1.0


def _covered(wanted: dict[str, float], media: str) -> tuple[float, int]:
    """The q-value of the most specific range that covers a media type, and how specific it is."""
    ranges = (media, media.split("/", maxsplit=1)[0] + "/*", "*/*")
    return next(
        ((wanted[r], 2 - place) for place, r in enumerate(ranges) if r in wanted), (0.0, -1)
    )
