"""The disease layer: anatomy, kinds of osteoporosis, causes, wording, obligations, drugs."""

from collections import defaultdict
from graphlib import TopologicalSorter

import pytest
from pyoxigraph import NamedNode

from tests.corpus.whole_graph import (
    DEFINITION,
    LABEL,
    M816,
    NOTATION,
    SOURCE,
    TYPE,
    instances,
    m816,
    values,
)

ICD = "http://purl.bioontology.org/ontology/ICD10CM/"
CLASS = "http://www.w3.org/2002/07/owl#Class"
SUBCLASS = NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
NUMBERED = [f"O-{number:02}" for number in range(1, 21)]
SEVERITIES = {
    **dict.fromkeys(["G-0", *NUMBERED], "must"),
    **dict.fromkeys(["O-02", "O-07", "O-09", "O-14", "O-15", "O-19"], "should"),
}
AXES = {
    **dict.fromkeys(NUMBERED, "documentation"),
    **dict.fromkeys(["G-0", "O-11", "O-12", "O-16", "O-18"], "coding"),
    **dict.fromkeys(["O-17", "O-19"], "clinicalValidity"),
    "O-20": "coverage",
}
OBLIGATION_PARTS = """bearer documentType trigger triggerClass requiredContent whenDue passExample
    failExample authority certainty"""
REGIONS = """skeleton axialSkeleton appendicularSkeleton skull spine cervicalSpine thoracicSpine
    lumbarSpine sacrum thoracicCage pelvis upperLimb lowerLimb shoulder clavicle scapula humerus
    proximalHumerus elbow forearm radius distalRadius ulna wrist hand carpus metacarpals fingers hip
    femur proximalFemur femoralHead femoralNeck distalFemur knee patella lowerLeg tibia fibula ankle
    foot calcaneus tarsus metatarsals toes"""
SOURCED = """Region Side SkeletalExtent FractureStatus Modality ImagingFinding Treatment
    CausalHypothesis CourseFeature DiagnosisType DrugClass DrugIngredient Role
    DocumentationObligation"""
ABOUT_CLASSES = """cause effect describes supports contradicts pointsTo doesNotRefute courseOf
    triggerClass"""
ASKED = """transient regionalMigratory periarticular focal circumscripta algodystrophy
    bonemarrowEdema immobilization insufficiencyFracture"""
FRACTURES = """osteoporoticFracture pathologicalFracture stressFracture neoplasticFracture
    periprostheticFracture insufficiencyFracture"""


def ours(subject: NamedNode, name: str) -> list[str]:
    """The values of a property of ours, without our namespace."""
    return [value.removeprefix(M816) for value in values(subject, m816(name))]


def above(name: str) -> set[str]:
    """Every named class above a class of ours."""
    found, todo = set[str](), [name]
    while todo:
        new = {v.removeprefix(M816) for v in values(m816(todo.pop()), SUBCLASS)} - found
        found |= new
        todo += new
    return found


@pytest.mark.parametrize("kind", SOURCED.split())
def test_every_fact_has_a_source(kind: str) -> None:
    assert instances(kind)
    assert [node.value for node in instances(kind) if not values(node, SOURCE)] == []


def test_every_region_is_part_of_the_skeleton_and_never_of_itself() -> None:
    parts = {
        node.value.removeprefix(M816): set(ours(node, "partOf")) for node in instances("Region")
    }
    assert set(REGIONS.split()) <= parts.keys()
    assert set[str]().union(*parts.values()) <= parts.keys()
    assert [name for name, wholes in parts.items() if not wholes] == ["skeleton"]
    assert next(iter(TopologicalSorter(parts).static_order())) == "skeleton"


def test_what_is_paired_has_paired_parts() -> None:
    for node in instances("Region"):
        (paired,) = ours(node, "paired")
        wholes = {ours(m816(whole), "paired")[0] for whole in ours(node, "partOf")}
        assert paired == "true" or "true" not in wholes, node


def test_every_drug_has_a_class_a_definition_and_names_of_its_own() -> None:
    owners: dict[str, list[str]] = defaultdict(list)
    assert len(instances("DrugIngredient")) >= 60
    for drug in instances("DrugIngredient"):
        (drug_class,) = ours(drug, "drugClass")
        assert len(ours(m816(drug_class), "boneEffectStrength")) == 1
        assert len(values(drug, LABEL)) == len(values(drug, DEFINITION)) == 1
        assert ours(drug, "phrase")
        for phrase in ours(drug, "phrase"):
            assert phrase == " ".join(phrase.lower().split())
            owners[phrase].append(drug.value)
    assert {phrase: drugs for phrase, drugs in owners.items() if len(drugs) > 1} == {}


