"""The changes of each kind → how many are noticed, who was not, and whether that is enough.

In: the modules that change a kind of thing, and the reviewed list of equivalents. Out: ``Score``s.
A change that nothing notices is a survivor, unless the list says why nothing can notice it; what
the list names and is noticed, or is no change at all, is a fault of the list.
"""

from __future__ import annotations

import hashlib
import importlib
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kg.errors import KnowledgeError
from kg.knowledge import Knowledge
from kg.locations import ROOT
from kg.prove import Mutant, Wanted

EQUIVALENTS = ROOT / "tests" / "prove" / "equivalents.toml"
MOST_EQUIVALENTS = 0.03
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Kind:
    """A kind of change: the module that makes it, the score it needs, one in how many is tried
    by ``--fast``."""

    module: str
    least: float = 1.0
    one_in: int = 10


KINDS = {
    "derivation": Kind("kg.prove.derivations"),
    "shape": Kind("kg.prove.shapes"),
    "target": Kind("kg.prove.shapes"),
    "path": Kind("kg.prove.shapes"),
    "term-row": Kind("kg.prove.terms"),
    "axiom": Kind("kg.prove.axioms", least=0.9),
}


@dataclass
class Score:
    """What came of the changes of one kind."""

    kind: str
    tried: int = 0
    survivors: list[Mutant] = field(default_factory=list)
    equivalents: list[tuple[Mutant, str]] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def killed(self) -> int:
        """How many were noticed."""
        return self.tried - len(self.survivors) - len(self.equivalents)

    @property
    def score(self) -> float:
        """The share noticed of those that can be."""
        open_to_notice = self.tried - len(self.equivalents)
        return self.killed / open_to_notice if open_to_notice else 1.0

    def faults(self, whole: bool = True) -> list[str]:
        """Why the gate is missed; of a sample neither the share of equivalents is looked at."""
        found = [f"stale equivalent: {entry}" for entry in self.stale]
        if not self.tried:
            found.append("nothing was tried")
        if self.score < KINDS[self.kind].least:
            found.append(f"{self.score:.1%} noticed, {KINDS[self.kind].least:.0%} needed")
        if whole and len(self.equivalents) > MOST_EQUIVALENTS * self.tried:
            found.append(f"{len(self.equivalents)} equivalents of {self.tried} are too many")
        return found


def equivalents(path: Path = EQUIVALENTS) -> dict[Key, str]:
    """The reviewed list: kind, of and what → reason; ``KnowledgeError`` if it is not one."""
    try:
        rows = tomllib.loads(path.read_text("utf-8")).get("equivalent", [])
    except (OSError, ValueError) as error:
        raise KnowledgeError(f"{path.name}: {error}") from None
    found: dict[Key, str] = {}
    for row in rows:
        if set(row) != {"kind", "of", "what", "reason"} or not row["reason"]:
            raise KnowledgeError(f"{path.name}: an entry needs kind, of, what and reason: {row}")
        key = (row["kind"], row["of"], row["what"])
        if row["kind"] not in KINDS or key in found:
            raise KnowledgeError(f"{path.name}: of no kind, or there twice: {' '.join(key)}")
        found[key] = row["reason"]
    return found


def sampled(reviewed: dict[Key, str]) -> Wanted:
    """One in some, by hash, so that a run is like the next; and all that the list names."""

    def wanted(kind: str, of: str, what: str) -> bool:
        key = (kind, of, what)
        digest = hashlib.sha256("\n".join(key).encode()).digest()
        return key in reviewed or int.from_bytes(digest[:4]) % KINDS[kind].one_in == 0

    return wanted


def made(kinds: Iterable[str], knowledge: Knowledge, wanted: Wanted) -> Iterator[Mutant]:
    """The changes of some kinds, each module asked once."""
    chosen = set(kinds)

    def both(kind: str, of: str, what: str) -> bool:
        return kind in chosen and wanted(kind, of, what)

    for name in dict.fromkeys(kind.module for key, kind in KINDS.items() if key in chosen):
        yield from importlib.import_module(name).mutants(knowledge, both)


def scored(
    kinds: Iterable[str],
    mutants: Iterable[Mutant],
    reviewed: dict[Key, str],
    told: Callable[[Score], None] = lambda score: None,
) -> list[Score]:
    """The score of each kind; ``told`` hears of each change tried."""
    scores = {kind: Score(kind) for kind in kinds}
    noticed, open_ones = set[Key](), {key for key in reviewed if key[0] in scores}
    since = time.perf_counter()
    for mutant in mutants:
        score, key = scores[mutant.kind], (mutant.kind, mutant.of, mutant.what)
        score.tried += 1
        if mutant.noticed_by:
            noticed.add(key)
        elif key in open_ones:
            open_ones.discard(key)
            score.equivalents.append((mutant, reviewed[key]))
        else:
            score.survivors.append(mutant)
        score.seconds += time.perf_counter() - since
        told(score)
        since = time.perf_counter()
    for key in sorted(open_ones):
        why = "it is noticed" if key in noticed else "there is no such change"
        scores[key[0]].stale.append(f"{key[1]}: {key[2]} ({why})")
    return list(scores.values())
