"""A case graph → the derived case graph: words read, codes looked up, triggers typed.

Order: mentions of every text (``kg.wording``), standing of every code (``kg.codetable``), the
ontology slice the case touches, then the numbered CONSTRUCTs of ``ontology/rules``, once each.
The result is self-contained: any SHACL engine judges it without the ontology.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterable, Iterator

from pyoxigraph import Literal, NamedNode, Triple

from kg.case import Case
from kg.codesystems import code_systems, code_triples
from kg.codetable import CodeFact, CodeTable
from kg.compiled import construct_compiled
from kg.knowledge import Knowledge, slice_of
from kg.lexicon import lexicon
from kg.namespaces import ICD, M816, SKOS, TYPE, XSD, m816, value
from kg.sites import is_region, site_nodes, site_triples
from kg.wording import Mention, mentions

Construct = Callable[[set[Triple], Knowledge], set[Triple]]
_XDATE = NamedNode(XSD + "date")
_BROADER = NamedNode(SKOS + "broader")
_MEANINGS = {
    "affirmed": "states",
    "negated": "denies",
    "historical": "recalls",
    "family": "attributesToFamily",
    "uncertain": "suspects",
}


def derive(case: Case, knowledge: Knowledge, construct: Construct | None = None) -> set[Triple]:
    """The derived graph of a case: everything a shape may look at, and nothing else."""
    if _stamp(case, knowledge) in case.triples:
        return set(case.triples)
    graph = prepared(case, knowledge)
    graph |= (construct or construct_compiled)(graph, knowledge)
    return finished(case, graph, knowledge)


def prepared(case: Case, knowledge: Knowledge) -> set[Triple]:
    """The case with its words read, its codes looked up and its slice of the ontology."""
    graph = set(case.triples)
    graph |= set(read_words(graph, knowledge))
    graph |= set(look_up_codes(graph, knowledge))
    graph |= set(days_before(case, graph))
    always = knowledge.by_type.get(M816 + "AlwaysInSlice", ())
    return graph | slice_of(knowledge, [*_iris(graph), *always])


def finished(case: Case, graph: set[Triple], knowledge: Knowledge) -> set[Triple]:
    """The graph as it is judged: stamped, without what only derivations read."""
    return {*_for_judging(graph, knowledge), _stamp(case, knowledge)}


def _stamp(case: Case, knowledge: Knowledge) -> Triple:
    return Triple(case.node, m816("derivedWith"), Literal(knowledge.sha256))


def _iris(graph: Iterable[Triple]) -> list[str]:
    nodes = {term.value for t in graph for term in (t.object,) if isinstance(term, NamedNode)}
    nodes |= {t.subject.value for t in graph if isinstance(t.subject, NamedNode)}
    return sorted(nodes)


def read_words(graph: set[Triple], knowledge: Knowledge) -> Iterator[Triple]:
    """Mention nodes for every text property, and the plain triples the rules mostly use."""
    texts = set(knowledge.by_type.get(M816 + "TextProperty", ()))
    words = lexicon(knowledge)
    ordered = sorted(
        (value(t.subject), t.predicate.value, t.object.value)
        for t in graph
        if t.predicate.value in texts and isinstance(t.object, Literal)
    )
    counts: dict[str, int] = {}
    for subject, prop, text in ordered:
        for mention in mentions(text, words):
            number = counts[subject] = counts.get(subject, 0) + 1
            yield from _mention(subject, prop, number, mention, knowledge)


def _mention(
    subject: str, prop: str, number: int, mention: Mention, knowledge: Knowledge
) -> Iterator[Triple]:
    record, node = NamedNode(subject), NamedNode(f"{subject}/mention-{number}")
    concept = NamedNode(mention.concept)
    yield Triple(node, TYPE, m816("Mention"))
    yield Triple(node, m816("mentionedIn"), record)
    yield Triple(node, m816("inProperty"), NamedNode(prop))
    yield Triple(node, m816("concept"), concept)
    yield Triple(node, m816("meaning"), Literal(mention.meaning))
    yield Triple(node, m816("phraseFound"), Literal(mention.phrase))
    yield Triple(record, m816(_MEANINGS[mention.meaning]), concept)
    if mention.as_cause and mention.meaning == "affirmed":
        yield Triple(record, m816("attributesTo"), concept)
    if is_region(knowledge, mention.concept):
        for site in site_nodes(mention.concept, mention.sides):
            yield Triple(node, m816("site"), site)
        yield from site_triples(mention.concept, mention.sides)


def days_before(case: Case, graph: set[Triple]) -> Iterator[Triple]:
    """How many days before the end of the encounter each dated record lies."""
    end = case.value("caseEnd")
    if not end:
        return
    last = datetime.date.fromisoformat(end)
    wanted = m816("recordDate")
    for triple in graph:
        if triple.predicate == wanted:
            days = (last - datetime.date.fromisoformat(value(triple.object)[:10])).days
            yield Triple(triple.subject, m816("daysBefore"), Literal(days))


@functools.cache
def _table() -> CodeTable:
    return CodeTable.load()


@functools.lru_cache(maxsize=4096)
def _fact(notation: str) -> tuple[CodeFact | None, tuple[str, ...]]:
    return _table().lookup(notation), tuple(_table().ancestors(notation))


def look_up_codes(graph: set[Triple], knowledge: Knowledge) -> Iterator[Triple]:
    """Standing and hierarchy of every judged code of the case, from the table of all codes."""
    systems = code_systems(knowledge)
    for iri in {t.object.value for t in graph if isinstance(t.object, NamedNode)}:
        system = systems.of_iri(iri)
        if system is None:
            continue
        code, node = iri.removeprefix(system.base), NamedNode(iri)
        yield from code_triples(system, code)
        if not system.judged:
            continue
        fact, above = _fact(code)
        loaded = ICD + code[:3] in knowledge
        yield Triple(node, m816("standing"), m816(_standing(fact, loaded)))
        if fact is None:
            if loaded:
                yield Triple(node, _BROADER, NamedNode(ICD + code[:3]))
            continue
        for lower, upper in zip((code, *above), above, strict=False):
            yield Triple(NamedNode(ICD + lower), _BROADER, NamedNode(ICD + upper))
        if fact.seventh:
            yield Triple(node, m816("seventhCharacterUsed"), Literal(fact.seventh))
        for name, day in (("validFrom", fact.valid_from), ("validThrough", fact.valid_through)):
            if day:
                yield Triple(node, m816(name), Literal(day.isoformat(), datatype=_XDATE))


def _standing(fact: CodeFact | None, loaded: bool) -> str:
    if fact is None:
        return "noSuchCode" if loaded else "notJudged"
    return "billableCode" if fact.billable else "categoryCode"


def _for_judging(graph: set[Triple], knowledge: Knowledge) -> Iterator[Triple]:
    """Without the working data that only derivations read (``m816:WorkingClass``)."""
    working = set(knowledge.by_type.get(M816 + "WorkingClass", ()))
    dropped = {t.subject for t in graph if t.predicate == TYPE and value(t.object) in working}
    return (t for t in graph if t.subject not in dropped)
