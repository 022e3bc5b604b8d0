"""Two editions of the knowledge → what was added, removed and changed, and what kind of step it is.

In: release folders, files of a release, checkouts or ontology folders. Out: `Change`s, grouped.
Parts without a name (lists, OWL expressions, paths) are compared by what they say, never by the
names a parser gave them. Errors: ``KnowledgeError`` for what cannot be read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from kg.errors import KnowledgeError
from kg.knowledge import derivation_triples, derivations, triples_of, turtle_files
from kg.mappings import mapping_files, mapping_triples
from kg.namespaces import DCT, DERIVATION, M816, OWL, RDF, RDFS, SH, TYPE

Said = dict[str, frozenset[str]]
WHOLE = "m816.ttl"  # the file of a release that says everything
_SYNTAXES = {
    ".ttl": RdfFormat.TURTLE,
    ".rdf": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
    ".nt": RdfFormat.N_TRIPLES,
}
# The groups in the order they are told: their classes, and whether what they say bears on verdicts.
# A thing is of the first group that has one of its classes; what has none is a term.
GROUPS: dict[str, tuple[tuple[str, ...], bool]] = {
    "rule": (("Rule",), True),
    "derivation": (("Derivation",), True),
    "obligation": (("DocumentationObligation",), True),
    "conflict": (("SourceConflict",), True),
    "code": (("Code", "CodeBlock", "CodeRelease", "SiteCode", "ValidityStatement"), True),
    "note": (("TabularNote", "SeventhCharacterMeaning", "IndexEntry"), True),
    "statement": (("Statement",), False),
    "document": (("Document",), False),
    "query": (("QueryParameter", SH + "SPARQLExecutable"), False),
    "check": (("OntologyCheck",), False),
    "mapping": ((OWL + "Axiom",), False),
    "header": (("KnowledgeGraph", OWL + "Ontology"), False),
    "term": ((OWL + "Class", OWL + "ObjectProperty", OWL + "DatatypeProperty"), False),
}
ROW = (
    "term row"  # has a class of ours that is none of the above, and words, codes or paths to match
)
_MATCHED = {M816 + name for name in ("phrase", "prefix", "denotes", "path", "fhirCode", "word")}
_APART = {DCT + "source", RDFS + "isDefinedBy", OWL + "versionIRI", OWL + "versionInfo"}
STEPS = {
    "same": "nothing differs",
    "words": "words only: no verdict changes, the third number of the version rises",
    "additions": "adds only: no verdict changes, the third number of the version rises",
    "verdicts": "may change verdicts: the second number of the version rises",
}


@dataclass(frozen=True, order=True)
class Change:
    """One thing added or removed, or one property of a thing that says something else now."""

    group: str
    kind: str  # added, removed, changed
    thing: str
    about: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def only_words(self) -> bool:
        """Whether it changes nothing but what people read and what is cited."""
        if self.kind != "changed":
            return False
        return self.about in _APART or all(map(_spoken, (*self.before, *self.after)))

    @property
    def bears_on_verdicts(self) -> bool:
        """Whether a verdict may come out differently for it."""
        if self.only_words:
            return False
        if self.group == ROW or GROUPS.get(self.group, ((), False))[1]:
            return True
        return self.group in ("term", "statement") and self.kind != "added"


def _spoken(written: str) -> bool:
    """Whether a value is words in a language: whatever is matched or computed with is not."""
    return written[:1] == '"' and written[written.rfind('"') + 1 :][:1] == "@"


def step(changes: Iterable[Change]) -> str:
    """Which kind of step the changes make together: a key of ``STEPS``."""
    found = list(changes)
    if any(change.bears_on_verdicts for change in found):
        return "verdicts"
    if any(change.kind != "changed" or not change.only_words for change in found):
        return "additions"
    return "words" if found else "same"


def edition(path: Path) -> dict[str, Said]:
    """What an edition says of each thing, by property; ``KnowledgeError`` if it cannot be read."""
    found: dict[str, list[Triple]] = defaultdict(list)
    for triple in set(_triples(path)):
        found[str(triple.subject)].append(triple)
    if not found:
        raise KnowledgeError(f"{path}: holds no release and no ontology")
    inside = {
        str(t.object) for said in found.values() for t in said if isinstance(t.object, BlankNode)
    }
    things: dict[str, Said] = {}
    for name in found:
        if name not in inside:  # what is inside is told with what it belongs to
            told = _told(name, found, ())
            key = name[1:-1] if name.startswith("<") else f"an axiom: {_text(told)}"
            things[key] = told
    return things


def _triples(path: Path) -> Iterator[Triple]:
    if path.is_file():
        yield from _file(path)
    elif (path / WHOLE).is_file():
        yield from _file(path / WHOLE)
    elif path.is_dir():
        ontology = path / "ontology" if (path / "ontology").is_dir() else path
        folders = [ontology] + [path / "shapes"] * (ontology != path)
        for file in turtle_files(*folders):
            yield from triples_of(file)
        for file in mapping_files(ontology / "mappings"):
            yield from mapping_triples(file)
        yield from _derived(ontology / "rules")
    else:
        raise KnowledgeError(f"{path}: there is no such file or folder")


def _file(path: Path) -> Iterator[Triple]:
    syntax = _SYNTAXES.get(path.suffix)
    if syntax is None:
        raise KnowledgeError(f"{path}: neither {', '.join(_SYNTAXES)} nor a folder")
    try:
        for quad in parse(path.read_bytes(), syntax):
            yield quad.triple
    except (SyntaxError, OSError, ValueError) as error:
        raise KnowledgeError(f"{path}: {error}") from None


def _derived(folder: Path) -> Iterator[Triple]:
    known = list(derivations(folder))
    yield from derivation_triples(known)
    for each in known:
        query = Literal(each.query)
        yield Triple(NamedNode(DERIVATION + each.id), NamedNode(SH + "construct"), query)


def _told(name: str, found: Mapping[str, list[Triple]], above: tuple[str, ...]) -> Said:
    """What is said of one thing; a part without a name is written out in full."""
    said: dict[str, set[str]] = defaultdict(set)
    for triple in found.get(name, ()):
        value = triple.object
        if isinstance(value, BlankNode) and str(value) not in above:
            part = _told(str(value), found, (*above, name))
            said[triple.predicate.value].add(_text(part))
        else:
            said[triple.predicate.value].add(str(value))
    return {key: frozenset(values) for key, values in said.items()}


def _text(part: Said) -> str:
    """A part without a name in one line, the same for the same content."""
    if RDF + "first" in part:
        (first,), (rest,) = part[RDF + "first"], part[RDF + "rest"]
        return f"( {first} {rest.removeprefix('( ')}" if rest[:1] == "(" else f"( {first} )"
    rows = (f"<{key}> {', '.join(sorted(values))}" for key, values in sorted(part.items()))
    return f"[ {' ; '.join(rows)} ]"


def group_of(said: Said) -> str:
    """The group that a thing is told in."""
    kinds = {kind[1:-1] for kind in said.get(TYPE.value, ())}
    for group, (classes, _) in GROUPS.items():
        if kinds & {name if ":" in name else M816 + name for name in classes}:
            return group
    return ROW if _MATCHED & said.keys() else "term"


def changes(old: Mapping[str, Said], new: Mapping[str, Said]) -> list[Change]:
    """Everything that differs, in the order of the groups."""
    found: list[Change] = []
    for thing in old.keys() | new.keys():
        before, after = old.get(thing, {}), new.get(thing, {})
        group = group_of(after or before)
        if not before or not after:
            found.append(Change(group, "removed" if before else "added", thing))
            continue
        for name in before.keys() | after.keys():
            was, now = before.get(name, frozenset()), after.get(name, frozenset())
            if was != now:
                gone, come = tuple(sorted(was - now)), tuple(sorted(now - was))
                found.append(Change(group, "changed", thing, name, gone, come))
    order = [*GROUPS, ROW]
    order.insert(order.index("code"), order.pop())
    return sorted(found, key=lambda change: (order.index(change.group), change))
