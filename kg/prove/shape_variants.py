"""A rule's shape → every shape that differs in one place: a constraint, the target, the path.

In: the shapes as triples. Out: (kind, what was changed, the changed shape). A shape is a tree of
its blank nodes; a list is a tuple. What has no change written for it here is refused, so that no
constraint escapes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from kg.errors import KnowledgeError
from kg.judge import ntriples
from kg.namespaces import RDF, SH, TYPE, short, value

Term = NamedNode | Literal
Part: TypeAlias = "Term | tuple[Term, ...] | dict[str, Part]"
Shape: TypeAlias = "dict[str, Part]"
Variant = tuple[str, str, Shape]
Others = Callable[[NamedNode], Iterable[NamedNode]]  # what a name could be mistaken for

_TARGET, _PATH, _SEVERITY, _NOT = (SH + n for n in ("targetClass", "path", "severity", "not"))
_SEQUENCE, _ALTERNATIVE, _INVERSE = "", SH + "alternativePath", SH + "inversePath"
_COUNTS = {SH + "minCount", SH + "maxCount"}
_LISTED, _VALUE = SH + "in", SH + "hasValue"
_LESS, _LESS_OR_EQUAL = SH + "lessThan", SH + "lessThanOrEquals"
_PAIRS = {
    _LESS: _LESS_OR_EQUAL,
    _LESS_OR_EQUAL: _LESS,
    SH + "disjoint": SH + "equals",
    SH + "equals": SH + "disjoint",
}
_ABOUT = {_TARGET, _PATH, _SEVERITY, SH + "message", TYPE.value}


def shapes_of(shapes: bytes) -> dict[str, Shape]:
    """The named shapes of N-Triples by IRI."""
    said: dict[object, list[Triple]] = {}
    for quad in parse(shapes, RdfFormat.N_TRIPLES):
        said.setdefault(quad.subject, []).append(quad.triple)
    return {node.value: _tree(node, said) for node in said if isinstance(node, NamedNode)}


def _tree(node: object, said: dict[object, list[Triple]]) -> Shape:
    found: Shape = {}
    for triple in said[node]:
        name = triple.predicate.value
        if name in found:
            raise KnowledgeError(f"a shape says {short(name)} twice")
        found[name] = _part(triple.object, said)
    return found


def _part(node: object, said: dict[object, list[Triple]]) -> Part:
    if isinstance(node, NamedNode) and node.value == RDF + "nil":
        return ()
    if isinstance(node, NamedNode | Literal):
        return node
    tree = _tree(node, said)
    if RDF + "first" not in tree:
        return tree
    first, rest = tree[RDF + "first"], tree[RDF + "rest"]
    assert isinstance(first, NamedNode | Literal)
    assert isinstance(rest, tuple)
    return (first, *rest)


def written(iri: str, shape: Shape) -> bytes:
    """A shape as N-Triples."""
    return ntriples(_triples(NamedNode(iri), shape, itertools.count()))


def _triples(node: NamedNode | BlankNode, shape: Shape, numbers: Iterator[int]) -> Iterator[Triple]:
    for name, part in shape.items():
        if isinstance(part, dict):
            inner = BlankNode(f"n{next(numbers)}")
            yield Triple(node, NamedNode(name), inner)
            yield from _triples(inner, part, numbers)
        elif isinstance(part, tuple):
            inner_or_nil: NamedNode | BlankNode = NamedNode(RDF + "nil")
            for member in reversed(part):
                cell = BlankNode(f"n{next(numbers)}")
                yield Triple(cell, NamedNode(RDF + "first"), member)
                yield Triple(cell, NamedNode(RDF + "rest"), inner_or_nil)
                inner_or_nil = cell
            yield Triple(node, NamedNode(name), inner_or_nil)
        else:
            yield Triple(node, NamedNode(name), part)


def variants(shape: Shape, others: Others) -> Iterator[Variant]:
    """Every single change of a shape; ``KnowledgeError`` at a constraint without a change."""
    target, path = shape[_TARGET], shape[_PATH]
    assert isinstance(target, NamedNode)
    yield "target", "no target", _without(shape, _TARGET)
    for other in others(target):
        yield "target", f"target {short(other.value)}", shape | {_TARGET: other}
    for what, changed in _paths(path):
        yield "path", what, shape | {_PATH: changed}
    for what, changed_shape in _constraints(shape):
        yield "shape", what, changed_shape


def _without(shape: Shape, name: str) -> Shape:
    return {key: part for key, part in shape.items() if key != name}


def _paths(path: object) -> Iterator[tuple[str, Part]]:
    """The path without a step or an alternative, and the other way round."""
    if isinstance(path, NamedNode):
        yield "path inverse", {_INVERSE: path}
    elif isinstance(path, tuple):
        for step in path:
            yield f"path without {short(value(step))}", _less(path, step)
    elif isinstance(path, dict) and set(path) == {_ALTERNATIVE}:
        members = path[_ALTERNATIVE]
        assert isinstance(members, tuple)
        for member in members:
            rest = _less(members, member)
            less: Part = rest if isinstance(rest, NamedNode) else {_ALTERNATIVE: rest}
            yield f"path without {short(value(member))}", less
    elif isinstance(path, dict) and set(path) == {_INVERSE}:
        inner = path[_INVERSE]
        yield "path not inverse", inner
    else:
        raise KnowledgeError("no change is known for this form of path")


def _less(members: tuple[Term, ...], member: Term) -> Term | tuple[Term, ...]:
    rest = tuple(each for each in members if each is not member)
    return rest[0] if len(rest) == 1 else rest


def _constraints(shape: Shape) -> Iterator[tuple[str, Shape]]:
    for name, part in shape.items():
        if name in _ABOUT:
            continue
        yield f"without sh:{name.removeprefix(SH)}", _without(shape, name)
        for what, changed in _changes(name, part):
            yield what, _without(shape, name) | changed
        if name in (_LESS, _LESS_OR_EQUAL) and isinstance(part, NamedNode):
            yield "turned the comparison", shape | {_PATH: part, name: shape[_PATH]}


def _changes(name: str, part: object) -> Iterator[tuple[str, Shape]]:
    """Other constraints in place of one."""
    said = f"sh:{name.removeprefix(SH)}"
    if name in _COUNTS:
        for count in {max(int(value(part)) + step, 0) for step in (-1, 1)} - {int(value(part))}:
            yield f"{said} {count}", {name: Literal(count)}
    elif name == _LISTED and isinstance(part, tuple):
        for member in part:
            rest = tuple(each for each in part if each is not member)
            yield f"{said} without {short(value(member))}", {name: rest}
    elif name == _VALUE:
        yield f"{said} of nothing there is", {name: NamedNode(RDF + "nil")}
    elif name in _PAIRS and isinstance(part, NamedNode):
        yield f"sh:{_PAIRS[name].removeprefix(SH)} for {said}", {_PAIRS[name]: part}
    elif name == _NOT and isinstance(part, dict):
        yield "not turned", part
        for inner, inside in part.items():
            for what, changed in _changes(inner, inside):
                yield f"not {what}", {name: _without(part, inner) | changed}
    else:
        raise KnowledgeError(f"no change is known for {said}")
