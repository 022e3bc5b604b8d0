"""The composed records and cases, as checks: what is judged of them when a table changes.

In: the records of ``tests/records`` and the cases beside the shapes, whose outcomes are written by
hand. Out: ``Check``s. The outcomes with the tables as they stand are the expected ones: the tests
of records and rules hold them to what is written.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pyoxigraph import NamedNode, Triple

from kg.case import Case
from kg.compiled import construct_compiled
from kg.derive import days_before, finished, look_up_codes, prepared, read_words
from kg.facts import as_triples
from kg.inputs import read
from kg.judge import Engine, judge
from kg.knowledge import Knowledge
from kg.locations import ROOT
from kg.namespaces import M816
from kg.prove.checks import Check, World
from kg.prove.rule_cases import rule_cases
from kg.slices import slice_of
from kg.verdict import judge_case

RECORDS = ROOT / "tests" / "records"
_TOLD = ("case", "context", "verdict", "axes", "codes", "findings", "questions")


def records(knowledge: Knowledge, engine: Engine, folder: Path = RECORDS) -> Iterator[Check]:
    """Every record, as a check on all that its verdict says."""
    always = {f"node {iri}" for iri in knowledge.subjects("QuestionTemplate")}
    always |= {f"node {iri}" for iri in knowledge.by_type.get(M816 + "EvidenceClass", ())}
    for path in sorted(folder.glob("*json")):
        found = read(path.name, path.read_bytes(), knowledge)
        graphs = [prepared(case, knowledge) for case in found.cases]
        keys = {key for graph in graphs for key in _keys(graph)} | always
        yield Check(f"record {path.name}", frozenset(keys), _told(path, knowledge, engine), True)


def cases(knowledge: Knowledge, engine: Engine) -> Iterator[Check]:
    """Every case beside the shapes, as a check on its outcomes."""
    for each in rule_cases():
        case = each.case()
        ask = _judged(case, knowledge, engine)
        keys = frozenset(_keys(prepared(case, knowledge)))
        yield Check(f"case {each.name}", keys, ask, True)


def _keys(graph: Iterable[Triple]) -> Iterator[str]:
    """The keys of the rows that may matter to a graph: of its nodes and of its properties."""
    for triple in graph:
        for term in (triple.subject, triple.predicate, triple.object):
            if isinstance(term, NamedNode):
                yield f"node {term.value}"


def _judged(case: Case, knowledge: Knowledge, engine: Engine) -> Callable[[World], object]:
    rows = set(case.rows)
    rows |= set(read_words(rows, knowledge))
    rows |= set(look_up_codes(rows, knowledge)) | set(days_before(case, rows))
    read_, nodes = (
        as_triples(rows),
        sorted({n for s, _, o in rows for n in (s, o) if isinstance(n, str)}),
    )

    def sliced(known: Knowledge) -> set[Triple]:
        return slice_of(known, [*nodes, *known.by_type.get(M816 + "AlwaysInSlice", ())])

    def outcomes(found: set[Triple], known: Knowledge) -> object:
        derived = found | construct_compiled(found, knowledge)
        judged = judge(finished(case, derived, known), knowledge, engine)
        return frozenset((o.outcome, o.rule.iri, o.focus) for o in judged)

    before = functools.cache(lambda: sliced(knowledge))
    expected = functools.cache(lambda: outcomes(read_ | before(), knowledge))

    def ask(world: World) -> object:
        if world.reread:
            return outcomes(prepared(case, world.knowledge), world.knowledge) == expected()
        after = sliced(world.knowledge)
        return after == before() or outcomes(read_ | after, world.knowledge) == expected()

    return ask


def _told(path: Path, knowledge: Knowledge, engine: Engine) -> Callable[[World], object]:
    raw = path.read_bytes()

    def construct(graph: set[Triple], _: Knowledge) -> set[Triple]:
        return construct_compiled(graph, knowledge)  # the derivations are not what changes

    def told(known: Knowledge) -> object:
        found = []
        for case in read(path.name, raw, known).cases:
            said = judge_case(case, known, engine, construct=construct).json()
            found.append({name: said[name] for name in _TOLD})
        return found

    expected = functools.cache(lambda: told(knowledge))
    return lambda world: told(world.knowledge) == expected()
