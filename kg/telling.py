"""A name → everything a page shows of it: words, groups of values, citations, what refers to it.

In: the Turtle by name and the knowledge. Out: plain dictionaries and lists, with IRIs and no
markup. A property is named by its label, a statement comes with its citation, a part without a
name is a list or a group of its own. Nothing here knows a rule or a code by name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from pyoxigraph import Literal, NamedNode

from kg import codebook
from kg.authored import Authored, Term
from kg.catalogue import rule_rows
from kg.codebook import natural
from kg.judge import SEVERITIES
from kg.knowledge import Derivation, Knowledge
from kg.namespaces import (
    ICD,
    LABEL,
    M816,
    OWL,
    PREFIXES,
    RDF,
    RDFS,
    RULE,
    SH,
    SKOS,
    STATEMENT,
    TYPE,
    XSD,
)

Shown = dict[str, Any]
_HEAD = {  # told at the top of a page, not among the facts
    *(LABEL.value, TYPE.value, SKOS + "prefLabel", SKOS + "notation", SKOS + "definition"),
    *(SH + "message", SH + "targetClass", RDFS + "isDefinedBy"),
}
_OF_CODE = {M816 + "noteOn", M816 + "indexCode", SKOS + "broader"}  # told of a code in its own way
_UNTYPED = {XSD + "string", RDF + "langString"}
_CURIE = re.compile(r"\b[a-z]\w*:[A-Za-z](?:[\w-]|\.(?=\w))*")
_TERMS = {
    "Classes": ("Class",),
    "Properties": ("ObjectProperty", "DatatypeProperty", "AnnotationProperty"),
}
_LONG = 120  # characters; a longer text is for reading, not for a list of facts
_SHOWN = 200  # names that refer to one; all of them are in the Turtle


class Teller:
    """Tells of the names in the Turtle."""

    def __init__(self, found: Authored, knowledge: Knowledge) -> None:
        self.found = found
        self.knowledge = knowledge
        self._made: dict[str, list[Derivation]] = {}
        self._read: dict[str, list[Derivation]] = {}
        for derivation in knowledge.derivations:
            head, _, body = derivation.query.partition("WHERE")
            made = set(_CURIE.findall(head))
            for name in made:
                self._made.setdefault(name, []).append(derivation)
            for name in {*_CURIE.findall(body)} - made:
                self._read.setdefault(name, []).append(derivation)

    def link(self, iri: str) -> Shown:
        """A name in words; whether it is known; a rule's severity; a statement's citation."""
        known = iri in self.found
        severity = self.knowledge.values(iri, SH + "severity")
        return {
            "iri": iri,
            "words": self.found.label(iri),
            "name": _curie(iri),
            "known": known,
            "severity": SEVERITIES[codebook.name_of(severity[0].value)] if severity else "",
            "cite": self._cited(iri) if known and iri.startswith(STATEMENT) else None,
        }

    def links(self, iris: Iterable[str]) -> list[Shown]:
        """Several names in words."""
        return [self.link(iri) for iri in iris]

    def _cited(self, iri: str) -> Shown:
        knowledge = self.knowledge
        document, authority = knowledge.text(iri, "document"), knowledge.text(iri, "authority")
        return {
            "name": codebook.name_of(iri),
            "document": knowledge.label(document),
            "edition": knowledge.text(iri, "edition") or knowledge.text(document, "edition"),
            "locator": knowledge.text(iri, "locator"),
            "authority": knowledge.label(authority),
            "certainty": knowledge.text(iri, "certainty"),
        }

    def derivation(self, name: str) -> Shown | None:
        """A numbered CONSTRUCT with its text: what it makes, reads and rests on."""
        for found in self.knowledge.derivations:
            if found.id == name:
                head, _, body = found.query.partition("WHERE")
                made, read = (
                    dict.fromkeys(map(_iri, _CURIE.findall(part))) for part in (head, body)
                )
                return {
                    "words": found.sentence,
                    "id": name,
                    "query": found.query,
                    "cites": self.links(STATEMENT + cited for cited in found.cites),
                    "makes": self.links(iri for iri in made if iri in self.found),
                    "reads": self.links(iri for iri in read if iri in self.found),
                }
        return None

    def told(self, iri: str) -> Shown:
        """Everything a page says of a name that is known."""
        said = self.found.groups(NamedNode(iri))
        sorts: dict[str, list[Shown]] = {"cited": [], "texts": [], "facts": []}
        for prop, values in said.items():
            if prop not in _HEAD:
                sorts[_sort(values)].append(self._group(prop, values))
        return {
            **self.link(iri),
            **sorts,
            "kinds": self.links(sorted(value.value for value in said.get(TYPE.value, ()))),
            "definition": [value.value for value in said.get(SKOS + "definition", ())],
            "message": [value.value for value in said.get(SH + "message", ())],
            "targets": [self._target(value.value) for value in said.get(SH + "targetClass", ())],
            "derived": self._made.get(_curie(iri), []),
            "read": self._read.get(_curie(iri), []),
            "code": self._code(iri) if iri.startswith(ICD) else None,
            **self._inward(iri),
        }

    def _group(self, prop: str, values: list[Term]) -> Shown:
        return {"prop": self.link(prop), "objects": [self._value(value) for value in values]}

    def _value(self, term: Term) -> Shown:
        if isinstance(term, NamedNode):
            return self.link(term.value)
        if isinstance(term, Literal):
            kind = term.datatype.value
            return {"text": term.value, "type": "" if kind in _UNTYPED else codebook.name_of(kind)}
        members = self.found.members(term)
        if members is not None:
            return {"members": [self._value(member) for member in members]}
        return {"parts": [self._group(*row) for row in self.found.groups(term).items()]}

    def _target(self, iri: str) -> Shown:
        definition = [value.value for value in self.knowledge.values(iri, SKOS + "definition")]
        derived = self._made.get(_curie(iri), [])
        return {**self.link(iri), "definition": definition, "derived": derived}

    def _inward(self, iri: str) -> Shown:
        """What refers to the name, by property; apart from it the cases, by expected outcome."""
        pointing: dict[str, dict[str, None]] = {}
        for way in self.found.pointing(NamedNode(iri)):
            told = iri.startswith(ICD) and way[0].predicate.value in _OF_CODE
            if isinstance(way[0].subject, NamedNode) and not told:
                pointing.setdefault(way[0].predicate.value, {})[way[0].subject.value] = None
        cases: dict[str, list[Shown]] = {}
        about = pointing.get(M816 + "about", {})
        for case in list(about):
            for outcome in self.found.groups(NamedNode(case)).get(M816 + "expectedOutcome", ()):
                cases.setdefault(outcome.value, []).append(self.link(case))
                about.pop(case, None)
        rows = [(self.link(prop), [*names]) for prop, names in pointing.items() if names]
        return {
            "cases": [(self.link(outcome), links) for outcome, links in cases.items()],
            "inward": [
                {"prop": prop, "names": _distinct(self.links(names[:_SHOWN])), "count": len(names)}
                for prop, names in rows
            ],
        }

    def _code(self, iri: str) -> Shown:
        """What a coder asks of a code beyond what is said of it directly."""
        knowledge = self.knowledge
        line = codebook.lineage(knowledge, iri)
        below = {s for p, s in knowledge.into.get(iri, ()) if p == SKOS + "broader"}
        return {
            "below": self.links(sorted(below)),
            "standing": list(codebook.standing(knowledge, iri, iri.removeprefix(ICD))),
            "above": self.links(reversed(line[1:])),
            "notes": [
                (self.link(at), [(codebook.kind(knowledge, it), self.link(it)) for it in notes])
                for at, notes in codebook.notes(knowledge, line)
            ],
            "excluded": [
                (word, self.link(holder), self.link(note))
                for word, holder, note in codebook.excluded_by(knowledge, line)
            ],
            "entries": self.links(codebook.entries(knowledge, line)),
            "conflicts": self.links(codebook.conflicts(knowledge, iri)),
            "rules": self.links(codebook.rules(knowledge, iri)),
        }

    def entrances(self) -> Shown:
        """Where to begin: what there is of each kind, and how much."""
        know = self.knowledge
        axes: dict[str, list[Shown]] = {}
        for row in rule_rows(know):
            axes.setdefault(row["axis"], []).append(self.link(RULE + row["rule"]))
        around = {
            code
            for neighbourhood in know.subjects("CodeNeighbourhood")
            for prop in ("includesSubtree", "includesCode")
            for code in know.texts(neighbourhood, prop)
        }
        return {
            "axes": [(self.link(M816 + axis), rules) for axis, rules in axes.items()],
            "obligations": self._noted("DocumentationObligation"),
            "conflicts": self._noted("SourceConflict"),
            "codes": self.links(sorted(around)),
            "authorities": self._authorities(),
            "derivations": know.derivations,
            "terms": [(kind, self._terms(kinds)) for kind, kinds in _TERMS.items()],
            "counts": {kind: len(know.subjects(kind)) for kind in ("Code", "Statement")},
            "cases": len(self.found.cases),
        }

    def _noted(self, kind: str) -> list[Shown]:
        notation = self.knowledge.notation
        return self.links(sorted(self.knowledge.subjects(kind), key=lambda i: natural(notation(i))))

    def _terms(self, kinds: Iterable[str]) -> list[Shown]:
        names = {iri for kind in kinds for iri in self.knowledge.by_type.get(OWL + kind, ())}
        found = self.links(name for name in names if name.startswith(M816))
        return sorted(found, key=lambda link: (link["words"].lower(), link["iri"]))

    def _authorities(self) -> list[tuple[Shown, int, list[tuple[Shown, int]]]]:
        """Who says how much, and in which documents."""
        know = self.knowledge
        said: dict[str, Counter[str]] = {}
        for iri in know.subjects("Statement"):
            documents = said.setdefault(know.text(iri, "authority"), Counter())
            documents[know.text(iri, "document")] += 1
        rows = sorted(said.items(), key=lambda row: (int(know.text(row[0], "rank", "99")), row[0]))
        return [
            (self.link(who), found.total(), [(self.link(d), n) for d, n in found.most_common()])
            for who, found in rows
        ]


def _distinct(links: list[Shown]) -> list[Shown]:
    """The same links; where two have the same words, with their names."""
    uses = Counter(link["words"] for link in links)
    for link in links:
        if uses[link["words"]] > 1 and not link["cite"]:
            link["words"] += f" ({link['name']})"
    return links


def _sort(values: list[Term]) -> str:
    """Whether values are statements to cite, texts to read, or brief facts."""
    if all(value.value.startswith(STATEMENT) for value in values):
        return "cited"
    if all(isinstance(value, NamedNode) or _is_brief(value) for value in values):
        return "facts"
    return "texts"


def _is_brief(value: Term) -> bool:
    return isinstance(value, Literal) and not value.language and len(value.value) < _LONG


def _curie(iri: str) -> str:
    """The name as queries write it, with its prefix; unchanged if there is none."""
    fitting = [row for row in PREFIXES.items() if iri.startswith(row[1])]
    prefix, namespace = max(fitting, key=lambda row: len(row[1]), default=("", ""))
    return f"{prefix}:{iri.removeprefix(namespace)}" if prefix else iri


def _iri(curie: str) -> str:
    prefix, _, name = curie.partition(":")
    return PREFIXES.get(prefix, f"{prefix}:") + name
