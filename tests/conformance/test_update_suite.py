"""The W3C SPARQL 1.1 Update suite through /sparql of a scratch dataset: evaluation and syntax."""

from __future__ import annotations

import pytest

from tests.conformance.evaluation import dataset, expected_dataset, load, text, understood
from tests.conformance.exchange import Send
from tests.conformance.expectations import reasons
from tests.conformance.manifest import Entry, entries, needs_suites

pytestmark = needs_suites
FOLDERS = (
    *("add", "basic-update", "clear", "copy", "delete-data", "delete-insert", "delete-where"),
    *("delete", "drop", "move", "syntax-update-1", "syntax-update-2", "update-silent"),
)
ALL = [entry for folder in FOLDERS for entry in entries(folder)]
EVALUATION = [entry for entry in ALL if entry.kind == "UpdateEvaluationTest"]
SYNTAX = [entry for entry in ALL if "SyntaxTest" in entry.kind]
KNOWN = reasons("update")
MEDIA = "application/sparql-update"


def test_92_of_94_evaluation_tests_pass_and_58_of_63_of_syntax() -> None:
    assert (len(EVALUATION), len(SYNTAX)) == (94, 63)
    assert len([entry for entry in EVALUATION if entry.id not in KNOWN]) == 92
    assert len([entry for entry in SYNTAX if entry.id not in KNOWN]) == 58


@pytest.mark.parametrize("entry", EVALUATION, ids=lambda entry: entry.id)
def test_evaluation(entry: Entry, scratch: Send) -> None:
    action = entry.facts.one(entry.node, "mf:action")
    load(entry, action, "ut", scratch)
    update = text(entry, entry.facts.one(action, "ut:request"))
    done = scratch("POST", "/sparql", {"Content-Type": MEDIA}, update).status == 204
    passed = done and dataset(scratch) == expected_dataset(entry)
    assert passed is (entry.id not in KNOWN), KNOWN.get(entry.id, "")


@pytest.mark.parametrize("entry", SYNTAX, ids=lambda entry: entry.id)
def test_syntax(entry: Entry, scratch: Send) -> None:
    passed = understood(entry, scratch, MEDIA) is ("Positive" in entry.kind)
    assert passed is (entry.id not in KNOWN), KNOWN.get(entry.id, "")
