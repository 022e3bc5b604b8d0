"""``ontology/`` and ``shapes/`` read once: everything true, every rule, every derivation.

In: the Turtle files of the installation. Out: ``Knowledge``, immutable, shared by all verbs. What
was compiled is kept in the user's cache, keyed by the content of the files, so that a cold start
costs a tenth; without a cache everything works the same.
"""

from __future__ import annotations

import functools
import hashlib
import marshal
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse, serialize

from kg.errors import KnowledgeError
from kg.locations import ONTOLOGY, SHAPES, cache
from kg.namespaces import LABEL, M816, NOTATION, PREFIXES, TYPE

Term = NamedNode | Literal
_Raw = tuple[str, str, str | None, str | None]
_HEADER = re.compile(r"^# *(id|sentence|cites): *(.+)$", re.M)
_FORMAT = b"m816-knowledge-2\n"


@dataclass(frozen=True)
class Derivation:
    """One CONSTRUCT of ``ontology/rules``: its id, sentence, citations and query."""

    id: str
    sentence: str
    cites: tuple[str, ...]
    query: str


@dataclass(eq=False)
class Knowledge:
    """The graph by subject and by object, the derivations in order, the shapes, and a hash.

    ``raw`` holds (predicate, value, datatype, language); an IRI has neither of the last two.
    """

    raw: dict[str, list[_Raw]] = field(default_factory=dict)
    into: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    by_type: dict[str, list[str]] = field(default_factory=dict)
    derivations: tuple[Derivation, ...] = ()
    shapes: bytes = b""
    sha256: str = ""
    _found: dict[tuple[str, str], list[str]] = field(default_factory=dict, init=False, repr=False)

    def add(self, triple: Triple) -> None:
        """Index one triple; blank nodes (lists, OWL expressions) are not indexed."""
        subject, predicate, value = triple.subject, triple.predicate.value, triple.object
        self._found.clear()
        if not isinstance(subject, NamedNode):
            return
        if isinstance(value, NamedNode):
            self.raw.setdefault(subject.value, []).append((predicate, value.value, None, None))
            self.into.setdefault(value.value, []).append((predicate, subject.value))
            if predicate == TYPE.value:
                self.by_type.setdefault(value.value, []).append(subject.value)
        elif isinstance(value, Literal):
            row = (predicate, value.value, value.datatype.value, value.language)
            self.raw.setdefault(subject.value, []).append(row)

    def facts(self, subject: str) -> Iterator[tuple[str, Term]]:
        """The (predicate, object) pairs of a subject, in file order."""
        for predicate, value, datatype, language in self.raw.get(subject, ()):
            yield predicate, _term(value, datatype, language)

    def values(self, subject: str, predicate: str) -> list[Term]:
        """The objects of that subject and predicate, in file order."""
        return [
            _term(value, datatype, language)
            for name, value, datatype, language in self.raw.get(subject, ())
            if name == predicate
        ]

    def texts(self, subject: str, name: str) -> list[str]:
        """The values of an m816 property of that subject, as plain strings."""
        return self.strings(subject, M816 + name)

    def strings(self, subject: str, predicate: str) -> list[str]:
        """The objects of that subject and predicate, in file order, as plain strings."""
        if subject not in self.raw:  # nothing is kept of what only a case names
            return []
        key = (subject, predicate)
        if key not in self._found:
            self._found[key] = [row[1] for row in self.raw[subject] if row[0] == predicate]
        return self._found[key]

    def text(self, subject: str, name: str, default: str = "") -> str:
        """The first value of an m816 property of that subject, as a plain string."""
        found = self.texts(subject, name)
        return found[0] if found else default

    def label(self, subject: str) -> str:
        """The rdfs:label of a term, or the last part of its IRI."""
        found = self.strings(subject, LABEL.value)
        return found[0] if found else re.split(r"[/#]", subject)[-1]

    def notation(self, subject: str) -> str:
        """The skos:notation of a term, or empty."""
        found = self.strings(subject, NOTATION.value)
        return found[0] if found else ""

    def subjects(self, type_name: str) -> list[str]:
        """All subjects of an m816 class, sorted, so that nothing depends on file order."""
        return sorted(set(self.by_type.get(M816 + type_name, ())))

    def __contains__(self, iri: str) -> bool:
        return iri in self.raw


