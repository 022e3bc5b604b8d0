"""The W3C suite of the SPARQL 1.1 Protocol, with updates tried and with updates refused."""

from __future__ import annotations

import json

import pytest

from tests.conformance.exchange import Send, first, graphs, protocol_test
from tests.conformance.manifest import Entry, entries, needs_suites

pytestmark = needs_suites
SUITE = entries("protocol")
CHANGING = [entry for entry in SUITE if "update" in entry.name]
READING = [entry for entry in SUITE if entry not in CHANGING]
FED = [entry for entry in READING if graphs(entry)]  # ask for graphs that a release has not


def test_the_suite_is_34_tests_of_which_14_change_something_and_6_bring_graphs() -> None:
    assert (len(SUITE), len(CHANGING), len(FED)) == (34, 14, 6)


@pytest.mark.parametrize("entry", SUITE, ids=lambda entry: entry.name)
def test_passes_on_a_scratch_dataset(entry: Entry, scratch: Send) -> None:
    for name, triples in graphs(entry).items():
        media = {"Content-Type": "application/n-triples"}
        assert scratch("PUT", f"/store?graph={name}", media, triples).status == 201
    protocol_test(entry, scratch)


@pytest.mark.parametrize(
    "entry", [entry for entry in READING if entry not in FED], ids=lambda entry: entry.name
)
def test_passes_as_started_without_options(entry: Entry, default: Send) -> None:
    protocol_test(entry, default)


@pytest.mark.parametrize("entry", FED, ids=lambda entry: entry.name)
def test_graphs_that_a_release_has_not_are_empty(entry: Entry, default: Send) -> None:
    reply = first(entry, default)
    assert (reply.status, json.loads(reply.body)["boolean"]) == (200, False)


@pytest.mark.parametrize("entry", CHANGING, ids=lambda entry: entry.name)
def test_an_update_is_refused_as_started_without_options(entry: Entry, default: Send) -> None:
    reply = first(entry, default)
    assert reply.media == "application/problem+json"
    problem = json.loads(reply.body)["type"].rpartition("/")[2]
    if entry.name.startswith("bad_"):
        assert 400 <= reply.status < 500
        assert problem in {"bad-request", "unsupported-media-type", "read-only"}
    else:
        assert (reply.status, problem) == (403, "read-only")
