"""What lines refer to among the things that no single patient owns, however it is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kg.bulk.partition import Item
from kg.bulk.peek import target_key
from kg.bulk.shard import Options, record_of
from kg.bulk.shared import Shared, references, store
from kg.facts import text_of
from kg.fhir.episodes import SHARED
from kg.namespaces import M816

RECORDS = sorted((Path(__file__).parents[1] / "records").glob("*.json"))


def walked(value: Any) -> set[str]:
    """The keys of shared things by looking at every object of a resource."""
    if isinstance(value, list):
        return {key for item in value for key in walked(item)}
    if not isinstance(value, dict):
        return set()
    named = [value.get(name) for name in ("reference", "url")]
    keys = {target_key(address) for address in named if isinstance(address, str)}
    return {k for k in keys if k.split("/")[0] in SHARED} | walked(list(value.values()))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_addresses_are_those_of_every_object(path: Path) -> None:
    record = json.loads(path.read_bytes())
    assert references(json.dumps(record, indent=1).replace("\n", "").encode()) == walked(record)


@pytest.mark.parametrize(
    "written",
    [
        '{"performer":[{"reference":"Practitioner/d1"}]}',
        '{"performer":[{"reference" : "Practitioner/d1"}]}',
        '{"performer":[{"reference":"Practitioner\\/d1"}]}',
        '{"performer":[{"reference":"\\u0050ractitioner/d1"}]}',
        '{"performer":[{"referenc\\u0065":"Practitioner/d1"}]}',
        '{"text":"a \\"quoted\\" word","performer":[{"reference":"Practitioner/d1"}]}',
        '{"performer":{"reference":"http://x/Practitioner/d1/_history/2"}}',
        '{"n":1e400,"performer":{"reference":"Practitioner\\/d1"}}',
    ],
)
def test_an_address_is_found_however_it_is_written(written: str) -> None:
    other = '{"resourceType":"Patient"}'
    assert references(written.encode()) == {"Practitioner/d1"}
    assert references(f"{other}\n{written}\n{other}".encode()) == {"Practitioner/d1"}


@pytest.mark.parametrize(
    "written",
    [
        '{"subject":{"reference":"Patient/p1"},"url":"http://x/StructureDefinition/y"}',
        '{"text":"\\"reference\\":\\"Practitioner/d1\\""}',
        '{"reference":{"display":"Practitioner/d1"},"url":["Binary/b1"]}',
        '{"display":"Practitioner/d1"}',
    ],
)
def test_what_is_no_address_of_a_shared_thing_is_none(written: str) -> None:
    assert references(written.encode()) == set()


def test_a_role_comes_with_the_person_and_brings_its_place(tmp_path: Path) -> None:
    def shared(kind: str, name: str, also: str = "", **elements: Any) -> Item:
        raw = json.dumps({"resourceType": kind, "id": name, **elements}).encode()
        return Item(f"{kind}/{name}", "shared", "f", 1, raw, kind, False, also)

    place = {"location": [{"reference": "Location/l1"}]}
    kept = [
        shared("Practitioner", "d1"),
        shared("Practitioner", "d2"),
        shared("PractitionerRole", "r1", "Practitioner/d1", **place),
        shared("Location", "l1"),
        shared("Location", "l2"),
    ]
    store(tmp_path / "shared", kept)
    raw = b'{"resourceType":"Observation","id":"o1","performer":[{"reference":"Practitioner/d1"}]}'
    own = Item("Patient/p1", "resource", "f", 1, raw, "Observation")
    record = record_of("Patient/p1", [own], Options(), Shared(tmp_path / "shared"))
    case = record.cases[0]
    read = {text_of(value) for _, prop, value in case.rows if prop == M816 + "source"}
    assert read | {key for key, _ in case.not_mapped} == {
        "Location/l1",
        "Observation/o1",
        "Practitioner/d1",
        "PractitionerRole/r1",
    }
