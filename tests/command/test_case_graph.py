"""``m816 case`` and ``m816 shapes``: what any SHACL engine makes of them is ours too."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rdflib
from click.testing import Result
from rdflib.namespace import RDF, SH

from kg.knowledge import default

Run = Callable[..., Result]
Verdicts = Callable[..., list[dict[str, Any]]]
_COLUMNS = (
    SH.focusNode,
    SH.resultPath,
    SH.value,
    SH.sourceConstraintComponent,
    SH.resultSeverity,
    SH.sourceShape,
)


def _rows(turtle: str) -> list[tuple[str, ...]]:
    graph = rdflib.Graph().parse(data=turtle, format="turtle")
    nodes = graph.subjects(RDF.type, SH.ValidationResult)
    return sorted(tuple(_shown(graph.value(node, name)) for name in _COLUMNS) for node in nodes)


def _shown(term: object) -> str:
    return "" if term is None or isinstance(term, rdflib.BNode) else str(term)


def _pyshacl(shapes: Path, data: Path) -> str:
    command = [sys.executable, "-m", "pyshacl", "-f", "turtle", "-df", "turtle", "-sf", "turtle"]
    made = subprocess.run(
        [*command, "-s", str(shapes), str(data)], capture_output=True, text=True, check=False
    )
    assert made.returncode in (0, 1), made.stderr[-2000:]
    return made.stdout


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("shapes") / "shapes.ttl"
    file.write_bytes(default().shapes)
    return file


def test_shapes_writes_all_rules(run: Run, shapes: Path) -> None:
    assert run("shapes").stdout == shapes.read_text("utf-8")
    graph = rdflib.Graph().parse(shapes)
    assert {str(node) for node in graph.subjects(SH.targetClass)} == set(default().subjects("Rule"))


def test_the_plain_pyshacl_command_gives_our_rows(
    few: Path, run: Run, verdicts: Verdicts, shapes: Path, tmp_path: Path
) -> None:
    data, theirs = tmp_path / "case.ttl", []
    for made in verdicts("--payer", "medicare", few):
        arguments = ("--derived", "--payer", "medicare", "--only", made["case"])
        data.write_text(run("case", *arguments, few).stdout, "utf-8")
        theirs += _rows(_pyshacl(shapes, data))
    ours = _rows(run("check", "--payer", "medicare", "--format", "turtle", few).stdout)
    assert sorted(theirs) == ours


def test_a_case_written_out_is_read_to_the_same_verdict(
    record: Path, run: Run, verdicts: Verdicts, tmp_path: Path
) -> None:
    written = tmp_path / "case.trig"  # Turtle is TriG with one graph
    written.write_text(run("case", record).stdout, "utf-8")
    first, again = (_by_case(verdicts(path)) for path in (record, written))
    assert again == first


def _by_case(verdicts: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Verdicts without their input; a graph has no order, so neither has what is not mapped."""
    for made in verdicts:
        made.pop("input")
        made["notMapped"].sort(key=lambda item: (item["source"], item["why"]))
    return {made["case"]: made for made in verdicts}


def test_an_underived_case_never_conforms(
    data: Path, run: Run, shapes: Path, tmp_path: Path
) -> None:
    case = tmp_path / "case.ttl"
    case.write_text(run("case", data / "localized-hip.json").stdout, "utf-8")
    rows = _rows(_pyshacl(shapes, case))
    assert [row[-1].rsplit("/", 1)[-1] for row in rows] == ["case-is-derived"]


def test_recorded_numbers_keep_their_form(data: Path, run: Run) -> None:
    for arguments in ((), ("--derived",)):
        shown = run("case", *arguments, data / "fracture-beside-localized.json").stdout
        assert "-2.50" in shown
