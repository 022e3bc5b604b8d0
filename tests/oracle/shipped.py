"""The code layer as it ships, as plain facts beside which the official ones are laid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from kg.codetable import CodeTable
from kg.knowledge import triples_of
from kg.locations import ONTOLOGY
from kg.namespaces import ICD, M816, TYPE, value
from tests.oracle.official import RELATED, Fact

_STATEMENT = M816 + "statement/T-"
_PLAIN = {"prefLabel": "title", "broader": "above", "billable": "billable"}
_FULL = {"notesRecorded": "full", "seventhCharacter": "seventh", "validFrom": "validFrom"}


def _short(iri: str) -> str:
    return iri.replace("#", "/").rsplit("/", 1)[-1]


@cache
def said(name: str) -> dict[str, dict[str, list[str]]]:
    """The triples of one Turtle file under ``ontology/``: subject, short predicate, values."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for triple in triples_of(ONTOLOGY / name):
        predicate = "type" if triple.predicate == TYPE else _short(triple.predicate.value)
        found[value(triple.subject)][predicate].append(value(triple.object))
    return found


def facts(name: str) -> Iterator[Fact]:
    """The facts of the generated Turtle, in the form of ``tests.oracle.official``."""
    for subject, about in said(name).items():
        if subject.startswith(ICD):
            yield from _of_code(subject.removeprefix(ICD), about)
        elif subject.startswith(_STATEMENT) and "noteOn" in about:
            yield from _of_note(subject, about)


def _of_code(code: str, about: dict[str, list[str]]) -> Iterator[Fact]:
    for predicate, kind in {**_PLAIN, **_FULL}.items():
        yield from ((kind, code, found.removeprefix(ICD)) for found in about[predicate])
    for relation in RELATED:
        yield from ((relation, code, found.removeprefix(ICD)) for found in about[relation])


def _of_note(subject: str, about: dict[str, list[str]]) -> Iterator[Fact]:
    [at], [text] = about["noteOn"], about["label"]
    number = subject.rsplit("-", 1)[-1]
    kind = _short(about["noteKind"][0]) if about["noteKind"] else "seventh meaning"
    yield f"{kind} {number}", at.removeprefix(ICD), text


def declared() -> tuple[set[str], set[str]]:
    """The codes of the neighbourhood: alone, and with all below them."""
    about = said("codes/neighbourhood.ttl")[M816 + "neighbourhood"]
    return (
        {code.removeprefix(ICD) for code in (*about["includesCode"], *about["centre"])},
        {code.removeprefix(ICD) for code in about["includesSubtree"]},
    )


def dates() -> dict[str, str]:
    """The first day by subtree; the empty one is for every other code."""
    return {
        "" if root.startswith(M816) else root.removeprefix(ICD): about["validFrom"][0]
        for about in said("codes/validity.ttl").values()
        for root in about["datesSubtree"]
    }


def table(found: CodeTable) -> Iterator[Fact]:
    """The facts of the compact table, in the form of ``tests.oracle.official``."""
    for code in found.tabular_codes:
        fact = found.lookup(code)
        assert fact is not None
        yield "billable", code, str(fact.billable).lower()
        yield "characters", code, fact.seventh_characters
        yield "chain", code, " ".join(found.ancestors(code))
