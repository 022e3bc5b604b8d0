"""Damaged records never raise anything but an InputError; the order of a record decides nothing."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.derive import derive
from kg.inputs import read
from kg.knowledge import default
from tests.fhir.bundles import Bundle, Json, attachment, documented, judged, ref

BOUNDED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
ODD: list[Any] = [None, True, 0, -1, 10**30, 1.5, "", "x y", "M81.6", "2026-05-04", [], {}, [[]]]
ODD += [[None], [{}], {"coding": 3}, {"reference": 3}, {"value": "x"}, "\u2028\x01", "é💀"]


def _rich() -> Bundle:
    """Every kind of resource that is read."""
    made = documented(asserter=ref("Practitioner/d1"), bodySite=[{"text": "left hip"}])
    fracture = made.condition("Fragility fracture of left femoral neck", "M80.852A")
    fracture["note"] = [{"text": "Ground-level fall. Initial encounter."}]
    made.claim("M81.6", "M80.852A", "Z79.52")
    made.add("Practitioner", id="d1")
    made.add(
        "PractitionerRole", id="r1", practitioner=ref("Practitioner/d1"), code=[{"text": "Surgeon"}]
    )
    made.add(
        "MedicationRequest",
        status="active",
        subject=ref("Patient/p1"),
        authoredOn="2026-01-10",
        medicationCodeableConcept={"text": "Prednisone"},
    )
    score = made.observation("80948-3", -2.5)
    made.report("DXA bone density", "T-score -2.5", result=[ref(f"Observation/{score['id']}")])
    made.add(
        "Procedure",
        status="completed",
        subject=ref("Patient/p1"),
        performedDateTime="2026-05-02",
        code={"text": "Core decompression of left hip"},
        reasonReference=[ref("Condition/cond2")],
    )
    made.add(
        "DocumentReference",
        status="current",
        subject=ref("Patient/p1"),
        date="2026-05-04",
        content=[{"attachment": attachment("Plan: protected weight bearing")}],
    )
    return made


PLAIN, RICH = documented().bundle(), _rich().bundle()
BUNDLES = st.sampled_from([PLAIN, RICH])


def read_and_derive(raw: bytes) -> None:
    """Read and derive; only ``Input.error`` may tell of a fault."""
    found = read("record.json", raw, default())
    for case in found.cases:
        derive(case, default())


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below a node."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    return [
        found
        for key in keys
        for found in [
            (node, key),
            *(places(node[key]) if isinstance(node[key], dict | list) else []),
        ]
    ]


@BOUNDED
@given(BUNDLES, st.floats(0, 1))
def test_truncation(bundle: Json, share: float) -> None:
    raw = json.dumps(bundle).encode()
    read_and_derive(raw[: int(len(raw) * share)])


@BOUNDED
@given(BUNDLES, st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_flipped_bytes(bundle: Json, flips: list[tuple[float, int]]) -> None:
    raw = bytearray(json.dumps(bundle).encode())
    for share, byte in flips:
        raw[int((len(raw) - 1) * share)] = byte
    read_and_derive(bytes(raw))


@BOUNDED
@given(BUNDLES, st.lists(st.tuples(st.floats(0, 1), st.sampled_from(["drop", *ODD])), max_size=5))
def test_deleted_keys_and_changed_types(bundle: Json, changes: list[tuple[float, Any]]) -> None:
    damaged = copy.deepcopy(bundle)
    for share, odd in changes:
        spots = places(damaged)
        node, key = spots[int((len(spots) - 1) * share)]
        if odd == "drop":
            del node[key]
        else:
            node[key] = copy.deepcopy(odd)
    read_and_derive(json.dumps(damaged).encode())


@settings(BOUNDED, max_examples=4)
@given(st.permutations(RICH["entry"]))
def test_the_order_of_the_resources_never_changes_the_verdict(entries: list[Json]) -> None:
    def seen(shown: list[Json]) -> list[Json]:
        raw = json.dumps({**RICH, "entry": shown}).encode()
        return [found.json() for found in judged(read("record.json", raw, default()))]

    assert seen(entries) == seen(RICH["entry"])
