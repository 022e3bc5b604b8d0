"""What two SHACL engines have to agree on: every case, record and sample derived, and changes.

A change is made from a seed, so every machine makes the same ones. It touches what shapes read:
anything else an engine cannot see. Many graphs go to an engine at once, each with names of its own.
"""

from __future__ import annotations

import functools
import os
import random
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from kg.derive import derive
from kg.inputs import inputs
from kg.judge import handed, reading, rules
from kg.knowledge import default
from kg.locations import SHAPES
from kg.namespaces import M816, RECORD, TYPE, XSD, m816
from tests.rules.corpus import rule_cases

Graph = set[Triple]
_BESIDE = Path(__file__).parents[3] / "shared" / "data" / "fhir"
SAMPLES = Path(os.environ.get("M816_SAMPLES") or _BESIDE)
RECORDS = Path(__file__).parents[1] / "records"


SOURCES = [*sorted(path.name for path in SHAPES.glob("*.cases.trig")), "records", "samples"]


@functools.cache
def graphs(source: str) -> dict[str, Graph]:
    """The derived graphs of one of ``SOURCES`` by name; no samples if there is no such folder."""
    if source == "records":
        files = [path for path in RECORDS.iterdir() if path.suffix in (".json", ".ndjson")]
        return dict(_read(sorted(map(str, files))))
    if source == "samples":
        return dict(_read([str(SAMPLES)])) if SAMPLES.is_dir() else {}
    cases = [each for each in rule_cases() if each.file == source]
    return {each.name: derive(each.case(), default()) for each in cases}


def _read(paths: list[str]) -> Iterator[tuple[str, Graph]]:
    for found in inputs(paths, default()):
        for case in found.cases:
            yield f"{Path(found.file).name}#{case.id}", derive(case, default())


def readable(graph: Graph) -> list[Triple]:
    """The triples of a graph that shapes read, in one order on every machine."""
    quads = parse(handed(graph, reading(default())), RdfFormat.N_TRIPLES)
    return sorted((quad.triple for quad in quads), key=str)


def changed(graphs: Iterable[Graph], count: int, seed: int) -> list[Graph]:
    """``count`` graphs, each one of the given ones with one to three changes."""
    chance = random.Random(seed)
    known = [readable(graph) for graph in graphs]
    made: list[Graph] = []
    while len(made) < count:
        graph = list(chance.choice(known))
        for _ in range(chance.choice((1, 1, 2, 3)) if graph else 0):
            graph = chance.choice(CHANGES)(graph, chance)
        if all(map(_is_read, graph)):
            made.append(set(graph))
    return made


def _is_read(triple: Triple) -> bool:
    """Whether a case may say so: in the place of a day, ``kg.case`` reads nothing but days."""
    day = triple.object
    if triple.predicate not in DATED:
        return True
    if not isinstance(day, Literal) or day.datatype != _DATE:
        return False
    return re.fullmatch(r"\d{4}-\d\d-\d\d", day.value) is not None


Change = Callable[[list[Triple], random.Random], list[Triple]]


def _without(graph: list[Triple], chance: random.Random) -> list[Triple]:
    less = chance.choice(graph)
    return [triple for triple in graph if triple is not less]


def _instead(graph: list[Triple], old: Triple, new: Triple) -> list[Triple]:
    return [new if triple is old else triple for triple in graph]


def _retargeted(graph: list[Triple], chance: random.Random) -> list[Triple]:
    """A fact told of another node of the graph."""
    old = chance.choice(graph)
    new = Triple(chance.choice(graph).subject, old.predicate, old.object)
    return _instead(graph, old, new)


def _another(graph: list[Triple], chance: random.Random) -> list[Triple]:
    """A fact with the value of another: a node for a text, a text for a day, a class for a code."""
    old = chance.choice(graph)
    return _instead(graph, old, Triple(old.subject, old.predicate, chance.choice(graph).object))


def _second(graph: list[Triple], chance: random.Random) -> list[Triple]:
    """A second value of a property that a shape reads: another's, or the same in other form."""
    old = chance.choice(graph)
    value = old.object if isinstance(old.object, Literal) else chance.choice(graph).object
    form = _other_form(value, chance) if isinstance(value, Literal) else value
    return [*graph, Triple(old.subject, old.predicate, form)]


