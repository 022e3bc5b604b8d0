"""What differs between two editions, told in words, and which step of the version it takes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import rdflib
from click.testing import CliRunner

from kg.commands.diff import diff
from kg.difference import changes, edition, step
from kg.difference_told import Telling
from kg.errors import KnowledgeError
from kg.locations import ROOT
from kg.release import write
from tests.release.stated import made

PREFIXES = """
@prefix dct: <http://purl.org/dc/terms/> .
@prefix icd: <http://purl.bioontology.org/ontology/ICD10CM/> .
@prefix m816: <https://w3id.org/m816/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix ph: <https://w3id.org/m816/phrase/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix rule: <https://w3id.org/m816/rule/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix statement: <https://w3id.org/m816/statement/> .
"""
OLD = (
    PREFIXES
    + """
m816:excludes1 a owl:ObjectProperty ; rdfs:label "excludes"@en ; skos:definition "Never both."@en .
m816:phrase a owl:DatatypeProperty ; rdfs:label "words"@en .
m816:localizedType a m816:DiagnosisType ; rdfs:label "localized osteoporosis"@en .
rule:dxa-site a sh:PropertyShape, m816:Rule ; rdfs:label "A DXA report names the site"@en ;
    sh:path ( m816:report [ sh:inversePath m816:site ] ) ; sh:in ( "a" "b" ) ; sh:minCount 1 ;
    sh:severity sh:Violation ; sh:message "No site."@en ; m816:needs m816:site ;
    dct:source statement:S1 .
icd:M81.6 a m816:Code ; m816:excludes1 icd:M89.0 ; m816:billable true .
statement:S1 a m816:Statement ; rdfs:label "A scan names it"@en ; m816:certainty "A" .
ph:lequesne a m816:Phrase ; m816:phrase "lequesne", "localised" ; m816:denotes m816:localizedType .
m816:Side owl:equivalentClass [ a owl:Class ; owl:oneOf ( m816:left m816:right ) ] .
"""
)
MORE = 'statement:S3 a m816:Statement ; rdfs:label "More"@en . statement:S1 a'
CASES = {  # what is replaced by what, the step, and how the lines begin
    "severity": ("sh:Violation", "sh:Warning", "verdicts", [
        "rule dxa-site: severity must → should"]),
    "count": ("minCount 1", "minCount 2", "verdicts", ["rule dxa-site: minCount 1 → 2"]),
    "message": ("No site.", "Where?", "words", ["rule dxa-site: message No site. → Where?"]),
    "need": ("m816:needs m816:site", "m816:needs m816:side", "verdicts", [
        "rule dxa-site: needs m816:site → m816:side"]),
    "list": ('( "a" "b" )', '( "a" "c" )', "verdicts", [
        'rule dxa-site: in ( "a" "b" ) → ( "a" "c" )']),
    "path": ("[ sh:inversePath m816:site ]", "m816:site", "verdicts", [
        "rule dxa-site: path ( m816:report [ sh:inversePath m816:site ] ) → ( m816:report m816:s"]),
    "exclusion": ("icd:M89.0", "icd:M89.0, icd:M80", "verdicts", ["code M81.6: excludes + M80"]),
    "validity": ("billable true", "billable false", "verdicts", [
        "code M81.6: billable true → false"]),
    "phrase": (', "localised"', "", "verdicts", ["term row lequesne: words – localised"]),
    "definition": ("Never both.", "Not both.", "words", [
        "term excludes: definition Never both. → Not both."]),
    "paraphrase": ("A scan names it", "A scan says it", "words", [
        "statement S1: label A scan names it → A scan says it"]),
    "citation": ("dct:source statement:S1", "dct:source statement:S2", "words", [
        "rule dxa-site: source A scan names it → S2"]),
    "certainty": ('certainty "A"', 'certainty "B"', "verdicts", ["statement S1: certainty A → B"]),
    "new statement": ("statement:S1 a", MORE, "additions", ["statement S3: added (More)"]),
    "axiom": ("( m816:left m816:right )", "( m816:left )", "verdicts", [
        "term Side: equivalentClass [ "]),
    "renamed row": ("ph:lequesne a", "ph:more a", "verdicts", [
        "term row more: added", "term row lequesne: removed"]),
    "nothing": ("", "", "same", []),
}  # fmt: skip


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, str], Path]:
    """A Turtle file of that name and content."""

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / f"{name}.ttl"
        path.write_text(text, "utf-8")
        return path

    return write_file


@pytest.mark.parametrize("case", CASES)
def test_a_change_is_told_in_words_with_the_step_it_takes(
    written: Callable[[str, str], Path], case: str
) -> None:
    was, now, expected, lines = CASES[case]
    assert was in OLD
    old, new = edition(written("old", OLD)), edition(written("new", OLD.replace(was, now, 1)))
    found, telling = changes(old, new), Telling(old, new)
    told = [telling.line(change) for change in found]
    assert len(told) == len(lines)
    assert all(line.startswith(start) for line, start in zip(told, lines, strict=True)), told
    assert step(found) == expected


def test_what_a_parser_called_its_blank_nodes_makes_no_difference(
    written: Callable[[str, str], Path],
) -> None:
    told = rdflib.Graph().parse(data=OLD).serialize(format="nt").splitlines()
    turned = "\n".join(reversed(sorted(told)))
    assert changes(edition(written("old", OLD)), edition(written("new", turned))) == []


def test_a_release_its_files_and_the_checkout_it_was_made_from_say_the_same(tmp_path: Path) -> None:
    write(made(), tmp_path / "release")
    checkout = edition(ROOT)
    assert changes(edition(tmp_path / "release"), checkout) == []
    assert changes(edition(tmp_path / "release" / "m816.jsonld"), checkout) == []


def test_the_command_tells_and_exits_as_it_says(written: Callable[[str, str], Path]) -> None:
    old, new = written("old", OLD), written("new", OLD.replace("sh:Violation", "sh:Info"))
    run = CliRunner().invoke
    same, differing = run(diff, [str(old), str(old)]), run(diff, [str(old), str(new)])
    assert (same.exit_code, same.output) == (0, "nothing differs\n")
    assert differing.exit_code == 1
    assert "1 rule changed" in differing.output
    assert "  rule dxa-site: severity must → consider" in differing.output
    machine = json.loads(run(diff, ["--format", "json", str(old), str(new)]).output)
    assert machine["step"] == "verdicts"
    (change,) = machine["changes"]
    assert change["thing"] == "https://w3id.org/m816/rule/dxa-site"
    assert change["after"] == ["<http://www.w3.org/ns/shacl#Info>"]
    assert change["bearsOnVerdicts"] is True


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("broken.ttl", "rule:x a", "broken.ttl"),
        ("notes.txt", "words", "neither .ttl"),
        ("empty.ttl", "", "holds no release"),
        ("", "", "no such file"),
    ],
    ids=["broken", "foreign", "empty", "absent"],
)
def test_what_cannot_be_read_is_said_in_one_line(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    path = tmp_path / (name or "absent")
    if name:
        path.write_text(text, "utf-8")
    with pytest.raises(KnowledgeError, match=words):
        edition(path)
