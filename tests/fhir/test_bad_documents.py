"""Input that is no record: one clear message that names file and place."""

from __future__ import annotations

import gzip
import json

import pytest

from kg.errors import UnreadableInput, UnusableRecord
from kg.inputs import read
from kg.knowledge import default
from tests.fhir.bundles import Json, cases, documented, refused


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
        (
            gzip.compress(b"x" * 99, mtime=0)[:-6],
            UnreadableInput,
            "the gzip data is damaged or truncated",
        ),
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
