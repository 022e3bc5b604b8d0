"""An HTTP request → a SPARQL 1.1 Protocol operation (§2); pure, knows no web framework.

Raises ``Problem`` for everything the protocol does not allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from kg import guard
from kg.guard import Overview, overlook
from server.problems import Problem

MAX_URL = 8_192
MAX_FIELDS = 200
_FORM, _QUERY, _UPDATE = (
    "application/x-www-form-urlencoded",
    "application/sparql-query",
    "application/sparql-update",
)


@dataclass(frozen=True)
class Operation:
    """A query or an update: its text, its dataset as the protocol names it, what it looks like."""

    kind: str
    text: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    overview: Overview


def operation(method: str, query_string: bytes, media: str, body: bytes) -> Operation | None:
    """The operation a request asks for; None for a GET that asks for nothing (description)."""
    fields = decoded(query_string)
    if method != "POST":
        if not any(name in ("query", "update") for name, _ in fields):
            return None
        if any(name == "update" for name, _ in fields):
            raise Problem("bad-request", "An update is sent by POST, not by GET")
        return _made(fields, one(fields, "query"), "query")
    if any(name in ("query", "update") for name, _ in fields):
        raise Problem("bad-request", "A text sent by POST is in the body, not in the address")
    kind, _, parameters = media.partition(";")
    kind = kind.strip().lower()
    charset = _charset(parameters)
    if kind not in (_FORM, _QUERY, _UPDATE) or charset not in ("", "utf-8", "utf8"):
        raise Problem(
            "unsupported-media-type", f"Send {_FORM}, {_QUERY} or {_UPDATE}, encoded as UTF-8"
        )
    if kind == _FORM:
        sent = decoded(body)
        named = [name for name, _ in sent if name in ("query", "update")]
        if len(named) != 1:
            raise Problem("bad-request", "Send exactly one of query and update, once")
        return _made([*fields, *sent], one(sent, named[0]), named[0])
    return _made(fields, text_of(body), "query" if kind == _QUERY else "update")


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""


def decoded(raw: bytes) -> list[tuple[str, str]]:
    """The fields of an urlencoded string, strictly UTF-8."""
    try:
        found = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except (UnicodeDecodeError, ValueError):
        raise Problem("bad-request", "The parameters are not urlencoded UTF-8") from None
    if any("\0" in value for _, value in found):
        raise Problem("bad-request", "A parameter holds a NUL character")
    return found


def one(fields: list[tuple[str, str]], name: str) -> str:
    """The value of a parameter that must be there exactly once."""
    values = [value for key, value in fields if key == name]
    if len(values) != 1:
        raise Problem("bad-request", f"The parameter {name} is sent {len(values)} times, not once")
    return values[0]


def text_of(body: bytes) -> str:
    """The text of a body, strictly UTF-8 without NUL."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem("bad-request", "The body is not UTF-8") from None
    if "\0" in text:
        raise Problem("bad-request", "The body holds a NUL character")
    return text


def _made(fields: list[tuple[str, str]], text: str, kind: str) -> Operation:
    prefix = "using" if kind == "update" else "default"
    named = "using-named" if kind == "update" else "named"
    return Operation(
        kind,
        text,
        tuple(value for name, value in fields if name == f"{prefix}-graph-uri"),
        tuple(value for name, value in fields if name == f"{named}-graph-uri"),
        admitted(text),
    )


def admitted(text: str) -> Overview:
    """Look a text over; refuse what fetches and what is too large, before any engine sees it."""
    if len(text.encode("utf-8", "surrogatepass")) > guard.MAX_BYTES:
        raise Problem("too-large", f"A query has at most {guard.MAX_BYTES} bytes")
    seen = overlook(text)
    if seen.fetches:
        raise Problem(
            "federation-disabled", f"Line {seen.line}: {seen.fetches} is refused; leave it out"
        )
    if seen.fault:
        raise Problem("query-too-complex", f"The query has {seen.fault}")
    return seen
