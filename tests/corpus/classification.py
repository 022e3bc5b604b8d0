"""The official tabular list and index as they are, for tests that recompute a claim about them.

The tabular list is read through simple-icd-10-cm, walking the ancestors ourselves, because the
library does not inherit excludes notes; the index is the table that ships with the codes.
"""

import csv
import re
import warnings
from functools import cache
from importlib import import_module
from pathlib import Path

with warnings.catch_warnings():  # it reads its own data in a way that Python deprecates
    warnings.simplefilter("ignore", DeprecationWarning)
    tabular = import_module("simple_icd_10_cm")

INDEX = Path(__file__).resolve().parents[2] / "ontology" / "codes" / "index.tsv"
OSTEOPOROSIS = "Osteoporosis (female) (male)"
FRACTURE = "Fracture, pathological (pathologic) > due to > osteoporosis"


def chain(code: str) -> list[str]:
    """The code and everything printed above it: excludes notes are not inherited by the library."""
    return [code, *tabular.get_ancestors(code)]


def excludes1(code: str) -> list[str]:
    return [note for above in chain(code) for note in tabular.get_excludes1(above)]


def all_notes(code: str) -> str:
    """Every note in force for a code, except those of its chapter, as one text."""
    lines = []
    for above in chain(code):
        if tabular.is_chapter(above):
            continue
        lines += [*tabular.get_excludes1(above), *tabular.get_excludes2(above)]
        lines += [*tabular.get_includes(above), *tabular.get_inclusion_term(above)]
        lines += [
            tabular.get_use_additional_code(above),
            tabular.get_code_first(above),
            tabular.get_code_also(above),
            tabular.get_notes(above),
        ]
    return "\n".join(lines)


def names(notes: list[str], code: str) -> bool:
    """Whether a note refers to the code or to anything above it, as in (M80.-) or (M89.0)."""
    printed = re.findall(r"[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]+)?", " ".join(notes))
    return any(above in printed for above in chain(code) if not tabular.is_chapter_or_block(above))


@cache
def index() -> dict[str, dict[str, str]]:
    """The index entries by path, as printed: code, see, seeAlso."""
    text = INDEX.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row["path"]: row for row in rows}


def below(path: str) -> list[str]:
    return [other for other in index() if other.startswith(path + " > ")]


def words_that_lead_to(code: str) -> set[str]:
    return {path for path, row in index().items() if row["code"] == code}
