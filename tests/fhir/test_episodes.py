"""Design §7, "Reading a case": setting, date of service, and the four levels of submitted codes."""

from __future__ import annotations

import pytest

from kg.inputs import read
from kg.knowledge import default
from tests.fhir.bundles import (
    ICD10CM,
    SNOMED,
    WORDS,
    Bundle,
    Json,
    case_of,
    coded,
    documented,
    facts,
    judged,
    only,
    ref,
    verdict,
)


def submitted(bundle: Bundle) -> tuple[list[str], str | None]:
    """The submitted codes and the level they come from."""
    found = only(bundle)
    return list(found.decision.submitted), found.context["submissionLevel"]


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
