"""A change of a shape is told from the shape by its cases, and the shape as it stands is not."""

from __future__ import annotations

import pytest
from pyoxigraph import NamedNode

from kg.errors import KnowledgeError
from kg.knowledge import default
from kg.namespaces import SH
from kg.prove.shape_variants import shapes_of, variants, written
from kg.prove.shapes import mutants

HEAD = f"<urn:s> <{SH}targetClass> <urn:C> .\n<urn:s> <{SH}severity> <{SH}Info> .\n"
PATH = f"<urn:s> <{SH}path> <urn:p> .\n"
FIRST, REST = (f"<http://www.w3.org/1999/02/22-rdf-syntax-ns#{name}>" for name in ("first", "rest"))
NIL = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#nil>"
LIST = f"_:l {FIRST} <urn:a> .\n_:l {REST} _:m .\n_:m {FIRST} <urn:b> .\n_:m {REST} {NIL} .\n"
INTEGER = "<http://www.w3.org/2001/XMLSchema#integer>"

CHANGES = [
    (f'<urn:s> <{SH}minCount> "1"^^{INTEGER} .', {"sh:minCount 0", "sh:minCount 2"}),
    (f"<urn:s> <{SH}in> _:l .\n{LIST}", {"sh:in without urn:a", "sh:in without urn:b"}),
    (f"<urn:s> <{SH}hasValue> <urn:v> .", {"sh:hasValue of nothing there is"}),
    (f"<urn:s> <{SH}lessThan> <urn:q> .", {"sh:lessThanOrEquals for sh:lessThan"}),
    (f"<urn:s> <{SH}disjoint> <urn:q> .", {"sh:equals for sh:disjoint"}),
    (
        f"<urn:s> <{SH}not> _:n .\n_:n <{SH}in> _:l .\n{LIST}",
        {"not turned", "not sh:in without urn:a"},
    ),
]
PATHS = [
    (f"<urn:s> <{SH}path> _:l .\n{LIST}", {"path without urn:a", "path without urn:b"}),
    (
        f"<urn:s> <{SH}path> _:p .\n_:p <{SH}alternativePath> _:l .\n{LIST}",
        {"path without urn:a", "path without urn:b"},
    ),
    (f"<urn:s> <{SH}path> _:p .\n_:p <{SH}inversePath> <urn:p> .", {"path not inverse"}),
]


def made(shape: str) -> dict[str, bytes]:
    """Every change of a shape in words, and the changed shape."""
    found = shapes_of((HEAD + shape).encode())["urn:s"]
    changes = variants(found, lambda target: [NamedNode("urn:D")])
    return {what: written("urn:s", changed) for _, what, changed in changes}


@pytest.mark.parametrize(("constraint", "expected"), CHANGES)
def test_every_constraint_is_dropped_and_changed(constraint: str, expected: set[str]) -> None:
    name = constraint.split(SH)[1].split(">")[0]
    changes = made(PATH + constraint)
    assert {*expected, f"without sh:{name}", "no target", "target urn:D"} <= set(changes)
    assert len(set(changes.values())) == len(changes)


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_every_step_and_alternative_of_a_path_is_dropped(path: str, expected: set[str]) -> None:
    assert expected <= set(made(path))


@pytest.mark.parametrize("shape", [text for text, _ in CHANGES])
def test_a_shape_read_and_written_is_the_same(shape: str) -> None:
    found = shapes_of((HEAD + PATH + shape).encode())["urn:s"]
    assert shapes_of(written("urn:s", found)) == {"urn:s": found}


def test_a_constraint_without_a_change_is_refused() -> None:
    with pytest.raises(KnowledgeError):
        made(PATH + f'<urn:s> <{SH}maxLength> "1"^^{INTEGER} .')


def test_a_sample_is_noticed_and_the_rulebook_as_it_stands_is_not() -> None:
    chosen = ("site-named", "code-valid-from", "dxa-correlated", "uncertain-not-coded")
    tried = list(mutants(default(), lambda kind, of, what: of in chosen))
    assert {mutant.kind for mutant in tried} == {"shape", "target", "path"}
    assert {mutant.of for mutant in tried} == set(chosen)
    assert [f"{each.of}: {each.what}" for each in tried if not each.noticed_by] == []
