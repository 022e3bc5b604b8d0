"""``m816 case`` and ``m816 shapes``: what any SHACL engine makes of them is ours too."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rdflib
from click.testing import Result
from rdflib.namespace import RDF, SH

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


def _one_case(record: Path, run: Run) -> bool:
    return run("case", record).stdout.count("a m816:Case") == 1


def _pyshacl(shapes: Path, data: Path) -> str:
    command = [sys.executable, "-m", "pyshacl", "-f", "turtle", "-df", "turtle", "-sf", "turtle"]
    made = subprocess.run(
        [*command, "-s", str(shapes), str(data)], capture_output=True, text=True, check=False
    )
    assert made.returncode in (0, 1), made.stderr[-2000:]
    return made.stdout


def test_the_plain_pyshacl_command_gives_our_rows(record: Path, run: Run, tmp_path: Path) -> None:
    derived = run("case", "--derived", record)
    assert derived.exit_code == 0
    data, shapes = tmp_path / "case.ttl", tmp_path / "shapes.ttl"
    shapes.write_text(run("shapes").stdout, "utf-8")
    theirs = []
    for number, graph in enumerate(_documents(derived.stdout)):
        data = tmp_path / f"case-{number}.ttl"
        data.write_text(graph, "utf-8")
        theirs += _rows(_pyshacl(shapes, data))
    reports = _documents(run("check", "--format", "turtle", record).stdout)
    ours = [row for report in reports for row in _rows(report)]
    coverage = {row for row in theirs if row not in ours and "/bmm-" in row[-1]}
    assert sorted(set(theirs) - coverage) == sorted(ours)


def _documents(turtle: str) -> list[str]:
    """The documents of a concatenation: each begins with its prefixes."""
    documents: list[list[str]] = []
    inside = True
    for line in turtle.splitlines():
        prefix = line.startswith("@prefix")
        if prefix and inside:
            documents.append([])
        inside = not prefix
        documents[-1].append(line)
    return ["\n".join(lines) for lines in documents]


def test_a_case_written_out_is_read_to_the_same_verdict(
    record: Path, run: Run, verdicts: Verdicts, tmp_path: Path
) -> None:
    first = verdicts(record)
    again = []
    for number, graph in enumerate(_documents(run("case", record).stdout)):
        written = tmp_path / f"{number}.ttl"
        written.write_text(graph, "utf-8")
        again += verdicts(written)
    for made in (*first, *again):
        made.pop("input")
    assert again == first


def test_an_underived_case_never_conforms(data: Path, run: Run, tmp_path: Path) -> None:
    case, shapes = tmp_path / "case.ttl", tmp_path / "shapes.ttl"
    case.write_text(run("case", data / "localized-hip.json").stdout, "utf-8")
    shapes.write_text(run("shapes").stdout, "utf-8")
    rows = _rows(_pyshacl(shapes, case))
    assert [row[-1].rsplit("/", 1)[-1] for row in rows] == ["case-is-derived"]


def test_recorded_numbers_keep_their_form(data: Path, run: Run) -> None:
    for arguments in ((), ("--derived",)):
        shown = run("case", *arguments, data / "fracture-beside-localized.json").stdout
        assert "-2.50" in shown
