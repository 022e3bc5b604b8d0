"""Design §7, "Facts": sites, measurements, texts, medications, references of a record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kg.case import Case, turtle
from kg.knowledge import default
from kg.namespaces import M816, value
from tests.fhir.bundles import (
    ICD10CM,
    SNOMED,
    WORDS,
    Bundle,
    Json,
    attachment,
    case_of,
    cases,
    coded,
    documented,
    facts,
    only,
    ref,
    verdict,
)


def records(case: Case) -> set[str]:
    names = {M816 + "documents", M816 + "hasRecord"}
    return {value(t.object).split(":")[-1] for t in case.triples if value(t.predicate) in names}


def site(**elements: Any) -> set[str]:
    bundle = Bundle()
    bundle.condition("Localized osteoporosis", "M81.6", **elements)
    return {s.removeprefix("site/") for s in facts(case_of(bundle), "Condition/cond2", "codedSite")}


@pytest.mark.parametrize(
    "elements",
    [
        *({"status": status} for status in ("preliminary", "registered", "cancelled", "partial")),
        {"status": "entered-in-error"},
        {"effectiveDateTime": "2026-05-05"},
    ],
)
def test_reports_that_are_not_final_or_later_are_not_evidence(elements: Json) -> None:
    bundle = documented()
    bundle.resources[3].update(elements)
    case = case_of(bundle)
    assert "DiagnosticReport/diag3" not in " ".join(records(case))
    assert "DiagnosticReport/diag3" in {source for source, _ in case.not_mapped}
    assert verdict(bundle) == "stands-incomplete"


def test_a_report_of_the_day_itself_is_evidence() -> None:
    bundle = documented()
    bundle.resources[3]["effectiveDateTime"] = "2026-05-04T18:00:00Z"
    assert verdict(bundle) == "stands"


def test_an_order_not_to_do_it_is_no_plan() -> None:
    bundle = documented()
    bundle.resources[4]["doNotPerform"] = True
    assert verdict(bundle) == "stands-incomplete"


def test_family_history_is_never_the_patients() -> None:
    bundle = Bundle()
    bundle.add(
        "FamilyMemberHistory",
        status="completed",
        patient=ref("Patient/p1"),
        condition=[{"code": coded((ICD10CM, "M81.6"), text=WORDS)}],
    )
    found = only(bundle)
    assert found.decision.verdict == "out-of-scope"
    assert ("FamilyMemberHistory/fami2", "resource type is not mapped") in found.not_mapped


@pytest.mark.parametrize(
    ("body_site", "expected"),
    [
        ([coded((SNOMED, "71341001"))], {"femur"}),
        ([coded((SNOMED, "71341001:272741003=7771000"))], {"left-femur"}),
        ([coded((SNOMED, "71341001 |Femur| : 272741003 |Side| = 24028007 |R|"))], {"right-femur"}),
        ([coded((SNOMED, "71341001 |Bone structure of femur|"))], {"femur"}),
        ([coded((SNOMED, "71341001"), text="left thigh bone, left femur")], {"left-femur"}),
        ([{"text": "left hip"}], {"left-hip"}),
        ([{"text": "both hips"}], {"left-hip", "right-hip"}),
        ([{"text": "left hip"}, {"text": "right knee"}], {"left-hip", "right-knee"}),
        ([{"text": "left hip and right knee"}], {"left-hip", "right-knee"}),
        ([{"coding": [{"system": "urn:x", "code": "1", "display": "Left hip"}]}], {"left-hip"}),
        ([coded((SNOMED, "1"))], set()),
        ([], set()),
        ({"text": "left hip"}, {"left-hip"}),
    ],
)
def test_body_site(body_site: object, expected: set[str]) -> None:
    assert site(bodySite=body_site) == expected


@pytest.mark.parametrize("number", ["-2.50", "-2.5", "-2", "0.600", "1E-2", "-2.4999999999"])
def test_a_number_keeps_its_recorded_form(number: str) -> None:
    bundle = documented()
    bundle.observation("80948-3", 12345678)
    (case,) = cases(bundle.raw().replace(b"12345678", number.encode()))
    plain = {"1E-2": "0.01"}.get(number, number)
    assert facts(case, "Observation/obse5", "value") == {plain}
    (again,) = cases(turtle(case.asserted()).encode(), "case.ttl")
    assert facts(again, "Observation/obse5", "value") == {plain}


def test_a_bound_is_not_a_value() -> None:
    bundle = documented()
    bundle.observation("80948-3", -2.5)["valueQuantity"]["comparator"] = "<"
    case = case_of(bundle)
    assert facts(case, "Observation/obse5", "value") == set()
    assert ("Observation/obse5", "Observation.valueQuantity is a bound, not a value") in (
        case.not_mapped
    )


@pytest.mark.parametrize(
    ("loinc", "region", "side"),
    [
        ("80948-3", "proximalFemur", "left"),
        ("80947-5", "proximalFemur", "right"),
        ("38264-8", "hip", ""),
    ],
)
def test_a_loinc_code_carries_site_and_side(loinc: str, region: str, side: str) -> None:
    knowledge = default()
    iri = f"https://loinc.org/{loinc}"
    assert knowledge.texts(iri, "meansRegion") == [M816 + region]
    assert knowledge.texts(iri, "side") == ([M816 + side] if side else [])
    bundle = documented()
    bundle.observation(loinc, -1.5)
    assert facts(case_of(bundle), "Observation/obse5", "code") == {iri}


def test_a_dxa_report_names_its_results() -> None:
    """The shape of the US Core examples: results by reference, the words in an attachment."""
    bundle = documented()
    first, second = bundle.observation("80948-3", -2.6), bundle.observation("38267-1", -0.4)
    bundle.report(
        "DXA bone density",
        "",
        id="dxa",
        result=[ref(f"Observation/{first['id']}"), ref(f"Observation/{second['id']}")],
        presentedForm=[
            attachment("Indication: localized osteoporosis. DXA of left hip and spine.")
        ],
    )
    case = case_of(bundle)
    assert facts(case, "DiagnosticReport/dxa", "result") == {
        "Observation/obse5",
        "Observation/obse6",
    }
    assert "DXA of left hip" in str(facts(case, "DiagnosticReport/dxa", "reportText"))


def test_a_text_attachment_is_read_and_another_kind_is_said_not_to_be() -> None:
    bundle = documented()
    bundle.resources[3]["presentedForm"] = [
        attachment("Marrow edema, no fracture"),
        attachment("%PDF", "application/pdf"),
    ]
    case = case_of(bundle)
    assert facts(case, "DiagnosticReport/diag3", "reportText") == {"Marrow edema, no fracture"}
    assert facts(case, "DiagnosticReport/diag3", "narrative") == {"notMachineReadable"}
    assert ("DiagnosticReport/diag3", "an attachment of type application/pdf is not read") in (
        case.not_mapped
    )


@pytest.mark.parametrize(
    "form",
    [
        {"contentType": "text/plain", "data": "Tm8g\nZnJhY3R1cmU="},
        {"contentType": "text/plain;charset=latin-1", "data": "Tm8gZnJhY3R1cmU="},
        {"contentType": "TEXT/PLAIN; charset=utf-8", "data": "Tm8gZnJhY3R1cmU="},
        {"url": "Binary/b1"},
        {"contentType": "text/plain", "url": "http://example.org/fhir/Binary/b1"},
    ],
)
def test_how_a_text_may_be_attached(form: Json) -> None:
    bundle = documented()
    bundle.add("Binary", id="b1", contentType="text/plain", data="Tm8gZnJhY3R1cmU=")
    bundle.resources[3]["presentedForm"] = [form]
    assert facts(case_of(bundle), "DiagnosticReport/diag3", "reportText") == {"No fracture"}


@pytest.mark.parametrize(
    "form",
    [
        {"contentType": "text/plain", "data": "%%%"},
        {"contentType": "text/plain", "data": "/w=="},
        {"contentType": "text/plain; charset=klingon", "data": "Tm8="},
        {"contentType": "text/plain", "url": "Binary/elsewhere"},
        {"contentType": "text/html", "data": "Tm8="},
        {"contentType": 3, "data": []},
    ],
)
def test_what_cannot_be_read_leaves_the_report_undetermined(form: Json) -> None:
    bundle = documented()
    bundle.resources[3]["presentedForm"] = [form]
    case = case_of(bundle)
    assert facts(case, "DiagnosticReport/diag3", "narrative") == {"notMachineReadable"}
    assert any("an attachment of type" in why for _, why in case.not_mapped)


def test_notes_are_read() -> None:
    bundle = documented()
    bundle.add(
        "DocumentReference",
        id="n1",
        status="current",
        subject=ref("Patient/p1"),
        date="2026-05-04T10:00:00Z",
        context={"encounter": [ref("Encounter/e1")]},
        content=[{"attachment": attachment("Plan: protected weight bearing")}],
    )
    bundle.add(
        "Composition",
        id="n2",
        status="final",
        subject=ref("Patient/p1"),
        date="2026-05-04",
        encounter=ref("Encounter/e1"),
        section=[
            {"text": {"div": "<div><p>No fracture</p><p>Localized &amp; painful</p></div>"}},
            {"text": {"div": "<div>Plan:<br/>repeat MRI</div>"}},
        ],
    )
    case = case_of(bundle)
    assert facts(case, "DocumentReference/n1", "documentText") == {"Plan: protected weight bearing"}
    first, second = sorted(facts(case, "Composition/n2", "documentText"))
    assert [line for line in first.split("\n") if line] == ["No fracture", "Localized & painful"]
    assert [line for line in second.split("\n") if line] == ["Plan:", "repeat MRI"]


@pytest.mark.parametrize(
    "elements",
    [
        {"medicationCodeableConcept": {"text": "Prednisone 10 mg"}},
        {"medicationReference": ref("Medication/m1")},
        {"medicationReference": ref("#m2"), "contained": [
            {"resourceType": "Medication", "id": "m2", "code": {"text": "Prednisone 10 mg"}}]},
        {"medicationReference": {"reference": "Medication/x", "display": "Prednisone 10 mg"}},
    ],
)  # fmt: skip
def test_a_medication_is_read_wherever_it_stands(elements: Json) -> None:
    bundle = documented()
    bundle.add("Medication", id="m1", code={"text": "Prednisone 10 mg"})
    bundle.add(
        "MedicationRequest",
        id="r1",
        status="active",
        intent="order",
        subject=ref("Patient/p1"),
        authoredOn="2026-01-10",
        **elements,
    )
    case = case_of(bundle)
    assert facts(case, "MedicationRequest/r1", "medicationText") == {"Prednisone 10 mg"}


@pytest.mark.parametrize(
    "address",
    [
        "Practitioner/d1",
        "http://example.org/fhir/Practitioner/d1",
        "Practitioner/d1/_history/3",
        "urn:uuid:7f2c0d34-0000-4000-8000-000000000001",
    ],
)
def test_every_form_of_reference_resolves(address: str) -> None:
    bundle = documented(asserter=ref(address))
    bundle.add("Practitioner", id="d1")
    entry = {"fullUrl": "urn:uuid:7f2c0d34-0000-4000-8000-000000000001"}
    whole = bundle.bundle()
    whole["entry"][-1].update(entry)
    (case,) = cases(json.dumps(whole).encode())
    assert facts(case, "Condition/cond2", "assertedBy") == {"Practitioner/d1"}
    assert facts(case, "Condition/cond2", "unresolved") == set()


def test_ids_of_any_form_are_shown_as_opaque_ids() -> None:
    bundle = documented(id="Quimby Zenobia 1978-03-02")
    bundle.resources[4]["reasonReference"] = [ref("Condition/Quimby Zenobia 1978-03-02")]
    found = only(bundle)
    assert found.decision.verdict == "stands"
    assert "Quimby" not in json.dumps(found.json())
