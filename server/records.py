"""Records over HTTP: POST /check judges a record, POST /validate reports on a derived case graph.

Nothing that is sent is stored or logged. The answer is what ``m816 check`` writes of a file called
``record.json``, ``record.ttl`` and so on.
"""

from __future__ import annotations

import functools
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

import msgspec
from flask import Blueprint, Response, request

from kg.knowledge import Knowledge
from server.html import POLICY, page
from server.negotiate import GRAPHS, HTML, Syntax
from server.received import FORM, RDF, RECORDS, meant, parameters, received
from server.responses import answered, preflight, syntax_for, tag, unchanged
from server.service import service

routes = Blueprint("records", __name__)
_FACES = (
    Syntax("json", "application/json", ("application/json",)),
    HTML,
    Syntax("text", "text/plain; charset=utf-8", ("text/plain",)),
    next(syntax for syntax in GRAPHS if syntax.name == "turtle"),
    Syntax("fhir", "application/fhir+json", ("application/fhir+json",)),
)
_REPORTS = tuple(syntax for syntax in GRAPHS if syntax.name in ("turtle", "jsonld", "ntriples"))
_NAMED = {"profile": "FeedProfile", "payer": "Payer", "as-of": "CodeRelease"}
_FLAGS = {"": True, "1": True, "true": True, "on": True, "0": False, "false": False}


@routes.post("/check", provide_automatic_options=False)
def check() -> Response:
    """The verdicts on a record, in the face that ``format`` or else Accept asks for."""
    here = service()
    sent = received({**RECORDS, **FORM}, _shipped("server", "static/example.json"))
    given = parameters(sent.parameters, (*_NAMED, "all", "format"))
    face = _syntax(given, _FACES)
    iris = {name: meant(name, _known(here.knowledge, name), given) or "" for name in _NAMED}
    job = {
        "do": "check",
        "name": sent.name,
        "body": sent.body,
        "face": face.name,
        "all": bool(meant("all", _FLAGS, given)),
        "profile": iris["profile"],
        "named": {"payer": iris["payer"], "judgedBy": iris["as-of"]},
    }
    words, answer = msgspec.msgpack.decode(here.judge(job))
    here.metrics.verdicts(words)
    more = {"Content_Security_Policy": _policy()} if face is HTML else {}
    return answered(request, answer, face.served, **more)


@routes.post("/validate", provide_automatic_options=False)
def validate() -> Response:
    """The ``sh:ValidationReport`` on the case graphs as they are; nothing is derived first."""
    sent = received(RDF)
    face = _syntax(parameters(sent.parameters, ("format",)), _REPORTS)
    job = {"do": "validate", "name": sent.name, "body": sent.body, "face": face.name}
    return answered(request, service().judge(job), face.served)


@routes.get("/check", provide_automatic_options=False)
def form() -> Response:
    """The check page. A verdict that its script opens is styled by the page's policy."""
    known = service().knowledge
    choices = {
        name: [(word, known.label(iri)) for word, iri in _known(known, name).items()]
        for name in _NAMED
    }
    policy = POLICY.replace("style-src 'self'", f"style-src 'self' {_style()}")
    return page("check.html", policy=policy, choices=choices, base=service().options.base)


@routes.route("/check", methods=["OPTIONS"])
def options() -> Response:
    """What a browser asks before a request from another origin."""
    return preflight("GET, HEAD, POST, OPTIONS")


@routes.route("/validate", methods=["OPTIONS"])
def validate_options() -> Response:
    """The same for ``/validate``."""
    return preflight("POST, OPTIONS")


@routes.get("/schema/verdict/1")
def schema() -> Response:
    """The JSON Schema of one verdict; ``/check`` answers with an array of these."""
    text = _shipped("kg", "verdict.schema.json")
    etag = tag("schema", text.decode())
    return unchanged(request, etag) or answered(request, text, "application/schema+json", etag)


@functools.cache
def _shipped(package: str, name: str) -> bytes:
    return files(package).joinpath(name).read_bytes()


def _syntax(given: dict[str, str], offered: tuple[Syntax, ...]) -> Syntax:
    named = meant("format", {syntax.name: syntax for syntax in offered}, given)
    return named or syntax_for(request, offered)


def _known(knowledge: Knowledge, name: str) -> dict[str, str]:
    """The words that a parameter may have, each with the IRI it stands for."""
    return {knowledge.notation(iri): iri for iri in knowledge.subjects(_NAMED[name])}


def _policy() -> str:
    """The content security policy of a verdict page: its own style element and nothing else."""
    return (
        f"default-src 'none'; style-src {_style()}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


@functools.cache
def _style() -> str:
    from kg.page import style  # here: it brings all of judging along, and starting can do without

    return f"'sha256-{b64encode(sha256(style().encode()).digest()).decode()}'"
