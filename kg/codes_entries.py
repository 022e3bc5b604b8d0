"""Write the chapters, blocks and codes of a scope, and every line printed under them.

In: a `Scope`. Out: Turtle blocks in printed order. Errors: `CodesError` for a name that cannot be
written. Source: ICD-10-CM tabular list; the kinds of note are those of its introduction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kg.codes_scope import RELATIONS, Scope
from kg.codes_turtle import Pair, block, boolean, day, name, string
from kg.tabular import Entry, Note


class NoteForm(NamedTuple):
    """How a kind of note is written: its individual, its part of an id, its words, its force."""

    kind: str
    id: str
    words: str
    force: str


FORMS = {
    "includes": NoteForm("includesNote", "includes", "Includes", "must"),
    "inclusionTerm": NoteForm("inclusionTerm", "inclusion", "inclusion terms", "must"),
    "notes": NoteForm("plainNote", "note", "Note", "informative"),
    "useAdditionalCode": NoteForm(
        "useAdditionalNote", "use-additional", "Use additional code", "should"
    ),
    "codeFirst": NoteForm("codeFirstNote", "code-first", "Code first", "must"),
    "codeAlso": NoteForm("codeAlsoNote", "code-also", "Code also", "should"),
    "excludes1": NoteForm("excludes1Note", "excludes1", "Excludes1", "must"),
    "excludes2": NoteForm("excludes2Note", "excludes2", "Excludes2", "informative"),
    "sevenChrNote": NoteForm("seventhCharacterNote", "seventh-note", "7th character", "must"),
}
_UNCONDITIONAL = "excludes1"
REASONS = {
    "machineCheckable": "Codes decide it.",
    "humanJudgement": "Only words decide it.",
    "notNormative": "A fact about the classification.",
}


def entry_blocks(scope: Scope) -> Iterator[str]:
    """Yield each listed entry with its title and notes, counting them in the scope."""
    for notation, entry in scope.tabular.entries.items():
        if notation not in scope.listed:
            continue
        full = notation in scope.full
        scope.counts["codes" if full and entry.is_code else "blocks" if full else "referred"] += 1
        yield _concept(scope, entry)
        if not full:
            continue
        title = name("statement", f"T-{notation}-title")
        if entry.is_code:
            yield block(
                title, _said(scope, entry, entry.title, "title", "informative", "notNormative")
            )
        for note in entry.notes:
            scope.counts["notes"] += 1
            yield _note(scope, entry, note)
        if entry.seventh_from == notation:
            yield from _seventh(scope, entry)


def _concept(scope: Scope, entry: Entry) -> str:
    notation = entry.notation
    pairs: list[Pair] = [
        ("a", "m816:Code" if entry.is_code else "m816:CodeBlock"),
        ("a", "skos:Concept"),
        ("skos:notation", string(notation)),
        ("skos:prefLabel", string(entry.title, "en")),
        ("skos:inScheme", "m816:icd10cm"),
    ]
    if entry.parent:
        pairs.append(("skos:broader", name("icd", entry.parent)))
    if entry.is_code:
        pairs.append(("m816:billable", boolean(entry.is_leaf and not entry.seventh)))
    if notation in scope.full:
        pairs.append(("m816:notesRecorded", "true"))
        if entry.is_leaf and entry.seventh_from:
            pairs += [("m816:seventhCharacter", string(char)) for char in entry.seventh]
            pairs.append(("m816:seventhCharacterFrom", name("icd", entry.seventh_from)))
        pairs += _dates(scope, notation) + _relations(scope, entry)
    return block(name("icd", notation), pairs)


def _dates(scope: Scope, notation: str) -> list[Pair]:
    dated = scope.dated(notation)
    if dated is None:
        return []
    pairs = [("dct:source", name("statement", f"T-{notation}-title"))]
    pairs.append(("dct:source", name("statement", dated.statement)))
    if dated.valid_from:
        pairs.append(("m816:validFrom", day(dated.valid_from)))
    if dated.valid_through:
        pairs.append(("m816:validThrough", day(dated.valid_through)))
    return pairs


def _relations(scope: Scope, entry: Entry) -> list[Pair]:
    """The direct triples; an exclusion that a condition narrows stays on its note."""
    pairs: list[Pair] = []
    for note in entry.notes:
        relation = RELATIONS.get(note.tag, "")
        for reference in scope.references(entry.notation, note):
            if not (reference.condition and relation in _UNCONDITIONAL):
                pairs += [(f"m816:{relation}", name("icd", code)) for code in reference.codes]
    return pairs


def _said(
    scope: Scope, entry: Entry, text: str, place: str, force: str, checkability: str
) -> list[Pair]:
    """The statement properties that every line of the tabular list shares."""
    return [
        ("a", "m816:Statement"),
        ("rdfs:label", string(text, "en")),
        ("m816:document", scope.release.document),
        ("m816:locator", string(f"{entry.notation}, {place}")),
        ("m816:authority", "m816:tabularList"),
        ("m816:certainty", string("A")),
        ("m816:force", f"m816:{force}"),
        ("m816:checkability", f"m816:{checkability}"),
        ("m816:checkabilityReason", string(REASONS[checkability], "en")),
    ]


def _note(scope: Scope, entry: Entry, note: Note) -> str:
    form = FORMS[note.tag]
    references = scope.references(entry.notation, note)
    checkability = "machineCheckable" if references else "humanJudgement"
    if form.force == "informative":
        checkability = "notNormative"
    place = f"{form.words}, line {note.number}"
    pairs = [("a", "m816:TabularNote")]
    pairs += _said(scope, entry, note.text, place, form.force, checkability)
    pairs.append(("m816:noteOn", name("icd", entry.notation)))
    pairs.append(("m816:noteKind", f"m816:{form.kind}"))
    for reference in references:
        pairs.append(("m816:printedReference", string(reference.printed)))
        pairs += [("m816:refersTo", name("icd", code)) for code in reference.codes]
        if reference.condition:
            pairs.append(("m816:referenceCondition", string(reference.condition)))
    return block(name("statement", f"T-{entry.notation}-{form.id}-{note.number}"), pairs)


def _seventh(scope: Scope, entry: Entry) -> Iterator[str]:
    for char, meaning in entry.seventh.items():
        pairs = [("a", "m816:SeventhCharacterMeaning")]
        pairs += _said(scope, entry, meaning, f"7th character {char}", "must", "machineCheckable")
        pairs.append(("m816:noteOn", name("icd", entry.notation)))
        pairs.append(("m816:seventhCharacter", string(char)))
        yield block(name("statement", f"T-{entry.notation}-seventh-{char}"), pairs)
