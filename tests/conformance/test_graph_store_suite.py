"""The W3C suites of the Graph Store HTTP Protocol on a scratch dataset: the present and the former.

The former (``http-rdf-update``) is deprecated by the present one. Its tests are prose that builds
on the test before, so they are played in one go; what makes five of them impossible to pass stands
in ``expected_failures.toml``. It wants 200 where the present one takes 204 as well, and so does
this runner.
"""

from __future__ import annotations

import textwrap

import pytest
from pyoxigraph import Literal

from tests.conformance.exchange import Send, graph_store_test, isomorphic
from tests.conformance.expectations import reasons
from tests.conformance.manifest import Entry, entries, needs_suites

pytestmark = needs_suites
SUITE = [
    *entries("graph-store-protocol", "manifest-direct.ttl"),
    *entries("graph-store-protocol", "manifest-indirect.ttl"),
]
FORMER = entries("http-rdf-update")
HOST = "127.0.0.1:8160"


def test_the_present_suite_is_13_tests_and_the_former_18() -> None:
    assert (len(SUITE), len(FORMER)) == (13, 18)


@pytest.mark.parametrize("entry", SUITE, ids=lambda entry: entry.name)
def test_passes_on_a_scratch_dataset(entry: Entry, scratch: Send) -> None:
    graph_store_test(entry, scratch)


def test_of_the_former_suite_13_pass_and_5_fail_for_their_known_reasons(scratch: Send) -> None:
    known = {"$HOST$": HOST, "$GRAPHSTORE$": "store"}
    failed = {entry.id for entry in FORMER if not former(entry, scratch, known)}
    assert failed == set(reasons("graph-store"))
    assert len(FORMER) - len(failed) == 13


def former(entry: Entry, send: Send, known: dict[str, str]) -> bool:
    """Play a test of the former suite and tell whether it passed; it may learn $NEWPATH$."""
    prose = next(text for text in comments(entry) if "#### Request" in text)
    for name, value in known.items():
        prose = prose.replace(name, value)
    asked, _, wanted = prose.partition("#### Response")
    line, sent, body = message(asked.partition("#### Request")[2])
    method, target, _ = line.split()
    if "multipart" in sent.get("Content-Type", ""):
        body = body.replace("\n", "\r\n")
    path = "/" + target.removeprefix("/")
    del sent["Host"]
    reply = send(method, path, sent, body.encode() or None)
    line, fields, body = message(wanted)
    if fields.get("Location"):
        known[fields["Location"]] = reply.headers.get("Location", "").partition(HOST)[2]
    media = fields.get("Content-Type")
    return (
        reply.status in {200: {200, 204}}.get(int(line[:3]), {int(line[:3])})
        and (media is None or reply.headers.get("Content-Type") == media)
        and (not body or isomorphic(reply.body, body.encode()))
    )


def comments(entry: Entry) -> list[str]:
    """All that is said of a test."""
    return [
        str(t.value) for t in entry.facts.all(entry.node, "rdfs:comment") if isinstance(t, Literal)
    ]


def message(block: str) -> tuple[str, dict[str, str], str]:
    """An indented HTTP message: its first line, headers and body."""
    head, _, body = textwrap.dedent(block).strip().partition("\n\n")
    line, *fields = head.splitlines()
    return line, dict(field.split(": ", 1) for field in fields), body
