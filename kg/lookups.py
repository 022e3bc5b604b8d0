"""Predicates and property paths → Python source of what the indexes of a case hold for them.

``sp`` and ``po`` are the indexes of ``kg.facts``, ``p`` is ``kg.paths``, ``N`` nothing and ``E`` an
empty index. Short paths become plain look-ups; paths of any length are walked by ``kg.paths``.
"""

from __future__ import annotations

import itertools

from pyoxigraph import NamedNode, Variable

from kg.construct import Path, Predicate
from kg.errors import KnowledgeError
from kg.namespaces import TYPE


class Lookups:
    """The look-ups of one function; what they need is named at its head, once."""

    def __init__(self, function: str, names: itertools.count[int]) -> None:
        self._function, self._names = function, names
        self._constants: dict[str, str] = {}
        self._indexes: dict[str, str] = {}
        self._guards: list[str] = []

    def head(self) -> tuple[list[str], list[str]]:
        """The lines before the function, and its first ones."""
        constants = [f"{name} = {source}" for source, name in self._constants.items()]
        indexes = [f" {name} = {source}" for source, name in self._indexes.items()]
        return constants, [" sp, po = facts.sp, facts.po", *self._guards, *indexes]

    def needs(self, predicate: NamedNode, value: str) -> None:
        """End the function at once where nothing has that predicate, or the value of a type."""
        test = f"not {self._index('sp', predicate)}"
        if predicate == TYPE and value:
            test = f"{value} not in {self._index('po', predicate)}"
        indexes = [f" {name} = {source}" for source, name in self._indexes.items()]
        self._guards += [line for line in indexes if line not in self._guards]
        self._guards.append(f" if {test}: return")

    def constant(self, source: str) -> str:
        """The name of what is made once, before the function."""
        if source not in self._constants:
            self._constants[source] = f"{self._function}_c{next(self._names)}"
        return self._constants[source]

    def forward(self, predicate: Predicate, start: str) -> str:
        """The objects of a subject."""
        return self._from(predicate, start, "sp")

    def backward(self, predicate: Predicate, end: str) -> str:
        """The subjects of an object."""
        return self._from(predicate, end, "po")

    def holds(self, predicate: Predicate, start: str, end: str) -> str:
        """Whether a subject has that object."""
        if isinstance(predicate, Path):
            if predicate.kind == "inv":
                return self.holds(predicate.parts[0], end, start)
            if predicate.kind == "alt":
                return f"({' or '.join(self.holds(part, start, end) for part in predicate.parts)})"
            if predicate.kind == "opt":
                return f"({start} == {end} or {self.holds(predicate.parts[0], start, end)})"
            if predicate.kind in ("star", "plus"):
                return f"{self.constant(reach(predicate))}.joins(sp, po, {start}, {end})"
        return f"{end} in {self.forward(predicate, start)}"

    def pairs(self, predicate: Predicate) -> str:
        """All subjects with their objects."""
        if isinstance(predicate, Path):
            return f"{self.constant(reach(predicate))}.pairs(sp, po)"
        return f"[(s, o) for s, found in {self._index('sp', predicate)}.items() for o in found]"

    def _from(self, predicate: Predicate, node: str, side: str) -> str:
        if not isinstance(predicate, Path):
            return f"{self._index(side, predicate)}.get({node}, N)"
        parts = predicate.parts
        if predicate.kind == "inv":
            return self._from(parts[0], node, "po" if side == "sp" else "sp")
        if predicate.kind == "alt":
            return f"({''.join(f'*{self._from(part, node, side)}, ' for part in parts)})"
        if predicate.kind == "opt":
            return f"({node}, *{self._from(parts[0], node, side)})"
        if predicate.kind == "seq":
            return self._along(parts if side == "sp" else parts[::-1], node, side)
        walk = "forward" if side == "sp" else "backward"
        return f"{self.constant(reach(predicate))}.{walk}(sp, po, {node})"

    def _along(self, parts: tuple[Predicate, ...], node: str, side: str) -> str:
        loops = ""
        for part in parts:
            node, before = f"n{next(self._names)}", node
            loops += f" for {node} in {self._from(part, before, side)}"
        return f"[{node}{loops}]"

    def _index(self, side: str, predicate: NamedNode | Variable) -> str:
        shown = f"v_{predicate.value}" if isinstance(predicate, Variable) else repr(predicate.value)
        source = f"sp.get({shown}, E)" if side == "sp" else f"po[{shown}]"
        if isinstance(predicate, Variable) or (side == "po" and predicate != TYPE):
            return source  # which may be made on reading it
        if source not in self._indexes:
            self._indexes[source] = f"i{next(self._names)}"
        return self._indexes[source]


def reach(path: Predicate) -> str:
    """The source of a path of a pattern, where ``p`` is ``kg.paths``."""
    if isinstance(path, NamedNode):
        return f"p.Step({path.value!r})"
    if not isinstance(path, Path):
        raise KnowledgeError("a variable in a path cannot be compiled")
    parts = [reach(part) for part in path.parts]
    if path.kind == "alt":
        return f"p.Alternative([{', '.join(parts)}])"
    if path.kind == "inv":
        return f"p.Inverse({parts[0]})"
    if path.kind == "seq":
        made = parts[-1]
        for part in reversed(parts[:-1]):
            made = f"p.Sequence({part}, {made})"
        return made
    if path.kind in ("star", "plus") and isinstance(path.parts[0], NamedNode):
        return f"p.Chain({path.parts[0].value!r}, {int(path.kind == 'plus')})"
    return f"p.Repeated({parts[0]}, {path.kind!r})"
