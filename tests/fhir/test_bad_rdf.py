"""RDF that is no case: one clear message that names file and place."""

from __future__ import annotations

import json

import pytest

from kg.inputs import read
from kg.knowledge import default
from kg.namespaces import XSD
from tests.fhir.bundles import cases, judged, refused

TTL = "@prefix m816: <https://w3id.org/m816/> .\n"


CASE = "<urn:m816:case/Encounter/e1> a m816:Case"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("case.ttl", f"{TTL}\n\n<a> <b> .", "line 4: the RDF has a syntax error"),
        ("case.trig", TTL + "<a> a", "the RDF has a syntax error"),
        ("case.nq", "<a:b> <c:d> nothing .", "line 1: the RDF has a syntax error"),
        ("case.jsonld", '{"@id": ', "line 1: the RDF has a syntax error"),
        ("case.ttl", f"{TTL}<a:b> a m816:Record .", "there is no m816:Case in it"),
        ("case.ttl", TTL, "there is no m816:Case in it"),
        ("case.ttl", f"{TTL}{CASE} ; m816:ofPatient <a:1>, <a:2> .", "names two patients"),
        ("case.ttl", f"{TTL}{CASE} . <a:b> a m816:Case .", "names two cases"),
        ("case.ttl", f"{TTL}[] a m816:Case .", "the case is a blank node"),
        ("case.ttl", f"{TTL}{CASE} ; m816:caseEnd 'soon' .", "m816:caseEnd: the value is no date"),
        ("case.ttl", f"{TTL}{CASE} . <a:b> m816:sequence 'x' .", "the value is no integer"),
        ("case.ttl", f"{TTL}{CASE} . <a:b> m816:sequence <a:b> .", "the value is no integer"),
        ("case.ttl", f"{TTL}{CASE} . <a:b> m816:recordDate [] .", "the value is no date"),
        ("case.ttl", f"{TTL}{CASE} . <a:b> m816:recordDate '2026-02-31' .", "is no date"),
        ("case.ttl", f"{TTL}{CASE} . <a:b> m816:recordDate '20260228' .", "is no date"),
        ("case.ttl", f"{TTL}{CASE} ; m816:about <<( <a:a> <a:b> <a:c> )>> .", "about triples"),
        ("case.ttl", f"{TTL}{CASE} ; m816:about 'words'@en--ltr .", "has a base direction"),
        (
            "case.ttl",
            f"{TTL}{CASE} ; <a:b> '1E+9'^^<{XSD}decimal> .",
            "case.ttl, the default graph: ",
        ),
        (
            "case.ttl",
            f"{TTL}{CASE} ; m816:x '1E+9'^^<{XSD}decimal> .",
            "m816:x: the value is no decimal",
        ),
        ("case.ttl", f"{TTL}{CASE} ; m816:x 'P{'9' * 30}Y'^^<{XSD}duration> .", "is no duration"),
        ("case.ttl", TTL + "<a:b> <a:c> " + "[ <a:d> " * 5000, "the RDF is nested too deeply"),
        ("case.jsonld", '{"@context": "https://example.org/c", "@id": "a:b"}', "is not fetched"),
        ("case.jsonld", '{"@context": {"@import": "https://example.org/c"}}', "is not fetched"),
        ("case.ttl", "<!DOCTYPE x>", "document type declarations are refused"),
    ],
)
def test_rdf_that_is_no_case_is_refused(name: str, text: str, said: str) -> None:
    assert said in str(refused(text.encode(), name))


def test_rdf_that_is_not_utf_8_is_refused() -> None:
    assert "line 2" in str(
        refused(f"{TTL}{CASE} ; m816:source '".encode() + b"\xff' .", "case.ttl")
    )


def test_blank_nodes_beside_the_case_are_read() -> None:
    text = f"{TTL}{CASE} ; m816:documents [ a m816:ConditionRecord ; m816:wording 'no fracture' ] ."
    found = read("case.ttl", text.encode(), default())
    assert len(judged(found)) == 1


def test_an_expected_code_without_rank_and_certainty_is_judged() -> None:
    text = f"{TTL}{CASE} ; m816:expects <a:b> . <a:b> m816:code <a:c> ; m816:because <a:d> ."
    (verdict,) = judged(read("case.ttl", text.encode(), default()))
    assert [(code.code, code.certainty) for code in verdict.decision.expected] == [("a:c", "C")]


@pytest.mark.parametrize("name", ["case.trig", "case.nq", "case.ttl", "case.jsonld", "stdin"])
def test_syntax_is_known_by_name_or_first_characters(name: str) -> None:
    node = "urn:m816:case/Encounter/e1"
    texts = {
        "case.nq": f"<{node}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
        "<https://w3id.org/m816/Case> <a:g> .\n",
        "case.jsonld": json.dumps(
            {"@context": {}, "@id": node, "@type": "https://w3id.org/m816/Case"}
        ),
    }
    raw = texts.get(name, f"{TTL}{CASE} .").encode()
    assert [case.id for case in cases(raw, name)] == ["Encounter/e1"]
    assert [case.id for case in cases(raw, "stdin")] == ["Encounter/e1"]
