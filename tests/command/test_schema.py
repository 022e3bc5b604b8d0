"""The shipped JSON Schema: strict, and true of everything the command prints."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kg.schema import faults, verdict_schema
from kg.verdict import SCHEMA

Verdicts = Callable[..., list[dict[str, Any]]]


def test_the_schema_is_one_and_names_the_version_that_verdicts_carry() -> None:
    Draft202012Validator.check_schema(verdict_schema())
    assert verdict_schema()["$id"] == SCHEMA


def test_every_verdict_conforms(record: Path, verdicts: Verdicts) -> None:
    for made in verdicts(record):
        assert faults(made) == []


def _objects(schema: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if isinstance(schema, dict):
        found += [schema] if schema.get("type") == "object" else []
        found += [each for value in schema.values() for each in _objects(value)]
    if isinstance(schema, list):
        found += [each for value in schema for each in _objects(value)]
    return found


def test_no_object_takes_a_key_that_is_not_described() -> None:
    for described in _objects(verdict_schema()):
        assert "additionalProperties" in described
        named = described.get("properties", {})
        assert set(described.get("required", ())) == set(named)


_QUESTION = {
    "to": "treating provider",
    "stem": "Please document the cause.",
    "indicators": [{"value": "M81.6", "source": "Condition/c", "path": "", "date": ""}],
    "options": ["disuse", "not known", "other", "unable to determine"],
    "rules": ["cause-stated"],
}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("verdict",), "fine"),
        (("axes", "coding"), "maybe"),
        (("findings", 0, "severity"), "shall"),
        (("findings", 0, "outcome"), "skipped"),
        (("findings", 0, "cites"), []),
        (("questions", 0, "options"), ["yes", "no"]),
        (("rules", "sha256"), "0"),
        (("context", "setting"), "virtual"),
        (("invented",), 1),
        (("codes", "invented"), 1),
    ],
)
def test_the_schema_refuses(
    place: tuple[str | int, ...], value: object, data: Path, verdicts: Verdicts
) -> None:
    made: Any = copy.deepcopy(verdicts(data / "disuse-as-localized.json")[0])
    made["questions"] = [copy.deepcopy(_QUESTION)]
    assert faults(made) == []
    inner = made
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    assert faults(made)
