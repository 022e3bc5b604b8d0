"""Answers of the endpoint, read for comparison."""

from __future__ import annotations

from flask.testing import FlaskClient
from pyoxigraph import RdfFormat, parse
from werkzeug.test import TestResponse

from tests.conformance.solutions import Result, graph
from tests.server.stores import ask


def rows(client: FlaskClient, query: str, **more: str) -> list[list[str]]:
    """The solutions of a query as texts, in the order of its variables."""
    got = ask(client, query, **more)
    assert got.status_code == 200, got.text
    told = got.get_json(force=True)
    names = told["head"]["vars"]
    found = told["results"]["bindings"]
    return [[row[name]["value"] if name in row else "" for name in names] for row in found]


def triples(body: bytes, syntax: RdfFormat) -> Result:
    found = [quad.triple for quad in parse(body, syntax)]
    assert found
    return graph(found)


def problem(got: TestResponse) -> tuple[int, str]:
    """The status and name of a refusal, which must be a complete problem document."""
    assert got.mimetype == "application/problem+json"
    told = got.get_json(force=True)
    assert told["status"] == got.status_code
    assert told["title"]
    assert len(told.get("detail", "")) <= 400
    assert got.headers["Cache-Control"] == "no-store"
    return got.status_code, told["type"].removeprefix("https://w3id.org/m816/problem/")
