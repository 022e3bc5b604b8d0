"""Every fact of the code layer, stated anew from the official tabular list.

In: the list as simple-icd-10-cm reads it, and the declared neighbourhood and dates. Out: facts
(kind, subject, value). Written apart from ``kg.tabular`` and ``kg.codes*``: the library's own API
is asked, ancestors are walked here, and printed references are read by a parser of our own.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import chain, pairwise
from typing import Any

with warnings.catch_warnings():  # it reads its own data in a way that Python deprecates
    warnings.simplefilter("ignore", DeprecationWarning)
    tabular: Any = import_module("simple_icd_10_cm")

Fact = tuple[str, str, str]
CODE = re.compile(r"[A-Z]\w\w(?:\.\w{1,4})?")
RELATED = {
    "excludes1": ("excludes1", "get_excludes1"),
    "excludes2": ("excludes2", "get_excludes2"),
    "useAdditional": ("useAdditional", "get_use_additional_code"),
    "codeFirst": ("codeFirst", "get_code_first"),
    "codeAlso": ("codeAlso", "get_code_also"),
}
PRINTED = {
    "includesNote": "get_includes",
    "inclusionTerm": "get_inclusion_term",
    "plainNote": "get_notes",
    "useAdditionalNote": "get_use_additional_code",
    "codeFirstNote": "get_code_first",
    "codeAlsoNote": "get_code_also",
    "excludes1Note": "get_excludes1",
    "excludes2Note": "get_excludes2",
    "seventhCharacterNote": "get_seven_chr_note",
}


@cache
def codes() -> frozenset[str]:
    """Every code, without the blocks and chapters."""
    return frozenset(c for c in tabular.get_all_codes(True) if CODE.fullmatch(c))


@cache
def printed_codes() -> frozenset[str]:
    """The codes that the list prints: those not composed with a seventh character."""
    composed = {
        code
        for code in codes()
        if len(code) == 8 and code[-1] in tabular.get_seven_chr_def(code, True)
    }
    return codes() - composed


@cache
def named(item: str, child: str = "") -> str:
    """An entry by the range it covers where it is no code: a chapter is numbered by the library.

    A block of one category bears the category's name, and is told from it by its child.
    """
    if tabular.is_chapter(item):
        return str(re.findall(r"\(([^()]+)\)", tabular.get_description(item))[-1])
    return f"{item}-{item}" if item == child else item


@cache
def above(item: str) -> tuple[str, ...]:
    """What stands above an entry, nearest first, by our names."""
    line = [item, *tabular.get_ancestors(item)]
    return tuple(named(upper, lower) for lower, upper in pairwise(line))


@cache
def reached(item: str) -> tuple[str, ...]:
    """The library's names of an entry and everything above it."""
    return (item, *tabular.get_ancestors(item))


def lines(item: str, ask: str) -> list[str]:
    """The printed lines of one kind of note, which the library gives joined or as a list."""
    found = getattr(tabular, ask)(item)
    each = found.split("\n") if isinstance(found, str) else found
    return [line.strip() for line in each if line.strip()]


def referred(text: str) -> Iterator[tuple[tuple[str, ...], bool]]:
    """The codes a line refers to, each reference with whether a condition narrows it."""
    bracketed = re.findall(r"\(([^()]*)\)", text)
    outside = re.sub(r"\([^()]*\)", "", text)
    spoken = re.findall(r"\bcategor(?:y|ies) ([A-Z]\d\w(?:\.\w+)?(?:-[A-Z]\d\w)?)", outside)
    for part in [*bracketed, *spoken]:
        part = part.removeprefix("i.e. ")
        if not re.match(r"[A-Z]\d\w|[A-Z][A-Z]\d", part):
            continue
        named_codes, _, condition = part.partition(" with ")
        pieces = re.split(r"\s*[,/;]\s*|\s+(?:and|or)\s+", named_codes)
        for piece in pieces:
            ends = re.findall(r"[A-Z]\w\w(?:\.\w{1,4})?", piece)
            if len(ends) == 1:
                yield (ends[0],) if ends[0] in codes() else (), bool(condition)
            elif len(ends) == 2:
                first, last = ends
                span = [c for c in printed_codes() if len(c) == len(first) and first <= c <= last]
                yield tuple(span), bool(condition)


