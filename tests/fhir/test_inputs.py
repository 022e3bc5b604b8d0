"""Inputs: limits, folders of mixed files, standard input, several patients; nobody is named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kg.__main__ import main
from kg.errors import UnusableRecord
from kg.fhir import decode
from kg.inputs import read
from kg.knowledge import default
from kg.namespaces import value
from tests.fhir.bundles import PLANTED, Bundle, cases, documented, judged, refused

TTL = "@prefix m816: <https://w3id.org/m816/> .\n"


CASE = "<urn:m816:case/Encounter/e1> a m816:Case"


def run(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


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


def test_of_two_versions_the_newer_is_read_and_the_other_told() -> None:
    bundle = documented()
    bundle.condition("Essential hypertension", "I10", id="cond9")
    older = {**bundle.resources[-1], "code": {"text": "osteoporosis of the hip"}}
    older["meta"] = {"versionId": "9", "lastUpdated": "2026-01-02T00:00:00+02:00"}
    bundle.resources[-1]["meta"] = {"versionId": "10", "lastUpdated": "2026-01-01T22:00:00Z"}
    alone = cases(bundle)
    for place in (0, len(bundle.resources)):
        several = documented()
        several.resources[:] = bundle.resources
        several.resources.insert(place, older)
        (case,) = cases(several)
        assert case.rows == alone[0].rows
        told = set(case.not_mapped) - set(alone[0].not_mapped)
        assert told == {("Condition/cond9", "an older version of it is left out")}


def test_a_bundle_of_deletions_says_that_they_are_not_applied() -> None:
    entry = {"request": {"method": "DELETE", "url": "Condition/c1"}}
    made = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    with pytest.raises(UnusableRecord, match="deleted, which is not applied"):
        cases(json.dumps(made).encode())


def test_patients_that_differ_and_share_an_id_are_refused() -> None:
    bundle = documented()
    patient = next(r for r in bundle.resources if r["resourceType"] == "Patient")
    other = {**patient, "birthDate": "1931-01-01"}
    bundle.resources.append(other)
    with pytest.raises(UnusableRecord, match="two Patients that differ"):
        cases(bundle)
    patient["meta"] = {"lastUpdated": "2026-01-01T00:00:00Z"}
    other["meta"] = {"lastUpdated": "2026-01-02T00:00:00Z"}
    assert len(cases(bundle)) == 1


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
