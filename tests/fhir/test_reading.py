"""Design §7, "Reading a case" and "Facts", row by row: what of a record reaches the case graph."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from kg.case import Case, turtle
from kg.inputs import read
from kg.knowledge import default
from kg.namespaces import M816, value
from kg.verdict import Verdict
from tests.fhir.bundles import (
    ICD10CM,
    SNOMED,
    Bundle,
    Json,
    attachment,
    cases,
    coded,
    documented,
    facts,
    judged,
    ref,
    verdict,
)

WORDS = "Localized osteoporosis of left hip, cause undetermined"


def only(bundle: Bundle) -> Verdict:
    (one,) = judged(read("record.json", bundle.raw(), default()))
    return one


def case_of(bundle: Bundle) -> Case:
    (one,) = cases(bundle)
    return one


def submitted(bundle: Bundle) -> tuple[list[str], str | None]:
    """The submitted codes and the level they come from."""
    found = only(bundle)
    return list(found.decision.submitted), found.context["submissionLevel"]


# --- setting and date of service


@pytest.mark.parametrize(
    ("kind", "setting"),
    [
        *((kind, "inpatient") for kind in ("IMP", "ACUTE", "NONAC")),
        *((kind, "outpatient") for kind in ("AMB", "EMER", "OBSENC", "VR", "HH", "SS", "PRENC")),
        (None, None),
    ],
)
def test_setting_follows_the_class(kind: str | None, setting: str | None) -> None:
    bundle = Bundle(kind)
    bundle.condition(WORDS, "M81.6")
    assert only(bundle).context["setting"] == setting


@pytest.mark.parametrize(("kind", "day"), [("AMB", "2026-05-04"), ("IMP", "2026-05-09")])
def test_date_of_service_is_the_start_or_for_inpatients_the_end(kind: str, day: str) -> None:
    bundle = Bundle(kind, "2026-05-04", "2026-05-09")
    bundle.condition(WORDS, "M81.6")
    assert only(bundle).context["dateOfService"] == day


def test_without_an_encounter_the_claim_dates_the_case() -> None:
    bundle = Bundle()
    del bundle.resources[1]
    bundle.claim("M81.6", item=[], billablePeriod={"start": "2026-04-02", "end": "2026-04-02"})
    found = only(bundle)
    assert found.case.startswith("Claim/")
    assert found.context["dateOfService"] == "2026-04-02"
    assert found.context["setting"] is None


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026", "2026-01-01"),
        ("2026-04", "2026-04-01"),
        ("2026-04-30T23:59:00-05:00", "2026-04-30"),
    ],
)
def test_partial_dates_count_from_their_first_day(written: str, day: str) -> None:
    bundle = documented(recordedDate=written)
    assert facts(case_of(bundle), "Condition/cond2", "recordDate") == {day}


# --- submitted codes: the first level that has any


def test_level_1_the_claim() -> None:
    bundle = documented()
    bundle.resources[1]["diagnosis"] = [{"condition": ref("Condition/cond2")}]
    bundle.claim("M81.0", "I10")
    assert submitted(bundle) == (["M81.0", "I10"], "claim")


def test_claim_diagnoses_stand_in_their_sequence() -> None:
    bundle = documented()
    diagnoses = bundle.claim("M81.6", "I10", "M25.552")["diagnosis"]
    for number, sequence in enumerate((3, 1, 2)):
        diagnoses[number]["sequence"] = sequence
    assert submitted(bundle)[0] == ["I10", "M25.552", "M81.6"]


def test_claim_diagnosis_by_reference() -> None:
    bundle = documented()
    bundle.claim()["diagnosis"] = [{"sequence": 1, "diagnosisReference": ref("Condition/cond2")}]
    assert submitted(bundle) == (["M81.6"], "claim")


def test_an_unlinked_claim_counts_where_there_is_one_encounter() -> None:
    bundle = documented()
    bundle.claim("M81.0", item=[])
    assert submitted(bundle) == (["M81.0"], "claim")


def test_an_unlinked_claim_is_a_case_of_its_own_among_several_encounters() -> None:
    bundle = documented()
    bundle.add("Encounter", id="e2", subject=ref("Patient/p1"), period={"start": "2026-02-01"})
    bundle.claim("M81.0", item=[], id="c9", billablePeriod={"start": "2026-05-20"})
    found = {v.case: v for v in judged(read("record.json", bundle.raw(), default()))}
    assert set(found) == {"Encounter/e1", "Claim/c9"}
    assert found["Encounter/e1"].context["submissionLevel"] == "encounter-diagnosis"
    assert found["Claim/c9"].decision.submitted == ("M81.0",)


@pytest.mark.parametrize(
    "elements",
    [
        {"type": coded(("urn:type", "pharmacy"))},
        {"status": "cancelled"},
        {"status": "draft"},
        {"status": "entered-in-error"},
        {"use": "preauthorization"},
        {"use": "predetermination"},
        {"diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": {"text": "hip pain"}}]},
        {"diagnosis": [{"diagnosisCodeableConcept": coded((SNOMED, "64859006"))}]},
    ],
)
def test_claims_that_are_no_claim_for_a_service_are_ignored(elements: Json) -> None:
    bundle = documented()
    bundle.claim("M81.0", **elements)
    assert submitted(bundle) == (["M81.6"], "encounter-diagnosis")


def test_the_institutional_claim_comes_first() -> None:
    bundle = documented()
    bundle.claim("M81.0")
    bundle.claim("M81.8", type=coded(("urn:type", "institutional")))
    assert submitted(bundle) == (["M81.8"], "claim")


def test_level_2_the_diagnosis_list_of_the_encounter() -> None:
    bundle = documented()
    other = bundle.condition("Essential hypertension", "I10")
    bundle.condition("Hip pain", "M25.552")
    bundle.resources[1]["diagnosis"] = [
        {"condition": ref("Condition/cond2"), "rank": 2},
        {"condition": ref(f"Condition/{other['id']}"), "rank": 1},
    ]
    assert submitted(bundle) == (["I10", "M81.6"], "encounter-diagnosis-list")


def test_level_3_the_conditions_of_the_encounter_each_code_once() -> None:
    bundle = documented()
    bundle.condition("Localized osteoporosis", "M81.6")
    bundle.condition("Diabetes", "E11.9", category=[coded((None, "problem-list-item"))])
    assert submitted(bundle) == (["M81.6"], "encounter-diagnosis")
    assert verdict(bundle) == "stands"


def test_conditions_have_no_sequence() -> None:
    bundle = Bundle()
    bundle.condition("Personal history of healed osteoporosis fracture", "Z87.310")
    bundle.resources += [r for r in documented().resources[2:]]
    assert only(bundle).decision.verdict == "stands"


def test_level_4_the_active_problem_list_and_only_then() -> None:
    problem = [coded(("urn:c", "problem-list-item"))]
    bundle = Bundle()
    bundle.condition(WORDS, "M81.6", category=problem, encounter=None)
    assert submitted(bundle) == (["M81.6"], "problem-list-item")
    bundle.condition("Osteoporosis", "M81.0")
    assert submitted(bundle) == (["M81.0"], "encounter-diagnosis")


@pytest.mark.parametrize(
    "elements",
    [
        {"clinicalStatus": coded((None, "resolved"))},
        {"clinicalStatus": coded((None, "inactive"))},
        {"abatementDateTime": "2026-04-01"},
        {"verificationStatus": coded((None, "refuted"))},
        {"verificationStatus": coded((None, "entered-in-error"))},
    ],
)
def test_history_and_errors_are_never_submitted(elements: Json) -> None:
    bundle = Bundle()
    bundle.condition(WORDS, "M81.6", **elements)
    assert submitted(bundle) == ([], None)
    assert verdict(bundle) in {"out-of-scope", "not-coded"}


def test_a_missing_verification_status_refutes_nothing() -> None:
    bundle = documented()
    del bundle.resources[2]["verificationStatus"], bundle.resources[2]["clinicalStatus"]
    assert verdict(bundle) == "stands"


def test_conditions_of_other_encounters_are_history() -> None:
    bundle = documented()
    bundle.add(
        "Encounter",
        id="e0",
        subject=ref("Patient/p1"),
        period={"start": "2025-01-01"},
        status="finished",
    )
    bundle.condition(
        "Postmenopausal osteoporosis", "M81.0", encounter=ref("Encounter/e0"), id="old",
        recordedDate="2025-01-01",
    )  # fmt: skip
    latest, earlier = judged(read("record.json", bundle.raw(), default()))
    assert (latest.case, earlier.case) == ("Encounter/e1", "Encounter/e0")
    assert latest.decision.submitted == ("M81.6",)
    assert latest.decision.verdict == "stands"
    assert earlier.decision.submitted == ("M81.0",)


def test_the_written_code_is_normalised_and_the_written_form_kept() -> None:
    found = only(documented("M816"))
    assert found.decision.submitted == ("M81.6",)
    shown = {f.rule: f for f in found.findings if f.outcome == "fail"}["code-as-printed"]
    assert shown.severity == "consider"
    assert [item.value for item in shown.evidence] == ["M816"]


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        (ICD10CM, "stands"),
        ("urn:oid:2.16.840.1.113883.6.90", "stands"),
        ("http://hl7.org/fhir/sid/icd-10", "invalid"),
    ],
)
def test_the_code_system_decides(system: str, expected: str) -> None:
    bundle = documented()
    bundle.resources[2]["code"]["coding"] = [{"system": system, "code": "M81.6"}]
    assert verdict(bundle) == expected


def test_beside_a_code_of_another_system_the_national_one_is_submitted() -> None:
    bundle = documented()
    both = [("http://hl7.org/fhir/sid/icd-10", "M81.6"), (ICD10CM, "M81.6"), (SNOMED, "64859006")]
    bundle.resources[2]["code"] = coded(*both, text=WORDS)
    assert submitted(bundle)[0] == ["M81.6"]
    assert verdict(bundle) == "stands"


# --- evidence


def records(case: Case) -> set[str]:
    names = {M816 + "documents", M816 + "hasRecord"}
    return {value(t.object).split(":")[-1] for t in case.triples if value(t.predicate) in names}


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


# --- sites, measurements


def site(**elements: Any) -> set[str]:
    bundle = Bundle()
    bundle.condition("Localized osteoporosis", "M81.6", **elements)
    return {s.removeprefix("site/") for s in facts(case_of(bundle), "Condition/cond2", "codedSite")}


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


# --- texts


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


# --- medications


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


# --- references


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


# --- the projection against the FHIRPath of the mapping


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


@pytest.mark.parametrize(
    ("kind", "expression", "prop"),
    [
        ("Condition", "note.text", "noteText"),
        ("Condition", "evidence.detail.reference", "supportedBy"),
        ("Condition", "onsetDateTime", "onset"),
        ("Condition", "asserter.reference", "assertedBy"),
        ("Encounter", "reasonCode.text", "reasonText"),
        ("Encounter", "participant.individual.reference", "participant"),
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
