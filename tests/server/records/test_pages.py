"""The check page, the page of a verdict, and the schema of its JSON."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest
from flask.testing import FlaskClient

from kg.page import style
from kg.schema import verdict_schema
from tests.server.records.posted import EXAMPLE, MEDIA, refused


def test_a_verdict_page_allows_its_own_style_and_nothing_else(client: FlaskClient) -> None:
    asked = {"query_string": {"format": "html"}, "content_type": MEDIA[".json"]}
    answer = client.post("/check", data=EXAMPLE.read_bytes(), **asked)
    policy = answer.headers["Content-Security-Policy"]
    (element,) = re.findall("<style>(.*?)</style>", answer.get_data(as_text=True), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(element.encode()).digest()).decode()
    assert element == style()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    shown = client.get("/check").headers["Content-Security-Policy"]
    assert f"style-src 'self' 'sha256-{digest}';" in shown  # for the verdict it opens
    assert "unsafe" not in shown


def test_the_check_page_offers_what_the_knowledge_has(client: FlaskClient) -> None:
    text = client.get("/check").get_data(as_text=True)
    for word in ("us-core", "synthea", "full", "medicare", "FY2026-Apr", "FY2027"):
        assert f'<option value="{word}">' in text
    assert "Nothing you send is stored or logged" in text
    assert not re.search(r"<script(?! src)|<style| style=| on\w+=", text)
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    fields = set(re.findall(r"<(?:input|select|textarea)[^>]* id=\"([^\"]+)\"", text))
    assert fields == set(re.findall(r'<label for="([^"]+)"', text))


def test_the_schema_of_a_verdict_is_served_under_its_own_address(client: FlaskClient) -> None:
    answer = client.get("/schema/verdict/1")
    assert answer.content_type == "application/schema+json"
    assert json.loads(answer.data) == verdict_schema()
    assert verdict_schema()["$id"].endswith("/schema/verdict/1")
    again = client.get("/schema/verdict/1", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("/check", "GET, HEAD, POST, OPTIONS"), ("/validate", "POST, OPTIONS")],
)
def test_other_methods_are_refused_and_other_origins_may_ask(
    address: str, allowed: str, client: FlaskClient
) -> None:
    preflight = client.options(address)
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Methods"] == allowed
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    answer = client.put(address, data=b"{}")
    refused(answer, 405, "method-not-allowed")
    assert set(answer.headers["Allow"].split(", ")) == set(allowed.split(", "))
