"""Values no record should have: refused with their place, listed, or harmless."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kg.__main__ import main
from kg.errors import InputError
from kg.inputs import read
from kg.knowledge import default
from kg.namespaces import value
from tests.fhir.bundles import cases, coded, documented, judged, ref, refused


def refused_record(**changes: Any) -> InputError:
    """The error for a documented case whose Condition has those elements."""
    return refused(documented(**changes).raw())


def run(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


@pytest.mark.parametrize(
    "date",
    [
        "2026-13-01",
        "2026-02-30",
        "0000-01-01",
        "1066-10-14",
        "9999-12-31",
        "05/04/2026",
        "",
        20260504,
    ],
)
def test_an_absurd_date_is_refused_and_its_place_named(date: object) -> None:
    error = refused_record(recordedDate=date)
    assert "Condition/cond2 Condition.recordedDate" in str(error)
    assert "the date does not exist" in str(error)
    assert "2026-13-01" not in str(error)


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    bundle = documented()
    bundle.resources[1]["period"] = {"start": "2026-05-04", "end": "2026-05-03"}
    assert "Encounter/e1 Encounter: its period ends before it starts" in str(refused(bundle.raw()))


@pytest.mark.parametrize(
    "number", ["1e400", "1e999999999", "-1e999999999999999999999", "1" * 70, "0." + "3" * 90]
)
def test_a_huge_number_is_refused_and_its_place_named(number: str) -> None:
    bundle = documented()
    bundle.observation("80946-7", 12345678)
    raw = bundle.raw().replace(b"12345678", number.encode())
    error = refused(raw)
    assert "Observation.valueQuantity: the number is out of any clinical range" in str(error)


@pytest.mark.parametrize("part", ["words", 7, None, ["words"]])
def test_a_part_that_is_no_object_is_left_out(part: object) -> None:
    bundle = documented()
    bundle.resources[1]["participant"] = [part]
    assert judged(read("record.json", bundle.raw(), default()))


def test_a_huge_sequence_number_is_no_sequence() -> None:
    bundle = documented()
    bundle.claim("M81.6")["diagnosis"][0]["sequence"] = 10**30
    (case,) = cases(bundle)
    assert [value(t.object) for t in case.triples if t.predicate.value.endswith("sequence")] == [
        "1"
    ]


def test_an_unresolved_reference_is_judged_and_listed() -> None:
    bundle = documented(asserter=ref("Practitioner/elsewhere"))
    (case,) = cases(bundle)
    assert ("Condition/cond2", "Condition.asserter points to a resource not supplied") in (
        case.not_mapped
    )


def test_references_in_a_circle_are_refused() -> None:
    bundle = documented()
    first, second = (bundle.observation("80946-7", -2) for _ in range(2))
    first["hasMember"] = [ref(f"Observation/{second['id']}")]
    second["hasMember"] = [ref(f"Observation/{first['id']}")]
    error = refused(bundle.raw())
    assert f"Observation/{first['id']}: its references run in a circle" in str(error)
    second["hasMember"] = [ref(f"Observation/{second['id']}")]
    refused(bundle.raw())


def test_references_between_types_may_meet_again() -> None:
    bundle = documented()
    report, condition = bundle.resources[3], bundle.resources[2]
    condition["evidence"] = [{"detail": [ref(f"DiagnosticReport/{report['id']}")]}]
    report["encounter"] = ref("Encounter/e1")
    assert len(cases(bundle)) == 1


@pytest.mark.parametrize("code", ["M81.6", "M816", "m81.6", "M80.852A", "G90.511", "M89.042"])
def test_a_diagnosis_code_in_scope_without_a_system_is_refused(code: str) -> None:
    error = refused_record(code=coded((None, code)))
    assert "Condition/cond2 Condition.code: the diagnosis code has no code system" in str(error)
    bundle = documented()
    bundle.claim()["diagnosis"] = [{"diagnosisCodeableConcept": coded((None, code))}]
    assert "Claim.diagnosis[0]: the diagnosis code has no code system" in str(refused(bundle.raw()))


def test_other_codes_without_a_system_are_listed() -> None:
    bundle = documented()
    bundle.condition("Essential hypertension")["code"]["coding"] = [{"code": "I10"}]
    bundle.condition("Hip pain")["code"]["coding"] = [{"code": "12345"}]
    (case,) = cases(bundle)
    listed = [why for _, why in case.not_mapped if why.endswith("a code without a system")]
    assert len(listed) == 2
    code = {
        "coding": [*coded((None, "M81.6"))["coding"], *documented().resources[2]["code"]["coding"]]
    }
    assert len(cases(documented(code=code))) == 1


@pytest.mark.parametrize("code", ["M81.60", "M81.65", "M81", "M81.9"])
def test_an_unknown_code_is_judged_invalid(code: str, tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_bytes(documented(code).raw())
    result = run("check", str(file))
    assert result.exit_code == 1
    assert "invalid" in result.stdout.splitlines()[0]


@pytest.mark.parametrize("code", ["M81.6 ", "M81 .6", " M816"])
def test_spaces_in_a_code_are_dropped(code: str) -> None:
    (verdict,) = judged(read("record.json", documented(code).raw(), default()))
    assert verdict.decision.submitted == ("M81.6",)


@pytest.mark.parametrize("code", ['M81.6"', "M81.6|x", "<M81.6>", "M81.6#^`{}\\", "é", "💀"])
def test_odd_characters_in_a_code_break_nothing(code: str) -> None:
    bundle = documented(code)
    bundle.resources[2]["code"]["coding"].append({"system": f"urn: {code}", "code": code})
    bundle.resources[2]["bodySite"] = [coded(("http://snomed.info/sct", code))]
    (verdict,) = judged(read("record.json", bundle.raw(), default()))
    assert verdict.decision.verdict in {"invalid", "query", "recode", "not-coded", "stands"}


@pytest.mark.parametrize("kind", ["two words", "urn:x", "", None, 3, "Ünï"])
def test_odd_types_in_references_break_nothing(kind: object) -> None:
    bundle = documented(asserter={"reference": "urn:uuid:x y", "type": kind})
    bundle.resources[2]["contained"] = [{"resourceType": kind, "id": "a b"}]
    assert len(cases(bundle)) == 1
