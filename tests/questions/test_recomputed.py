"""Answers too long to write down, computed again from the Turtle files without any SPARQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import pyoxigraph as ox
import pytest

from kg.locations import ROOT
from kg.namespaces import PREFIXES
from kg.queries import cell
from tests.questions.asking import KNOWN, ask, run
from tests.questions.files import (
    HOLDERS,
    TRIPLES,
    Node,
    Value,
    citing,
    full,
    label,
    listed,
    node,
    of,
    optional,
    read,
    text,
    values,
)

Row = tuple[str, ...]
WAYS = {PREFIXES["dct"] + "source"} | {
    f"{PREFIXES['m816']}{name}Statement" for name in ("weaker", "stronger")
}
ANSWERS: dict[str, Callable[[], Iterable[Row]]] = {}


def answer(compute: Callable[[], Iterable[Row]]) -> Callable[[], Iterable[Row]]:
    """Register a computation under the name of its query."""
    ANSWERS[compute.__name__.replace("_", "-")] = compute
    return compute


@answer
def conflicts() -> Iterable[Row]:
    for each in of("m816:SourceConflict"):
        decided = text(each, "m816:decidedBy", "rdfs:label")
        yield text(each, "skos:notation"), label(each), decided, text(each, "m816:consequence")


@answer
def oddities() -> Iterable[Row]:
    for each in of("m816:ClassificationOddity"):
        what, handling = text(each, "skos:definition"), text(each, "m816:handling")
        yield label(each), what, handling, text(each, "m816:document", "rdfs:label")


@answer
def documents() -> Iterable[Row]:
    for each in of("m816:Document"):
        kind, rights = text(each, "m816:authority", "skos:notation"), text(each, "dct:rights")
        yield label(each), text(each, "m816:edition"), text(each, "dct:publisher"), kind, rights


@answer
def drug_classes() -> Iterable[Row]:
    for each in of("m816:DrugClass"):
        if effect := text(each, "m816:boneEffectStrength", "rdfs:label"):
            drugs = HOLDERS[full("m816:drugClass"), each]
            yield effect, label(each), ", ".join(sorted(map(label, drugs)))


@answer
def treatments() -> Iterable[Row]:
    for each in of("m816:Treatment"):
        shows, systemic = (
            text(each, "m816:countsAs", "rdfs:label"),
            text(each, "m816:systemicTreatment"),
        )
        yield label(each), shows, systemic, text(each, "m816:caution")


@answer
def findings() -> Iterable[Row]:
    local = node("m816:LocalizedOsteoporosis")
    for name in ("m816:supports", "m816:contradicts", "m816:doesNotRefute"):
        for each in HOLDERS[full(name), local]:
            yield label(node(name)), label(each), listed(each, "m816:seenOn")


@answer
def differential() -> Iterable[Row]:
    for each in HOLDERS[full("m816:toTellApartFrom"), node("m816:LocalizedOsteoporosis")]:
        for finding in optional(HOLDERS[full("m816:pointsTo"), each]):
            yield label(each), text(each, "m816:toldApartBy"), label(finding) if finding else ""


@answer
def regions() -> Iterable[Row]:
    for each in of("m816:Region"):
        above: set[Value] = set()
        queue = values(each, "m816:partOf")
        while queue:
            above.add(step := queue.pop())
            queue += values(step, "m816:partOf")
        sides = "left, right" if text(each, "m816:paired") == "true" else ""
        division = text(each, "m816:skeletalDivision", "rdfs:label")
        yield label(each), division, sides, ", ".join(sorted(map(label, above)))


@answer
def types_and_codes() -> Iterable[Row]:
    for each in of("m816:DiagnosisType"):
        asked = "the provider is asked" if text(each, "m816:needsQuery") == "true" else ""
        fracture = text(each, "m816:withFractureIndexesTo")
        yield label(each), text(each, "m816:indexesTo"), fracture, asked


@answer
def feed_limits() -> Iterable[Row]:
    for each in of("m816:FeedProfile"):
        for fact in values(each, "m816:cannotCarry"):
            rules = [r for r in of("m816:Rule") if fact in values(r, "m816:needs")]
            for rule in optional(rules):
                yield label(each), label(fact), cell(rule)


@answer
def fhir_paths() -> Iterable[Row]:
    for each in of("m816:FhirPath"):
        for path in values(each, "m816:path"):
            yields, words = text(each, "m816:yields"), text(each, "m816:yieldsText")
            for source in optional(values(each, "dct:source")):
                if yields or words:
                    yield text(each, "m816:onType"), cell(path), yields, words, cell(source)


@answer
def questions() -> Iterable[Row]:
    for rule in of("m816:Rule"):
        for asked in values(rule, "m816:asks"):
            to, stem = text(asked, "m816:to", "rdfs:label"), text(asked, "m816:stem")
            yield cell(rule), to, stem, text(asked, "m816:options")


@answer
def rules_by_authority() -> Iterable[Row]:
    rules = of("m816:Rule")
    paths = ("m816:authority", "skos:notation"), ("m816:axis", "skos:notation")
    count = Counter(tuple(text(rule, *path) for path in paths) for rule in rules)
    return [(*key, str(number)) for key, number in count.items()]


@answer
def rules_of_obligations() -> Iterable[Row]:
    for each in of("m816:DocumentationObligation"):
        for rule in optional(HOLDERS[full("m816:operationalises"), each]):
            told = (cell(rule), label(rule)) if rule else ("", "")
            yield text(each, "skos:notation"), label(each), *told


@answer
def who_owes_what() -> Iterable[Row]:
    for each in of("m816:DocumentationObligation"):
        strength = text(each, "m816:obligationSeverity", "rdfs:label")
        authority = text(each, "m816:authority", "skos:notation")
        for bearer in values(each, "m816:bearer"):
            owed = (text(each, "skos:notation"), strength, authority)
            content = text(each, "m816:requiredContent")
            yield label(bearer), *owed, content, listed(each, "m816:documentType")


@answer
def inferred_rules() -> Iterable[Row]:
    for rule in of("m816:Rule"):
        if text(rule, "m816:certainty") == "C":
            cited = sorted(cell(value) for value in values(rule, "dct:source"))
            yield cell(rule), label(rule), ", ".join(cited)


@answer
def statements_without_a_rule() -> Iterable[Row]:
    left_out = {node(f"m816:{k}") for k in ("TabularNote", "IndexEntry", "SeventhCharacterMeaning")}
    for each in of("m816:Statement"):
        force = text(each, "m816:force", "rdfs:label")
        checkable = node("m816:machineCheckable") in values(each, "m816:checkability")
        plain = not left_out & set(values(each, "rdf:type"))
        if force in ("must", "should") and checkable and plain and not citing(each):
            authority = text(each, "m816:authority", "skos:notation")
            yield cell(each), label(each), force, authority, text(each, "m816:notFormalised")


@answer
def coverage_of_documents() -> Iterable[Row]:
    anywhere = {value for _, _, way, value in TRIPLES if way in WAYS}
    by_rules = {value for rule in of("m816:Rule") for value in values(rule, "dct:source")}
    for each in of("m816:Document"):
        taken = set(HOLDERS[full("m816:document"), each]) & set(of("m816:Statement"))
        cited = len(taken & anywhere)
        if taken:
            share = 100 * cited // len(taken)
            yield label(each), str(len(taken)), str(len(taken & by_rules)), str(cited), str(share)


@answer
def impact_of_statement() -> Iterable[Row]:
    parts = {"shapes": "Shapes", "ontology/codes": "Codes", "ontology/rules": "Derivations"}
    parts |= dict.fromkeys(("ontology/statements", "ontology/conflict"), "Statements and conflicts")
    for path, subject, way, value in TRIPLES:
        if value == node("statement:S15") and way in WAYS:
            name = path.relative_to(ROOT).as_posix()
            part = next(
                (told for start, told in parts.items() if name.startswith(start)), "Ontology"
            )
            yield part, cell(subject), label(subject), cell(ox.NamedNode(way))


@answer
def terms_without_a_source() -> Iterable[Row]:
    kinds = [
        f"owl:{k}" for k in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")
    ]
    for each in {each for kind in kinds for each in of(kind)}:
        ours = node("m816:ontology") in values(each, "rdfs:isDefinedBy")
        if ours and not values(each, "dct:source"):
            yield cell(each), label(each)


RECOMPUTED = {*ANSWERS, "code-with-notes", "rule-trail"}


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_a_query_answers_as_the_files_do_without_it(name: str) -> None:
    read()
    wanted = list(ANSWERS[name]())
    assert len(wanted) > 1
    assert sorted(tuple(row.values()) for row in ask(name)) == sorted(wanted)


def constructed(name: str) -> set[ox.Triple]:
    """The graph that a named query makes."""
    result = run(KNOWN[name], {})
    assert isinstance(result, ox.QueryTriples)
    return set(result)


def stated(subjects: Iterable[Value], *names: str) -> set[ox.Triple]:
    """What the files say of those things by those properties."""
    return {
        ox.Triple(each, node(name), value)
        for each in subjects
        if isinstance(each, Node)
        for name in names
        for value in values(each, name)
    }


def test_a_code_comes_with_its_notes_and_those_above_it() -> None:
    read()
    above = ["icd:M81.6", "icd:M81", "icd:M80-M85", "icd:M00-M99"]
    codes = [node(name) for name in above]
    notes = [note for code in codes for note in HOLDERS[full("m816:noteOn"), code]]
    assert len(notes) > 10
    said = ("m816:noteOn", "m816:noteKind", "rdfs:label", "m816:locator", "m816:printedReference")
    printed = stated(codes, "skos:prefLabel", "skos:broader", "m816:billable")
    assert constructed("code-with-notes") == printed | stated(notes, *said)


def test_the_trail_of_a_rule_ends_at_its_documents() -> None:
    read()
    rule = node("rule:dxa-site")
    statements = values(rule, "dct:source")
    papers = [paper for each in statements for paper in values(each, "m816:document")]
    owed = values(rule, "m816:operationalises")
    parts = ("rdfs:label", "m816:authority", "m816:operationalises", "dct:source")
    assert constructed("rule-trail") == (
        stated([rule], *parts)
        | stated(owed, "rdfs:label", "skos:notation")
        | stated(statements, "rdfs:label", "m816:locator", "m816:document")
        | stated(papers, "rdfs:label", "m816:edition", "dct:publisher")
    )
