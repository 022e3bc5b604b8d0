"""``tests/reasoning``: facts with a sentence, and what must follow, must not follow, or cannot be.

A file is TriG: each test is a graph of premises with its sentence as label in the default graph,
and a graph of the same name with ``-then`` for what follows or does not. Things are named once for
all files, so that all tests of one kind can be reasoned about together. Read from a checkout only.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import RdfFormat, Triple, parse

from kg.closure import NOTHING
from kg.knowledge import triples_of
from kg.locations import ROOT
from kg.namespaces import LABEL, TYPE

FOLDER = ROOT / "tests" / "reasoning"
THEN = "-then"


@dataclass(frozen=True)
class Question:
    """One test: its name, its sentence, the facts, and what is asked of them."""

    name: str
    sentence: str
    facts: frozenset[Triple]
    asked: frozenset[Triple]

    def follows(self, known: set[Triple]) -> bool:
        """Whether all that is asked is known."""
        return self.asked <= known

    def is_impossible(self, known: set[Triple]) -> bool:
        """Whether something of the facts is known to be impossible."""
        return any(Triple(t.subject, TYPE, NOTHING) in known for t in self.facts)


@functools.cache
def suite(folder: str) -> tuple[Question, ...]:
    """The tests of one folder, in order: entailed, not_entailed or contradictory."""
    paths = sorted((FOLDER / folder).glob("*.trig"))
    return tuple(question for path in paths for question in _questions(path))


@functools.cache
def wrong_values() -> tuple[Triple, ...]:
    """A literal of the wrong kind for every property of literals."""
    return tuple(triples_of(FOLDER / "wrong-values.ttl"))


def _questions(path: Path) -> list[Question]:
    graphs: dict[str, set[Triple]] = {}
    labels: dict[str, str] = {}
    for quad in parse(path.read_bytes(), RdfFormat.TRIG):
        if quad.predicate == LABEL:
            labels[quad.subject.value] = quad.object.value
        else:
            triple = Triple(quad.subject, quad.predicate, quad.object)
            graphs.setdefault(quad.graph_name.value, set()).add(triple)
    return [
        Question(
            f"{path.stem} {name.rpartition('/')[2]}",
            label,
            frozenset(graphs[name]),
            frozenset(graphs.get(name + THEN, ())),
        )
        for name, label in labels.items()
    ]
