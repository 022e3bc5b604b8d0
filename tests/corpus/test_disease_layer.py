"""The disease layer: anatomy, kinds of osteoporosis, causes, wording, obligations, drugs."""

from graphlib import TopologicalSorter

import pytest
from pyoxigraph import NamedNode

from tests.corpus.whole_graph import (
    LABEL,
    M816,
    NOTATION,
    instances,
    m816,
    values,
)

ICD = "http://purl.bioontology.org/ontology/ICD10CM/"
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
REGIONS = """skeleton axialSkeleton appendicularSkeleton skull spine cervicalSpine thoracicSpine
    lumbarSpine sacrum thoracicCage pelvis upperLimb lowerLimb shoulder clavicle scapula humerus
    proximalHumerus elbow forearm radius distalRadius ulna wrist hand carpus metacarpals fingers hip
    femur proximalFemur femoralHead femoralNeck distalFemur knee patella lowerLeg tibia fibula ankle
    foot calcaneus tarsus metatarsals toes"""
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


def test_the_obligations_are_complete_and_rated_as_decided() -> None:
    found = {values(node, NOTATION)[0]: node for node in instances("DocumentationObligation")}
    assert {id_: ours(node, "obligationSeverity") for id_, node in found.items()} == {
        id_: [severity] for id_, severity in SEVERITIES.items()
    }
    assert {id_: ours(node, "axis") for id_, node in found.items()} == {
        id_: [axis] for id_, axis in AXES.items()
    }
    assert all(node == m816(f"obligation-{id_}") for id_, node in found.items())


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
