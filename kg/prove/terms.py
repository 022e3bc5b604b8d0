"""Every row of the term tables left out, one at a time: which independent listing misses it.

In: the knowledge; the listings of ``tests/oracle``; the composed records and cases, whose outcomes
are written by hand. Out: ``Mutant``s. A row is a fact of the tables that reading or deriving looks
at; a truth value is turned, a certainty changed. The generated code tables are not among them:
``tests/oracle`` states those anew from the official list. Titles, definitions and sources decide
nothing, and what stays out of the judged graph (``m816:WorkingClass``) only makes it smaller.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from kg.knowledge import Knowledge
from kg.lexicon import tokens
from kg.locations import ROOT
from kg.namespaces import ICD, M816, RDFS, TYPE
from kg.prove import Mutant, Wanted, everything
from kg.prove.checks import Checks, World
from kg.prove.exhibits import cases, records
from kg.prove.listings import checks
from kg.prove.words import Words
from kg.shacl_compiled import engine

LISTINGS = ROOT / "tests" / "oracle"
Fact = tuple[str, str, str]
_WORDS = ("phrase", "denotes", "maxGap", "cueMeaning", "cueDirection", "cueAbout")
_READ = (
    *_WORDS,
    *("prefix", "ofSystem", "systemUri", "iriBase", "isClassification", "isJudged"),
    *("recordClass", "keptAlways", "ignoresElement", "path", "valueKind", "yields", "yieldsText"),
    *("datesRecord", "keepsRecord", "decidesCode", "childType", "otherwiseMeans", "means"),
    *("titleWording", "region", "inferredRegion", "residualRank", "rowCategory"),
    *("meansRegion", "recognisedBy", "isDefaultProfile", "datedByEnd", "inScope", "days"),
    *("word", "to", "stem", "options", "yieldsTo"),
)
_WORD_ROWS = ("Cue", "SideWord", "PhraseBreaker", "CueStop", "HistoryStop")
_TURNED = {"true": "false", "false": "true"}
_UNSURE = {"A": "C", "B": "C", "C": "A"}


def mutants(
    knowledge: Knowledge, wanted: Wanted = everything, folder: Path = LISTINGS
) -> Iterator[Mutant]:
    """Every wanted change of every row; ``KnowledgeError`` if a listing cannot be read."""
    trials = Trials(knowledge, folder)
    for fact in rows(knowledge):
        of, what = _short(fact[0]), _told(fact)
        if wanted("term-row", of, what):
            yield Mutant(of, what, "term-row", trials.noticed(fact))


def rows(knowledge: Knowledge) -> Iterator[Fact]:
    """Every fact of the tables that reading a record or deriving from it looks at."""
    marks = {iri: knowledge.by_type.get(iri, []) for iri in _marks(knowledge)}
    read = {M816 + name for name in _READ}
    read |= {iri for mark in ("Copied", "Followed") for iri in marks[f"{M816}{mark}Property"]}
    typed = {*marks, *(M816 + kind for kind in _WORD_ROWS)}
    generated = set(knowledge.by_type[M816 + "SiteCode"])
    for subject in sorted(set(knowledge.raw) - generated):
        said = list(dict.fromkeys(row[:2] for row in knowledge.raw[subject]))
        decided = any(predicate == M816 + "indexesTo" for predicate, _ in said)
        for predicate, value in said:
            name = predicate.removeprefix(M816)
            if not (predicate in read or (predicate == TYPE.value and value in typed)):
                continue
            if subject.startswith(ICD) and name != "titleDenotes":
                continue  # generated
            if (name, value) != ("valueKind", "skip") and (name != "certainty" or decided):
                yield subject, predicate, value


def _marks(knowledge: Knowledge) -> Iterator[str]:
    """The classes that say how a term travels into a case, or what is read of it."""
    below = [M816 + "TravelMark"]
    for iri in below:
        below += [s for p, s in knowledge.into.get(iri, ()) if p == RDFS + "subClassOf"]
    yield from (iri for iri in below if iri != M816 + "WorkingClass")


def changed(knowledge: Knowledge, fact: Fact) -> Knowledge:
    """The knowledge with a fact left out or turned; what it shares with the whole is not copied."""
    subject, predicate, value = fact
    old = next(row for row in knowledge.raw[subject] if row[:2] == (predicate, value))
    other = _other(fact)
    rest = [row for row in knowledge.raw[subject] if row != old]
    kept = [*rest, (predicate, other, *old[2:])] if other else rest
    into = dict(knowledge.into)
    into[value] = [pair for pair in into.get(value, ()) if pair != (predicate, subject)]
    by_type = knowledge.by_type
    if predicate == TYPE.value:
        by_type = {**by_type, value: [iri for iri in by_type[value] if iri != subject]}
    return replace(knowledge, raw={**knowledge.raw, subject: kept}, into=into, by_type=by_type)


def _other(fact: Fact) -> str:
    """The value that takes the place of a truth value, a certainty or a length; else none."""
    _, predicate, value = fact
    name = predicate.removeprefix(M816)
    if name.lower().endswith("certainty"):
        return _UNSURE[value]
    return str(int(value) + 1) if name == "days" else _TURNED.get(value, "")


class Trials:
    """The checks by what may matter to them, asked about one change after the other."""

    def __init__(self, knowledge: Knowledge, folder: Path) -> None:
        self._knowledge, self._words = knowledge, Words(knowledge)
        self._listed = Checks(checks(folder))

    @cached_property
    def _records(self) -> Checks:
        return Checks(records(self._knowledge, engine(self._knowledge)))

    @cached_property
    def _cases(self) -> Checks:
        return Checks(cases(self._knowledge, engine(self._knowledge)))

    def noticed(self, fact: Fact) -> str:
        """The name of the first check that a change does not pass, or empty."""
        subject = fact[0]
        keys = list(keys_of(fact, self._knowledge))
        world = World(changed(self._knowledge, fact), self._words.whole)
        world.reread = fact[2].endswith(("TextProperty", "DecidingText"))
        if any(key.startswith("word ") for key in keys):
            world.words = self._words.with_row_of(world.knowledge, subject)
        found = self._listed.failed(keys, world)
        if keys == [f"node {subject}"]:  # of no listing's kind
            found = found or self._records.failed(keys, world) or self._cases.failed(keys, world)
        return found.name if found else ""


def keys_of(fact: Fact, knowledge: Knowledge) -> Iterator[str]:
    """What a check must have to do with for the fact to matter to it."""
    subject, predicate, value = fact
    phrases = knowledge.texts(subject, "phrase")
    if predicate == M816 + "phrase":
        phrases = [value]
    if phrases and predicate in {TYPE.value, *(M816 + name for name in _WORDS)}:
        firsts = ([each] if "?" in each else tokens(each)[:1] for each in phrases)
        yield from dict.fromkeys(f"word {first}" for each in firsts for first in each)
    kinds = {v.value.removeprefix(M816) for v in knowledge.values(subject, TYPE.value)}
    for key, owners in _KEYS.items():
        if kinds & owners:
            yield key
    holder = knowledge.text(subject, "valueOf") or subject
    kind = knowledge.text(holder, "onType") or knowledge.text(holder, "fhirType")
    if kind:
        yield f"type {kind}"
    yield f"node {subject}"


_KEYS = {
    "codes": {"CodePrefix", "CodeSystem"},
    "drafts": {"ForbiddenQueryWord"},
    "sites": {"SitePhrase", "SiteTable"},
}


def _told(fact: Fact) -> str:
    _, predicate, value = fact
    name, other = predicate.replace("#", "/").rsplit("/", 1)[-1], _other(fact)
    return f"{name} {other} for {value}" if other else f"without {name} {_short(value)}"


def _short(iri: str) -> str:
    return iri.removeprefix(M816).removeprefix(ICD)
