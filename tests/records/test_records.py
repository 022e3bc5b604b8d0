"""Whole records from end to end, against expectations written by hand and golden reports.

``expected.toml`` holds verdict, codes and rules per case, from the sources; ``NAME.report.txt`` is
what ``m816 check --all NAME`` prints. After an intended change look at the difference and write
the reports anew with ``M816_UPDATE=1 pytest tests/records``; ``expected.toml`` is never generated.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kg.ask import lint
from kg.inputs import Input, read
from kg.knowledge import default
from kg.pyshacl_engine import engine
from kg.render import text
from kg.shacl_compiled import engine as compiled
from kg.verdict import Verdict, differences, judge_case

HERE = Path(__file__).parent
WRITTEN = tomllib.loads((HERE / "expected.toml").read_text(encoding="utf-8"))
RECORDS: list[dict[str, Any]] = WRITTEN["record"]
CONTRASTS: list[dict[str, Any]] = WRITTEN["contrast"]
FILES = sorted(path.name for pattern in ("*.json", "*.ndjson") for path in HERE.glob(pattern))
VERDICTS = {
    "stands",
    "stands-incomplete",
    "recode",
    "query",
    "invalid",
    "not-coded",
    "out-of-scope",
}
NEIGHBOURS = {
    *("M81.0", "M81.6", "M81.8", "M80.0", "M80.8", "M84.5", "M85.8", "M89.0", "M89.7", "G90.5"),
    *("M88", "S52", "S72", "S82", "Z13.820", "O99.891", "Z87.310"),
}
MOST_LEAVES = 8
PRIVATE = re.compile(
    r"(Patient|Practitioner)/[^.]+\."
    r"(name\[\d+]\.(family|given\[\d+])|identifier\[\d+]\.value|birthDate)"
)


@pytest.fixture(scope="module", params=FILES)
def file(request: pytest.FixtureRequest) -> str:
    """Every record in turn; module scope makes pytest run all tests of one record together."""
    return str(request.param)


def judged(found: Input) -> list[Verdict]:
    """The verdicts of one input, by the reference engine; the compiled shapes agree with it."""
    assert found.error is None, found.error
    knowledge = default()
    made = [
        judge_case(case, knowledge, engine(knowledge), file=found.file, sha256=found.sha256)
        for case in found.cases
    ]
    assert [differences(verdict, compiled(knowledge)) for verdict in made] == [[] for _ in made]
    return made


@functools.cache
def verdicts(file: str) -> list[Verdict]:
    """The verdicts of a record of this folder, named as ``check`` run in the folder names it."""
    return judged(read(file, (HERE / file).read_bytes(), default()))


def expectations(file: str) -> Iterator[tuple[dict[str, Any], Verdict]]:
    """What is written of each case of a record, beside its verdict."""
    found = verdicts(file)
    written = [record for record in RECORDS if record["file"] == file]
    assert len(written) == len(found), "every case is written down once"
    for record in written:
        if len(found) == 1:
            yield record, found[0]
        else:
            yield record, next(v for v in found if v.case == record["case"])


def outcomes(found: Verdict, *wanted: str) -> set[str]:
    """The rules with one of these outcomes."""
    return {finding.rule for finding in found.findings if finding.outcome in wanted}


def resources(file: str) -> list[dict[str, Any]]:
    """The resources of a record file, Bundle or one a line."""
    raw = (HERE / file).read_text(encoding="utf-8")
    if file.endswith(".ndjson"):
        return [json.loads(line) for line in raw.splitlines()]
    return [entry["resource"] for entry in json.loads(raw)["entry"]]


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every leaf below a value with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, f"{path}[{number}]")
    else:
        yield path, value


def flat(file: str) -> dict[str, Any]:
    """All leaves of a record by ``Type/id.element…``."""
    return {
        path: leaf
        for resource in resources(file)
        for path, leaf in leaves(resource, f"{resource['resourceType']}/{resource['id']}")
    }


def test_verdict_and_codes_are_the_expected_ones(file: str) -> None:
    for record, found in expectations(file):
        decision = found.decision
        assert decision.verdict == record["verdict"]
        expected = [code.code for code in decision.expected]
        wanted = record.get("expected")
        if wanted is not None:
            assert sorted(expected) == sorted(wanted)
        if record.get("ordered"):
            assert expected == wanted
        if "refuted" in record:
            assert sorted(code.code for code in decision.refuted) == sorted(record["refuted"])


def test_rules_come_out_as_expected(file: str) -> None:
    for record, found in expectations(file):
        known = {finding.rule for finding in found.findings}
        fails, undecided = outcomes(found, "fail"), outcomes(found, "indeterminate")
        named = {rule for key in ("fails", "open", "holds") for rule in record.get(key, ())}
        assert named <= known  # a misspelt rule would never be looked at
        assert set(record.get("fails", ())) <= fails
        assert set(record.get("open", ())) <= undecided
        assert set(record.get("holds", ())) & (fails | undecided) == set()


def test_report_is_the_golden_one(file: str) -> None:
    golden = HERE / f"{file.rsplit('.', 1)[0]}.report.txt"
    printed = "".join(text(found, everything=True) + "\n" for found in verdicts(file))
    if os.environ.get("M816_UPDATE") == "1":
        golden.write_text(printed, encoding="utf-8")
    assert printed == golden.read_text(encoding="utf-8")


def test_every_record_has_an_expectation_and_every_report_a_record() -> None:
    assert {record["file"] for record in RECORDS} == set(FILES)
    reports = {path.name.removesuffix(".report.txt") for path in HERE.glob("*.report.txt")}
    assert reports == {file.rsplit(".", 1)[0] for file in FILES}


def test_records_cover_every_verdict_and_every_neighbour() -> None:
    assert {record["verdict"] for record in RECORDS} == VERDICTS
    written = {
        str(leaf) for file in FILES for path, leaf in flat(file).items() if path.endswith(".code")
    }
    assert {n for n in NEIGHBOURS if not any(code.startswith(n) for code in written)} == set()


def test_no_name_identifier_or_birth_date_of_a_person_is_printed(file: str) -> None:
    private = {leaf for path, leaf in flat(file).items() if PRIVATE.fullmatch(path)}
    assert private
    printed = json.dumps([found.json() for found in verdicts(file)])
    printed += "".join(text(found, everything=True) for found in verdicts(file))
    assert {item for item in private if str(item) in printed} == set()


def test_order_of_resources_changes_nothing(file: str) -> None:
    raw = (HERE / file).read_text(encoding="utf-8")
    if file.endswith(".ndjson"):
        turned = "\n".join(reversed(raw.splitlines()))
    else:
        bundle = json.loads(raw)
        turned = json.dumps(bundle | {"entry": bundle["entry"][::-1]})
    other = judged(read(file, turned.encode(), default()))
    assert {substance(v) for v in other} == {substance(v) for v in verdicts(file)}


def substance(found: Verdict) -> str:
    """What a verdict says, without the order in which evidence was found."""
    told = found.json()
    findings = sorted(
        (
            finding["rule"],
            finding["outcome"],
            finding["focus"],
            sorted(json.dumps(item) for item in finding["evidence"]),
        )
        for finding in told["findings"]
    )
    kept = {key: told[key] for key in ("case", "context", "verdict", "axes", "codes")}
    return json.dumps([kept, findings], sort_keys=True)


def test_every_question_follows_the_compliant_practice(file: str) -> None:
    for found in verdicts(file):
        assert [fault for question in found.questions for fault in lint(question, default())] == []
        if found.decision.verdict == "query":
            assert found.questions, "a query without a question"


@pytest.mark.parametrize("contrast", CONTRASTS, ids=lambda c: " ".join(c["files"]))
def test_contrast_differs_in_the_named_elements_only(contrast: dict[str, Any]) -> None:
    for one, other in itertools.combinations(contrast["files"], 2):
        a, b = flat(one), flat(other)
        differing = {path for path in a.keys() | b.keys() if a.get(path) != b.get(path)}
        assert len(differing) <= MOST_LEAVES
        stray = {path for path in differing if not path.startswith(tuple(contrast["only"]))}
        assert stray == set()
        for element in contrast["only"]:
            assert any(path.startswith(element) for path in differing), element


def test_bundle_and_lines_of_the_same_resources_give_the_same_verdict() -> None:
    one, other = ({substance(v) for v in verdicts(f)} for f in ("form-a.json", "form-b.ndjson"))
    assert one == other


def test_bone_density_of_a_generated_patient_is_no_evidence_of_a_site() -> None:
    found = verdicts("synthea-like.json")
    assert "M81.6" not in json.dumps([v.json()["codes"] for v in found])
    assert all(v.json()["context"]["profile"] == "synthea" for v in found)


def test_questions_and_findings_quote_the_record(file: str) -> None:
    keys = {f"{resource['resourceType']}/{resource['id']}" for resource in resources(file)}
    for found in verdicts(file):
        asked = [item for question in found.questions for item in question.indicators]
        assert {item.source.split()[0] for item in asked} <= keys
        assert all(item.value for item in asked)
