"""The dataset in one store, and how a test asks it a named query.

What a test adds (the cases of records, data of its own) or takes away is undone after the question.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox

from kg.dataset import dataset
from kg.derive import derive
from kg.inputs import inputs
from kg.knowledge import default
from kg.namespaces import PREFIXES
from kg.queries import case_quads, cell
from kg.questions import Question, bound, questions

HERE = Path(__file__).parent
RECORDS = HERE.parent / "records"
KNOWN = questions(default())
Pattern = Sequence[str]


@functools.cache
def store() -> ox.Store:
    """Everything that is served, in one store a process."""
    made = ox.Store()
    made.bulk_load(dataset(default()).quads, format=ox.RdfFormat.N_QUADS)
    return made


@functools.cache
def case_graphs(record: str) -> dict[ox.NamedNode, set[ox.Triple]]:
    """The derived cases of a record of ``tests/records``."""
    knowledge = default()
    found = next(iter(inputs([str(RECORDS / record)], knowledge)))
    assert found.error is None, found.error
    return {case.node: derive(case, knowledge) for case in found.cases}


def term(words: str) -> ox.NamedNode | ox.Literal | None:
    """A term written as ``prefix:name`` or ``"text"``; nothing is any term."""
    if not words:
        return None
    if words.startswith('"'):
        return ox.Literal(words.strip('"'))
    prefix, _, name = words.partition(":")
    return ox.NamedNode(PREFIXES[prefix] + name)


def matching(pattern: Pattern) -> list[ox.Quad]:
    """The quads of the store that match a triple pattern of three such words."""
    subject, predicate, value = map(term, pattern)
    assert subject is None or isinstance(subject, ox.NamedNode)
    assert predicate is None or isinstance(predicate, ox.NamedNode)
    return list(store().quads_for_pattern(subject, predicate, value))


@contextmanager
def changed(record: str = "", data: str = "", without: Sequence[Pattern] = ()) -> Iterator[None]:
    """The store with a record's cases, with a file of ``data``, without what patterns match."""
    gone = [quad for pattern in without for quad in matching(pattern)]
    assert len(gone) >= len(without), "a pattern takes nothing away"
    added = case_quads(store(), case_graphs(record)) if record else []
    if data:
        text = (HERE / "data" / data).read_bytes()
        added += [quad for quad in ox.parse(text, ox.RdfFormat.TRIG) if quad not in store()]
    for quad in gone:
        store().remove(quad)
    store().extend(added)
    try:
        yield
    finally:
        for quad in added:
            store().remove(quad)
        store().extend(gone)


def ask(name: str, **given: str) -> list[dict[str, str]]:
    """The rows of a named query, each value as the command shows it."""
    result = run(KNOWN[name], given)
    assert isinstance(result, ox.QuerySolutions)
    head = [variable.value for variable in result.variables]
    return [{name: cell(row[name]) for name in head} for row in result]


def run(
    question: Question, given: dict[str, str]
) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    """The result of a named query over the union of all graphs."""
    text = bound(question, given, default())
    return store().query(text, use_default_graph_as_union=True)
