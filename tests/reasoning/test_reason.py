"""``m816 reason`` tells what follows of a record and why, with a citation for each step."""

import json

import pytest
from click.testing import CliRunner
from pyoxigraph import NamedNode, Triple

from kg.axioms import axioms as every_axiom
from kg.classified import ClassifiedCase, classified, reasoned
from kg.closure import clashes, implied, steps
from kg.commands.reason import reason
from kg.derive import derive
from kg.disease import axioms, bridges, told
from kg.inputs import read
from kg.justify import Trail
from kg.knowledge import default
from kg.namespaces import M816, TYPE
from kg.reasoner import missing
from tests.reasoning.cases import RECORDS
from tests.rules.corpus import rule_cases

HAND = RECORDS / "S12-rheumatoid-hand.json"
TORN = "one-type-f5"  # one diagnosis that is called localized and postmenopausal


def of_record() -> set[Triple]:
    (case,) = read(HAND.name, HAND.read_bytes(), default()).cases
    return derive(case, default())


def torn() -> ClassifiedCase:
    (case,) = (each for each in rule_cases() if each.name == TORN)
    return classified(TORN, derive(case.case(), default()), oracle=False)


def test_a_record_of_localized_osteoporosis_from_arthritis_is_inferred_with_its_sources() -> None:
    found = classified("case", of_record(), oracle=False)
    wanted = {each.type: each for each in found.inferred}
    arthritis = wanted["m816:RAAssociatedLocalizedOsteoporosis"]
    assert arthritis.individual == "Condition/local-op/disorder"
    assert {premise.kind for premise in arthritis.because} == {"fact", "axiom"}
    assert all(premise.sources for premise in arthritis.because)
    assert {"S03", "S07"} <= {source for p in arthritis.because for source in p.sources}
    assert "m816:CaseWithM81" in wanted
    assert not found.clash


def test_a_justification_is_enough_and_nothing_in_it_can_be_left_out() -> None:
    known = reasoned(of_record())
    trail, follows = Trail(steps(known), known), implied(known)
    kind = NamedNode(M816 + "RAAssociatedLocalizedOsteoporosis")
    (wanted,) = (t for t in follows if t.predicate == TYPE and t.object == kind)
    support = trail.why(wanted)
    assert wanted in implied(support)
    assert [leaf for leaf in support if wanted in implied(support - {leaf})] == []
    assert trail.why(Triple(kind, TYPE, kind)) == frozenset()


def test_a_case_that_contradicts_itself_says_why() -> None:
    found = torn()
    (clash,) = found.clash
    words = " / ".join(premise.words for premise in clash)
    assert "has extent has one value" in words
    assert "regional | systemic" in words
    assert "localized osteoporosis" in words
    assert "postmenopausal osteoporosis" in words


def test_every_reading_of_a_record_as_a_disorder_is_used_and_cited() -> None:
    statements = set(default().by_type[M816 + "Statement"])
    wanted, used = {bridge.id for bridge in bridges()}, set[str]()
    for case in rule_cases():
        if used != wanted:
            used |= {bridge.id for bridge in told(derive(case.case(), default())).values()}
    assert wanted - used == set()
    for bridge in bridges():
        assert {M816 + "statement/" + cited for cited in bridge.cites} <= statements, bridge.id


def test_the_layers_never_meet_in_one_thing() -> None:
    assert clashes(implied(reasoned(of_record()))) == []


def test_the_command_tells_the_closure_alone_where_there_is_no_java(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kg.reasoner.missing", lambda: "needs Java: install a JRE")
    told_ = CliRunner().invoke(reason, [str(HAND), "--format", "json"])
    assert told_.exit_code == 0
    assert "needs Java: install a JRE; the closure alone is shown" in told_.stderr
    (case,) = json.loads(told_.stdout)["cases"]
    assert case["hermit"] is None
    assert case["consistent"]
    assert {by for each in case["inferred"] for by in each["by"]} == {"closure"}


def test_without_java_the_ontology_cannot_be_reasoned_about_and_the_message_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kg.reasoner.missing", lambda: "needs Java: install a JRE")
    told_ = CliRunner().invoke(reason, [])
    assert (told_.exit_code, told_.stderr) == (2, "m816: needs Java: install a JRE\n")


@pytest.mark.skipif(bool(missing()), reason=missing() or "all there")
def test_both_reasoners_are_heard_on_a_record_and_on_the_ontology() -> None:
    whole = json.loads(CliRunner().invoke(reason, ["--format", "json"]).stdout)
    assert whole["consistent"]
    assert whole["unsatisfiable"] == []
    assert ["m816:Excludes1Conflict", "m816:Case"] in whole["inferred"]
    spoken = CliRunner().invoke(reason, [str(HAND)])
    assert spoken.exit_code == 0
    assert (
        "(localized osteoporosis due to rheumatoid arthritis), by closure and HermiT"
        in spoken.stdout
    )


def test_axioms_are_put_into_words_by_their_labels() -> None:
    words = {axiom.words for axiom in every_axiom(axioms())}
    assert "located in follows from located in and part of" in words
    assert (
        "osteoporosis and caused by some senescence is a kind of age-related osteoporosis" in words
    )
