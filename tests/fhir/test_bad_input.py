"""Bad input: one clear message that names file and place, exit code 2, the others still judged."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kg.__main__ import main
from kg.errors import InputError, UnreadableInput, UnusableRecord
from kg.fhir import decode
from kg.inputs import read
from kg.knowledge import default
from kg.namespaces import value
from tests.fhir.bundles import PLANTED, Bundle, Json, cases, coded, documented, judged, ref

TTL = "@prefix m816: <https://w3id.org/m816/> .\n"
CASE = "<urn:m816:case/Encounter/e1> a m816:Case"


def refused(raw: bytes, name: str = "record.json") -> InputError:
    found = read(name, raw, default())
    assert found.error is not None
    assert found.cases == []
    message = str(found.error)
    assert message.startswith(name)
    assert "\n" not in message
    assert message.endswith(".")
    return found.error


def refused_record(**changes: Any) -> InputError:
    """The error for a documented case whose Condition has those elements."""
    return refused(documented(**changes).raw())


def run(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


@pytest.mark.parametrize(
    ("raw", "kind", "said"),
    [
        (b"", UnreadableInput, "the file is empty"),
        (b" \n\t", UnreadableInput, "the file is empty"),
        (b"hello", UnreadableInput, "byte 0: the document is not valid JSON"),
        (b'{"resourceType": "Patient",, }', UnreadableInput, "byte 27: the document is not valid"),
        (b'{"resourceType": "Patient"', UnreadableInput, "the end: the document is truncated"),
        (b'{"a": NaN}', UnreadableInput, "not valid JSON"),
        (b"[]", UnusableRecord, "no FHIR resource"),
        (b"42", UnusableRecord, "no FHIR resource"),
        (b"{}", UnusableRecord, "resourceType is missing or wrong"),
        (b'{"resourceType": 3}', UnusableRecord, "resourceType is missing or wrong"),
        (b'{"resourceType": "patient"}', UnusableRecord, "resourceType is missing or wrong"),
        (b'{"resourceType": "Foo"}', UnusableRecord, "no resource in it is of a type that is read"),
        (b'{"resourceType": "OperationOutcome"}', UnusableRecord, "no resource in it is of a type"),
        (b'{"resourceType": "Bundle"}', UnusableRecord, "the Bundle is empty"),
        (b'{"resourceType": "Bundle", "entry": []}', UnusableRecord, "the Bundle is empty"),
        (b'{"resourceType": "Bundle", "entry": {}}', UnusableRecord, "the Bundle is empty"),
        (
            b'{"resourceType": "Bundle", "entry": [{}]}',
            UnusableRecord,
            "there is no resource in it",
        ),
        (
            b'{"resourceType": "Bundle", "entry": [{"resource": {}}]}',
            UnusableRecord,
            "Bundle.entry[0]: resourceType is missing or wrong",
        ),
        (b"[" * 100_000, UnreadableInput, "nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, UnreadableInput, "nested too deeply"),
        (b'{"resourceType": "Patient\x00"}', UnreadableInput, "byte 25: it contains NUL"),
        (b'{"resourceType": "Pa\\u0000"}', UnreadableInput, "byte 20: it contains NUL"),
        (b'{"resourceType": "Pati\xe9nt"}', UnreadableInput, "byte 22: the text is not UTF-8"),
        (
            '{"resourceType": "Patient"}'.encode("utf-16"),
            UnreadableInput,
            "byte 0: the text is not",
        ),
        (b'{"a": ' + b"1" * 100_000 + b"}", UnreadableInput, "a number of thousands of digits"),
        (b"\x1f\x8b\x08\x00garbage", UnreadableInput, "the gzip data is damaged or truncated"),
        (gzip.compress(b"x" * 99)[:-6], UnreadableInput, "the gzip data is damaged or truncated"),
        (
            b'{"resourceType":"Patient"}\n{"resource',
            UnreadableInput,
            "line 2, the end: the document",
        ),
        (b'{"resourceType":"Patient"}\n{"x":1}', UnusableRecord, "line 2: resourceType"),
        (b'{"resourceType":"Patient"}\n{"x" 1}', UnreadableInput, "line 2, byte 5: the document"),
    ],
)
def test_what_is_no_record_is_refused(raw: bytes, kind: type, said: str) -> None:
    error = refused(raw)
    assert isinstance(error, kind)
    assert said in str(error)


def test_depth_that_decodes_is_refused_too() -> None:
    nested = b"[" * 900 + b"]" * 900
    raw = b'{"resourceType": "Condition", "note": ' + nested + b', "code": ' + nested + b"}"
    found = read("record.json", raw, default())
    assert found.error is None or "nested too deeply" in str(found.error)


def test_bundles_in_bundles_are_opened_to_a_limit() -> None:
    bundle: Json = documented().bundle()
    for _ in range(3):
        bundle = {"resourceType": "Bundle", "entry": [{"resource": bundle}]}
    assert len(cases(json.dumps(bundle).encode())) == 1
    bundle = {"resourceType": "Bundle", "entry": [{"resource": bundle}]}
    assert "bundles are nested too deeply" in str(refused(json.dumps(bundle).encode()))


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


@pytest.mark.parametrize("number", ["1e400", "-1e999999999999999999999", "1" * 70, "0." + "3" * 90])
def test_a_huge_number_is_refused_and_its_place_named(number: str) -> None:
    bundle = documented()
    bundle.observation("80946-7", 12345678)
    raw = bundle.raw().replace(b"12345678", number.encode())
    error = refused(raw)
    assert "Observation.valueQuantity: the number is out of any clinical range" in str(error)


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


def test_a_byte_order_mark_is_accepted() -> None:
    assert len(cases(b"\xef\xbb\xbf" + documented().raw())) == 1
    assert len(cases(b"\xef\xbb\xbf" + f"{TTL}{CASE} .".encode(), "case.ttl")) == 1


def test_what_is_larger_than_the_limit_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    raw = documented().raw()
    monkeypatch.setattr(decode, "MAX_BYTES", len(raw) - 1)
    assert "the input is larger than" in str(refused(raw))
    assert "the input is larger than" in str(refused(gzip.compress(raw)))
    file = tmp_path / "record.json"
    file.write_bytes(raw)
    result = run("check", str(file))
    assert result.exit_code == 2
    assert "the input is larger than" in result.stderr
    assert run("check", "-", stdin=raw).exit_code == 2


def test_a_gzip_bomb_is_not_inflated_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "MAX_BYTES", 1 << 20)
    bomb = gzip.compress(b" " * (64 << 20))
    assert len(bomb) < decode.MAX_BYTES
    assert "the input is larger than 1 MiB" in str(refused(bomb))


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
        ("case.ttl", f"{TTL}{CASE} ; m816:about <<( <a:a> <a:b> <a:c> )>> .", "about triples"),
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


def test_a_folder_of_mixed_files_is_judged_but_for_the_bad_ones(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(documented().raw())
    (tmp_path / "b.json").write_bytes(b"{")
    (tmp_path / "c.ttl").write_bytes(b"no turtle")
    (tmp_path / "d.json.gz").write_bytes(gzip.compress(documented("M81.60").raw()))
    (tmp_path / "e.ndjson").write_bytes(
        b"\n".join(json.dumps(r).encode() for r in documented().resources)
    )
    (tmp_path / "notes.txt").write_bytes(b"not a record")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "f.ttl").write_bytes(f"{TTL}{CASE} .".encode())
    result = run("check", str(tmp_path), "--format", "json")
    assert result.exit_code == 2
    files = [Path(v["input"]["file"]).name for v in json.loads(result.stdout)]
    assert files == ["a.json", "d.json.gz", "e.ndjson", "f.ttl"]
    assert len(result.stderr.splitlines()) == 2
    assert f"{tmp_path}/b.json" in result.stderr
    assert f"{tmp_path}/c.ttl, line 1" in result.stderr


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_what_holds_nothing_is_refused(name: str, tmp_path: Path) -> None:
    result = run("check", str(tmp_path / name))
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_standard_input_is_read() -> None:
    result = run("check", "-", stdin=documented().raw())
    assert result.exit_code == 0
    assert result.stdout.startswith("stdin")
    assert run("check", "-", stdin=gzip.compress(documented().raw())).exit_code == 0
    assert run("check", "-").exit_code == 2


def test_resources_of_one_id_are_both_kept_and_copies_count_once() -> None:
    bundle = documented()
    bundle.resources += [dict(r) for r in bundle.resources]
    assert len(cases(bundle)) == 1
    bundle.condition("Essential hypertension", "I10", id="cond2")
    (case,) = cases(bundle)
    sources = {value(t.object) for t in case.triples if t.predicate.value.endswith("/source")}
    assert {"Condition/cond2", "Condition/cond2-again"} <= sources


def test_two_patients_in_one_bundle_are_two_cases() -> None:
    bundle = documented()
    text = bundle.raw().decode().replace("p1", "p2").replace("e1", "e2")
    other = json.loads(text.replace('"id": "', '"id": "z').replace("Condition/", "Condition/z"))
    for entry in other["entry"]:
        resource = entry["resource"]
        resource["id"] = {"Patient": "p2", "Encounter": "e2"}.get(
            resource["resourceType"], resource["id"]
        )
        bundle.resources.append(resource)
    found = cases(bundle)
    assert [case.id for case in found] == ["Encounter/e1", "Encounter/e2"]
    sources = [
        {value(t.object) for t in case.triples if t.predicate.value.endswith("/source")}
        for case in found
    ]
    assert {s.split(" ")[0] for s in sources[0] & sources[1]} == set()


def test_a_record_without_a_patient_belongs_to_none_of_two() -> None:
    bundle = documented()
    bundle.add("Patient", id="p2")
    bundle.condition("Localized osteoporosis", "M81.6", subject=None, encounter=None, id="loose")
    found = {case.id: case.triples for case in cases(bundle)}
    assert set(found) == {"Encounter/e1", "Patient/p2", "Patient/unknown"}
    assert "Condition/loose" not in str(found["Encounter/e1"])


def test_an_encounter_in_error_makes_no_case() -> None:
    bundle = documented()
    bundle.resources[1]["status"] = "entered-in-error"
    assert [case.id for case in cases(bundle)] == ["Patient/p1"]


@pytest.mark.parametrize("face", ["text", "json", "turtle", "html", "fhir"])
def test_nothing_that_identifies_the_patient_is_shown(face: str, tmp_path: Path) -> None:
    bundle = documented()
    bundle.add("Practitioner", id="d1", name=[{"family": "Thornhill"}], birthDate="1978-03-02")
    bundle.resources[2]["asserter"] = {"reference": "Practitioner/d1", "display": "Quimby"}
    bundle.resources[2]["subject"]["display"] = "Zenobia Quimby"
    bundle.resources[2]["recorder"] = {"reference": "Practitioner?identifier=x|MRN-778812"}
    bundle.resources[2]["onsetString"] = "since Quimby was told"
    bundle.resources[2]["Quimby Zenobia"] = 1
    bundle.resources[3]["presentedForm"] = [{"contentType": "Quimby", "title": "Zenobia"}]
    bundle.claim("M81.6", insurance=[{"coverage": {"display": "Quimby"}}])
    bad = documented()
    bad.resources[2]["recordedDate"] = "1978-03-02x"
    (tmp_path / "a.json").write_bytes(bundle.raw())
    (tmp_path / "b.json").write_bytes(bad.raw())
    (tmp_path / "c.json").write_bytes(documented().raw()[:-40])
    result = run("check", str(tmp_path), "--format", face, "--all")
    assert result.exit_code == 2
    assert len(result.stdout) > 500
    shown = result.stdout + result.stderr
    assert [word for word in PLANTED if word in shown] == []


def test_an_empty_bundle_of_one_patient_is_out_of_scope() -> None:
    bundle = Bundle()
    (verdict,) = judged(read("record.json", bundle.raw(), default()))
    assert verdict.decision.verdict == "out-of-scope"
    assert verdict.case == "Patient/p1"
