"""The dataset that the protocol names for an update, written into it as USING clauses."""

from __future__ import annotations

import pytest

from server.problems import Problem
from server.using import using

CLAUSE = " USING <urn:a> USING NAMED <urn:b> WHERE "
WRITTEN = {
    "an insert": ("INSERT { ?s ?p 1 } WHERE { ?s ?p 2 }", 1),
    "a delete and insert": ("DELETE { ?s ?p 2 } INSERT { ?s ?p 1 } WHERE { ?s ?p 2 }", 1),
    "several": ("INSERT { ?s ?p 1 } WHERE {} ; CLEAR ALL ; DELETE { ?s ?p 1 } where {}", 2),
    "a subquery with a WHERE of its own": (
        "INSERT { ?s ?p 1 } WHERE { SELECT * WHERE { ?s ?p 2 } }",
        1,
    ),
    "none in data": ("INSERT DATA { <urn:s> <urn:p> 'WHERE' }", 0),
    "none in a comment": ("# WHERE\nCLEAR ALL", 0),
    "none in an IRI or prefix": ("PREFIX where: <urn:WHERE#> INSERT DATA { where:a where:b 1 }", 0),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_every_where_of_an_operation_gets_the_clauses(case: str) -> None:
    text, count = WRITTEN[case]
    made = using(text, ["urn:a"], ["urn:b"])
    assert made.count(CLAUSE) == count
    assert "".join(made.replace(CLAUSE, "WHERE").split()).lower() == "".join(text.split()).lower()


def test_delete_where_is_written_out() -> None:
    made = using("DELETE WHERE { ?s ?p '}' } ; CLEAR ALL", ["urn:a"], [])
    wanted = "DELETE { ?s ?p '}' } USING <urn:a> WHERE { ?s ?p '}' } ; CLEAR ALL"
    assert " ".join(made.split()) == wanted


def test_a_comment_before_where_changes_nothing() -> None:
    made = using("DELETE # {\n WHERE { ?s ?p 1 }", ["urn:a"], [])
    assert made.endswith("{ ?s ?p 1 } USING <urn:a> WHERE  { ?s ?p 1 }")


def test_without_a_dataset_the_update_stays_as_it_is() -> None:
    assert using("INSERT {} USING <urn:c> WHERE {}", [], []) == "INSERT {} USING <urn:c> WHERE {}"


@pytest.mark.parametrize("word", ["WITH <urn:c> DELETE {}", "DELETE {} USING <urn:c>"])
def test_an_update_that_names_a_dataset_itself_is_refused(word: str) -> None:
    with pytest.raises(Problem, match="bad-request"):
        using(f"{word} WHERE {{}}", ["urn:a"], [])


@pytest.mark.parametrize("name", ["", "relative", "urn:a> WHERE {} ; CLEAR ALL #", "a b"])
def test_what_is_no_iri_is_refused(name: str) -> None:
    with pytest.raises(Problem, match="bad-request"):
        using("INSERT {} WHERE {}", [name], [])
