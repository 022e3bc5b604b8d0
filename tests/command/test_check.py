"""``m816 check``: five faces, three exit codes, and no input that stops the others."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rdflib
from click.testing import Result
from rdflib.namespace import RDF, SH

Run = Callable[..., Result]
Verdicts = Callable[..., list[dict[str, Any]]]


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("localized-hip.json", "stands", 0),
        ("unrelated.ndjson", "out-of-scope", 0),
        ("disuse-as-localized.json", "recode", 1),
        ("fracture-beside-localized.json", "recode", 1),
    ],
)
def test_the_exit_code_says_whether_the_codes_stand(
    name: str, verdict: str, code: int, data: Path, run: Run, verdicts: Verdicts
) -> None:
    assert run("check", data / name).exit_code == code
    assert [made["verdict"] for made in verdicts(data / name)] == [verdict]


def test_the_first_line_names_the_case_the_verdict_and_the_reason(data: Path, run: Run) -> None:
    first = run("check", data / "disuse-as-localized.json").stdout.splitlines()[0]
    assert "Encounter/e2: recode. " in first
    assert "I-osteoporosis" in first, "the clause that decides is on the first line"


def test_all_shows_what_passed_and_what_did_not_apply(data: Path, run: Run) -> None:
    short = run("check", data / "localized-hip.json").stdout
    long = run("check", "--all", data / "localized-hip.json").stdout
    assert "✓" not in short
    assert "✓" in long
    assert "–" in long
    assert "Appointment/a1" in long, "what is not mapped is listed"


def test_refuted_and_expected_codes_are_told_with_their_reasons(
    data: Path, verdicts: Verdicts
) -> None:
    (made,) = verdicts(data / "disuse-as-localized.json")
    assert made["codes"]["submitted"] == ["M81.6"]
    assert [code["code"] for code in made["codes"]["refuted"]] == ["M81.6"]
    assert [code["code"] for code in made["codes"]["expected"]] == ["M81.8"]
    assert all(code["because"] for code in made["codes"]["refuted"] + made["codes"]["expected"])


def test_turtle_is_one_standard_report_a_case(data: Path, run: Run) -> None:
    result = run("check", "--format", "turtle", data / "disuse-as-localized.json")
    reports, results = _results(result.stdout)
    assert reports == 1
    assert results > 0


def test_reports_of_several_cases_stay_apart_in_one_document(data: Path, run: Run) -> None:
    names = sorted(data.glob("*.*"))
    alone = [_results(run("check", "--format", "turtle", name).stdout) for name in names]
    assert _results(run("check", "--format", "turtle", data).stdout) == (
        sum(reports for reports, _ in alone),
        sum(results for _, results in alone),
    )


def _results(turtle: str) -> tuple[int, int]:
    graph = rdflib.Graph().parse(data=turtle, format="turtle")
    kinds = (SH.ValidationReport, SH.ValidationResult)
    reports, results = (len(set(graph.subjects(RDF.type, kind))) for kind in kinds)
    return reports, results


def test_fhir_is_an_operation_outcome_with_an_error_for_a_failed_must(data: Path, run: Run) -> None:
    made = json.loads(run("check", "--format", "fhir", data / "disuse-as-localized.json").stdout)
    assert made["resourceType"] == "OperationOutcome"
    assert {"error", "information"} <= {issue["severity"] for issue in made["issue"]}
    assert all({"severity", "code"} <= set(issue) for issue in made["issue"])


def test_standard_input_gives_the_same_verdict_as_the_file(data: Path, verdicts: Verdicts) -> None:
    raw = (data / "disuse-as-localized.json").read_bytes()
    for stdin in (raw, gzip.compress(raw)):
        (piped,) = verdicts("-", stdin=stdin)
        (filed,) = verdicts(data / "disuse-as-localized.json")
        assert piped.pop("input")["file"] == "stdin"
        filed.pop("input")
        assert piped == filed


def test_bad_inputs_are_named_one_line_each_and_the_others_still_judged(
    mixed: Path, run: Run, verdicts: Verdicts
) -> None:
    result = run("check", mixed)
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    for name in ("c-truncated.json", "d-words.json", "f-syntax.ttl", "h-latin.json"):
        assert len([line for line in lines if name in line]) == 1, name
    assert all(line.startswith("m816: ") for line in lines)
    assert "g-ignored" not in result.output
    judged = [Path(made["input"]["file"]).name for made in verdicts(mixed)]
    assert judged[:2] == ["a-good.json", "b-packed.json.gz"]


def test_messages_never_repeat_what_the_record_says(mixed: Path, run: Run) -> None:
    result = run("check", mixed)
    assert "SECRETNAME" not in result.output
    assert "1979" not in result.output


def test_an_input_that_is_not_there_is_named(tmp_path: Path, run: Run) -> None:
    result = run("check", tmp_path / "nowhere.json")
    assert result.exit_code == 2
    assert "nowhere.json" in result.stderr


def test_json_stays_a_document_when_every_input_is_bad(tmp_path: Path, run: Run) -> None:
    (tmp_path / "bad.json").write_text("{", "utf-8")
    result = run("check", "--format", "json", tmp_path / "bad.json")
    assert result.exit_code == 2
    assert json.loads(result.stdout) == []


@pytest.mark.parametrize(
    "option", [("--profile", "nobody"), ("--payer", "nobody"), ("--as-of", "FY1999")]
)
def test_an_unknown_name_is_refused_with_the_known_ones(
    option: tuple[str, str], data: Path, run: Run
) -> None:
    result = run("check", *option, data / "localized-hip.json")
    assert result.exit_code == 2
    assert option[1] in result.stderr


def test_coverage_is_off_until_a_payer_is_named(data: Path, verdicts: Verdicts) -> None:
    (without,) = verdicts(data / "localized-hip.json")
    (with_payer,) = verdicts("--payer", "medicare", data / "localized-hip.json")
    assert without["axes"]["coverage"] == "off"
    assert with_payer["axes"]["coverage"] != "off"
    assert not [f for f in without["findings"] if f["axis"] == "coverage"]
