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
    line = lineage(knowledge, iri)
    yield f"Code {notation}: {title(knowledge, iri)}"
    yield f"  {', '.join(standing(knowledge, iri, notation))}"
    if line[1:]:
        path = [f"{name_of(at)} {title(knowledge, at)}" for at in reversed(line[1:])]
        yield "  below " + " > ".join(path)
    yield from _notes(knowledge, line)
    excluding = excluded_by(knowledge, line)
    if excluding:
        yield "  excluded by notes elsewhere:"
    for word, holder, note in excluding:
        yield f"    {word} at {name_of(holder)} {title(knowledge, holder)} [{name_of(note)}]"
    yield from _leading(knowledge, line)
    disagreeing = conflicts(knowledge, iri)
    if disagreeing:
        yield "  where the sources disagree about it:"
    for at in disagreeing:
        consequence = knowledge.text(at, "consequence")
        yield f"    {knowledge.notation(at)} {knowledge.label(at)}: {consequence}"
    resting = rules(knowledge, iri)
    if resting:
        yield "  rules that rest on its notes:"
    for rule in resting:
        words = next((v.value for v in knowledge.values(rule, LABEL.value)), "")
        yield f"    {name_of(rule)}: {words}"


def lineage(knowledge: Knowledge, iri: str) -> list[str]:
    """A code and what it is printed under, nearest first."""
    found = [iri]
    while above := [v.value for v in knowledge.values(found[-1], SKOS + "broader")]:
        found.append(above[0])
    return found


def standing(knowledge: Knowledge, iri: str, notation: str) -> Lines:
    """Whether the code can be reported, since when, in which release."""
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


def _notes(knowledge: Knowledge, line: list[str]) -> Lines:
    for holder, found in notes(knowledge, line):
        if holder != line[0] and _BLOCK.fullmatch(name_of(holder)):
            counted = Counter(kind(knowledge, note) for note in found)
            told = ", ".join(f"{number} × {word}" for word, number in sorted(counted.items()))
            yield f"  inherits from {name_of(holder)}: {told}"
            continue
        yield "  its own notes:" if holder == line[0] else f"  inherits from {name_of(holder)}:"
        for note in found:
            yield f"    {kind(knowledge, note)}: {knowledge.label(note)} [{name_of(note)}]"


def notes(knowledge: Knowledge, line: list[str]) -> list[tuple[str, list[str]]]:
    """The notes that apply: for each place of the lineage that has any, the place and its notes."""
    return [(at, found) for at in line if (found := _into(knowledge, at, "noteOn"))]


def kind(knowledge: Knowledge, note: str) -> str:
    """The instruction a note stands under, in words."""
    stated = knowledge.text(note, "noteKind")
    return knowledge.label(stated) if stated else f"seventh character {name_of(note)[-1]}"


def _into(knowledge: Knowledge, iri: str, prop: str) -> list[str]:
    found = {s for p, s in knowledge.into.get(iri, ()) if p == M816 + prop}
    return sorted(found, key=natural)


def natural(text: str) -> list[tuple[int, str]]:
    """A sort key that puts C2 before C10."""
    return [(int(part) if part.isdigit() else -1, part) for part in re.split(r"(\d+)", text)]


def excluded_by(knowledge: Knowledge, line: list[str]) -> list[tuple[str, str, str]]:
    """The notes of other codes that exclude this one: the kind, the code that has it, the note."""
    found = []
    for at in line:
        for note in _into(knowledge, at, "refersTo"):
            word = _EXCLUDES.get(knowledge.text(note, "noteKind"), "")
            holder = knowledge.text(note, "noteOn")
            if word and holder not in line:
                found.append((word, holder, note))
    return sorted(found, key=lambda row: (row[0], name_of(row[1]), row[2]))


def entries(knowledge: Knowledge, line: list[str]) -> list[str]:
    """The entries of the alphabetic index that lead to the code or to a place above it."""
    return [entry for at in line for entry in _into(knowledge, at, "indexCode")]


def _leading(knowledge: Knowledge, line: list[str]) -> Lines:
    found = entries(knowledge, line)
    if found:
        yield "  index entries that lead here:"
    for entry in found:
        printed = knowledge.text(entry, "indexCodePrinted")
        yield f"    {knowledge.text(entry, 'indexPath')}: {printed} [{name_of(entry)}]"
    for head, prop in (("", "indexesTo"), (" with a current fracture", "withFractureIndexesTo")):
        kinds = [knowledge.label(word) for at in line for word in _into(knowledge, at, prop)]
        if kinds:
            yield f"  wording{head} that goes here: {', '.join(kinds)}"


def conflicts(knowledge: Knowledge, iri: str) -> list[str]:
    """The conflicts of sources that name the code, or that one of its notes decides."""
    named = re.compile(rf"(?<![\w.]){re.escape(name_of(iri))}(?!\w|\.\w)")
    found = []
    for conflict in knowledge.subjects("SourceConflict"):
        definition = next((v.value for v in knowledge.values(conflict, SKOS + "definition")), "")
        consequence = knowledge.text(conflict, "consequence")
        stronger = knowledge.texts(conflict, "strongerStatement")
        touched = any(knowledge.text(note, "noteOn") == iri for note in stronger)
        if touched or named.search(f"{definition} {consequence}"):
            found.append(conflict)
    return sorted(found, key=lambda conflict: natural(knowledge.notation(conflict)))


def rules(knowledge: Knowledge, iri: str) -> list[str]:
    """The rules that rest on a note of the code."""
    resting = {
        s
        for note in _into(knowledge, iri, "noteOn")
        for p, s in knowledge.into.get(note, ())
        if p == DCT + "source"
    }
    return sorted(resting & set(knowledge.subjects("Rule")))
