"""A case → the classes it and what it tells of fall under, by the closure, by HermiT, and why.

In: a derived case graph. Out: each inferred type with the justification the closure has for it,
and, where the case contradicts itself, why. Reasons about one case at a time, never about several.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pyoxigraph import NamedNode, Triple

from kg.axioms import Reader
from kg.closure import NOTHING, clashes, implied, steps
from kg.disease import axioms, beyond_rl, ground, told
from kg.justify import Premise, Trail, Words
from kg.namespaces import M816, RECORD, TYPE, short, value
from kg.reasoner import Classified, classify

Types = dict[str, set[str]]


@dataclass(frozen=True)
class Inferred:
    """One type that was not stated: of what, which class, who infers it, and from what."""

    individual: str
    type: str
    label: str
    by: tuple[str, ...]
    because: tuple[Premise, ...]


@dataclass
class ClassifiedCase:
    """What follows about one case; ``clash`` holds why it contradicts itself, if it does."""

    case: str
    inferred: list[Inferred] = field(default_factory=list)
    clash: list[list[Premise]] = field(default_factory=list)
    oracle: Classified | None = None

    @property
    def differs(self) -> bool:
        """Whether the closure and the oracle disagree."""
        both = self.oracle is None or self.oracle.consistent == (not self.clash)
        alone = {"closure"} if self.oracle else set[str]()
        return not both or any(set(each.by) in (alone, {"HermiT"}) for each in self.inferred)


def reasoned(derived: set[Triple]) -> set[Triple]:
    """The case as it is reasoned with: what it tells in the disease layer, beside all axioms."""
    return derived | set(told(derived)) | ground()


def types_of(triples: set[Triple]) -> Types:
    """The classes of ours that each thing is of, stated or by the closure."""
    found: Types = {}
    for triple in triples | implied(triples):
        if triple.predicate == TYPE and isinstance(triple.subject, NamedNode):
            kind = value(triple.object)
            if kind.startswith(M816):
                found.setdefault(triple.subject.value, set()).add(kind)
    return found


def classified(case: str, derived: set[Triple], *, oracle: bool) -> ClassifiedCase:
    """Everything inferred about the things of a case; ``ToolMissing`` if HermiT is not there."""
    bridges = told(derived)
    known = derived | set(bridges) | ground()
    made = ClassifiedCase(case, oracle=classify([*known, *beyond_rl()]) if oracle else None)

    def reading(triple: Triple, reader: Reader) -> Premise | None:
        bridge = bridges.get(triple)
        if bridge is None:
            return None
        return Premise("fact", f"{reader.fact(triple)}: {bridge.sentence}", bridge.cites)

    words = Words({*axioms(), *known}, reading)
    trail = Trail(steps(known), known)
    follows = implied(known)
    for clash in clashes(follows):
        made.clash.append(words.of(trail.why(clash)))
    for individual, kind in sorted(_inferred(known, follows, made.oracle)):
        triple = Triple(NamedNode(individual), TYPE, NamedNode(kind))
        theirs = made.oracle is not None and kind in made.oracle.types.get(individual, ())
        by = ("closure",) * (triple in follows) + ("HermiT",) * theirs
        because = tuple(words.of(trail.why(triple))) if triple in follows else ()
        label = words.reader.label(triple.object)
        made.inferred.append(Inferred(short(individual), short(kind), label, by, because))
    return made


def _inferred(
    known: set[Triple], follows: set[Triple], oracle: Classified | None
) -> Iterator[tuple[str, str]]:
    """The (thing of the case, class of ours) pairs that either infers and nobody stated."""
    stated = {(value(t.subject), value(t.object)) for t in known if _types_a_thing(t)}
    found = {(value(t.subject), value(t.object)) for t in follows if _types_a_thing(t)}
    if oracle is not None:
        found |= {
            (name, kind)
            for name, kinds in oracle.types.items()
            for kind in kinds
            if name.startswith(RECORD) and kind.startswith(M816)
        }
    yield from found - stated


def _types_a_thing(t: Triple) -> bool:
    """Whether a triple gives something of the case a class of ours."""
    if t.predicate != TYPE or t.object == NOTHING:
        return False
    ends = (value(t.subject), value(t.object))
    return ends[0].startswith(RECORD) and ends[1].startswith(M816)
