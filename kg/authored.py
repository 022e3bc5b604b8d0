"""A name → what the Turtle says of it and what refers to it, literals as they were written.

A store, and what is computed from one, may rewrite literals (``-2.50`` becomes ``-2.5``); here each
triple is the one its author wrote. In: the files of an installation, the cases of the rules
included. Out: triples in file order; a part without a name (a list, an OWL expression, a path)
comes with the thing it belongs to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from kg.knowledge import Knowledge, derivation_triples, triples_of, turtle_files
from kg.locations import ONTOLOGY, SHAPES
from kg.namespaces import DCT, ICD, LABEL, NOTATION, RDF, SKOS

Subject = NamedNode | BlankNode
Term = Subject | Literal
Groups = dict[str, list[Term]]
_NAMING = (LABEL.value, SKOS + "prefLabel", DCT + "title")
_FIRST, _REST = RDF + "first", RDF + "rest"


@dataclass
class Authored:
    """The triples by subject and by object, the file of each case, and a hash of it all."""

    said: dict[Subject, list[Triple]] = field(default_factory=dict)
    into: dict[Subject, list[Triple]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    cases: dict[str, Path] = field(default_factory=dict)
    sha256: str = ""

    def add(self, triple: Triple) -> None:
        """Index one triple."""
        self.said.setdefault(_node(triple.subject), []).append(triple)
        if isinstance(triple.subject, NamedNode):
            self.names.add(triple.subject.value)
        if isinstance(triple.object, Subject):
            self.into.setdefault(triple.object, []).append(triple)

    def __contains__(self, iri: str) -> bool:
        return iri in self.names  # not as a node: what is asked for may be no IRI at all

    def groups(self, subject: Subject) -> Groups:
        """What is said of it by property, both in the order of the file."""
        found: Groups = {}
        for triple in self.said.get(subject, ()):
            assert not isinstance(triple.object, Triple)
            found.setdefault(triple.predicate.value, []).append(triple.object)
        return found

    def members(self, node: BlankNode) -> list[Term] | None:
        """The members of an RDF list; None for a part that is no list."""
        found: list[Term] = []
        at: Term = node
        while isinstance(at, BlankNode):
            said = self.groups(at)
            if _FIRST not in said:
                return None
            found += said[_FIRST]
            at = said[_REST][0]
        return found

    def about(self, subject: Subject) -> Iterator[Triple]:
        """The concise bounded description: what is said of it and of its parts without a name."""
        said = self.said.get(subject, ())
        yield from said
        for triple in said:
            if isinstance(triple.object, BlankNode):
                yield from self.about(triple.object)

    def pointing(self, subject: Subject) -> Iterator[list[Triple]]:
        """The ways from something named to this: a triple, or several over parts without a name."""
        for triple in self.into.get(subject, ()):
            if isinstance(triple.subject, BlankNode):
                yield from ([*way, triple] for way in self.pointing(triple.subject))
            else:
                yield [triple]

    def record(self, iri: str) -> list[Triple]:
        """The record that a case of a rule is about; none for what is no case."""
        if iri not in self.cases:
            return []
        graph = NamedNode(iri)
        return [quad.triple for quad in _case_quads(self.cases[iri]) if quad.graph_name == graph]

    def described(self, iri: str) -> list[Triple]:
        """What is said of a name, the record if it is a case, and then what points at it."""
        node = NamedNode(iri)
        pointing = (triple for way in self.pointing(node) for triple in way)
        return list(_numbered([*self.about(node), *self.record(iri), *pointing]))

    def label(self, iri: str) -> str:
        """What people call it: its label with its notation, or the words its IRI ends in."""
        said = self.groups(NamedNode(iri))
        named = [said[name][0].value for name in _NAMING if name in said]
        if not named:
            return _words(iri)
        noted = said.get(NOTATION.value)
        code = iri.removeprefix(ICD) if iri.startswith(ICD) else noted[0].value if noted else ""
        name = named[0].removesuffix(f" ({code})")
        return f"{code} {name}" if re.search(r"\d", code) else name  # "O-05", not "tabular"


def _node(term: object) -> Subject:
    assert isinstance(term, Subject), "statements about statements are not used"
    return term


def _words(iri: str) -> str:
    """The last part of an IRI, taken apart where a capital begins a word."""
    last = re.split(r"[/#]", iri)[-1] or iri
    return re.sub(r"(?<=[a-z])[A-Z](?=[a-z])", lambda found: f" {found[0].lower()}", last)


def _numbered(triples: Iterable[Triple]) -> Iterator[Triple]:
    """Each triple once, blank nodes named by their order: what is written out stays the same."""
    names: dict[BlankNode, BlankNode] = {}
    for triple in dict.fromkeys(triples):
        subject, value = triple.subject, triple.object
        if isinstance(subject, BlankNode):
            subject = names.setdefault(subject, BlankNode(f"b{len(names) + 1}"))
        if isinstance(value, BlankNode):
            value = names.setdefault(value, BlankNode(f"b{len(names) + 1}"))
        yield Triple(subject, triple.predicate, value)


def _case_quads(path: Path) -> Iterator[Quad]:
    return parse(path.read_bytes(), RdfFormat.TRIG)


def authored(knowledge: Knowledge, ontology: Path = ONTOLOGY, shapes: Path = SHAPES) -> Authored:
    """Read the files; ``KnowledgeError`` if one is unusable. The work of a second: do it once."""
    found, digest = Authored(), hashlib.sha256(knowledge.sha256.encode())
    for path in turtle_files(ontology, shapes):
        for triple in triples_of(path):
            found.add(triple)
    for triple in derivation_triples(knowledge.derivations):
        found.add(triple)
    for path in sorted(shapes.glob("*.cases.trig")):
        digest.update(path.read_bytes())
        for quad in _case_quads(path):
            if isinstance(quad.graph_name, DefaultGraph):
                found.add(quad.triple)
            else:
                found.cases.setdefault(quad.graph_name.value, path)
    found.sha256 = digest.hexdigest()
    return found
