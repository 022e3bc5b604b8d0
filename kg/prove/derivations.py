"""Every change of every derivation, tried on the derivation's cases: noticed by which, or by none.

In: the derivations and their cases in ``tests/derivations``. Out: ``Mutant``s. A change is noticed
when a changed derivation adds other triples in some trial than the case says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pyoxigraph import DefaultGraph, Quad, QueryTriples, Store

from kg.compiled import names
from kg.compiler import source
from kg.construct import Construct, written
from kg.errors import KnowledgeError
from kg.facts import Facts, Row, row, triple
from kg.grammar import parse
from kg.knowledge import Derivation, Knowledge
from kg.locations import ROOT
from kg.prove import Mutant, Wanted, everything
from kg.prove.cases import Rows, Trial, trials
from kg.prove.variants import variants

CASES = ROOT / "tests" / "derivations"


def mutants(knowledge: Knowledge, wanted: Wanted = everything) -> Iterator[Mutant]:
    """Every wanted change of every derivation; ``KnowledgeError`` if a case cannot be read."""
    files = case_files()
    for derivation in knowledge.derivations:
        found = trials(files[derivation.id]) if derivation.id in files else []
        yield from changed(derivation, found, wanted)


def case_files(folder: Path = CASES) -> dict[str, Path]:
    """The files of cases by the id of their derivation: what follows the number in their name."""
    return {path.stem.partition("-")[2]: path for path in sorted(folder.glob("*.toml"))}


def changed(
    derivation: Derivation, found: Iterable[Trial], wanted: Wanted = everything
) -> Iterator[Mutant]:
    """Every wanted change of one derivation, tried on its trials."""
    known = [(trial, Facts(trial.facts)) for trial in found]
    for what, query in variants(parse(derivation.query)):
        if wanted("derivation", derivation.id, what):
            yield Mutant(derivation.id, what, "derivation", _noticed(query, known))


def _noticed(query: Construct, known: list[tuple[Trial, Facts]]) -> str:
    try:
        answer = compiled(query)
        return next((t.says for t, facts in known if answer(facts) != t.adds), "")
    except KnowledgeError:  # outside the subset: a SPARQL engine tells
        text = written(query)
    try:
        return next((t.says for t, _ in known if by_sparql(text, t.facts) != t.adds), "")
    except SyntaxError:
        return "SPARQL itself: no query"


def compiled(query: Construct) -> Callable[[Facts], Rows]:
    """What the compiled query adds to facts; ``KnowledgeError`` if it cannot be compiled."""
    scope = names()
    exec(source(query, "run"), scope)

    def answer(facts: Facts) -> Rows:
        out: list[Row] = []
        scope["run"](facts, out)
        return frozenset(out)

    return answer


def by_sparql(text: str, facts: Rows) -> Rows:
    """What a SPARQL engine adds to facts; ``SyntaxError`` if the query is none."""
    store = Store()
    made = map(triple, facts)
    store.bulk_extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in made)
    answer = store.query(text)
    assert isinstance(answer, QueryTriples)
    return frozenset(map(row, answer))
