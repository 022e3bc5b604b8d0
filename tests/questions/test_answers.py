"""Each named query against rows that were written down, and a case in which there is nothing."""

from __future__ import annotations

import tomllib
from typing import Any

import pyoxigraph as ox
import pytest

from kg.knowledge import default
from kg.namespaces import ICD, RULE, SKOS, STATEMENT
from tests.questions.asking import HERE, KNOWN, ask, changed, run

WRITTEN = tomllib.loads((HERE / "expected.toml").read_text(encoding="utf-8"))
Entry = dict[str, Any]


def label(entry: Entry) -> str:
    """The query and what was changed, as a test's id."""
    marks = [*entry.get("set", {}).values(), entry.get("record"), entry.get("data")]
    return " ".join([entry["query"], *filter(None, marks)])


def changes(entry: Entry) -> Any:
    """What an entry adds to the data and takes away, while it holds."""
    wanted = {name: entry[name] for name in ("record", "data", "without") if name in entry}
    return changed(**wanted)


def called(name: str) -> str:
    """The title of a code or the label of a rule or statement, as the files have it."""
    knowledge = default()
    for base in (STATEMENT, RULE, ICD):
        if base + name in knowledge:
            titles = knowledge.values(base + name, SKOS + "prefLabel")
            return " ".join((titles[0].value if titles else knowledge.label(base + name)).split())
    raise AssertionError(f"{name} is not in the graph")


@pytest.mark.parametrize("entry", WRITTEN["answer"], ids=label)
def test_a_query_answers_with_exactly_the_rows_written_down(entry: Entry) -> None:
    given = entry.get("set", {})
    with changes(entry):
        if "yes" in entry:
            assert bool(run(KNOWN[entry["query"]], given)) == entry["yes"]
            return
        found = ask(entry["query"], **given)
    columns = entry.get("columns") or list(found[0])
    shown = [[row[column] for column in columns] for row in found]
    assert sorted(shown) == sorted(entry["rows"])
    for column, named in entry.get("words", {}).items():
        assert [row[column] for row in found] == [called(row[named]) for row in found]


@pytest.mark.parametrize("entry", WRITTEN["nothing"], ids=label)
def test_a_query_answers_with_nothing_where_there_is_nothing(entry: Entry) -> None:
    with changes(entry):
        result = run(KNOWN[entry["query"]], entry.get("set", {}))
        found = bool(result) if isinstance(result, ox.QueryBoolean) else bool(list(result))
    assert not found


def test_every_query_has_an_answer_here_or_recomputed_and_a_case_of_nothing() -> None:
    from tests.questions.test_recomputed import RECOMPUTED

    answered = {entry["query"] for entry in WRITTEN["answer"]}
    assert answered | RECOMPUTED == set(KNOWN)
    assert {entry["query"] for entry in WRITTEN["nothing"]} == set(KNOWN)


def test_every_entry_says_why() -> None:
    entries = [*WRITTEN["answer"], *WRITTEN["nothing"]]
    known = {"query", "why", "set", "record", "data", "without", "columns", "rows", "words", "yes"}
    assert [entry["query"] for entry in entries if not entry.get("why") or set(entry) - known] == []