def _term(value: str, datatype: str | None, language: str | None) -> Term:
    if datatype is None:
        return NamedNode(value)
    if language is not None:
        return Literal(value, language=language)
    return Literal(value, datatype=NamedNode(datatype))


def turtle_files(*folders: Path) -> list[Path]:
    """The Turtle files below the folders, sorted."""
    return sorted(path for folder in folders for path in folder.rglob("*.ttl"))


def triples_of(path: Path) -> list[Triple]:
    """The triples of one Turtle file, blank nodes its own; ``KnowledgeError`` if unusable."""
    try:
        quads = list(parse(path.read_bytes(), RdfFormat.TURTLE, base_iri=M816))
    except (SyntaxError, OSError) as error:
        raise KnowledgeError(f"{path.name}: {error}") from None
    return [Triple(quad.subject, quad.predicate, quad.object) for quad in quads]


def all_triples(ontology: Path = ONTOLOGY, shapes: Path = SHAPES) -> Iterator[Triple]:
    """Every triple of the installation, for SPARQL over the whole graph."""
    for path in turtle_files(ontology, shapes):
        yield from triples_of(path)


def derivations(folder: Path) -> Iterator[Derivation]:
    """The numbered CONSTRUCTs of a folder; ``KnowledgeError`` if a header lacks a part."""
    for path in sorted(folder.glob("*.rq")):
        text = path.read_text("utf-8")
        header = dict(_HEADER.findall(text))
        if set(header) != {"id", "sentence", "cites"}:
            raise KnowledgeError(f"{path.name}: the header needs id, sentence and cites")
        yield Derivation(header["id"], header["sentence"], tuple(header["cites"].split()), text)


def load(ontology: Path = ONTOLOGY, shapes: Path = SHAPES) -> Knowledge:
    """Read an installation's knowledge from the two folders; ``KnowledgeError`` if unusable."""
    digest = hashlib.sha256()
    for path in (*turtle_files(ontology, shapes), *sorted((ontology / "rules").glob("*.rq"))):
        digest.update(path.name.encode() + path.read_bytes())
    known = digest.hexdigest()
    found = _cached(known)
    if found is None:
        found = _compiled(ontology, shapes)
        found.sha256 = known
        _keep(found)
    return found


def _compiled(ontology: Path, shapes: Path) -> Knowledge:
    knowledge = Knowledge()
    kept: list[Triple] = []
    for path in turtle_files(ontology, shapes):
        triples = triples_of(path)
        if path.is_relative_to(shapes):
            kept += triples
        for triple in triples:
            knowledge.add(triple)
    knowledge.shapes = serialize(kept, format=RdfFormat.TURTLE, prefixes=PREFIXES) or b""
    knowledge.derivations = tuple(derivations(ontology / "rules"))
    return knowledge


def _cached(sha256: str) -> Knowledge | None:
    folder = cache()
    try:
        data = (folder / f"{sha256[:32]}.knowledge").read_bytes() if folder else b""
        if not data.startswith(_FORMAT):
            return None
        raw, into, by_type, derivations, shapes = marshal.loads(data[len(_FORMAT) :])
    except (OSError, ValueError, EOFError, TypeError):
        return None
    made = tuple(Derivation(*row) for row in derivations)
    return Knowledge(raw, into, by_type, made, shapes, sha256)


def _keep(knowledge: Knowledge) -> None:
    folder = cache()
    if folder is None:
        return
    rows = [(d.id, d.sentence, d.cites, d.query) for d in knowledge.derivations]
    data = (knowledge.raw, knowledge.into, knowledge.by_type, rows, knowledge.shapes)
    whole = folder / f"{knowledge.sha256[:32]}.knowledge"
    part = whole.with_suffix(f".{os.getpid()}.part")
    try:
        part.write_bytes(_FORMAT + marshal.dumps(data))
        part.replace(whole)
    except OSError:
        part.unlink(missing_ok=True)


@functools.cache
def default() -> Knowledge:
    """The knowledge this installation ships, loaded on first use."""
    return load()
