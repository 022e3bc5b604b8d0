"""Which codes of a release the graph carries in full, and which it only refers to.

In: the tabular list and the curated files. Out: a `Scope` that the writers share. Errors:
`CodesError`. Source: ICD-10-CM tabular list, its notes and the references printed in them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from kg import curated
from kg.codes_turtle import name
from kg.tabular import Note, Reference, Tabular

# The kinds of note that relate one code to another, and the property that says so.
RELATIONS = {
    "useAdditionalCode": "useAdditional",
    "codeFirst": "codeFirst",
    "codeAlso": "codeAlso",
    "excludes1": "excludes1",
    "excludes2": "excludes2",
}


@dataclass(slots=True)
class Release:
    """The release being built: its notation, its dates and whether we know its file."""

    id: str
    first: date
    last: date
    known: bool

    @property
    def document(self) -> str:
        """The document that its notes are statements of."""
        return name("m816", "docTabular" + self.id.replace("-", ""))


@dataclass(slots=True)
class Scope:
    """One build: the tabular list, what is carried in full, what is only referred to."""

    tabular: Tabular
    release: Release
    dates: dict[str | None, curated.Dated]
    full: set[str]
    listed: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)

    def refer(self, notation: str, by: str) -> bool:
        """Carry a code that something refers to, with its chain; warn if there is none."""
        if notation not in self.tabular.entries:
            self.warnings.append(f"{by} refers to {notation}, which this release does not have")
            return False
        if notation not in self.listed:
            self.listed.update(self.tabular.chain(notation))
        return True

    def references(self, notation: str, note: Note) -> list[Reference]:
        """The codes a note relates its code to, without that code itself; none for other notes."""
        if note.tag not in RELATIONS:
            return []
        found = self.tabular.references(note.text)
        return [
            Reference(r.printed, tuple(c for c in r.codes if c != notation), r.condition)
            for r in found
        ]

    def dated(self, notation: str) -> curated.Dated | None:
        """The nearest dated statement at or above a code that is carried in full."""
        if notation not in self.full or not self.tabular.entries[notation].is_code:
            return None
        own = (self.dates[n] for n in self.tabular.chain(notation) if n in self.dates)
        return next(own, self.dates.get(None))


def scope_of(tabular: Tabular, facts: dict[str, curated.Facts]) -> Scope:
    """Work out the release, and which codes are carried in full and which are referred to."""
    known = curated.release_of(facts["releases"], tabular.sha256)
    year = int(tabular.version)  # a fiscal year starts on the first of October before it
    fiscal = (f"FY{year}-{tabular.sha256[:8]}", date(year - 1, 10, 1), date(year, 9, 30))
    release = Release(*(known or fiscal), known is not None)
    scope = Scope(tabular, release, curated.validity(facts["validity"]), set())
    alone, roots = curated.neighbourhood(facts["neighbourhood"])
    for root in [*alone, *roots]:
        if scope.refer(root, "the neighbourhood"):
            scope.full.update(tabular.chain(root))
    for root in roots:
        scope.full.update(tabular.below(root))
    scope.listed |= scope.full
    for dated in scope.dates:
        if dated is not None:
            scope.refer(dated, "a validity statement")
    _refer_from_notes(scope)
    return scope


def _refer_from_notes(scope: Scope) -> None:
    """Carry what the notes of the fully carried codes refer to; warn of misprints."""
    for notation in sorted(scope.full):
        for note in scope.tabular.entries[notation].notes:
            for reference in scope.references(notation, note):
                if not reference.codes:
                    missing = f"{notation}: {reference.printed} is not in this release"
                    scope.warnings.append(missing)
                for code in reference.codes:
                    scope.refer(code, notation)
