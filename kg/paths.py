"""Property paths over indexed facts (SPARQL 1.1 §9): what is reached from a node, or reaches it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kg.errors import KnowledgeError
from kg.expressions import Ends, Node

Index = Mapping[str, Mapping[Node, Ends]]
_NONE: dict[Node, Ends] = {}


class Reach:
    """A path: ``forward`` from a subject, ``backward`` from an object, ``pairs`` of both."""

    def forward(self, sp: Index, po: Index, start: Node) -> Ends:
        """The nodes reached."""
        raise NotImplementedError

    def backward(self, sp: Index, po: Index, end: Node) -> Ends:
        """The nodes it is reached from."""
        raise NotImplementedError

    def joins(self, sp: Index, po: Index, start: Node, end: Node) -> bool:
        """Whether one node is reached from the other."""
        return end in self.forward(sp, po, start)

    def pairs(self, sp: Index, po: Index) -> list[tuple[Node, Node]]:
        """All pairs; not for paths of any length."""
        raise KnowledgeError("a path of any length needs one of its ends")


class Step(Reach):
    """One property."""

    def __init__(self, predicate: str) -> None:
        self._predicate = predicate

    def forward(self, sp: Index, po: Index, start: Node) -> Ends:
        """See ``Reach``."""
        return sp.get(self._predicate, _NONE).get(start, [])

    def backward(self, sp: Index, po: Index, end: Node) -> Ends:
        """See ``Reach``."""
        return po[self._predicate].get(end, [])

    def pairs(self, sp: Index, po: Index) -> list[tuple[Node, Node]]:
        """See ``Reach``."""
        found = sp.get(self._predicate, _NONE)
        return [(start, end) for start, ends in found.items() for end in ends]


class Inverse(Reach):
    """A path walked the other way."""

    def __init__(self, inner: Reach) -> None:
        self._inner = inner

    def forward(self, sp: Index, po: Index, start: Node) -> Ends:
        """See ``Reach``."""
        return self._inner.backward(sp, po, start)

    def backward(self, sp: Index, po: Index, end: Node) -> Ends:
        """See ``Reach``."""
        return self._inner.forward(sp, po, end)

    def pairs(self, sp: Index, po: Index) -> list[tuple[Node, Node]]:
        """See ``Reach``."""
        return [(end, start) for start, end in self._inner.pairs(sp, po)]


class Alternative(Reach):
    """Any of several paths."""

    def __init__(self, parts: list[Reach]) -> None:
        self._parts = parts

    def forward(self, sp: Index, po: Index, start: Node) -> Ends:
        """See ``Reach``."""
        return [end for part in self._parts for end in part.forward(sp, po, start)]

    def backward(self, sp: Index, po: Index, end: Node) -> Ends:
        """See ``Reach``."""
        return [start for part in self._parts for start in part.backward(sp, po, end)]

    def pairs(self, sp: Index, po: Index) -> list[tuple[Node, Node]]:
        """See ``Reach``."""
        return [pair for part in self._parts for pair in part.pairs(sp, po)]


class Sequence(Reach):
    """One path after another."""

    def __init__(self, first: Reach, rest: Reach) -> None:
        self._first, self._rest = first, rest

    def forward(self, sp: Index, po: Index, start: Node) -> Ends:
        """See ``Reach``."""
        middle = self._first.forward(sp, po, start)
        return [end for via in middle for end in self._rest.forward(sp, po, via)]

    def backward(self, sp: Index, po: Index, end: Node) -> Ends:
        """See ``Reach``."""
        middle = self._rest.backward(sp, po, end)
        return [start for via in middle for start in self._first.backward(sp, po, via)]

    def pairs(self, sp: Index, po: Index) -> list[tuple[Node, Node]]:
        """See ``Reach``."""
        return [
            (start, end)
            for start, via in self._first.pairs(sp, po)
            for end in self._rest.forward(sp, po, via)
        ]


class Chain(Reach):
    """One property any number of times, from none or from once on."""

    def __init__(self, predicate: str, least: int) -> None:
        self._predicate, self._least = predicate, least

    def forward(self, sp: Index, po: Index, start: Node) -> Ends:
        """See ``Reach``."""
        return self._walk(sp.get(self._predicate, _NONE), start)

    def backward(self, sp: Index, po: Index, end: Node) -> Ends:
        """See ``Reach``."""
        return self._walk(po[self._predicate], end)

    def joins(self, sp: Index, po: Index, start: Node, end: Node) -> bool:
        """See ``Reach``."""
        if not self._least and start == end:
            return True
        index = sp.get(self._predicate, _NONE)
        queue, seen = [start], {start}
        while queue:
            ends = index.get(queue.pop(), ())
            if end in ends:
                return True
            queue += [each for each in ends if each not in seen]
            seen.update(ends)
        return False

    def _walk(self, index: Mapping[Node, Ends], start: Node) -> Ends:
        queue = index.get(start)
        if queue is None:
            return () if self._least else (start,)
        found = dict.fromkeys(queue) if self._least else {start: None, **dict.fromkeys(queue)}
        queue = [*queue]
        while queue:
            for reached in index.get(queue.pop(), ()):
                if reached not in found:
                    found[reached] = None
                    queue.append(reached)
        return list(found)


class Repeated(Reach):
    """``*`` (from none), ``+`` (from one) or ``?`` (none or one)."""

    def __init__(self, inner: Reach, kind: str) -> None:
        self._inner, self._kind = inner, kind

    def forward(self, sp: Index, po: Index, start: Node) -> Ends:
        """See ``Reach``."""
        return self._walk(self._inner.forward, sp, po, start)

    def backward(self, sp: Index, po: Index, end: Node) -> Ends:
        """See ``Reach``."""
        return self._walk(self._inner.backward, sp, po, end)

    def _walk(self, step: Any, sp: Index, po: Index, start: Node) -> Ends:
        if self._kind == "opt":
            return list(dict.fromkeys([start, *step(sp, po, start)]))
        found: dict[Node, None] = {} if self._kind == "plus" else {start: None}
        queue = [start]
        while queue:
            for reached in step(sp, po, queue.pop()):
                if reached not in found:
                    found[reached] = None
                    queue.append(reached)
        return list(found)
