"""A case graph → the derived case graph: words read, codes looked up, triggers typed.

Order: mentions of every text (``kg.wording``), standing of every code (``kg.codetable``), the
ontology slice the case touches, then the numbered CONSTRUCTs of ``ontology/rules``, once each.
The result is self-contained: any SHACL engine judges it without the ontology.
"""

from __future__ import annotations

import datetime
import functools
import operator
from collections.abc import Callable, Iterable, Iterator

from pyoxigraph import Triple

from kg.case import Case
from kg.codesystems import code_rows, code_systems
from kg.codetable import CodeFact, CodeTable
from kg.compiled import run
from kg.expressions import INTEGER, Node, text
from kg.facts import Facts, Row, as_triples, row, text_of
from kg.knowledge import Knowledge
from kg.lexicon import lexicon
from kg.namespaces import ICD, M816, SKOS, TYPE, XSD
from kg.sites import is_region, site_nodes, site_rows
from kg.slices import slices
from kg.wording import SHORT, Mention, mentions

Construct = Callable[[set[Triple], Knowledge], set[Triple]]
_Mentioned = tuple[list[tuple[str, Node]], list[tuple[str, Node]], list[Row]]
_DATE, _TYPE = XSD + "date", TYPE.value
_MENTIONED_IN, _IN_PROPERTY = M816 + "mentionedIn", M816 + "inProperty"
_CASE_END, _RECORD_DATE = M816 + "caseEnd", M816 + "recordDate"
_DATES = frozenset((_CASE_END, _RECORD_DATE))
_SUBJECT, _VALUE = operator.itemgetter(0), operator.itemgetter(2)
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
    named.update(read_words(named, knowledge))
    named.update(look_up_codes(named, knowledge))
    named.update(days_before(case, named))
    seeds = set(map(_SUBJECT, named)).union(map(_VALUE, named))
    return Facts(named, slices(knowledge).of(seeds))


def read_words(rows: set[Row], knowledge: Knowledge) -> list[Row]:
    """Mention nodes for every text property, and the plain facts the rules mostly use."""
    texts = _text_properties(knowledge)
    ordered = sorted(
        (text_of(subject), prop, value[0])
        for subject, prop, value in rows
        if prop in texts and isinstance(value, tuple)
    )
    found: list[Row] = []
    counts: dict[str, int] = {}
    for record, prop, said in ordered:
        for of_mention, of_record, of_sites in _mentioned(said, knowledge):
            number = counts[record] = counts.get(record, 0) + 1
            node = f"{record}/mention-{number}"
            found += ((node, _MENTIONED_IN, record), (node, _IN_PROPERTY, prop))
            found += [(node, name, value) for name, value in of_mention]
            found += [(record, name, value) for name, value in of_record]
            found += of_sites
    return found


@functools.lru_cache(maxsize=8)
def _text_properties(knowledge: Knowledge) -> frozenset[str]:
    return frozenset(knowledge.by_type.get(M816 + "TextProperty", ()))


def _mentioned(said: str, knowledge: Knowledge) -> tuple[_Mentioned, ...]:
    return (_kept if len(said) <= SHORT else _told)(said, knowledge)


def _told(said: str, knowledge: Knowledge) -> tuple[_Mentioned, ...]:
    return tuple(_rows(mention, knowledge) for mention in mentions(said, lexicon(knowledge)))


_kept = functools.lru_cache(maxsize=1024)(_told)  # texts of a feed repeat


def _rows(mention: Mention, knowledge: Knowledge) -> _Mentioned:
    """What a mention says of its own node and of its record, and of the sites it names."""
    concept = mention.concept
    of_mention: list[tuple[str, Node]] = [
        (_TYPE, M816 + "Mention"),
        (M816 + "concept", concept),
        (M816 + "meaning", text(mention.meaning)),
        (M816 + "phraseFound", text(mention.phrase)),
    ]
    of_record: list[tuple[str, Node]] = [(M816 + _MEANINGS[mention.meaning], concept)]
    of_sites: list[Row] = []
    if mention.as_cause and mention.meaning == "affirmed":
        of_record.append((M816 + "attributesTo", concept))
    if is_region(knowledge, concept):
        sites = site_nodes(concept, mention.sides)
        of_mention += [(M816 + "site", site) for site in sites]
        of_sites += site_rows(concept, mention.sides)
    return of_mention, of_record, of_sites


def days_before(case: Case, rows: set[Row]) -> list[Row]:
    """How many days before the end of the encounter each dated record lies."""
    dated = [row for row in rows if row[1] in _DATES]
    ends = [text_of(v) for s, p, v in dated if p == _CASE_END and s == case.node.value]
    end = min(ends, default="")
    if not end:
        return []
    last = _day(end)
    return [
        (subject, M816 + "daysBefore", (str(last - _day(text_of(value)[:10])), INTEGER, None))
        for subject, prop, value in dated
        if prop == _RECORD_DATE
    ]


@functools.lru_cache(maxsize=4096)
def _day(written: str) -> int:
    return datetime.date.fromisoformat(written).toordinal()


@functools.cache
def _table() -> CodeTable:
    return CodeTable.load()


def look_up_codes(rows: set[Row], knowledge: Knowledge) -> list[Row]:
    """Standing and hierarchy of every judged code of the case, from the table of all codes."""
    systems = code_systems(knowledge)
    return [
        row
        for iri in set(map(_VALUE, rows))
        if isinstance(iri, str) and systems.has(iri)
        for row in _code_rows(iri, knowledge)
    ]


@functools.lru_cache(maxsize=4096)
def _code_rows(iri: str, knowledge: Knowledge) -> tuple[Row, ...]:
    system = code_systems(knowledge).of_iri(iri)
    if system is None:
        return ()
    code = iri.removeprefix(system.base)
    standing = _standing_rows(iri, code, ICD + code[:3] in knowledge) if system.judged else ()
    return *code_rows(system, code), *standing


def _standing_rows(iri: str, code: str, loaded: bool) -> Iterator[Row]:
    fact, above = _table().lookup(code), _table().ancestors(code)
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