def _typed(graph: list[Triple], chance: random.Random) -> list[Triple]:
    """A node that another rule looks at as well."""
    target = NamedNode(chance.choice([rule.target for rule in rules(default())]))
    return [*graph, Triple(chance.choice(graph).subject, TYPE, target)]


def _swapped(graph: list[Triple], chance: random.Random) -> list[Triple]:
    """Two nodes that have exchanged their types."""
    types = [triple for triple in graph if triple.predicate == TYPE]
    one, other = chance.choice(types), chance.choice(types)
    graph = _instead(graph, one, Triple(one.subject, TYPE, other.object))
    return _instead(graph, other, Triple(other.subject, TYPE, one.object))


def _related(graph: list[Triple], chance: random.Random) -> list[Triple]:
    """A property that a shape reads, told of a node it looks at: a conflict, or its evidence."""
    names = sorted(name.value for name in reading(default()) or () if name.value.startswith(M816))
    used = chance.choice(names)
    return [*graph, Triple(chance.choice(graph).subject, NamedNode(used), chance.choice(VALUES))]


def _formed(graph: list[Triple], chance: random.Random) -> list[Triple]:
    """A literal in another form."""
    old = chance.choice([t for t in graph if isinstance(t.object, Literal)] or graph)
    if not isinstance(old.object, Literal):
        return graph
    return _instead(graph, old, Triple(old.subject, old.predicate, _other_form(old.object, chance)))


def _dated(graph: list[Triple], chance: random.Random) -> list[Triple]:
    """A code valid from, or through, the day of service, the day before or the day after."""
    focus = chance.choice([t.subject for t in graph if t.predicate == TYPE] or [NODE])
    days = [Triple(focus, name, chance.choice(DAYS)) for name in DATED]
    kinds = (m816("JudgedSubmission"), m816("EndedSubmission"))
    kept = [t for t in graph if t.subject != focus or t.predicate not in DATED]
    return kept + days[: chance.choice((1, 2, 3))] + [Triple(focus, TYPE, k) for k in kinds]


def _other_form(old: Literal, chance: random.Random) -> Literal:
    return chance.choice(
        [
            Literal(old.value),
            Literal(old.value, language="en"),
            Literal(old.value, datatype=NamedNode(XSD + "dateTime")),
            Literal(old.value, datatype=NamedNode(XSD + "decimal")),
            Literal(" " + old.value, datatype=old.datatype) if not old.language else old,
            *DAYS,
            *NUMBERS,
        ]
    )


NODE = NamedNode(RECORD + "case/Encounter/added")
_DATE = NamedNode(XSD + "date")
DATED = [m816(name) for name in ("dateOfService", "codeValidFrom", "codeValidThrough")]
DAYS = [Literal(f"2026-05-{day:02}", datatype=_DATE) for day in (3, 4, 5)]
NUMBERS = [
    Literal(text, datatype=NamedNode(XSD + kind))
    for text, kind in (("-2.50", "decimal"), ("-2.5", "decimal"), ("-25e-1", "double"))
] + [Literal("1", datatype=NamedNode(XSD + "boolean")), Literal("true")]
VALUES: list[NamedNode | Literal] = [
    NODE,
    m816("inpatient"),
    m816("noSuchCode"),
    m816("skeleton"),
    Literal("x"),
    DAYS[0],
]
CHANGES: tuple[Change, ...] = (
    _without,
    _retargeted,
    _another,
    _second,
    _typed,
    _swapped,
    _related,
    _formed,
    _dated,
)


def together(graphs: Iterable[Graph]) -> Graph:
    """Several graphs as one: what no shape names gets a name of the graph it is from."""
    named = reading(default()) or frozenset()
    whole: Graph = set()
    for number, graph in enumerate(graphs):

        def own(end: Any, number: int = number) -> Any:
            unnamed = isinstance(end, NamedNode) and end not in named
            return NamedNode(f"urn:{number}:{end.value}") if unnamed else end

        whole |= {Triple(own(t.subject), t.predicate, own(t.object)) for t in graph}
    return whole
