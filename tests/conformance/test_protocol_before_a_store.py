"""The reading tests of the SPARQL Protocol suite with ``--store``, an Oxigraph server behind us."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, parse, serialize

from server.service import Options
from tests.conformance.exchange import Send, graphs, protocol_test, sender
from tests.conformance.manifest import Entry, entries, needs_suites
from tests.server.stores import client_of, oxigraph_server

pytestmark = needs_suites
READING = [entry for entry in entries("protocol") if "update" not in entry.name]


@pytest.fixture(scope="module")
def fronted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Send]:
    """Sends to our server before one that has the graphs of all these tests."""
    quads = {
        Quad(quad.subject, quad.predicate, quad.object, NamedNode(name))
        for entry in READING
        for name, triples in graphs(entry).items()
        for quad in parse(triples, RdfFormat.N_TRIPLES)
    }
    data = serialize(quads, format=RdfFormat.N_QUADS) or b""
    with (
        oxigraph_server(tmp_path_factory.mktemp("store"), data) as store,
        client_of(Options(store=store)) as client,
    ):
        yield sender(client)


@pytest.mark.parametrize("entry", READING, ids=lambda entry: entry.name)
def test_passes_before_an_existing_endpoint(entry: Entry, fronted: Send) -> None:
    protocol_test(entry, fronted)


def test_these_are_20_tests_of_which_6_bring_graphs() -> None:
    assert (len(READING), sum(bool(graphs(entry)) for entry in READING)) == (20, 6)
