"""Nothing is wanting between the sources and the rules, and each kind of gap would be found."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from click.testing import CliRunner, Result
from pyoxigraph import NamedNode, RdfFormat, parse

from kg.commands.trace import trace
from kg.derive import derive
from kg.gaps import closest, gaps
from kg.judge import rules
from kg.knowledge import Derivation, Knowledge, default, derivation_triples
from kg.namespaces import RULE, STATEMENT, value
from kg.trace import Trace, name_of
from tests.rules.corpus import rule_cases

PREFIXES = """@prefix m816: <https://w3id.org/m816/> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix statement: <https://w3id.org/m816/statement/> .
@prefix rule: <https://w3id.org/m816/rule/> .
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix icd: <http://purl.bioontology.org/ontology/ICD10CM/> .
"""
CHECKABLE = "a m816:Statement ; m816:checkability m816:machineCheckable"
RULE_OF_ITS_OWN = (
    "rule:planted a sh:PropertyShape, m816:Rule ; rdfs:label 'x' ; sh:targetClass m816:Planted"
)
# What is planted, Turtle or the header of a derivation, and the gap that has to be told.
PLANTED = {
    "a statement that nothing cites": (
        f"statement:S99 {CHECKABLE} .",
        "statement S99: nothing cites it, and nothing says why",
    ),
    "a sentence of the page with a general reason": (
        "statement:S99 a m816:Statement ; m816:document m816:docSourcePage ;"
        " m816:checkability m816:notNormative ; m816:checkabilityReason 'A fact.' .",
        "statement S99: nothing cites it, and it gives no reason of its own",
    ),
    "a note above the code with a general reason": (
        "statement:T-x a m816:Statement ; m816:noteOn icd:M81 ;"
        " m816:checkability m816:notNormative ; m816:checkabilityReason 'A fact.' .",
        "statement T-x: nothing cites it, and it gives no reason of its own",
    ),
    "a note whose fact is not in the graph": (
        f"statement:T-x {CHECKABLE} ; m816:noteOn icd:M81 ; m816:refersTo icd:M05 ;"
        " m816:noteKind m816:excludes1Note .",
        "statement T-x: nothing cites it, and nothing says why",
    ),
    "a reason that is not needed": (
        "statement:S15 m816:notFormalised 'No reason.' .",
        "statement S15: it is carried out, and says why it is not",
    ),
    "a rule that cites nothing": (
        f"{RULE_OF_ITS_OWN} .",
        "rule planted: it cites nothing",
    ),
    "a rule that no case is about": (
        f"{RULE_OF_ITS_OWN} ; dct:source statement:S15 .",
        "rule planted: in no case there is anything it is about",
    ),
    "a row that cites nothing": (
        "m816:plantedPhrase a m816:Phrase .",
        "Phrase plantedPhrase: it cites nothing",
    ),
    "a citation of what nobody said": (
        "m816:plantedPhrase a m816:Phrase ; dct:source statement:S98 .",
        "statement S98: there is none, and plantedPhrase cites it",
    ),
    "an exception of a class that cites": (
        "m816:Phrase m816:needsNoSource 'No reason.' .",
        "class Phrase: all of its members cite a source, and need none",
    ),
    "an exception of what is no class": (
        "m816:Nothing m816:needsNoSource 'No reason.' .",
        "Nothing: it needs no source, and is no class",
    ),
    "a question about nothing": (
        "<https://w3id.org/m816/query/planted> a sh:SPARQLExecutable ;"
        " sh:select 'SELECT * { ?s ?p ?o }' ; rdfs:label 'x' ; rdfs:comment 'x?' .",
        "question planted: none of its terms rests on a statement",
    ),
    "a derivation that cites nothing": (
        "# id: planted\n# sentence: x\n# cites: \nCONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "derivation planted: it cites nothing",
    ),
}


@pytest.fixture(scope="module")
def whole() -> Trace:
    """The matrix of this installation."""
    return Trace(default())


def planted(text: str) -> Knowledge:
    """The knowledge of this installation with that added to it."""
    known, path = default(), "derivation.rq"
    parts = dict(known.raw), dict(known.into), dict(known.by_type)
    made = Knowledge(*parts, known.derivations, known.shapes)
    if text.startswith("# id"):
        head = dict(line[2:].split(":") for line in text.splitlines()[:3])
        step = Derivation(head["id"].strip(), head["sentence"], tuple(head["cites"].split()), path)
        triples = list(derivation_triples([step]))
    else:
        triples = [quad.triple for quad in parse(PREFIXES + text, RdfFormat.TURTLE)]
    for triple in triples:  # into lists of its own
        subject, target = value(triple.subject), value(triple.object)
        made.raw[subject] = [*made.raw.get(subject, ())]
        made.into[target] = [*made.into.get(target, ())]
        made.by_type[target] = [*made.by_type.get(target, ())]
        made.add(triple)
    return made


def test_nothing_is_wanting(whole: Trace) -> None:
    assert gaps(whole) == []


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_gap_is_found(what: str) -> None:
    text, told = PLANTED[what]
    assert told in gaps(Trace(planted(text)))


def test_every_sentence_and_every_note_above_the_code_is_looked_at_closely(whole: Trace) -> None:
    known = {name_of(iri) for iri in closest(whole)}
    assert {f"S{number:02}" for number in range(19)} <= known
    printed = {"M81.6": 1, "M81": 5, "M00-M99": 11}
    for code, notes in printed.items():
        assert sum(name.startswith(f"T-{code}-") for name in known) == notes
    assert sum(name.startswith("G-") for name in known) > 30


def test_no_rule_selects_nothing_in_all_of_its_cases() -> None:
    """What every case gives is tested beside the rules; here that one of its own has a focus."""
    knowledge = default()
    cases = rule_cases()
    for rule in rules(knowledge):
        own = (case.case() for case in cases if RULE + case.about == rule.iri)
        kind = NamedNode(rule.target)
        assert any(t.object == kind for case in own for t in derive(case, knowledge)), rule.iri


def test_no_rule_and_no_derivation_rests_on_a_payment_fact(whole: Trace) -> None:
    """The statement X-insulated-payment."""
    know = whole.knowledge
    paid = {
        iri
        for iri in know.subjects("Statement")
        if know.text(iri, "checkabilityReason").lower().startswith("a payment fact")
    }
    assert len(paid) > 2
    users = {user for iri in paid for user in whole.citing(iri)}
    assert {whole.kind(user) for user in users} <= {"conflict"}


def test_each_competency_question_has_its_query(whole: Trace) -> None:
    rows = whole.asked()
    assert sorted({row.number for row in rows} - {0}) == list(range(1, 26))
    assert sum(not row.number for row in rows) >= 15


def test_a_statement_leads_to_what_was_made_of_it(whole: Trace) -> None:
    row = whole.statement(STATEMENT + "S15")
    assert row.cited["rule"] == ("dxa-reason", "dxa-site")
    assert row.cited["derivation"] == ("dxa-indication", "dxa-report", "imaging-site")
    assert row.cited["obligation"] == ("O-05", "O-06")
    assert {"dxa-reason", "dxa-site"} <= set(row.rules)
    assert row.cases == sum(whole.cases[rule].total() for rule in row.rules)
    assert "who-owes-what" in row.questions
    assert (row.carried, row.reason) == ("", "")


def test_a_printed_note_is_a_fact_of_the_graph_and_a_narrowed_one_is_not(whole: Trace) -> None:
    assert whole.carried(STATEMENT + "T-M81-excludes1-1") == "excludes1"
    assert whole.carried(STATEMENT + "I-osteoporosis-localized") == "indexCode"
    assert whole.carried(STATEMENT + "T-M90-excludes1-3") == ""
    assert whole.statement(STATEMENT + "T-M90-excludes1-3").reason


def test_a_rule_leads_to_what_it_rests_on(whole: Trace) -> None:
    row = whole.rule(RULE + "excludes1-conflict")
    assert row.obligations == ("O-11", "O-18")
    assert set(row.conflicts) == {"C2", "C4"}
    assert "T-M81-excludes1-1" in row.statements
    about = Counter(case.outcome for case in rule_cases() if case.about == "excludes1-conflict")
    assert row.cases == dict(about)


def run(*arguments: str) -> Result:
    """The command in this process."""
    return CliRunner().invoke(trace, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "dxa-site"),
        (("--statements",), "S15"),
        (("--questions",), "excluded-codes"),
        (("S00",), "not made into anything: A title"),
        (("dxa-site",), "obligations: O-05"),
        (("O-05",), "Rule dxa-site"),
        (("causes",), "competency question 1"),
    ],
)
def test_the_command_prints_each_table_and_each_row(arguments: tuple[str, ...], words: str) -> None:
    got = run(*arguments)
    assert got.exit_code == 0
    assert words in got.output


def test_the_command_prints_everything_as_json() -> None:
    got = json.loads(run("--format", "json").output)
    assert got["gaps"] == []
    assert {len(default().subjects("Statement"))} == {len(got["statements"])}
    assert len(got["rules"]) == len(rules(default()))


def test_the_command_fails_where_something_is_wanting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.gaps.gaps", lambda trace: ["statement S99: nothing"])
    got = run()
    assert got.exit_code == 1
    assert got.output.endswith("1 wanting:\nstatement S99: nothing\n")
    assert run("nothing-of-that-name").exit_code == 2
