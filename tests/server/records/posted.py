"""What is posted and what comes back, for the tests of ``/check`` and ``/validate``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from pyoxigraph import RdfFormat, parse, serialize
from werkzeug.test import TestResponse

from kg.case import format_of

ROOT = Path(__file__).parents[3]
RECORDS = sorted(
    p for p in (ROOT / "tests" / "records").iterdir() if p.suffix in (".json", ".ndjson")
)
EXAMPLE = ROOT / "server" / "static" / "example.json"
CASE = "@prefix m816: <https://w3id.org/m816/> .\n<urn:m816:case/Encounter/e> a m816:Case"
FACES = {
    "json": "application/json",
    "text": "text/plain",
    "html": "text/html",
    "turtle": "text/turtle",
    "fhir": "application/fhir+json",
}
MEDIA = {
    ".json": "application/fhir+json",
    ".ndjson": "application/x-ndjson",
    ".ttl": "text/turtle",
    ".trig": "application/trig",
    ".nt": "application/n-triples",
    ".nq": "application/n-quads",
    ".jsonld": "application/ld+json",
}
GRAPHS = [suffix for suffix in MEDIA if "json" not in suffix or suffix == ".jsonld"]
MARK = "Zyxqvwk"  # a word that no knowledge holds: where it shows, content has leaked
Command = Callable[..., bytes]


def checked(client: FlaskClient, raw: bytes, media: str = MEDIA[".json"], **more: Any) -> bytes:
    """The body of a check that succeeds."""
    answer = client.post("/check", data=raw, content_type=media, **more)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data()


def refused(answer: TestResponse, status: int, name: str) -> str:
    """The detail of a problem document."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.content_type == "application/problem+json"
    told = json.loads(answer.data)
    assert told["status"] == status
    assert told["type"] == f"https://w3id.org/m816/problem/{name}"
    return str(told.get("detail", ""))


def rewritten(raw: bytes, suffix: str) -> bytes:
    """A case graph from Turtle in another syntax."""
    form = format_of(f"case{suffix}")
    assert form is not None
    return serialize(parse(raw, RdfFormat.TURTLE), format=form) or b""