def test_the_obligations_are_complete_and_rated_as_decided() -> None:
    found = {values(node, NOTATION)[0]: node for node in instances("DocumentationObligation")}
    assert {id_: ours(node, "obligationSeverity") for id_, node in found.items()} == {
        id_: [severity] for id_, severity in SEVERITIES.items()
    }
    assert {id_: ours(node, "axis") for id_, node in found.items()} == {
        id_: [axis] for id_, axis in AXES.items()
    }
    assert all(node == m816(f"obligation-{id_}") for id_, node in found.items())


@pytest.mark.parametrize("part", OBLIGATION_PARTS.split())
def test_every_obligation_says_who_what_when_and_on_whose_authority(part: str) -> None:
    assert [n.value for n in instances("DocumentationObligation") if not ours(n, part)] == []


def test_every_obligation_can_be_met_in_a_record_or_by_attestation() -> None:
    for node in instances("DocumentationObligation"):
        assert bool(ours(node, "satisfiedByPath")) != (ours(node, "attestationOnly") == ["true"])


def test_wording_has_a_code_or_a_question_and_never_both() -> None:
    asked, fractures = set(ASKED.split()), set(FRACTURES.split())
    for node in instances("DiagnosisType"):
        name = node.value.removeprefix(M816).removesuffix("Type")
        codes = values(node, m816("indexesTo"))
        assert (ours(node, "needsQuery") == ["true"]) == (name in asked), name
        assert len(codes) == (name not in asked | fractures), name
        assert bool(values(node, m816("fractureFamily"))) == (name in fractures), name
        osteoporosis = bool(codes) and codes[0].startswith(ICD + "M81")
        assert len(values(node, m816("withFractureIndexesTo"))) == osteoporosis, name


def test_no_cause_supports_a_code() -> None:
    assert {tuple(ours(n, "supportsCode")) for n in instances("CausalHypothesis")} == {("false",)}


@pytest.mark.parametrize("name", ABOUT_CLASSES.split())
def test_what_a_term_is_about_is_a_class(name: str) -> None:
    kinds = "CausalHypothesis ImagingFinding CourseFeature DiagnosisType DocumentationObligation"
    about = {v for kind in kinds.split() for n in instances(kind) for v in values(n, m816(name))}
    assert about
    assert [iri for iri in about if CLASS not in values(NamedNode(iri), TYPE)] == []


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ("TransientOsteoporosisOfHip", "LocalizedOsteoporosis"),
        ("RegionalMigratoryOsteoporosis", "LocalizedOsteoporosis"),
        ("ZonalPartialTransientOsteoporosis", "TransientRegionalOsteoporosis"),
        ("RAPeriarticularOsteoporosis", "InflammatoryOsteoporosis"),
        ("GlucocorticoidInducedOsteoporosis", "SecondaryOsteoporosis"),
        ("AgeRelatedOsteoporosis", "GeneralizedOsteoporosis"),
        ("LocalizedOsteoporosis", "Disorder"),
        ("RheumatoidArthritis", "InflammatoryDisorder"),
        ("CurrentPathologicalFracture", "Disorder"),
        ("LimbImmobilization", "Process"),
    ],
)
def test_what_must_be_a_kind_of(lower: str, upper: str) -> None:
    assert upper in above(lower)
    assert lower not in above(lower)


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ("DisuseOsteoporosis", "LocalizedOsteoporosis"),
        ("DrugInducedOsteoporosis", "LocalizedOsteoporosis"),
        ("AgeRelatedOsteoporosis", "SecondaryOsteoporosis"),
        ("PostmenopausalOsteoporosis", "SecondaryOsteoporosis"),
        ("TransientRegionalOsteoporosis", "SecondaryOsteoporosis"),
        ("Senescence", "Disorder"),
        ("Menopause", "Disorder"),
        ("PagetDiseaseOfBone", "Osteoporosis"),
        ("Algoneurodystrophy", "Osteoporosis"),
        ("Osteopenia", "Osteoporosis"),
        ("Osteonecrosis", "Osteoporosis"),
    ],
)
def test_what_must_not_be_a_kind_of(lower: str, upper: str) -> None:
    assert values(m816(lower), LABEL)
    assert upper not in above(lower)
