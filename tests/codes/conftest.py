"""One build and one reading of the official list, shared by the tests of the code layer."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from pyoxigraph import QuerySolutions, RdfFormat, Store

from kg.codes import BuildReport, build
from kg.codetable import CodeTable
from kg.locations import ONTOLOGY

PREFIXES = """
PREFIX m816: <https://w3id.org/m816/>
PREFIX statement: <https://w3id.org/m816/statement/>
PREFIX icd: <http://purl.bioontology.org/ontology/ICD10CM/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""


def _last(value: str) -> str:
    return value.rsplit("/", 1)[-1] if value.startswith("http") else value


class Graph:
    """The shipped code layer, asked in SPARQL."""

    def __init__(self) -> None:
        self.store = Store()
        for path in [
            ONTOLOGY / "anatomy.ttl",
            *(ONTOLOGY / "codes").glob("*.ttl"),
            ONTOLOGY / "terms" / "site-regions.ttl",
        ]:
            self.store.bulk_load(path=path, format=RdfFormat.TURTLE)

    def rows(self, where: str) -> Iterator[tuple[str, ...]]:
        """Each solution as plain text, IRIs cut to their last part."""
        solutions = self.store.query(PREFIXES + where)
        assert isinstance(solutions, QuerySolutions)
        for row in solutions:
            yield tuple(_last(term.value) if term is not None else "" for term in row)

    def column(self, where: str) -> list[str]:
        """The first value of each solution, sorted."""
        return sorted(row[0] for row in self.rows(where))


@pytest.fixture(scope="session")
def graph() -> Graph:
    return Graph()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BuildReport]:
    pytest.importorskip("simple_icd_10_cm")
    out = tmp_path_factory.mktemp("ontology")
    return out, build(out)


@pytest.fixture(scope="session")
def table() -> CodeTable:
    return CodeTable.load()


@pytest.fixture(scope="session")
def official() -> ModuleType:
    """The independent reader of the same release."""
    module: ModuleType = pytest.importorskip("simple_icd_10_cm")
    return module


@pytest.fixture(scope="session")
def official_codes(official: ModuleType) -> set[str]:
    """Every code of the official list, chapters and blocks left out."""
    return {c for c in official.get_all_codes(True) if re.fullmatch(r"[A-Z]\w\w(\.\w+)?", c)}
