"""``ontology/`` and ``shapes/`` read once: everything true, every rule, every derivation.

In: the Turtle files of the installation. Out: ``Knowledge``, immutable, shared by all verbs.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from kg.errors import KnowledgeError
from kg.locations import ONTOLOGY, SHAPES
from kg.namespaces import LABEL, M816, NOTATION, TYPE, m816

Term = NamedNode | Literal
_HEADER = re.compile(r"^# *(id|sentence|cites): *(.+)$", re.M)


@dataclass(frozen=True)
class Derivation:
    """One CONSTRUCT of ``ontology/rules``: its number and name, sentence, citations and query."""

    id: str
    sentence: str
    cites: tuple[str, ...]
    query: str


@dataclass(eq=False)
class Knowledge:
    """The graph by subject and by object, the derivations in order, and a hash of it all."""

    out: dict[str, list[tuple[str, Term]]] = field(default_factory=dict)
    into: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    by_type: dict[str, list[str]] = field(default_factory=dict)
    derivations: tuple[Derivation, ...] = ()
    shapes: list[Triple] = field(default_factory=list)
    triples: list[Triple] = field(default_factory=list)
    sha256: str = ""

    def add(self, triple: Triple) -> None:
        """Index one triple; blank-node subjects are kept for lists only and not indexed."""
        self.triples.append(triple)
        subject, predicate, value = triple.subject, triple.predicate.value, triple.object
        if not isinstance(subject, NamedNode) or not isinstance(value, NamedNode | Literal):
            return
        self.out.setdefault(subject.value, []).append((predicate, value))
        if isinstance(value, NamedNode):
            self.into.setdefault(value.value, []).append((predicate, subject.value))
            if predicate == TYPE.value:
                self.by_type.setdefault(value.value, []).append(subject.value)

    def values(self, subject: str, predicate: str) -> list[Term]:
        """The objects of that subject and predicate, in file order."""
        return [value for name, value in self.out.get(subject, ()) if name == predicate]

    def texts(self, subject: str, name: str) -> list[str]:
        """The values of an m816 property of that subject, as plain strings."""
        return [value.value for value in self.values(subject, M816 + name)]

    def text(self, subject: str, name: str, default: str = "") -> str:
        """The first value of an m816 property of that subject, as a plain string."""
        found = self.texts(subject, name)
        return found[0] if found else default

    def label(self, subject: str) -> str:
        """The rdfs:label of a term, or the last part of its IRI."""
        found = self.values(subject, LABEL.value)
        return found[0].value if found else re.split(r"[/#]", subject)[-1]

    def notation(self, subject: str) -> str:
        """The skos:notation of a term, or empty."""
        found = self.values(subject, NOTATION.value)
        return found[0].value if found else ""

    def subjects(self, type_name: str) -> list[str]:
        """All subjects of an m816 class, sorted, so that nothing depends on file order."""
        return sorted(set(self.by_type.get(M816 + type_name, ())))

    def __contains__(self, iri: str) -> bool:
        return iri in self.out


def turtle_files(*folders: Path) -> list[Path]:
    """The Turtle files below the folders, sorted."""
    return sorted(path for folder in folders for path in folder.rglob("*.ttl"))


def _read(path: Path) -> Iterable[Triple]:
    try:
        return [
            Triple(quad.subject, quad.predicate, quad.object)
            for quad in parse(path.read_bytes(), RdfFormat.TURTLE, base_iri=M816)
        ]
    except (SyntaxError, OSError) as error:
        raise KnowledgeError(f"{path.name}: {error}") from None


def _derivations(folder: Path) -> Iterator[Derivation]:
    for path in sorted(folder.glob("*.rq")):
        text = path.read_text("utf-8")
        header = dict(_HEADER.findall(text))
        if set(header) != {"id", "sentence", "cites"}:
            raise KnowledgeError(f"{path.name}: the header needs id, sentence and cites")
        yield Derivation(header["id"], header["sentence"], tuple(header["cites"].split()), text)


def load(ontology: Path = ONTOLOGY, shapes: Path = SHAPES) -> Knowledge:
    """Read an installation's knowledge from the two folders; ``KnowledgeError`` if unusable."""
    knowledge = Knowledge()
    digest = hashlib.sha256()
    for path in turtle_files(ontology, shapes):
        digest.update(path.read_bytes())
        triples = _read(path)
        if path.is_relative_to(shapes):
            knowledge.shapes += triples
        for triple in triples:
            knowledge.add(triple)
    knowledge.derivations = tuple(_derivations(ontology / "rules"))
    for derivation in knowledge.derivations:
        digest.update(derivation.query.encode())
    knowledge.sha256 = digest.hexdigest()
    return knowledge


@functools.cache
def default() -> Knowledge:
    """The knowledge this installation ships, loaded on first use."""
    return load()


def slice_of(knowledge: Knowledge, seeds: Iterable[str]) -> set[Triple]:
    """The part of the ontology a case touches, types written out (design: what shapes see).

    Properties say themselves how they travel: a ``CopiedProperty`` takes the triple along, a
    ``FollowedProperty`` also continues from its object, ``BackwardProperty`` continues from
    subjects that point at something the case itself names.
    """
    copied, followed, backwards = _travel(knowledge)
    found: set[Triple] = set()
    seen: set[str] = set()
    queue = list(seeds)
    first = set(queue)
    while queue:
        subject = queue.pop()
        if subject in seen or (subject not in knowledge and subject not in knowledge.into):
            continue
        seen.add(subject)
        for predicate, value in knowledge.out.get(subject, ()):
            if predicate in copied:
                found.add(Triple(NamedNode(subject), NamedNode(predicate), value))
            if predicate in followed and isinstance(value, NamedNode):
                queue.append(value.value)
        if subject in first:
            queue += [s for p, s in knowledge.into.get(subject, ()) if p in backwards]
    return found


def _travel(knowledge: Knowledge) -> tuple[set[str], set[str], set[str]]:
    follows = set(knowledge.by_type.get(m816("FollowedProperty").value, ()))
    copies = set(knowledge.by_type.get(m816("CopiedProperty").value, ())) | follows
    back = set(knowledge.by_type.get(m816("BackwardProperty").value, ()))
    return copies | {TYPE.value}, follows, back
