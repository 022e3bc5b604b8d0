"""The shapes as functions over a case's facts: ``kg.judge.Engine`` without any RDF in between.

Only what our shapes are written in is known: a target class, a path, the constraints of ``_CHECKS``
and IRIs as their values. All else in a shape is a ``KnowledgeError`` when it is compiled, never a
guess. A case whose literals an RDF library might read as another form goes to the reference engine.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from kg.errors import KnowledgeError
from kg.expressions import STRING, Ends, Node
from kg.facts import Facts, as_triples, node, text_of
from kg.judge import Engine, Row, bare_shapes, ntriples
from kg.knowledge import Knowledge
from kg.namespaces import RDF, RDFS, SH, TYPE, XSD
from kg.paths import Alternative, Inverse, Reach, Sequence, Step

Statements = dict[Node, dict[str, list[Node]]]
Nodes = set[Node]
Check = Callable[[Facts, Node, Nodes], Iterable[Node | None]]
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_SAID = {SH + name for name in ("targetClass", "path", "severity", "message")} | {TYPE.value}
_NIL = RDF + "nil"


class _Doubtful(Exception):
    """A literal whose written form an RDF library may change: not for this engine."""


class _Shape(NamedTuple):
    """A compiled property shape: what it targets, how its values are reached, what it checks."""

    iri: str
    target: str
    path: str
    reach: Reach
    severity: str
    checks: tuple[tuple[str, Check], ...]


class Compiled:
    """The engine; what it is not sure of it hands to ``reference``."""

    name = "compiled"

    def __init__(self, knowledge: Knowledge, reference: Callable[[Knowledge], Engine]) -> None:
        self._reference = functools.partial(reference, knowledge)
        self._shapes = compiled(bare_shapes(knowledge))

    def rows(self, data: bytes) -> list[Row]:
        """Validate N-Triples; every result as a row, sorted."""
        found = ((q.subject, q.predicate, q.object) for q in parse(data, RdfFormat.N_TRIPLES))
        return self.rows_of(Facts((node(s), p.value, node(o)) for s, p, o in found))

    def rows_of(self, facts: Facts) -> list[Row]:
        """Validate facts; every result as a row, sorted."""
        types, flat = facts.po[TYPE.value], not facts.sp.get(RDFS + "subClassOf")
        met = [shape for shape in self._shapes if not flat or shape.target in types]
        try:
            return sorted(row for shape in met for row in _results(shape, facts))
        except _Doubtful:
            return self._reference().rows(ntriples(as_triples(facts)))


def _results(shape: _Shape, facts: Facts) -> list[Row]:
    found = []
    for focus in _targets(shape.target, facts):
        values = set(shape.reach.forward(facts.sp, facts.po, focus))
        for component, check in shape.checks:
            for value in check(facts, focus, values):
                shown = "" if value is None else text_of(_sure(value))
                place = (text_of(focus), shape.path, shown)
                found.append(Row(*place, component, shape.severity, shape.iri))
    return found


def _targets(target: str, facts: Facts) -> Ends | Nodes:
    """The instances of a class and of its subclasses in the same graph."""
    types = facts.po[TYPE.value]
    if not facts.sp.get(RDFS + "subClassOf"):
        return types.get(target, ())
    below = facts.po[RDFS + "subClassOf"]
    classes: list[Node] = [target]
    for each in classes:
        classes += [lower for lower in below.get(each, ()) if lower not in classes]
    return {one for each in classes for one in types.get(each, ())}


def _sure(value: Node) -> Node:
    """The term if no RDF library writes it otherwise: an IRI, a plain string or a plain day."""
    if isinstance(value, str):
        if not value.startswith("_:"):
            return value
    elif value[1] == STRING or _is_day(value):
        return value
    raise _Doubtful


def _is_day(value: Node) -> bool:
    if not isinstance(value, tuple) or value[1] != XSD + "date" or not _DAY.fullmatch(value[0]):
        return False
    try:
        return bool(datetime.date.fromisoformat(value[0]))
    except ValueError:
        return False


def compiled(shapes: bytes) -> tuple[_Shape, ...]:
    """The shapes of N-Triples as they run; ``KnowledgeError`` for what is not known here."""
    said: Statements = {}
    for quad in parse(shapes, RdfFormat.N_TRIPLES):
        terms = said.setdefault(_term(quad.subject), {})
        terms.setdefault(quad.predicate.value, []).append(_term(quad.object))
    targeted = sorted(text_of(n) for n, terms in said.items() if SH + "targetClass" in terms)
    return tuple(_shape(iri, said) for iri in targeted)


def _term(term: object) -> Node:
    return node(term) if isinstance(term, NamedNode | Literal) else f"_:{term}"


def _shape(iri: str, said: Statements) -> _Shape:
    terms = said[iri]
    if iri.startswith("_:"):
        raise KnowledgeError("a shape without an IRI cannot be compiled")
    target, path = (_only(terms.get(SH + name, []), iri) for name in ("targetClass", "path"))
    severity = text_of(_only(terms.get(SH + "severity", [SH + "Violation"]), iri))
    simple = text_of(path) if not text_of(path).startswith("_:") else ""
    checks = tuple(_checks(terms, iri, said, _SAID))
    return _Shape(iri, text_of(target), simple, _reach(path, said), severity, checks)


def _checks(
    terms: dict[str, list[Node]], iri: str, said: Statements, known: set[str]
) -> Iterable[tuple[str, Check]]:
    for name, values in terms.items():
        if name in known:
            continue
        if name not in _CHECKS:
            raise KnowledgeError(f"{iri}: {name} cannot be compiled")
        component, make = _CHECKS[name]
        for value in values:
            yield f"{SH}{component}ConstraintComponent", make(value, iri, said)


def _only(values: list[Node], iri: str) -> Node:
    if len(values) != 1:
        raise KnowledgeError(f"{iri}: one value is expected where it has {len(values)}")
    return values[0]


def _list(head: Node, iri: str, said: Statements) -> list[Node]:
    found = []
    while head != _NIL:
        cell = said.get(head, {})
        found.append(_only(cell.get(RDF + "first", []), iri))
        head = _only(cell.get(RDF + "rest", []), iri)
    return found


def _reach(path: Node, said: Statements) -> Reach:
    """A property path (SHACL §2.3.1): an IRI, a sequence, alternatives or an inverse."""
    terms = said.get(path, {}) if text_of(path).startswith("_:") else None
    if terms is None:
        return Step(text_of(path))
    if SH + "inversePath" in terms and len(terms) == 1:
        return Inverse(_reach(_only(terms[SH + "inversePath"], "a path"), said))
    if SH + "alternativePath" in terms and len(terms) == 1:
        listed = _list(_only(terms[SH + "alternativePath"], "a path"), "a path", said)
        return Alternative([_reach(part, said) for part in listed])
    if set(terms) != {RDF + "first", RDF + "rest"}:
        raise KnowledgeError(f"a path by {', '.join(sorted(terms))} cannot be compiled")
    *before, made = [_reach(part, said) for part in _list(path, "a path", said)]
    for part in reversed(before):
        made = Sequence(part, made)
    return made


def _iri(value: Node, iri: str) -> Node:
    if not isinstance(value, str) or value.startswith("_:"):
        raise KnowledgeError(f"{iri}: only IRIs can be compared with, not {text_of(value)}")
    return value


def _counted(values: Nodes, count: int) -> bool:
    """Whether there are more values than that; two forms of one literal would be one value."""
    return len(values if count == 0 else {_sure(value) for value in values}) > count


def _min_count(value: Node, iri: str, said: Statements) -> Check:
    least = int(text_of(value))
    return lambda facts, focus, values: () if _counted(values, least - 1) else (None,)


def _max_count(value: Node, iri: str, said: Statements) -> Check:
    most = int(text_of(value))
    return lambda facts, focus, values: (None,) if _counted(values, most) else ()


def _has_value(value: Node, iri: str, said: Statements) -> Check:
    wanted = _iri(value, iri)
    return lambda facts, focus, values: () if wanted in values else (None,)


def _in(value: Node, iri: str, said: Statements) -> Check:
    listed = {_iri(each, iri) for each in _list(value, iri, said)}
    return lambda facts, focus, values: values - listed


def _not(value: Node, iri: str, said: Statements) -> Check:
    if not text_of(value).startswith("_:"):
        raise KnowledgeError(f"{iri}: sh:not of a named shape cannot be compiled")
    inner = [check for _, check in _checks(said.get(value, {}), iri, said, {TYPE.value})]

    def conforms(facts: Facts, each: Node) -> bool:
        return not any(found for check in inner for found in [list(check(facts, each, {each}))])

    return lambda facts, focus, values: [each for each in values if conforms(facts, each)]


def _at_most(value: Node, iri: str, said: Statements) -> Check:
    other = text_of(_iri(value, iri))

    def check(facts: Facts, focus: Node, values: Nodes) -> Iterable[Node]:
        for each in values:
            for bound in facts.sp.get(other, {}).get(focus, ()):
                if not (_is_day(each) and _is_day(bound)):
                    raise _Doubtful
                if text_of(each) > text_of(bound):
                    yield each

    return check


def _disjoint(value: Node, iri: str, said: Statements) -> Check:
    other = text_of(_iri(value, iri))

    def check(facts: Facts, focus: Node, values: Nodes) -> Iterable[Node]:
        others = facts.sp.get(other, {}).get(focus, ())
        return {_sure(each) for each in others} & {_sure(each) for each in values if others}

    return check


_CHECKS: dict[str, tuple[str, Callable[[Node, str, Statements], Check]]] = {
    SH + "minCount": ("MinCount", _min_count),
    SH + "maxCount": ("MaxCount", _max_count),
    SH + "hasValue": ("HasValue", _has_value),
    SH + "in": ("In", _in),
    SH + "not": ("Not", _not),
    SH + "lessThanOrEquals": ("LessThanOrEquals", _at_most),
    SH + "disjoint": ("Disjoint", _disjoint),
}


def _by_pyshacl(knowledge: Knowledge) -> Engine:
    from kg.pyshacl_engine import engine as pyshacl

    return pyshacl(knowledge)


@functools.lru_cache(maxsize=4)
def engine(knowledge: Knowledge) -> Compiled:
    """The engine for that knowledge, made once a process; pySHACL stands behind it."""
    return Compiled(knowledge, _by_pyshacl)
