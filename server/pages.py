"""Pages for people: what this server is, the query page, and YASGUI where it was built."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, current_app

from kg.namespaces import PREFIXES
from kg.questions import questions
from server.html import POLICY, page
from server.linked import PLACES
from server.problems import Problem
from server.service import service

routes = Blueprint("pages", __name__)

_ADDRESSES = {namespace: f"/id/{place}" for place, namespace in PLACES}

# CodeMirror, the editor inside, places its lines by style attributes.
_EDITOR_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")


@routes.get("/")
def index() -> Response:
    """What this is and where to go."""
    return page("index.html")


@routes.get("/yasgui")
def editor() -> Response:
    """The YASGUI editor; not found unless ``make ui`` has put it there."""
    if not _built():
        raise Problem("not-found", "YASGUI is not installed; `make ui` gets it")
    return page("yasgui.html", policy=_EDITOR_POLICY, prefixes=PREFIXES, addresses=_ADDRESSES)


def query_page() -> Response:
    """The query page; it needs nothing that is not in this package."""
    known = questions(service().knowledge).values()
    return page(
        "query.html",
        prefixes=PREFIXES,
        addresses=_ADDRESSES,
        questions=[question for question in known if not question.of_case],
        editor=_built(),
    )


def _built() -> bool:
    return (Path(current_app.static_folder or "") / "yasgui" / "yasgui.min.js").is_file()
