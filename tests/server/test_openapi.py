"""The OpenAPI document: valid, complete, and what the server does when schemathesis reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings

from kg import __version__
from server.app import create_app
from server.problems import TITLES
from server.service import Options

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy
    from schemathesis import APIOperation, BaseSchema, Case, CheckContext, Response

TOKEN = "the token of these tests"
DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "server" / "openapi.json").read_bytes()
)
METHODS = ("get", "put", "post", "delete", "patch")
OPERATIONS = [
    (method, path)
    for path, item in DOCUMENT["paths"].items()
    for method in METHODS
    if method in item
]
CHANGING = [each for each in OPERATIONS if each[1].startswith(("/store", "/sparql"))]
PLAIN = {"Accept-Encoding": "identity"}  # schemathesis reads what comes as it comes
WRITTEN = (  # media types that schemathesis cannot write by itself: their bodies are texts
    "application/sparql-query",
    "application/sparql-update",
    "application/fhir+ndjson",
    "application/ndjson",
    "application/x-ndjson",
    "application/trig",
    "application/n-triples",
    "application/n-quads",
    "application/rdf+xml",
    "text/turtle",
)
CALM = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def app() -> Iterator[Flask]:
    """A server as it is started without options that matter here."""
    made = create_app(Options(workers=1, deadline=2.0))
    yield made
    made.extensions["m816"].close()


@pytest.fixture(scope="module")
def changeable() -> Iterator[Flask]:
    """A server whose data may be changed with the token."""
    made = create_app(Options(workers=1, deadline=2.0, scratch=True, token=TOKEN))
    yield made
    made.extensions["m816"].close()


@pytest.fixture(scope="module")
def schema(app: Flask) -> BaseSchema:
    """The document as the server gives it."""
    return _read(app)


@pytest.fixture(scope="module")
def changing(changeable: Flask) -> BaseSchema:
    """The same of the server whose data may be changed."""
    return _read(changeable)


def _read(app: Flask) -> BaseSchema:
    import schemathesis

    @schemathesis.serializer(*WRITTEN)
    def written(_: object, value: object) -> bytes:
        return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")

    return schemathesis.openapi.from_wsgi("/openapi.json", app)


def test_the_document_is_valid_openapi(schema: BaseSchema) -> None:
    schema.validate()
    assert schema.raw_schema["openapi"].startswith("3.1")
    ids = [DOCUMENT["paths"][path][method]["operationId"] for method, path in OPERATIONS]
    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere_and_every_part_is_used() -> None:
    used = set(re.findall(r'"\$ref": "#/components/(\w+/[\w-]+)"', json.dumps(DOCUMENT)))
    made = {
        f"{kind}/{name}"
        for kind, parts in DOCUMENT["components"].items()
        for name in parts
        if kind != "securitySchemes"
    }
    assert used == made


def test_the_document_names_this_version_and_this_address(schema: BaseSchema) -> None:
    assert schema.raw_schema["info"]["version"] == __version__
    assert schema.raw_schema["servers"] == [{"url": Options().base}]


def test_every_route_is_in_the_document_and_nothing_else_is(app: Flask) -> None:
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in rule.methods or ()
    }
    answered = {(method, path) for method, path in routes if method not in ("head", "options")}
    assert answered == set(OPERATIONS)
    for path in {path for _, path in routes}:
        assert ("options", path) in routes
        assert (("head", path) in routes) == (("get", path) in routes)


def test_the_document_names_every_problem_and_no_other() -> None:
    told = DOCUMENT["components"]["schemas"]["problem"]["properties"]["type"]["enum"]
    assert [iri.rpartition("/")[2] for iri in told] == list(TITLES)
    described = {
        int(status)
        for method, path in OPERATIONS
        for status in DOCUMENT["paths"][path][method]["responses"]
        if int(status) >= 400
    }
    assert described == {status for status, _ in TITLES.values()} - {500}


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=map(" ".join, OPERATIONS))
def test_answers_are_as_the_document_says(schema: BaseSchema, method: str, path: str) -> None:
    statuses = _run(schema[path][method], {}, 10)
    assert path.startswith("/store") or path == "/yasgui" or min(statuses) < 400


@pytest.mark.parametrize(("method", "path"), CHANGING, ids=map(" ".join, CHANGING))
def test_so_are_those_of_a_server_whose_data_may_be_changed(
    changeable: Flask, changing: BaseSchema, method: str, path: str
) -> None:
    with_token = {"Authorization": f"Bearer {TOKEN}"}
    for there in ("/store?graph=urn:example:graph", "/store/mine"):
        sent = {"data": "<urn:a> <urn:b> 1 .", "content_type": "text/turtle"}
        put = changeable.test_client().put(there, headers=with_token, **sent)
        assert put.status_code in (201, 204)
    assert min(_run(changing[path][method], with_token, 6)) < 300


def _run(
    operation: APIOperation[Any, Any, Any, Any], headers: dict[str, str], most: int
) -> set[int]:
    """Send the examples of an operation, then cases that fit its description, then others."""
    from schemathesis.specs.openapi import checks as they

    checks = [
        _no_fault,
        they.status_code_conformance,
        they.content_type_conformance,
        they.response_headers_conformance,
        they.response_schema_conformance,
    ]
    statuses = set()

    def sent(case: Case[Any]) -> None:
        statuses.add(
            case.call_and_validate(headers={**PLAIN, **headers}, checks=checks).status_code
        )

    examples = list(operation.get_strategies_from_examples())
    runs = [*((each, 1) for each in examples), (_cases(operation, "POSITIVE"), most)]
    if operation.body:  # a text in an address can hardly fail to be one
        runs.append((_cases(operation, "NEGATIVE"), most))
    for strategy, count in runs:
        settings(CALM, max_examples=count)(given(strategy)(sent))()
    return statuses


def _cases(operation: APIOperation[Any, Any, Any, Any], mode: str) -> SearchStrategy[Case[Any]]:
    from schemathesis import GenerationMode

    return operation.as_strategy(generation_mode=GenerationMode[mode])


def _no_fault(_: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """A problem of the 500s says that it passes; anything else would be a fault of ours."""
    assert response.status_code < 500 or response.status_code == 503, case.as_curl_command()
    return None
