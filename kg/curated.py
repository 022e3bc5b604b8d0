"""Read what people wrote about the codes: neighbourhood, releases, dates, index rows, site words.

In: ``ontology/codes`` and ``ontology/terms``. Out: plain values for the builder. Errors:
`CodesError` naming the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyoxigraph import RdfFormat, parse

from kg.codetable import CodesError
from kg.namespaces import DCT, ICD, M816, RDF, SKOS, STATEMENT


@dataclass(frozen=True, slots=True)
class Facts:
    """The triples of one file as text: values by subject and predicate, in file order."""

    values: dict[tuple[str, str], list[str]]

    @classmethod
    def read(cls, path: Path) -> Facts:
        """Read a Turtle file; CodesError if it is missing or malformed."""
        values: dict[tuple[str, str], list[str]] = {}
        try:
            for quad in parse(path.read_bytes(), RdfFormat.TURTLE, base_iri=M816):
                key = (_plain(quad.subject), _plain(quad.predicate))
                values.setdefault(key, []).append(_plain(quad.object))
        except (OSError, SyntaxError) as error:
            raise CodesError(f"{path.name}: {error}") from error
        return cls(values)

    def all(self, subject: str, name: str) -> list[str]:
        """Return the values of an m816 property."""
        return self.values.get((subject, M816 + name), [])

    def codes(self, subject: str, name: str) -> list[str]:
        """Return the codes among the values of an m816 property."""
        return [v.removeprefix(ICD) for v in self.all(subject, name) if v.startswith(ICD)]

    def of_type(self, name: str) -> list[str]:
        """Return the subjects of an m816 class, in file order."""
        return [s for (s, p), v in self.values.items() if p == RDF + "type" and M816 + name in v]

    def one(self, subject: str, iri: str) -> str:
        """Return the only value of a property; CodesError if there is none or more than one."""
        found = self.values.get((subject, iri), [])
        if len(found) != 1:
            raise CodesError(f"<{subject}> has {len(found)} values of <{iri}>, expected one")
        return found[0]


@dataclass(frozen=True, slots=True)
class Dated:
    """Since when the codes at and below some roots are in force, and the statement that says so.

    A root of None covers every code of the neighbourhood.
    """

    statement: str
    valid_from: date | None
    valid_through: date | None


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One entry of the alphabetic index, as printed."""

    path: str
    code: str
    see: str
    see_also: str


@dataclass(frozen=True, slots=True)
class SitePhrase:
    """Wordings at the end of a title, the regions they cover, and when they are what is left."""

    wordings: tuple[str, ...]
    regions: tuple[str, ...]
    inferred: tuple[str, ...]
    residual: int
    statements: tuple[str, ...]


def neighbourhood(facts: Facts) -> tuple[list[str], list[str]]:
    """Return the codes carried alone and those carried with everything below them."""
    (subject,) = facts.of_type("CodeNeighbourhood") or [""]
    return facts.codes(subject, "includesCode"), facts.codes(subject, "includesSubtree")


def validity(facts: Facts) -> dict[str | None, Dated]:
    """Return the dated statements by the code they hang on; CodesError if two disagree."""
    found: dict[str | None, Dated] = {}
    for subject in facts.of_type("ValidityStatement"):
        days = [
            date.fromisoformat(v[0]) if (v := facts.all(subject, n)) else None
            for n in ("validFrom", "validThrough")
        ]
        dated = Dated(subject.removeprefix(STATEMENT), *days)
        everything = [None] if M816 + "icd10cm" in facts.all(subject, "datesSubtree") else []
        for root in [*facts.codes(subject, "datesSubtree"), *everything]:
            if root in found:
                raise CodesError(f"{root or 'every code'} is dated by two statements")
            found[root] = dated
    return found


def site_phrases(facts: Facts) -> list[SitePhrase]:
    """Return the site wordings, in file order."""
    return [
        SitePhrase(
            tuple(facts.all(subject, "titleWording")),
            _regions(facts.all(subject, "region")),
            _regions(facts.all(subject, "inferredRegion")),
            int((facts.all(subject, "residualRank") or ["0"])[0]),
            tuple(
                v.removeprefix(STATEMENT) for v in facts.values.get((subject, DCT + "source"), [])
            ),
        )
        for subject in facts.of_type("SitePhrase")
    ]


def index_rows(path: Path) -> list[IndexRow]:
    """Read the index table; lines that start with # are its provenance."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CodesError(f"{path.name}: {error}") from error
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter="\t", quoting=csv.QUOTE_NONE))
    if not rows or rows[0] != ["path", "code", "see", "seeAlso"] or {len(r) for r in rows} != {4}:
        raise CodesError(f"{path.name}: four columns are expected: path, code, see, seeAlso")
    return [IndexRow(*row) for row in rows[1:]]


def release_of(facts: Facts, sha256: str) -> tuple[str, date, date] | None:
    """Return the notation and dates of the release with that digest; None if it is not known."""
    for subject in facts.of_type("CodeRelease"):
        if sha256 in facts.all(subject, "sourceSha256"):
            days = (facts.one(subject, M816 + n) for n in ("effectiveFrom", "effectiveThrough"))
            first, last = map(date.fromisoformat, days)
            return facts.one(subject, SKOS + "notation"), first, last
    return None


def _plain(term: object) -> str:
    return str(getattr(term, "value", term))


def _regions(iris: Iterable[str]) -> tuple[str, ...]:
    return tuple(iri.removeprefix(M816) for iri in iris)
