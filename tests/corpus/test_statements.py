"""The register: a statement has a place and an authority, and says whether it is checkable."""

from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store

from tests.corpus.whole_graph import (
    DEFINITION,
    LABEL,
    M816,
    NOTATION,
    ONTOLOGY,
    PUBLISHER,
    RIGHTS,
    STATEMENT,
    TYPE,
    instances,
    m816,
    values,
)

REGISTER = ONTOLOGY / "statements"
SENTENCES_OF_THE_SOURCE_PAGE = [f"S{number:02}" for number in range(19)]
AUTHORITIES = {  # notation by rank, as the README and the verdict print it
    1: "tabular",
    2: "index",
    3: "guideline",
    4: "regulation",
    5: "society",
    6: "industry",
    7: "source-page",
    8: "inference",
}
AUTHORITY_OF_PREFIX = {  # X and M may rest on several kinds of source
    "S": {"sourcePage"},
    "T": {"tabularList"},
    "I": {"alphabeticIndex"},
    "G": {"officialGuidelines"},
    "P": {"professionalSociety"},
    "Q": {"industryPractice"},
    "X": {"ourInference"},
}


def only(subject: NamedNode, name: str) -> str:
    found = values(subject, m816(name))
    assert len(found) == 1, f"{subject.value} has {len(found)} values of {name}"
    return found[0]


def id_of(statement: NamedNode) -> str:
    return statement.value.removeprefix(STATEMENT)


def wrong(statement: NamedNode) -> list[str]:
    """What is missing from one statement, in words."""
    found = [
        f"{name} has {len(values(statement, m816(name)))} values"
        for name in (
            "document",
            "locator",
            "authority",
            "certainty",
            "force",
            "checkability",
            "checkabilityReason",
        )
        if len(values(statement, m816(name))) != 1
    ]
    if len(values(statement, LABEL)) != 1 or not values(statement, LABEL)[0].strip():
        found.append("no label")
    if not statement.value.startswith(STATEMENT):
        found.append("not in the statement namespace")
    return found


def test_every_statement_has_label_document_locator_authority_certainty_force_and_a_reason() -> (
    None
):
    faulty = {id_of(s): wrong(s) for s in instances("Statement") if wrong(s)}
    assert not faulty


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("document", "Document"),
        ("authority", "Authority"),
        ("force", "Force"),
        ("checkability", "Checkability"),
    ],
    ids=lambda word: str(word),
)
def test_what_a_statement_points_at_is_declared(name: str, kind: str) -> None:
    declared = {individual.value for individual in instances(kind)}
    undeclared = {
        (id_of(s), value)
        for s in instances("Statement")
        for value in values(s, m816(name))
        if value not in declared
    }
    assert not undeclared


def test_certainty_is_a_b_or_c() -> None:
    odd = {id_of(s) for s in instances("Statement") if only(s, "certainty") not in {"A", "B", "C"}}
    assert not odd


def test_every_checkability_has_a_reason_in_words() -> None:
    short = {
        id_of(s) for s in instances("Statement") if len(only(s, "checkabilityReason").split()) < 3
    }
    assert not short


def test_the_source_page_is_covered_sentence_by_sentence() -> None:
    found = {id_of(s) for s in instances("Statement") if id_of(s)[0] == "S"}
    assert found == set(SENTENCES_OF_THE_SOURCE_PAGE)


def test_the_source_page_is_always_a_secondary_authority() -> None:
    for number in SENTENCES_OF_THE_SOURCE_PAGE:
        statement = NamedNode(STATEMENT + number)
        assert only(statement, "document") == M816 + "docSourcePage", number
        assert only(statement, "authority") == M816 + "sourcePage", number


def test_the_prefix_of_an_id_tells_its_authority() -> None:
    odd = {}
    for statement in instances("Statement"):
        kind = id_of(statement).split("-")[0].rstrip("0123456789")
        allowed = AUTHORITY_OF_PREFIX.get(kind)
        name = only(statement, "authority").removeprefix(M816)
        if allowed is not None and name not in allowed:
            odd[id_of(statement)] = name
    assert not odd


def test_our_own_inferences_are_never_explicit_and_never_a_must() -> None:
    inferences = [s for s in instances("Statement") if id_of(s).startswith("X-")]
    assert inferences
    for statement in inferences:
        assert only(statement, "certainty") != "A", id_of(statement)
        assert only(statement, "force") != M816 + "must", id_of(statement)


def test_what_is_known_only_from_memory_is_certainty_c() -> None:
    recalled = [s for s in instances("Statement") if "recall" in values(s, m816("evidenceMark"))]
    assert recalled
    assert {id_of(s) for s in recalled if only(s, "certainty") != "C"} == set()


def test_the_evidence_mark_of_every_registered_statement_is_one_of_four() -> None:
    marks = {"measured", "read", "recall", "own"}
    registered: set[str] = set()
    for file in sorted(REGISTER.glob("*.ttl")):
        store = Store()
        store.load(path=str(file), format=RdfFormat.TURTLE)
        for quad in store.quads_for_pattern(None, TYPE, m816("Statement")):
            assert isinstance(quad.subject, NamedNode)
            assert only(quad.subject, "evidenceMark") in marks, quad.subject.value
            registered.add(quad.subject.value)
    assert len(registered) > 200


def test_every_guideline_statement_names_the_edition_it_was_read_in() -> None:
    guidelines = [s for s in instances("Statement") if id_of(s).startswith("G-")]
    missing = {id_of(s) for s in guidelines if len(values(s, m816("edition"))) != 1}
    assert len(guidelines) > 25
    assert not missing


def test_authorities_are_ranked_one_to_eight_with_the_notation_that_verdicts_print() -> None:
    ranked = {
        int(only(authority, "rank")): values(authority, NOTATION)
        for authority in instances("Authority")
    }
    assert ranked == {rank: [notation] for rank, notation in AUTHORITIES.items()}


def test_every_document_has_edition_publisher_authority_and_a_licence_stance() -> None:
    faulty = {}
    for document in instances("Document"):
        counts = {
            "edition": len(values(document, m816("edition"))),
            "authority": len(values(document, m816("authority"))),
            "publisher": len(values(document, PUBLISHER)),
            "rights": len(values(document, RIGHTS)),
            "definition": len(values(document, DEFINITION)),
        }
        if set(counts.values()) != {1}:
            faulty[document.value] = counts
    assert instances("Document")
    assert not faulty


@pytest.mark.parametrize("file", sorted(REGISTER.glob("*.ttl")), ids=lambda file: file.stem)
def test_a_file_of_the_register_stays_within_three_hundred_lines(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 300
