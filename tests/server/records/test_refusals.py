"""What ``/check`` and ``/validate`` refuse, and how they say so."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import rdflib
from flask.testing import FlaskClient

from kg.knowledge import default
from server.app import create_app
from server.cases import Cases
from server.problems import Problem
from server.service import Options
from server.worker import Job
from tests.server.records.posted import CASE, EXAMPLE, MEDIA, refused


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("/check?payer=aetna", "payer is one of medicare"),
        ("/check?profile=x", "profile is one of full, synthea, us-core"),
        ("/check?as-of=FY1999", "as-of is one of FY2026-Apr, FY2027"),
        ("/check?all=maybe", "all is one of 0, 1, false, on, true"),
        ("/check?format=pdf", "format is one of fhir, html, json, text, turtle"),
        ("/check?payr=medicare", "The parameters are profile, payer, as-of, all, format"),
        ("/check?payer=medicare&payer=x", "payer is given twice"),
    ],
)
def test_a_parameter_that_is_not_known_is_refused_with_those_that_are(
    address: str, known: str, client: FlaskClient
) -> None:
    answer = client.post(address, data=b"{}", content_type="application/json")
    assert refused(answer, 400, "bad-parameter") == known


@pytest.mark.parametrize(
    ("media", "body", "told"),
    [
        ("application/json", b"", "record.json: the file is empty."),
        ("application/json", b'{"resourceType":', "the document is truncated."),
        ("application/json", b'{"id": "\xff"}', "the text is not UTF-8."),
        ("application/json", b'{"resourceType": "Basic"}', "record.json"),
        ("application/x-ndjson", b'{"resourceType": "Patient"}\n{]', "record.ndjson, line 2"),
        ("application/json", b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        ("application/ld+json", b'{"@graph":' * 100_000, "nested too deeply"),
        ("text/turtle", b"<a:b> <a:c> " + b"[ <a:d> " * 100_000, "nested too deeply"),
        ("text/turtle", b"<a:b> <a:c>", "record.ttl, line 1: the RDF has a syntax error."),
        ("application/n-quads", b"<a:b> <a:c> <a:d> .", "there is no m816:Case in it."),
        ("text/turtle", b"<!DOCTYPE x>", "document type declarations are refused."),
        ("text/turtle", f"{CASE} ; m816:x '1E+999999999'^^<{rdflib.XSD.decimal}> .", "no decimal"),
        (
            "text/turtle",
            f"{CASE} ; m816:x 'P{'9' * 99}Y'^^<{rdflib.XSD.duration}> .",
            "no duration",
        ),
        ("text/turtle", f"{CASE} ; m816:x 'words'@en--ltr .", "a base direction"),
    ],
)
@pytest.mark.parametrize("address", ["/check", "/validate"])
def test_what_cannot_be_read_is_told_with_place_and_remedy(
    address: str, media: str, body: bytes | str, told: str, client: FlaskClient
) -> None:
    answer = client.post(address, data=body, content_type=media)
    if address == "/validate" and media.endswith(("/json", "ndjson")):
        assert "text/turtle" in refused(answer, 415, "unsupported-media-type")
        return
    detail = refused(answer, 400, "unreadable-record")
    assert told in detail
    assert detail.startswith("record.")


@pytest.mark.parametrize(
    ("headers", "body", "status", "name"),
    [
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"{}", 415, ""),
        ({"Content-Type": "application/json"}, b"\x1f\x8b\x08\x00", 415, ""),
        ({"Content-Type": "application/rdf+xml"}, b"<!DOCTYPE a [<!ENTITY b 'c'>]>", 415, ""),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"text=x", 415, ""),
        ({}, b"{}", 415, ""),
        ({"Content-Type": "application/json"}, b" " * 1_000_001, 413, "too-large"),
        ({"Content-Type": "text/turtle", "Accept": "image/png"}, b"", 406, "not-acceptable"),
    ],
)
@pytest.mark.parametrize("address", ["/check", "/validate"])
def test_what_is_not_taken_is_refused_before_it_is_read(
    address: str, headers: dict[str, str], body: bytes, status: int, name: str, client: FlaskClient
) -> None:
    answer = client.post(address, data=body, headers=headers)
    if address == "/validate" and status == 413:
        headers = {"Content-Type": "text/turtle"}
        answer = client.post(address, data=body, headers=headers)
    refused(answer, status, name or "unsupported-media-type")


def test_a_remote_context_is_never_asked_for(client: FlaskClient) -> None:
    asked: list[str] = []

    class Canary(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    server = HTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place = f"http://127.0.0.1:{server.server_port}/c"
    for context in (f'"{place}"', f'{{"@import": "{place}"}}', f'[{{}}, "{place}"]'):
        text = f'{{"@context": {context}, "@id": "a:b", "a:c": "d"}}'
        for address in ("/check", "/validate"):
            answer = client.post(address, data=text, content_type="application/ld+json")
            assert "not fetched" in refused(answer, 400, "unreadable-record")
    server.shutdown()
    server.server_close()
    assert asked == []


def test_a_record_that_takes_too_long_is_given_up() -> None:
    hasty = create_app(Options(workers=1, deadline=0.01))
    try:
        answer = hasty.test_client().post(
            "/check", data=EXAMPLE.read_bytes(), content_type=MEDIA[".json"]
        )
        refused(answer, 503, "query-timeout")
        assert answer.headers["Retry-After"]
    finally:
        hasty.extensions["m816"].close()


def test_an_answer_beyond_the_limit_is_refused_whole() -> None:
    job: Job = {"name": "record.json", "body": EXAMPLE.read_bytes(), "named": {}, "all": False}
    cases = Cases(default(), 1_000)
    with pytest.raises(Problem, match="result-too-large"):
        cases.check({**job, "face": "text"})
