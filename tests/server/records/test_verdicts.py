"""``POST /check`` answers what ``m816 check`` writes, in every face and from every syntax."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kg.schema import faults
from tests.server.records.posted import (
    EXAMPLE,
    FACES,
    GRAPHS,
    MEDIA,
    RECORDS,
    Command,
    checked,
    rewritten,
)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("path", RECORDS[4::30], ids=lambda path: path.name)
def test_a_face_is_what_the_command_writes(
    path: Path, face: str, client: FlaskClient, command: Command
) -> None:
    raw = path.read_bytes()
    said = checked(client, raw, MEDIA[path.suffix], headers={"Accept": FACES[face]})
    assert said == command(raw, f"record{path.suffix}", "--format", face)
    if face == "json":
        assert [faults(verdict) for verdict in json.loads(said)] == [[]]


@pytest.mark.parametrize("suffix", GRAPHS)
def test_a_case_graph_is_judged_as_its_record_in_every_syntax(
    suffix: str, client: FlaskClient, command: Command
) -> None:
    raw = EXAMPLE.read_bytes()
    graph = rewritten(command(raw, "record.json", verb="case"), suffix)
    said = checked(client, graph, MEDIA[suffix])
    assert said == command(graph, f"record{suffix}", "--format", "json")
    ours, theirs = (json.loads(made)[0] for made in (said, checked(client, raw)))
    assert ours.pop("input") != theirs.pop("input")
    assert ours == theirs


@pytest.mark.parametrize(
    "options",
    [
        ("--payer", "medicare"),
        ("--profile", "synthea"),
        ("--as-of", "FY2027"),
        ("--all", "1"),
    ],
    ids=" ".join,
)
def test_parameters_are_the_options_of_the_command(
    options: tuple[str, str], client: FlaskClient, command: Command
) -> None:
    raw = EXAMPLE.read_bytes()
    given = ("--all",) if options[0] == "--all" else options
    name, word = options[0].removeprefix("--"), options[1]
    said = checked(client, raw, query_string={name: word, "format": "text"})
    assert said == command(raw, "record.json", "--format", "text", *given)


def test_format_wins_over_accept(client: FlaskClient) -> None:
    accept = {"Accept": "text/html"}
    said = checked(client, EXAMPLE.read_bytes(), query_string={"format": "fhir"}, headers=accept)
    assert b'"resourceType": "OperationOutcome"' in said


def test_the_example_shows_what_a_check_is_for(client: FlaskClient) -> None:
    (verdict,) = json.loads(checked(client, EXAMPLE.read_bytes()))
    assert verdict["verdict"] == "recode"
    assert [code["code"] for code in verdict["codes"]["refuted"]] == ["M81.6", "S82.202A"]
    assert verdict["codes"]["expected"]
    assert verdict["axes"]["documentation"] == "fail"
    assert verdict["questions"]


def test_several_patients_in_lines_give_a_verdict_each(
    client: FlaskClient, command: Command
) -> None:
    text = EXAMPLE.read_text("utf-8")
    other = re.sub(r'("id": "|"reference": "[A-Z]\w+/)(\w)', r"\1second-\2", text)
    lines = [json.dumps(json.loads(each)) for each in (text, other)]
    raw = "\n".join(lines).encode()
    said = checked(client, raw, "application/fhir+ndjson")
    assert said == command(raw, "record.ndjson", "--format", "json")
    assert {v["case"] for v in json.loads(said)} == {"Encounter/visit", "Encounter/second-visit"}
    outcomes = json.loads(checked(client, raw, MEDIA[".ndjson"], query_string={"format": "fhir"}))
    assert [outcome["resourceType"] for outcome in outcomes] == ["OperationOutcome"] * 2
