"""The mapping sets: well-formed SSSOM, about terms we have, and honest about the known traps."""

import csv
import subprocess
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from kg.knowledge import default
from kg.mappings import mapping_files, mapping_triples
from kg.namespaces import ICD, M816, OWL, SKOS

FILES = mapping_files()
VOCABULARIES = {"HP", "MONDO", "DOID", "mesh", "icd11", "icd10", "icd9cm", "sct"}
JUSTIFICATIONS = {"semapv:ManualMappingCuration", "semapv:MappingReview"}

# What other projects publish as the same and is not: subject, object.
TRAPS = {
    ("icd:M81", "MONDO:0005298"),  # drops M80
    ("icd:M81.0", "DOID:11476"),
    ("icd:M89.0", "MONDO:0019369"),  # while its child is G90.5, which M89.0 excludes
    ("icd:M06.9", "DOID:7148"),
    ("icd:M81.6", "icd9cm:733.09"),  # forward it leads to M81.8
}
NOT_BELOW_LOCALIZED = {"HP:0003964", "HP:0004699", "HP:6000779"}


VALIDATE = """
import pathlib, sys
from sssom.constants import DEFAULT_VALIDATION_TYPES
from sssom.parsers import parse_sssom_table
from sssom.validators import validate
for path in sys.argv[1:]:
    validate(parse_sssom_table(path), DEFAULT_VALIDATION_TYPES, fail_on_error=True)
    print(pathlib.Path(path).name)
"""


def name(path: Path) -> str:
    """The set's short name, as a test's id."""
    return path.name.removesuffix(".sssom.tsv")


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a set."""
    lines = path.read_text("utf-8").splitlines()
    yield from csv.DictReader((line for line in lines if line[:1] != "#"), delimiter="\t")


EVERY = [row for path in FILES for row in rows(path)]


def test_there_is_one_set_for_each_vocabulary() -> None:
    targets = [{row["object_id"].split(":")[0] for row in rows(path)} for path in FILES]
    assert all(len(target) == 1 for target in targets)
    assert set().union(*targets) == VOCABULARIES
    assert len(FILES) == len(VOCABULARIES)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_row_says_who_why_and_how_sure_and_names_its_subject_as_we_do(path: Path) -> None:
    knowledge = default()
    for row in rows(path):
        prefix, _, local = row["subject_id"].partition(":")
        iri = {"m816": M816, "icd": ICD}[prefix] + local
        titles = [v.value for v in knowledge.values(iri, SKOS + "prefLabel")]
        assert row["subject_label"] in (titles or [knowledge.label(iri)])
        assert row["mapping_justification"] in JUSTIFICATIONS
        assert row["author_label"]
        assert 0 < Decimal(row["confidence"]) <= 1
        assert row["predicate_modifier"] in ("", "Not")
        assert row["predicate_id"].startswith("skos:")


def test_a_subject_has_one_exact_match_at_most_in_a_vocabulary() -> None:
    exact = Counter(
        (row["subject_id"], row["object_id"].split(":")[0])
        for row in EVERY
        if row["predicate_id"] == "skos:exactMatch" and not row["predicate_modifier"]
    )
    assert max(exact.values()) == 1


def test_only_one_code_has_an_exact_match_in_another_classification() -> None:
    exact = {
        (row["subject_id"], row["object_id"])
        for row in EVERY
        if row["subject_id"].startswith("icd:")
        and row["predicate_id"] == "skos:exactMatch"
        and not row["predicate_modifier"]
    }
    assert exact == {("icd:M81.6", "icd10:M81.6")}


def test_the_known_traps_are_denied() -> None:
    denied = {(r["subject_id"], r["object_id"]) for r in EVERY if r["predicate_modifier"] == "Not"}
    assert denied >= TRAPS
    assert {o for s, o in denied if s == "m816:LocalizedOsteoporosis"} >= NOT_BELOW_LOCALIZED


def test_nothing_is_both_said_and_denied() -> None:
    keys = ("subject_id", "predicate_id", "object_id")
    seen = Counter(tuple(row[key] for key in keys) for row in EVERY)
    assert max(seen.values()) == 1


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_denied_row_is_an_axiom_and_never_a_triple(path: Path) -> None:
    made = list(mapping_triples(path))
    nodes = [t.subject for t in made if t.object == NamedNode(OWL + "Axiom")]
    direct = [t for t in made if t.subject not in set(nodes)]
    found = list(rows(path))
    assert len(set(nodes)) == len(found)
    assert len(direct) == sum(not row["predicate_modifier"] for row in found)


def test_the_sssom_tool_finds_no_fault() -> None:
    python = Path(__file__).parents[2] / ".tools" / "sssom" / "bin" / "python"
    if not python.exists():
        pytest.skip("needs the sssom tool, run make tools")
    checked = subprocess.run(
        [python, "-c", VALIDATE, *FILES], capture_output=True, text=True, check=False, timeout=300
    )
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.split() == [path.name for path in FILES]
