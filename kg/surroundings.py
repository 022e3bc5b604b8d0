"""The code at the centre of the graph → what lies around it, and by which property.

Around it are what is said to cause its condition, what that must be told apart from, the codes that
notes, index, category or a cause relate to it, and the obligations with the rules that carry them
out. Which code is the centre the graph says (``m816:centre``); no code is named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kg import codebook
from kg.catalogue import rule_rows
from kg.errors import KnowledgeError
from kg.knowledge import Knowledge
from kg.namespaces import ICD, M816, RDFS, RULE, SKOS


@dataclass(frozen=True)
class Way:
    """A connection: its ends, in words what it is, and its kind.

    Kinds: ``cause``, ``apart``, ``coded`` (a cause or disorder to its code), ``beside`` (a code to
    the centre), ``owed`` (an obligation), ``rule`` (that carries one out), ``rests`` (a rule on a
    note of a code).
    """

    start: str
    end: str
    words: str
    kind: str


@dataclass(frozen=True)
class Surroundings:
    """The names by what they are to the centre, each in reading order, and the ways.

    ``causes`` are claims about its condition or a kind of it, ``other_causes`` about others.
    """

    centre: str
    causes: tuple[str, ...]
    other_causes: tuple[str, ...]
    apart: tuple[str, ...]
    codes: tuple[str, ...]
    obligations: tuple[str, ...]
    rules: tuple[str, ...]
    ways: tuple[Way, ...]


def surroundings(knowledge: Knowledge) -> Surroundings:
    """What lies around the centre; ``KnowledgeError`` unless the graph names exactly one."""
    around = knowledge.subjects("CodeNeighbourhood")
    centres = [code for iri in around for code in knowledge.texts(iri, "centre")]
    if len(centres) != 1:
        raise KnowledgeError(f"{len(centres)} codes are called the centre; name one")
    centre = centres[0]
    ways = list(dict.fromkeys((*_disorders(knowledge, centre), *_codes(knowledge, centre))))
    ends = [end for way in ways for end in (way.start, way.end)]
    codes = [iri for iri in dict.fromkeys(ends) if iri.startswith(ICD) and iri != centre]
    causes = dict.fromkeys(way.start for way in ways if way.kind == "cause")
    rows = rule_rows(knowledge)
    rules = [RULE + row["rule"] for row in rows]
    axes = list(dict.fromkeys(M816 + row["axis"] for row in rows))
    obligations = sorted(
        knowledge.subjects("DocumentationObligation"),
        key=lambda iri: (
            axes.index(knowledge.text(iri, "axis")),
            codebook.natural(knowledge.notation(iri)),
        ),
    )
    ways += _duties(knowledge, centre, rules)
    ways += dict.fromkeys(_resting(knowledge, centre, codes))
    return Surroundings(
        centre,
        tuple(causes),
        tuple(iri for iri in knowledge.subjects("CausalHypothesis") if iri not in causes),
        tuple(dict.fromkeys(way.start for way in ways if way.kind == "apart")),
        tuple(codes),
        tuple(obligations),
        tuple(rules),
        tuple(ways),
    )


def _into(knowledge: Knowledge, iri: str, name: str) -> list[str]:
    return sorted({s for p, s in knowledge.into.get(iri, ()) if p == M816 + name})


def _disorders(knowledge: Knowledge, centre: str) -> Iterator[Way]:
    """From causes, and from what is to be told apart, to the centre and to codes of their own."""
    types = _into(knowledge, centre, "indexesTo")
    classes = sorted({cls for kind in types for cls in knowledge.texts(kind, "describes")})
    forms = _with_kinds(knowledge, classes)
    for cause in knowledge.subjects("CausalHypothesis"):
        if forms & {*knowledge.texts(cause, "effect")}:
            yield Way(cause, centre, "said to cause the condition; supports no code", "cause")
        for prop in ("classifiedTo", "codedBeside"):
            for code in knowledge.texts(cause, prop):
                yield Way(cause, code, knowledge.label(M816 + prop), "coded")
    for cls in classes:
        for disorder in _into(knowledge, cls, "toTellApartFrom"):
            yield Way(disorder, centre, knowledge.label(M816 + "toTellApartFrom"), "apart")
            for kind in _into(knowledge, disorder, "describes"):
                for code in knowledge.texts(kind, "indexesTo"):
                    yield Way(disorder, code, knowledge.label(M816 + "indexesTo"), "coded")


def _with_kinds(knowledge: Knowledge, classes: Iterable[str]) -> set[str]:
    """The classes and all that are kinds of them."""
    found: set[str] = set()
    queue = list(classes)
    while queue:
        cls = queue.pop()
        if cls not in found:
            found.add(cls)
            queue += [s for p, s in knowledge.into.get(cls, ()) if p == RDFS + "subClassOf"]
    return found


def _line(knowledge: Knowledge, centre: str) -> list[str]:
    """The centre and the codes it is printed under; what a block's notes say concerns chapters."""
    blocks = knowledge.subjects("CodeBlock")
    return [at for at in codebook.lineage(knowledge, centre) if at not in blocks]


def _codes(knowledge: Knowledge, centre: str) -> Iterator[Way]:
    """From codes to the centre: its category, notes of either side, what a fracture makes it."""
    line = _line(knowledge, centre)
    for sibling in sorted(s for p, s in knowledge.into.get(line[1], ()) if p == SKOS + "broader"):
        if sibling != centre:
            yield Way(sibling, centre, "same category", "beside")
    for at in line:
        for note in _into(knowledge, at, "noteOn"):
            for code in knowledge.texts(note, "refersTo"):
                yield Way(code, centre, codebook.kind(knowledge, note), "beside")
        for note in _into(knowledge, at, "refersTo"):
            holder = knowledge.text(note, "noteOn")
            if holder not in line:
                yield Way(holder, centre, codebook.kind(knowledge, note), "beside")
    for kind in _into(knowledge, centre, "indexesTo"):
        for code in knowledge.texts(kind, "withFractureIndexesTo"):
            yield Way(code, centre, knowledge.label(M816 + "withFractureIndexesTo"), "beside")


def _duties(knowledge: Knowledge, centre: str, rules: Iterable[str]) -> Iterator[Way]:
    """From the centre to each obligation, and from there to the rules that carry it out."""
    for obligation in knowledge.subjects("DocumentationObligation"):
        yield Way(centre, obligation, knowledge.label(M816 + "DocumentationObligation"), "owed")
    for rule in rules:
        for obligation in knowledge.texts(rule, "operationalises"):
            yield Way(obligation, rule, knowledge.label(M816 + "operationalises"), "rule")


def _resting(knowledge: Knowledge, centre: str, codes: Iterable[str]) -> Iterator[Way]:
    """From rules to the codes whose notes they rest on; the centre inherits notes."""
    noted = {at: centre for at in _line(knowledge, centre)} | {code: code for code in codes}
    for at, code in noted.items():
        for rule in codebook.rules(knowledge, at):
            yield Way(rule, code, "rests on a note of it", "rests")
