"""Our shapes pass the shape linter, and each of its checks finds what is planted for it."""

from __future__ import annotations

import pytest

from kg.errors import KnowledgeError
from kg.locations import SHAPES
from kg.shape_lint import checks, faults

FILES = sorted(path for path in SHAPES.glob("*.ttl"))
HEAD = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix e: <https://example.org/> .
"""
TOLD = 'sh:severity sh:Violation ; sh:message "It is wrong."@en'
GOOD = f"e:s a sh:PropertyShape ; sh:targetClass e:C ; {TOLD} ; sh:path e:p ; "
QUERY = f"e:s a sh:NodeShape ; sh:targetClass e:C ; {TOLD} ; sh:sparql [ sh:select "
SELECT = "SELECT DISTINCT $this WHERE { $this e:p ?v FILTER ( ?v < 1 ) }"

CLEAN = [
    GOOD + "sh:minCount 1 .",
    GOOD + "sh:not [ sh:in ( e:a e:b ) ] .",
    GOOD + 'sh:pattern "^[A-Z][0-9]+$" .',
    GOOD + 'sh:pattern "A{2}" .',
    QUERY + f'"{SELECT}" ] .',
    GOOD + "sh:or ( [ sh:in ( e:a ) ] [ sh:class e:C ] ) .",
]

PLANTED = [
    ("named-shape", f"[] a sh:PropertyShape ; sh:targetClass e:C ; {TOLD} ; sh:path e:p ."),
    ("one-target", f"e:s a sh:PropertyShape ; {TOLD} ; sh:path e:p ; sh:minCount 1 ."),
    ("one-target", GOOD + "sh:targetClass e:D ; sh:minCount 1 ."),
    ("one-message", GOOD + 'sh:message "And so on."@en ; sh:minCount 1 .'),
    ("one-message", GOOD.replace('sh:message "It is wrong."@en ; ', "") + "sh:minCount 1 ."),
    ("one-severity", GOOD.replace("sh:Violation", "e:Trifle") + "sh:minCount 1 ."),
    ("one-severity", GOOD.replace("sh:severity sh:Violation ; ", "") + "sh:minCount 1 ."),
    ("silent-constraint", GOOD + "sh:not [ sh:in ( e:a ) ; sh:severity sh:Info ] ."),
    ("silent-constraint", QUERY + f'"{SELECT}" ; sh:severity sh:Info ] .'),
    ("known-term", GOOD + "sh:minCnt 1 ."),
    ("known-term", GOOD + "sh:nodeKind sh:Iri ."),
    ("known-term", GOOD + "sh:property e:other ."),
    ("known-term", GOOD + "sh:js [ ] ."),
    ("known-term", GOOD + "sh:closed true ."),
    ("distinct-select", QUERY + f'"{SELECT}" ] .'.replace("DISTINCT ", "")),
    (
        "contained-select",
        QUERY + f'"{SELECT}" ] .'.replace("$this e:p", "SERVICE e:x { } $this e:p"),
    ),
    ("contained-select", QUERY + f'"{SELECT}" ] .'.replace("WHERE", "FROM e:g WHERE")),
    (
        "contained-select",
        QUERY + f'"{SELECT}" ] .'.replace("FILTER", "MINUS { $this e:q ?v } FILTER"),
    ),
    ("contained-select", QUERY + f'"{SELECT}" ] .'.replace("FILTER", "VALUES ?v { 1 } FILTER")),
    ("contained-select", QUERY + f'"{SELECT}" ] .'.replace("FILTER", "{ SELECT ?v { } } FILTER")),
    ("linear-pattern", GOOD + 'sh:pattern "^(a+)+$" .'),
    ("linear-pattern", GOOD + 'sh:pattern "^a*a*b" .'),
    ("linear-pattern", GOOD + 'sh:pattern "a+b" .'),
    ("linear-pattern", GOOD + 'sh:pattern "^(a)\\\\1" .'),
    ("no-recursion", GOOD + "sh:node e:t . e:t sh:node e:t ."),
    ("no-recursion", GOOD + "sh:or ( e:s [ sh:class e:C ] ) ."),
    ("no-import", GOOD + "sh:minCount 1 . e:o owl:imports e:other ."),
    ("plain-text", GOOD + 'sh:in ( "a"^^xsd:string ) .'),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_our_shapes_have_no_fault(path: object) -> None:
    assert faults(path.read_text("utf-8")) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", CLEAN)
def test_a_sound_shape_has_no_fault(text: str) -> None:
    assert faults(HEAD + text) == []


@pytest.mark.parametrize(("check", "text"), PLANTED, ids=range(len(PLANTED)))
def test_a_planted_fault_is_found_by_its_check_alone(check: str, text: str) -> None:
    assert {fault.check for fault in faults(HEAD + text)} == {check}


def test_every_check_has_a_planted_fault() -> None:
    assert sorted({check for check, _ in PLANTED}) == checks()


def test_what_is_no_turtle_is_refused() -> None:
    with pytest.raises(KnowledgeError):
        faults("e:s a")
