"""The register: a statement has a place and an authority, and says whether it is checkable."""

from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store

from tests.corpus.whole_graph import (
    M816,
    NOTATION,
    ONTOLOGY,
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


@pytest.mark.parametrize("file", sorted(REGISTER.glob("*.ttl")), ids=lambda file: file.stem)
def test_a_file_of_the_register_stays_within_three_hundred_lines(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 300
