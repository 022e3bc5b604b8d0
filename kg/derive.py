"""A case graph → the derived case graph: words read, codes looked up, triggers typed.

Order: mentions of every text (``kg.wording``), standing of every code (``kg.codetable``), the
ontology slice the case touches, then the numbered CONSTRUCTs of ``ontology/rules``, once each.
The result is self-contained: any SHACL engine judges it without the ontology.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterable, Iterator

from pyoxigraph import Triple

from kg.case import Case
from kg.codesystems import code_rows, code_systems
from kg.codetable import CodeFact, CodeTable
from kg.compiled import run
from kg.expressions import INTEGER, text
from kg.facts import Facts, Row, as_triples, row, text_of
from kg.knowledge import Knowledge
from kg.lexicon import lexicon
from kg.namespaces import ICD, M816, SKOS, TYPE, XSD
from kg.sites import is_region, site_nodes, site_rows
from kg.slices import slices
from kg.wording import Mention, mentions

Construct = Callable[[set[Triple], Knowledge], set[Triple]]
_DATE, _TYPE = XSD + "date", TYPE.value
_BROADER = SKOS + "broader"
_MEANINGS = {
    "affirmed": "states",
    "negated": "denies",
    "historical": "recalls",
    "family": "attributesToFamily",
    "uncertain": "suspects",
}


def derive(case: Case, knowledge: Knowledge, construct: Construct | None = None) -> set[Triple]:
    """The derived graph of a case: everything a shape may look at, and nothing else."""
    return as_triples(derived(case, knowledge, construct))


def derived(case: Case, knowledge: Knowledge, construct: Construct | None = None) -> Facts:
    """The same as facts; ``construct`` runs the derivations in another way."""
    stamp = _stamp(case, knowledge)
    if stamp in case.rows:
        return Facts(case.rows)
    facts = _prepared(case, knowledge)
    if construct is None:
        run(facts, knowledge)
    else:
        facts.extend(map(row, construct(as_triples(facts), knowledge)))
    return _finished(facts, stamp, knowledge)


def finished(case: Case, graph: Iterable[Triple], knowledge: Knowledge) -> set[Triple]:
    """The graph as it is judged: stamped, without what only derivations read."""
    facts = Facts(map(row, graph))
    return as_triples(_finished(facts, _stamp(case, knowledge), knowledge))


def _finished(facts: Facts, stamp: Row, knowledge: Knowledge) -> Facts:
    slices(knowledge).drop_working(facts)
    facts.extend([stamp])
    return facts


def _stamp(case: Case, knowledge: Knowledge) -> Row:
    return case.node.value, M816 + "derivedWith", text(knowledge.sha256)


def prepared(case: Case, knowledge: Knowledge) -> set[Triple]:
    """The case with its words read, its codes looked up and its slice of the ontology."""
    return as_triples(_prepared(case, knowledge))


def _prepared(case: Case, knowledge: Knowledge) -> Facts:
    named = set(case.rows)
    named.update(list(read_words(named, knowledge)))
    named.update(list(look_up_codes(named, knowledge)))
    named.update(list(days_before(case, named)))
    seeds = {end for subject, _, value in named for end in (subject, value)}
    return Facts(named, slices(knowledge).of(seeds))


def read_words(rows: set[Row], knowledge: Knowledge) -> Iterator[Row]:
    """Mention nodes for every text property, and the plain facts the rules mostly use."""
    texts = set(knowledge.by_type.get(M816 + "TextProperty", ()))
    words = lexicon(knowledge)
    ordered = sorted(
        (text_of(subject), prop, value[0])
        for subject, prop, value in rows
        if prop in texts and isinstance(value, tuple)
    )
    counts: dict[str, int] = {}
    for subject, prop, said in ordered:
        for mention in mentions(said, words):
            number = counts[subject] = counts.get(subject, 0) + 1
            yield from _mention(subject, prop, number, mention, knowledge)


def _mention(
    record: str, prop: str, number: int, mention: Mention, knowledge: Knowledge
) -> Iterator[Row]:
    node, concept = f"{record}/mention-{number}", mention.concept
    yield node, _TYPE, M816 + "Mention"
    yield node, M816 + "mentionedIn", record
    yield node, M816 + "inProperty", prop
    yield node, M816 + "concept", concept
    yield node, M816 + "meaning", text(mention.meaning)
    yield node, M816 + "phraseFound", text(mention.phrase)
    yield record, M816 + _MEANINGS[mention.meaning], concept
    if mention.as_cause and mention.meaning == "affirmed":
        yield record, M816 + "attributesTo", concept
    if is_region(knowledge, concept):
        for site in site_nodes(concept, mention.sides):
            yield node, M816 + "site", site
        yield from site_rows(concept, mention.sides)


def days_before(case: Case, rows: set[Row]) -> Iterator[Row]:
    """How many days before the end of the encounter each dated record lies."""
    end = case.value("caseEnd")
    if not end:
        return
    last = datetime.date.fromisoformat(end)
    for subject, prop, value in rows:
        if prop == M816 + "recordDate":
            days = (last - datetime.date.fromisoformat(text_of(value)[:10])).days
            yield subject, M816 + "daysBefore", (str(days), INTEGER, None)


@functools.cache
def _table() -> CodeTable:
    return CodeTable.load()


@functools.lru_cache(maxsize=4096)
def _fact(notation: str) -> tuple[CodeFact | None, tuple[str, ...]]:
    return _table().lookup(notation), tuple(_table().ancestors(notation))


def look_up_codes(rows: set[Row], knowledge: Knowledge) -> Iterator[Row]:
    """Standing and hierarchy of every judged code of the case, from the table of all codes."""
    systems = code_systems(knowledge)
    for iri in {value for _, _, value in rows if isinstance(value, str)}:
        system = systems.of_iri(iri)
        if system is None:
            continue
        code = iri.removeprefix(system.base)
        yield from code_rows(system, code)
        if system.judged:
            yield from _standing_rows(iri, code, ICD + code[:3] in knowledge)


def _standing_rows(iri: str, code: str, loaded: bool) -> Iterator[Row]:
    fact, above = _fact(code)
    yield iri, M816 + "standing", M816 + _standing(fact, loaded)
    if fact is None:
        if loaded:
            yield iri, _BROADER, ICD + code[:3]
        return
    for lower, upper in zip((code, *above), above, strict=False):
        yield ICD + lower, _BROADER, ICD + upper
    if fact.seventh:
        yield iri, M816 + "seventhCharacterUsed", text(fact.seventh)
    for name, day in (("validFrom", fact.valid_from), ("validThrough", fact.valid_through)):
        if day:
            yield iri, M816 + name, (day.isoformat(), _DATE, None)


def _standing(fact: CodeFact | None, loaded: bool) -> str:
    if fact is None:
        return "noSuchCode" if loaded else "notJudged"
    return "billableCode" if fact.billable else "categoryCode"
