"""Nothing of a record is kept, logged or repeated in a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from rdflib import XSD

from tests.server.records.posted import CASE, EXAMPLE, MARK

CIRCLE = f"""
"extension": [{{
  "url": "http://hl7.org/fhir/StructureDefinition/condition-dueTo",
  "valueReference": {{"reference": "Condition/{MARK}-bone"}}
}}], "bodySite\""""
WRONG = {
    "cut": lambda text: text[:-40],
    "date": lambda text: text.replace("2026-05-10", "2026-02-31"),
    "number": lambda text: text.replace("-2.50", "1e99"),
    "period": lambda text: text.replace("2026-05-11T09:00", "2026-06-11T09:00"),
    "circle": lambda text: text.replace('"bodySite"', CIRCLE, 1),
    "kind": lambda text: text.replace('"resourceType": "Claim"', f'"resourceType": "{MARK} 1"'),
}
RDF = f"{CASE} ; m816:wording '{MARK}'"


@pytest.fixture
def record() -> str:
    """The example with the mark in every id, as a name and in a text."""
    text = re.sub(r'("id": "|"reference": "[A-Z]\w+/)', rf"\1{MARK}-", EXAMPLE.read_text("utf-8"))
    text = text.replace('"gender"', f'"name": [{{"family": "{MARK}"}}], "gender"')
    return text.replace("left tibia", f"left tibia {MARK}")


@pytest.fixture
def logged(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Callable[[], str]:
    """All that was written to the output streams and the loggers of this process."""

    def _read() -> str:
        captured = capfd.readouterr()
        return captured.out + captured.err + caplog.text

    return _read


def test_a_record_that_is_judged_leaves_no_trace(
    client: FlaskClient, record: str, logged: Callable[[], str]
) -> None:
    answer = client.post("/check", data=record, content_type="application/json")
    assert answer.status_code == 200
    assert MARK in answer.get_data(as_text=True)
    assert MARK not in str(answer.headers)
    assert MARK not in logged()
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("wrong", WRONG)
def test_the_refusal_of_a_record_repeats_nothing_of_it(
    wrong: str, client: FlaskClient, record: str, logged: Callable[[], str]
) -> None:
    _refused_without_the_mark(client, "/check", WRONG[wrong](record), "application/json", logged)


@pytest.mark.parametrize(
    ("address", "media", "body"),
    [
        ("/check", "text/turtle", f"{RDF} . <urn:{MARK}> {MARK}"),
        ("/check", "text/turtle", f"{RDF} ; m816:caseEnd '{MARK}' ."),
        ("/check", "text/turtle", f"{RDF} ; <urn:{MARK}> 'x'@en--ltr ."),
        ("/check", "text/turtle", f"{RDF} ; <urn:{MARK}> '{MARK}'^^<{XSD.decimal}> ."),
        ("/check", "application/ld+json", f'{{"@context": "http://{MARK}", "a:b": "{MARK}"}}'),
        ("/check", f"application/{MARK}", MARK),
        (f"/check?{MARK}=1", "text/turtle", f"{RDF} ."),
        (f"/check?payer={MARK}", "text/turtle", f"{RDF} ."),
        (f"/check?format={MARK}", "text/turtle", f"{RDF} ."),
        ("/validate", "application/trig", f"<urn:{MARK}> {{ {RDF} ; m816:caseEnd 'x' . }}"),
    ],
)
def test_no_other_refusal_does(
    address: str, media: str, body: str, client: FlaskClient, logged: Callable[[], str]
) -> None:
    _refused_without_the_mark(client, address, body, media, logged)


def _refused_without_the_mark(
    client: FlaskClient, address: str, body: str, media: str, logged: Callable[[], str]
) -> None:
    answer = client.post(address, data=body, content_type=media)
    assert answer.status_code in (400, 415)
    for told in (answer.get_data(as_text=True), str(answer.headers), logged()):
        assert MARK not in told
