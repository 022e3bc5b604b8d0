"""The manifests of the W3C suites → their tests, to be read on by whoever runs them.

The suites lie outside the checkout: in the folder M816_CONFORMANCE names, else in
``../shared/conformance`` beside it. Without them there are no tests, and ``SUITES`` is None.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

Node = NamedNode | BlankNode
Term = NamedNode | BlankNode | Literal | Triple

BASE = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/"
PREFIXES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "mf": "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#",
    "qt": "http://www.w3.org/2001/sw/DataAccess/tests/test-query#",
    "ut": "http://www.w3.org/2009/sparql/tests/test-update#",
    "ht": "http://www.w3.org/2011/http#",
    "cnt": "http://www.w3.org/2011/content#",
    "rs": "http://www.w3.org/2001/sw/DataAccess/tests/result-set#",
}


def _suites() -> Path | None:
    beside = Path(__file__).parents[3] / "shared" / "conformance"
    folder = Path(os.environ.get("M816_CONFORMANCE") or beside).resolve()
    return folder / "sparql11" if (folder / "sparql11").is_dir() else None


SUITES = _suites()
needs_suites = pytest.mark.skipif(
    SUITES is None, reason="needs the W3C suites, name their folder in M816_CONFORMANCE"
)


class Facts:
    """What a Turtle document says, to be asked in the manifests' prefixes."""

    def __init__(self, document: bytes, base: str) -> None:
        self._said: dict[tuple[Term, str], list[Term]] = defaultdict(list)
        for quad in parse(document, RdfFormat.TURTLE, base_iri=base):
            self._said[quad.subject, quad.predicate.value].append(quad.object)

    def subjects(self, name: str) -> list[Node]:
        """Everything that has the property, in the order of the document."""
        found = (s for s, predicate in self._said if predicate == _iri(name))
        return [s for s in found if isinstance(s, NamedNode | BlankNode)]

    def all(self, subject: Term | None, name: str) -> list[Term]:
        """The values of a property."""
        return self._said.get((subject, _iri(name)), []) if subject is not None else []

    def one(self, subject: Term | None, name: str) -> Term | None:
        """The only value of a property, or None."""
        found = self.all(subject, name)
        assert len(found) <= 1, (subject, name)
        return found[0] if found else None

    def text(self, subject: Term | None, name: str) -> str:
        """The only value of a property as text, empty if there is none."""
        found = self.one(subject, name)
        return "" if found is None or isinstance(found, Triple) else found.value

    def items(self, head: Term | None) -> list[Term]:
        """The members of a list."""
        found: list[Term] = []
        while head is not None and head != NamedNode(_iri("rdf:nil")):
            found += self.all(head, "rdf:first")
            head = self.one(head, "rdf:rest")
        return found


def _iri(name: str) -> str:
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


@dataclass(frozen=True)
class Entry:
    """One test of a manifest: its folder, name and kind, and what the manifest says of it."""

    folder: str
    name: str
    kind: str
    node: NamedNode
    facts: Facts

    @property
    def id(self) -> str:
        """Folder and name; the same in every process."""
        return f"{self.folder}/{self.name}"


def entries(folder: str, manifest: str = "manifest.ttl") -> list[Entry]:
    """The tests of one manifest in its order; none if the suites are not there."""
    if SUITES is None:
        return []
    path = f"{folder}/{manifest}"
    facts = Facts((SUITES / path).read_bytes(), BASE + path)
    found = []
    for owner in facts.subjects("mf:entries"):
        for node in facts.items(facts.one(owner, "mf:entries")):
            assert isinstance(node, NamedNode)
            kind = facts.text(node, "rdf:type").rpartition("#")[2]
            found.append(Entry(folder, node.value.rpartition("#")[2], kind, node, facts))
    return found


def content(iri: str) -> bytes:
    """A file of the suites by its address."""
    assert SUITES is not None
    assert iri.startswith(BASE), iri
    return (SUITES / iri.removeprefix(BASE)).read_bytes()