def seventh_of(code: str) -> dict[str, str]:
    """The seventh characters in force for a code, less those a note withdraws for its sixth."""
    found = dict(tabular.get_seven_chr_def(code, True))
    for upper in reached(code):
        for note in lines(upper, "get_notes"):
            told = re.match(r"7th characters? (.+?) do(?:es)? not apply to codes? (.+)", note)
            sixth = set(re.findall(r"(?:character|or) (\w) -", told[2])) if told else set()
            if told and code.replace(".", "")[5:6] in sixth:
                return {c: t for c, t in found.items() if c not in re.findall(r"\b\w\b", told[1])}
    return found


def excluded(known: set[Fact]) -> Iterator[Fact]:
    """Which codes exclude which, notes of everything above counted: pairs, from given facts."""
    upper = {code: up for kind, code, up in known if kind == "above"}
    notes: dict[str, set[str]] = {}
    for kind, code, other in known:
        if kind == "excludes1":
            notes.setdefault(code, set()).add(other)
    for kind, code, _ in known:
        at = code if kind == "full" else ""
        while at:
            yield from (("excluded", code, other) for other in notes.get(at, ()))
            at = upper.get(at, "")


def facts(full: set[str], listed: set[str], dates: dict[str, str]) -> Iterator[Fact]:
    """All facts: of the codes carried in full, and the little that is said of the others.

    ``full`` and ``listed`` are by the library's names; ``dates`` gives the first day by subtree.
    """
    for item in listed:
        yield from _standing(item)
    for item in full:
        yield "full", named(item), "true"
        if above(item)[:1] == (f"{item}-{item}",):
            yield "full", f"{item}-{item}", "true"
        yield from _notes(item)
        if CODE.fullmatch(item):
            yield from _in_force(item, dates)


def _standing(item: str) -> Iterator[Fact]:
    name = named(item)
    yield "title", name, tabular.get_description(item).strip()
    for lower, upper in zip((name, *above(item)), above(item), strict=False):
        yield "above", lower, upper
    if CODE.fullmatch(item):
        bare = not [c for c in tabular.get_children(item) if c in printed_codes()]
        yield "billable", name, str(bare and not seventh_of(item)).lower()


def _notes(item: str) -> Iterator[Fact]:
    name = named(item)
    for kind, ask in PRINTED.items():
        for number, text in enumerate(lines(item, ask), 1):
            yield f"{kind} {number}", name, text
    for relation, (_, ask) in RELATED.items():
        for text in lines(item, ask):
            for found, narrowed in referred(text):
                if not (narrowed and relation == "excludes1"):
                    yield from ((relation, name, code) for code in found if code != name)


def _in_force(code: str, dates: dict[str, str]) -> Iterator[Fact]:
    own = tabular.get_seven_chr_def(code)
    for char, meaning in own.items():
        yield f"seventh meaning {char}", code, meaning.strip()
    if not [c for c in tabular.get_children(code) if c in printed_codes()]:
        yield from (("seventh", code, char) for char in seventh_of(code))
    yield "validFrom", code, next(dates[up] for up in (*reached(code), "") if up in dates)


def neighbourhood(alone: set[str], roots: set[str], dated: set[str]) -> tuple[set[str], set[str]]:
    """The entries carried in full, and all that are listed because a note or a date names them."""
    below = {c for root in roots for c in tabular.get_descendants(root) if c in printed_codes()}
    full = {up for code in alone | roots for up in reached(code)} | below
    return full, listed_with(full, dated)


def listed_with(full: set[str], more: set[str]) -> set[str]:
    """The entries in full, those their notes refer to, further ones, and what is above them."""
    texts = [t for item in full for _, ask in RELATED.values() for t in lines(item, ask)]
    found = {code for text in texts for codes_, _ in referred(text) for code in codes_}
    return full | set(chain.from_iterable(reached(code) for code in found | more))


def table() -> Iterator[Fact]:
    """What the compact table must say of each printed code: billable, characters, chain."""
    for code in printed_codes():
        bare = not [c for c in tabular.get_children(code) if c in printed_codes()]
        seventh = "".join(sorted(seventh_of(code))) if bare else ""
        yield "billable", code, str(bare and not seventh).lower()
        yield "characters", code, seventh
        yield "chain", code, " ".join(c for c in above(code) if CODE.fullmatch(c))
