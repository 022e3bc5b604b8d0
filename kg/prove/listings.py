"""Independent listings → checks: what a word, a code, a record or a table must be read as.

In: the TOML files of ``tests/oracle``, composed by hand from the sources that each entry names,
never from the tables. Out: ``Check``s. Errors: ``KnowledgeError`` for a file of another form. A
check asks some knowledge what the listing says; another answer means that it notices a change.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from kg.ask import OTHER, UNABLE, Question, lint
from kg.codesystems import code_systems, denoted
from kg.errors import KnowledgeError
from kg.explain import Evidence
from kg.lexicon import tokens
from kg.locations import ONTOLOGY
from kg.namespaces import M816, SKOS, TYPE
from kg.prove.checks import Check, World, term
from kg.prove.projections import codes_of, places, resources
from kg.prove.titles import sites
from kg.wording import mentions

_TITLE = SKOS + "prefLabel"
_INDICATOR = Evidence("value", "Condition/c", "Condition.code", "2026-01-01")
_PUNCTUATION = frozenset(",()[]")


def checks(folder: Path) -> Iterator[Check]:
    """Every check of every listing; ``KnowledgeError`` if a file is not of a known form."""
    for path in sorted(folder.glob("*.toml")):
        for name, entries in tomllib.loads(path.read_text("utf-8")).items():
            if name not in {*_FORMS, "site"}:
                raise KnowledgeError(f"{path.name}: unknown listing {name}")
            if not all(entry.get("source") for entry in entries):
                raise KnowledgeError(f"{path.name}: a listing of {name} names no source")
            if name == "site":  # what one region leaves to another takes all of them
                yield from sites(path.stem, entries)
            else:
                yield from (c for entry in entries for c in _FORMS[name](path.stem, entry))


def _texts(listing: str, entry: dict[str, Any]) -> Iterator[Check]:
    """Texts that say the same: each states (or denies …) ``reads`` and none of ``not``."""
    meaning = entry.get("meaning", "affirmed")
    wanted = {(meaning, term(each)) for each in entry.get("reads", ())}
    unwanted = {term(each) for each in entry.get("not", ())}
    sides = frozenset(term(each) for each in entry.get("sides", ()))
    for text in entry["texts"]:
        yield Check(
            f"{listing}: {text}",
            frozenset(_first_words([text])),
            _reading(text, wanted, unwanted, sides, entry),
            True,
        )


def _reading(
    text: str,
    wanted: set[tuple[str, str]],
    unwanted: set[str],
    sides: frozenset[str],
    entry: dict[str, Any],
) -> Callable[[World], object]:
    cause, quoted = entry.get("cause", False), entry.get("quoted", False)
    words = [word for word in tokens(text) if word not in _PUNCTUATION]

    def ask(world: World) -> object:
        found = mentions(text, world.lexicon)
        said = {
            (m.meaning, m.concept)
            for m in found
            if sides <= m.sides
            and (m.as_cause or not cause)
            and (not quoted or tokens(m.phrase) == words)
        }
        return wanted <= said and not unwanted & {m.concept for m in found}

    return ask


def _first_words(texts: Iterable[str]) -> Iterator[str]:
    """The keys of the words of texts, as written and without a plural ending."""
    for text in texts:
        for word in tokens(text):
            for form in (word, word.removesuffix("s"), word.removesuffix("es")):
                yield f"word {form}"


def _codes(listing: str, entry: dict[str, Any]) -> Iterator[Check]:
    """Codes of a system that mean the same, and nothing else."""
    expected = frozenset(term(each) for each in entry["means"])
    for uri in entry["systems"]:
        for code in entry["codes"]:
            yield Check(
                f"{listing}: {uri} {code}", frozenset({"codes"}), _meant(uri, code), expected
            )


def _meant(uri: str, code: str) -> Callable[[World], object]:
    def ask(world: World) -> object:
        return frozenset(denoted(code_systems(world.knowledge).by_uri[uri], code))

    return ask


def _systems(listing: str, entry: dict[str, Any]) -> Iterator[Check]:
    """URIs of one code system, where its IRIs start, whether it classifies and is judged."""
    for uri in entry["uris"]:
        expected = (entry["base"], entry["classifies"], entry["judged"])
        yield Check(f"{listing}: {uri}", frozenset({"codes"}), _system(uri), expected)


def _system(uri: str) -> Callable[[World], object]:
    def ask(world: World) -> object:
        found = code_systems(world.knowledge).by_uri[uri]
        return found.base, found.classification, found.judged

    return ask


def _facts(listing: str, entry: dict[str, Any]) -> Iterator[Check]:
    """What is true of several nodes: property → values, exactly; ``plain`` if they are no terms."""
    plain = entry.get("plain", False)
    for node in entry["of"]:
        subject = entry.get("base", "") + node if "base" in entry else term(node)
        for prop, values in entry["facts"].items():
            expected = sorted(each if plain else term(each) for each in values)
            yield Check(
                f"{listing}: {node} {prop}",
                frozenset({f"node {subject}"}),
                _values(subject, prop),
                expected,
            )


def _values(subject: str, prop: str) -> Callable[[World], object]:
    def ask(world: World) -> object:
        predicate = TYPE.value if prop == "a" else M816 + prop
        found = [value.value for value in world.knowledge.values(subject, predicate)]
        return sorted(v for v in found if prop != "a" or v.startswith(M816))

    return ask


def _regions(listing: str, entry: dict[str, Any]) -> Iterator[Check]:
    """Regions by the larger ones that each is part of, and whether they come in pairs."""
    paired = {"paired": [str(entry["paired"]).lower()]}
    for larger, regions in entry["parts"].items():
        part_of = {"of": regions, "facts": {"partOf": larger.split()}}
        yield from _facts(listing, part_of)
        yield from _facts(listing, {"of": regions, "facts": paired, "plain": True})


def _types(listing: str, entry: dict[str, Any]) -> Iterator[Check]:
    """Types of diagnosis by their entries in the extraction of the Alphabetic Index."""
    facts = {"indexesTo": [_indexed(entry["path"])]}
    if "fracture" in entry:
        facts["withFractureIndexesTo"] = [_indexed(entry["fracture"])]
    yield from _facts(listing, {"of": entry["of"], "facts": facts})
    sure = {"certainty": [entry["certainty"]], "withFractureCertainty": []}
    if "fracture" in entry:
        sure["withFractureCertainty"] = [entry.get("fractureCertainty", entry["certainty"])]
    yield from _facts(listing, {"of": entry["of"], "facts": sure, "plain": True})


@cache
def _index() -> dict[str, str]:
    text = (ONTOLOGY / "codes" / "index.tsv").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row["path"]: row["code"] for row in rows}


def _indexed(path: str) -> str:
    """The subcategory that an index entry leads to, without site and side."""
    return f"icd:{_index()[path].rstrip('-')[:5]}"


def _densities(listing: str, entry: dict[str, Any]) -> Iterator[Check]:
    """A row of the table of bone density codes: quantity → codes for any side, left and right."""
    for quantity, codes in entry["codes"].items():
        for side, code in zip(("", "left", "right"), codes, strict=False):
            facts = {"measures": [quantity], "denotes": ["dxa"]}
            facts["meansRegion"] = [entry["site"]] if entry["site"] else []
            facts["side"] = [side] if side else []
            yield from _facts(listing, {"base": entry["base"], "of": [code], "facts": facts})


def _drugs(listing: str, entry: dict[str, Any]) -> Iterator[Check]:
    """Drugs of one class by name, with the official titles of the codes that go with them."""
    facts = {
        "drugClass": [term(entry["class"])],
        "approvedForOsteoporosis": ["true"] * entry.get("approved", False),
    }
    titles = ("longTermStatusCode", "adverseEffectCode")
    for drug, names in entry["names"].items():
        iri = f"{M816}drug/{drug}"
        yield from _texts(listing, {"reads": [iri], "texts": names})
        keys = frozenset({f"node {iri}"})
        for prop, values in facts.items():
            yield Check(f"{listing}: {drug} {prop}", keys, _values(iri, prop), values)
        for prop in titles:
            expected = [entry[prop]] if prop in entry else []
            yield Check(f"{listing}: {drug} {prop}", keys, _titles(iri, prop), expected)


def _titles(subject: str, prop: str) -> Callable[[World], object]:
    def ask(world: World) -> object:
        found = world.knowledge.texts(subject, prop)
        return [v.value for iri in found for v in world.knowledge.values(iri, _TITLE)]

    return ask


def _drafts(listing: str, entry: dict[str, Any]) -> Iterator[Check]:
    """Stems of a query that breach the compliant practice by one word, or by none."""
    for stem in entry["stems"]:
        yield Check(f"{listing}: {stem}", frozenset({"drafts"}), _faults(stem), entry["faulty"])


def _templates(listing: str, entry: dict[str, Any]) -> Iterator[Check]:
    """Question templates: to whom each goes, that it asks something, and compliantly."""
    for name in entry["of"]:
        keys = frozenset({f"node {term(name)}"})
        yield Check(f"{listing}: {name}", keys, _asked(term(name)), ([term(entry["to"])], True, []))


def _asked(iri: str) -> Callable[[World], object]:
    def ask(world: World) -> object:
        stem = world.knowledge.text(iri, "stem")
        options = (*world.knowledge.text(iri, "options").split("|"), OTHER, UNABLE)
        question = Question("", stem, (_INDICATOR,), options, ())
        to = world.knowledge.texts(iri, "to")
        return to, bool(stem), lint(question, world.knowledge)

    return ask


def _faults(stem: str) -> Callable[[World], object]:
    def ask(world: World) -> object:
        draft = Question("", stem, (_INDICATOR,), ("a", "b", OTHER, UNABLE), ())
        return bool(lint(draft, world.knowledge))

    return ask


_FORMS: dict[str, Callable[[str, dict[str, Any]], Iterator[Check]]] = {
    "text": _texts,
    "code": _codes,
    "system": _systems,
    "node": _facts,
    "region": _regions,
    "type": _types,
    "density": _densities,
    "drug": _drugs,
    "resource": resources,
    "value": codes_of,
    "place": places,
    "draft": _drafts,
    "template": _templates,
}
