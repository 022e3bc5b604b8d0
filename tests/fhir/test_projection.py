"""The projection equals the FHIRPath of the mapping; a generated feed invents no diagnosis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fhir.bundles import (
    SNOMED,
    WORDS,
    Bundle,
    Json,
    case_of,
    coded,
    facts,
    only,
    ref,
    verdict,
)


def path(node: Any, *names: str) -> Iterator[Any]:
    """The values of a plain FHIRPath, by its own definition: children, collections flattened."""
    if isinstance(node, list):
        for item in node:
            yield from path(item, *names)
    elif not names:
        yield node
    elif isinstance(node, dict) and names[0] in node:
        yield from path(node[names[0]], *names[1:])


FULL: Json = {
    "Condition": {
        "note": [{"text": "old fall"}, {"text": "seen on MRI"}],
        "evidence": [{"detail": [ref("Observation/o1"), ref("Observation/o2")]}],
        "onsetDateTime": "2026-03-01",
        "asserter": ref("Practitioner/d1"),
    },
    "Encounter": {
        "class": {"code": "AMB"},
        "reasonCode": [{"text": "hip pain"}, {"text": "limp"}],
        "participant": [{"individual": ref("Practitioner/d1")}],
    },
    "DiagnosticReport": {
        "status": "final",
        "code": {"text": "MRI"},
        "effectiveDateTime": "2026-05-01",
        "conclusion": "Marrow edema of left hip",
        "resultsInterpreter": [ref("Practitioner/d1")],
        "basedOn": [ref("ServiceRequest/s1")],
    },
    "Observation": {
        "code": coded(("http://loinc.org", "80948-3")),
        "valueQuantity": {"value": -2, "unit": "T"},
        "hasMember": [ref("Observation/o3")],
    },
    "ServiceRequest": {
        "code": {"text": "DXA"},
        "reasonCode": [{"text": "localized osteoporosis"}],
        "requester": ref("Practitioner/d1"),
        "authoredOn": "2026-04-20",
    },
    "Procedure": {
        "code": {"text": "Core decompression of left hip"},
        "reasonReference": [ref("Condition/x")],
        "performedDateTime": "2026-04-22",
    },
}

PARTS = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


@pytest.mark.parametrize(
    ("kind", "expression", "prop"),
    [
        ("Condition", "note.text", "noteText"),
        ("Condition", "evidence.detail.reference", "supportedBy"),
        ("Condition", "onsetDateTime", "onset"),
        ("Condition", "asserter.reference", "assertedBy"),
        ("Encounter", "reasonCode.text", "reasonText"),
        ("DiagnosticReport", "conclusion", "conclusionText"),
        ("DiagnosticReport", "effectiveDateTime", "effective"),
        ("DiagnosticReport", "resultsInterpreter.reference", "interpretedBy"),
        ("DiagnosticReport", "basedOn.reference", "basedOn"),
        ("Observation", "valueQuantity.value", "value"),
        ("Observation", "valueQuantity.unit", "unit"),
        ("Observation", "hasMember.reference", "result"),
        ("ServiceRequest", "reasonCode.text", "reasonText"),
        ("ServiceRequest", "requester.reference", "orderedBy"),
        ("ServiceRequest", "authoredOn", "authored"),
        ("Procedure", "reasonReference.reference", "reason"),
        ("Procedure", "code.text", "titleText"),
        ("Procedure", "performedDateTime", "performed"),
    ],
)
def test_projection_equals_the_fhirpath(kind: str, expression: str, prop: str) -> None:
    bundle = Bundle()
    bundle.condition(WORDS, "M81.6", **FULL["Condition"])
    bundle.resources[1].update(FULL["Encounter"])
    for other in ("DiagnosticReport", "Observation", "ServiceRequest", "Procedure"):
        bundle.add(other, subject=ref("Patient/p1"), **{"status": "final", **FULL[other]})
    resource = next(r for r in bundle.resources if r["resourceType"] == kind)
    expected = {str(item) for item in path(resource, *expression.split("."))}
    assert expected
    assert facts(case_of(bundle), f"{kind}/{resource['id']}", prop) == expected


def test_each_participant_keeps_the_part_they_had() -> None:
    bundle = Bundle()
    bundle.condition(WORDS, "M81.6")
    part = {"coding": [{"system": PARTS, "code": "ATND"}]}
    bundle.resources[1]["participant"] = [
        {"individual": ref("Practitioner/d1"), "type": [part]},
        {"individual": ref("Practitioner/d2")},
    ]
    case = case_of(bundle)
    key = f"Encounter/{bundle.resources[1]['id']}"
    assert facts(case, f"{key}/participant-1", "participant") == {"Practitioner/d1"}
    assert facts(case, f"{key}/participant-2", "participant") == {"Practitioner/d2"}
    assert facts(case, f"{key}/participant-2", "participantType") == set()


def test_a_component_keeps_its_code_and_value_together() -> None:
    bundle = Bundle()
    bundle.condition(WORDS, "M81.6")
    parts = [("38264-8", -2.7), ("80933-5", -1.1)]
    bundle.add(
        "Observation",
        status="final",
        subject=ref("Patient/p1"),
        effectiveDateTime="2026-04-20",
        code={"text": "DXA"},
        component=[
            {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueQuantity": v}
            for code, v in ((code, {"value": number}) for code, number in parts)
        ],
    )
    case = case_of(bundle)
    key = f"Observation/{bundle.resources[-1]['id']}"
    assert facts(case, f"{key}/component-1", "value") == {"-2.7"}
    assert facts(case, f"{key}/component-2", "value") == {"-1.1"}


def test_a_generated_feed_invents_no_localized_osteoporosis() -> None:
    """The shape of Synthea records: no ICD-10-CM code, and every density at the forearm code."""
    bundle = Bundle()
    bundle.resources[0]["text"] = {"div": "https://github.com/synthetichealth/synthea"}
    snomed = {"system": SNOMED, "code": "64859006", "display": "Osteoporosis"}
    bundle.condition()["code"] = {"coding": [snomed]}
    bundle.observation("38265-5", -3.1)
    found = only(bundle)
    assert found.context["profile"] == "synthea"
    assert "M81.6" not in [code.code for code in found.decision.expected]
    assert found.decision.submitted == ()


@pytest.mark.parametrize("loinc", ["38265-5", "80948-3"])
def test_a_measurement_alone_is_out_of_scope(loinc: str) -> None:
    bundle = Bundle()
    bundle.observation(loinc, -3.1)
    assert verdict(bundle) == "out-of-scope"
