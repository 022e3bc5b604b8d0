"""A code explained: title, place, standing, notes, who excludes it and what leads to it.

In: the knowledge and a code as people write it. Out: lines of plain text, none for no code. The
notes are those of the loaded neighbourhood; beyond it the table of all codes knows the standing.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator

from kg.codetable import CodeTable
from kg.knowledge import Knowledge
from kg.namespaces import DCT, ICD, LABEL, M816, SKOS

_EXCLUDES = {M816 + "excludes1Note": "Excludes1", M816 + "excludes2Note": "Excludes2"}
_WRITTEN = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?")
_BLOCK = re.compile(r"[A-Z]\d[0-9A-Z]-[A-Z]\d[0-9A-Z]")

Lines = Iterator[str]


def name_of(iri: str) -> str:
    """The last part of an IRI."""
    return re.split(r"[/#]", iri)[-1]


def title(knowledge: Knowledge, iri: str) -> str:
    """The printed title of a code, a block without the range that repeats its name."""
    printed = next((v.value for v in knowledge.values(iri, SKOS + "prefLabel")), "")
    return printed.removesuffix(f" ({name_of(iri)})")


def code_of(knowledge: Knowledge, name: str) -> str:
    """The IRI of the loaded code that a name writes (7th character or not), or empty."""
    notation = _notation(name)
    fact = _table().lookup(notation) if notation else None
    iri = ICD + (fact.tabular if fact else notation)
    return iri if notation and iri in knowledge else ""


def code(knowledge: Knowledge, name: str) -> Lines:
    """The lines on a code; one or two if it lies outside the neighbourhood or is no code."""
    notation = _notation(name)
    iri = code_of(knowledge, name)
    if iri:
        yield from _loaded(knowledge, iri, notation)
    elif fact := _table().lookup(notation):
        billable = "billable" if fact.billable else "not billable"
        yield f"Code {notation}: {billable} in release {_table().release}"
        yield "  outside the neighbourhood: its title and notes are not loaded and it is not judged"
    elif _table().lookup(notation[:3]):
        yield f"{notation} is no code of ICD-10-CM release {_table().release}"


def _notation(name: str) -> str:
    """The dotted notation a name stands for: ``m816`` is M81.6; a block keeps its dash."""
    upper = name.removeprefix("icd:").upper()
    if _BLOCK.fullmatch(upper):
        return upper
    if not _WRITTEN.fullmatch(upper):
        return ""
    bare = upper.replace(".", "")
    return f"{bare[:3]}.{bare[3:]}" if len(bare) > 3 else bare


@functools.cache
def _table() -> CodeTable:
    return CodeTable.load()


def _loaded(knowledge: Knowledge, iri: str, notation: str) -> Lines:
    above = _ancestors(knowledge, iri)
    yield f"Code {notation}: {title(knowledge, iri)}"
    yield f"  {', '.join(_standing(knowledge, iri, notation))}"
    if above:
        path = [f"{name_of(at)} {title(knowledge, at)}" for at in reversed(above)]
        yield "  below " + " > ".join(path)
    yield from _notes(knowledge, iri, above)
    yield from _excluded_by(knowledge, [iri, *above])
    yield from _leading(knowledge, iri, [iri, *above])
    yield from _conflicts(knowledge, iri)
    yield from _rules(knowledge, iri)


def _ancestors(knowledge: Knowledge, iri: str) -> list[str]:
    found: list[str] = []
    while above := [v.value for v in knowledge.values(iri, SKOS + "broader")]:
        iri = above[0]
        found.append(iri)
    return found


def _standing(knowledge: Knowledge, iri: str, notation: str) -> Lines:
    fact = _table().lookup(notation)
    if fact is None:
        yield "a heading, never reported"
        return
    yield "billable" if fact.billable else "not billable"
    if not fact.billable and fact.seventh_characters:
        yield f"needs a seventh character ({', '.join(fact.seventh_characters)})"
    if fact.seventh:
        yield f"{fact.tabular} with seventh character {fact.seventh}"
    if fact.valid_from:
        yield f"valid from {fact.valid_from}"
    if fact.valid_through:
        yield f"valid through {fact.valid_through}"
    yield f"release {_table().release}"
    if knowledge.text(iri, "notesRecorded") != "true":
        yield "notes of its own not loaded"


def _notes(knowledge: Knowledge, iri: str, above: list[str]) -> Lines:
    for holder in (iri, *above):
        notes = _into(knowledge, holder, "noteOn")
        if not notes:
            continue
        if holder != iri and _BLOCK.fullmatch(name_of(holder)):
            kinds = Counter(_kind(knowledge, note) for note in notes)
            counted = ", ".join(f"{number} × {kind}" for kind, number in sorted(kinds.items()))
            yield f"  inherits from {name_of(holder)}: {counted}"
            continue
        yield "  its own notes:" if holder == iri else f"  inherits from {name_of(holder)}:"
        for note in notes:
            yield f"    {_kind(knowledge, note)}: {knowledge.label(note)} [{name_of(note)}]"


def _kind(knowledge: Knowledge, note: str) -> str:
    kind = knowledge.text(note, "noteKind")
    return knowledge.label(kind) if kind else f"seventh character {name_of(note)[-1]}"


def _into(knowledge: Knowledge, iri: str, prop: str) -> list[str]:
    found = {s for p, s in knowledge.into.get(iri, ()) if p == M816 + prop}
    return sorted(found, key=_natural)


def _natural(text: str) -> list[tuple[int, str]]:
    """A sort key that puts C2 before C10."""
    return [(int(part) if part.isdigit() else -1, part) for part in re.split(r"(\d+)", text)]


def _excluded_by(knowledge: Knowledge, lineage: list[str]) -> Lines:
    found = []
    for at in lineage:
        for note in _into(knowledge, at, "refersTo"):
            kind = _EXCLUDES.get(knowledge.text(note, "noteKind"), "")
            holder = knowledge.text(note, "noteOn")
            if kind and holder not in lineage:
                found.append((kind, name_of(holder), title(knowledge, holder), name_of(note)))
    if found:
        yield "  excluded by notes elsewhere:"
    for kind, holder, words, note in sorted(found):
        yield f"    {kind} at {holder} {words} [{note}]"


def _leading(knowledge: Knowledge, iri: str, lineage: list[str]) -> Lines:
    entries = [entry for at in lineage for entry in _into(knowledge, at, "indexCode")]
    if entries:
        yield "  index entries that lead here:"
    for entry in entries:
        printed = knowledge.text(entry, "indexCodePrinted")
        yield f"    {knowledge.text(entry, 'indexPath')}: {printed} [{name_of(entry)}]"
    for head, prop in (("", "indexesTo"), (" with a current fracture", "withFractureIndexesTo")):
        kinds = [knowledge.label(kind) for at in lineage for kind in _into(knowledge, at, prop)]
        if kinds:
            yield f"  wording{head} that goes here: {', '.join(kinds)}"


def _conflicts(knowledge: Knowledge, iri: str) -> Lines:
    named = re.compile(rf"(?<![\w.]){re.escape(name_of(iri))}(?!\w|\.\w)")
    found = []
    for conflict in knowledge.subjects("SourceConflict"):
        definition = next((v.value for v in knowledge.values(conflict, SKOS + "definition")), "")
        consequence = knowledge.text(conflict, "consequence")
        stronger = knowledge.texts(conflict, "strongerStatement")
        touched = any(knowledge.text(note, "noteOn") == iri for note in stronger)
        if touched or named.search(f"{definition} {consequence}"):
            name = knowledge.notation(conflict)
            found.append((_natural(name), f"{name} {knowledge.label(conflict)}: {consequence}"))
    if found:
        yield "  where the sources disagree about it:"
    yield from (f"    {line}" for _, line in sorted(found))


def _rules(knowledge: Knowledge, iri: str) -> Lines:
    rules, notes = set(knowledge.subjects("Rule")), _into(knowledge, iri, "noteOn")
    citing = {s for note in notes for p, s in knowledge.into.get(note, ()) if p == DCT + "source"}
    if citing & rules:
        yield "  rules that rest on its notes:"
    for rule in sorted(citing & rules):
        words = next((v.value for v in knowledge.values(rule, LABEL.value)), "")
        yield f"    {name_of(rule)}: {words}"
