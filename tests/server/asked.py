"""Named queries asked over HTTP and by the command, for tests that compare the two."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import pyoxigraph as ox
from click.testing import CliRunner
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kg.__main__ import main
from kg.knowledge import default
from kg.locations import ROOT
from kg.queries import cell
from kg.questions import questions
from server.app import create_app
from server.service import Options

BASE = "https://m816.example.org"
RECORDS = ROOT / "tests" / "records"
KNOWN = questions(default())
CSV, JSON, HTML, TURTLE = "text/csv", "application/json", "text/html", "text/turtle"


@contextmanager
def serving() -> Iterator[FlaskClient]:
    """A client of an application with one worker of each kind."""
    app = create_app(Options(base=BASE, workers=1, deadline=60))
    try:
        yield app.test_client()
    finally:
        app.extensions["m816"].close()


def get(client: FlaskClient, name: str, media: str = CSV, **given: str) -> TestResponse:
    """The answer to a named query."""
    return client.get(f"/queries/{name}?{urlencode(given)}", headers={"Accept": media})


def post(client: FlaskClient, name: str, record: str, media: str = CSV) -> TestResponse:
    """The answer to a named query about a record of ``tests/records``."""
    sent = {"data": (RECORDS / record).read_bytes(), "content_type": "application/fhir+json"}
    return client.post(f"/queries/{name}", headers={"Accept": media}, **sent)


def shown(got: TestResponse) -> list[list[str]]:
    """The rows of a result in JSON as the command shows them, without the widths."""
    assert got.status_code == 200
    found = json.loads(got.data)
    rows = [
        [row.get(name) for name in found["head"]["vars"]] for row in found["results"]["bindings"]
    ]
    return [[_cell(value) for value in row] for row in rows]


def _cell(value: dict[str, str] | None) -> str:
    if value is None:
        return ""
    said = value["value"]
    return cell(ox.NamedNode(said) if value["type"] == "uri" else ox.Literal(said))


def told(*words: object) -> list[str]:
    """The lines of the table that ``m816 ask`` prints, every gap as one space."""
    result = CliRunner().invoke(main, ["ask", *map(str, words)])
    assert result.exit_code == 0, result.stderr
    return [" ".join(line.split()) for line in result.stdout.splitlines()[2:-1]]
