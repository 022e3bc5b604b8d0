"""What may be done to a record without changing what is said of it, on our records and real ones.

Each law is tried on records and changes that hypothesis chooses, the same in every run.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.case import trig, turtle
from tests.laws.variations import (
    SAMPLES,
    bundle,
    cases,
    renamed,
    resources,
    shuffled,
    told,
    usual,
    with_extras,
)

SOME = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=int(os.environ.get("M816_EXAMPLES", "25")),
    suppress_health_check=[HealthCheck.too_slow],
)
RECORD = st.sampled_from(SAMPLES)
CHANCE = st.randoms(use_true_random=True)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-.", min_size=1, max_size=20)


@SOME
@given(path=RECORD, word=NAMES, chance=CHANCE)
def test_other_names_of_the_records_change_nothing(
    path: Path, word: str, chance: random.Random
) -> None:
    parts = resources(path)
    numbers = chance.sample(range(10_000), len(parts) + 1)
    made = renamed(parts, lambda place: f"{word}{numbers[place]}")
    assert told(bundle(made)) == usual(path)


@SOME
@given(path=RECORD, chance=CHANCE)
def test_another_order_of_records_and_lists_changes_nothing(
    path: Path, chance: random.Random
) -> None:
    assert told(bundle(shuffled(resources(path), chance))) == usual(path)


@SOME
@given(path=RECORD)
def test_a_bundle_lines_and_rdf_say_the_same(path: Path) -> None:
    plain = [{k: v for k, v in part.items() if k != "fullUrl"} for part in resources(path)]
    if not any("fullUrl" in part for part in resources(path)):
        lines = "\n".join(json.dumps(part) for part in plain)
        assert told(lines.encode(), "record.ndjson") == usual(path)
    graphs = {case.node.value: case.asserted() for case in cases(bundle(resources(path)))}
    assert told(trig(graphs).encode(), "record.trig") == usual(path)
    if len(graphs) == 1:
        assert told(turtle(*graphs.values()).encode(), "record.ttl") == usual(path)


@SOME
@given(path=RECORD, other=RECORD)
def test_another_patient_in_the_same_input_changes_nothing(path: Path, other: Path) -> None:
    beside = renamed(resources(other), lambda place: f"other-{place}")
    both = told(bundle([*beside, *resources(path)]))
    assert both == sorted([*usual(path), *usual(other)])


@SOME
@given(path=RECORD, chance=CHANCE)
def test_what_no_rule_can_be_about_changes_nothing(path: Path, chance: random.Random) -> None:
    assert told(bundle(with_extras(resources(path), chance))) == usual(path)


def test_a_change_that_means_something_is_seen() -> None:
    """So that the laws are not kept by a comparison that sees nothing."""
    path = next(path for path in SAMPLES if path.name == "us-core-dxa.json")
    parts = resources(path)
    for kind in ("Condition", "Encounter", "DiagnosticReport"):
        fewer = [part for part in parts if part["resourceType"] != kind]
        assert len(fewer) < len(parts)
        assert told(bundle(fewer)) != usual(path), kind
