"""The W3C SPARQL 1.1 query suite through /sparql of a scratch dataset: evaluation, syntax, results.

Left out: ``entailment`` (what follows is a graph of its own here, queries infer nothing),
``service`` and ``syntax-fed`` (a query fetches nothing here, and is told so).
"""

from __future__ import annotations

import pytest

from tests.conformance.evaluation import evaluated, expected_result, load, understood
from tests.conformance.exchange import Send
from tests.conformance.expectations import reasons
from tests.conformance.manifest import Entry, entries, needs_suites

pytestmark = needs_suites
FOLDERS = (
    *("aggregates", "bind", "bindings", "cast", "construct", "csv-tsv-res", "exists", "functions"),
    *("grouping", "json-res", "negation", "project-expression", "property-path", "subquery"),
    "syntax-query",
)
ALL = [entry for folder in FOLDERS for entry in entries(folder)]
EVALUATION = [entry for entry in ALL if entry.kind == "QueryEvaluationTest"]
CSV = [entry for entry in ALL if entry.kind == "CSVResultFormatTest"]
SYNTAX = [entry for entry in ALL if "SyntaxTest" in entry.kind]
KNOWN = reasons("query") | reasons("syntax")


def test_221_of_232_evaluation_tests_pass_all_3_of_csv_and_102_of_103_of_syntax() -> None:
    assert (len(EVALUATION), len(CSV), len(SYNTAX)) == (232, 3, 103)
    assert len([entry for entry in EVALUATION if entry.id not in KNOWN]) == 221
    assert len([entry for entry in SYNTAX if entry.id not in KNOWN]) == 102
    assert set(KNOWN) <= {entry.id for entry in EVALUATION + SYNTAX}


@pytest.mark.parametrize("entry", [*EVALUATION, *CSV], ids=lambda entry: entry.id)
def test_evaluation(entry: Entry, scratch: Send) -> None:
    load(entry, entry.facts.one(entry.node, "mf:action"), "qt", scratch)
    passed = evaluated(entry, scratch) == expected_result(entry)
    assert passed is (entry.id not in KNOWN), KNOWN.get(entry.id, "")


@pytest.mark.parametrize("entry", SYNTAX, ids=lambda entry: entry.id)
def test_syntax(entry: Entry, scratch: Send) -> None:
    passed = understood(entry, scratch, "application/sparql-query") is ("Positive" in entry.kind)
    assert passed is (entry.id not in KNOWN), KNOWN.get(entry.id, "")
