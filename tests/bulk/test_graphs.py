"""RDF with one graph a case: the rows are those of the graphs checked one by one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from kg.bulk.shard import judged
from kg.case import trig
from kg.inputs import read
from kg.knowledge import default
from kg.pyshacl_engine import engine
from kg.verdict import judge_case
from tests.bulk.conftest import start, written
from tests.bulk.population import FILES
from tests.bulk.test_bad_lines import errors
from tests.bulk.test_rows import items, rows

Row = dict[str, Any]


def graphs() -> dict[str, Any]:
    """The asserted case graphs of some records, by a name for each."""
    found = {}
    for number, path in enumerate(FILES[:12]):
        for case in read(path.name, path.read_bytes(), default()).cases:
            found[f"urn:case:{number}"] = case.asserted()
    return found


def wanted() -> list[tuple[str, str]]:
    """Case and verdict of each."""
    made = []
    for triples in graphs().values():
        whole = read("x.trig", trig({"urn:one": triples}).encode(), default())
        for case in whole.cases:
            decision = judge_case(case, default(), engine(default())).decision
            made.append((case.id, decision.verdict))
    return sorted(made)


def verdicts(found: list[Row]) -> list[tuple[str, str]]:
    """The same of rows."""
    return sorted((row["case"], row["verdict"]) for row in found)


def nquads() -> list[bytes]:
    """The graphs as lines."""
    text = "".join(
        f"{triple} <{name}> .\n" for name, triples in graphs().items() for triple in triples
    )
    return sorted(text.encode().splitlines(), key=lambda line: line[::-1][-40:] + line)


def test_trig_with_a_graph_a_case_gives_a_row_a_case(tmp_path: Path) -> None:
    (tmp_path / "all.trig").write_text(trig(graphs()), encoding="utf-8")
    assert verdicts(rows(items(tmp_path), tmp_path)) == wanted()


def test_quads_in_any_order_with_comments_give_the_same_rows(tmp_path: Path) -> None:
    text = b"# exported\n\n" + b"\n".join(nquads()) + b"\n"
    (tmp_path / "all.nq").write_bytes(text)
    found = rows(items(tmp_path), tmp_path)
    assert verdicts(found) == wanted()
    assert {row["input"]["file"] for row in found} == {"all.nq"}


def test_a_graph_is_one_in_whatever_files_its_lines_stand(tmp_path: Path) -> None:
    lines = nquads()
    for number in range(3):
        (tmp_path / f"{number}.nq").write_bytes(b"\n".join(lines[number::3]) + b"\n")
    assert verdicts(rows(items(tmp_path), tmp_path)) == wanted()


def test_a_broken_line_spoils_the_graph_it_names(tmp_path: Path) -> None:
    text = [*nquads(), b'<urn:a> "b" <urn:c> <urn:case:0> .']
    (tmp_path / "all.nq").write_bytes(b"\n".join(text))
    found = rows(items(tmp_path), tmp_path)
    assert [row["input"]["line"] for row in errors(found)] == [len(text)]
    left = verdicts([row for row in found if "verdict" in row])
    assert len(left) == len(wanted()) - 1
    assert Counter(left) < Counter(wanted())


def test_a_broken_quad_is_one_row_and_the_rest_is_judged(tmp_path: Path) -> None:
    text = b"\n".join([*nquads(), b"<urn:a> <urn:b> broken ."])
    (tmp_path / "all.nq").write_bytes(text)
    found = rows(items(tmp_path), tmp_path)
    assert [row["input"]["line"] for row in errors(found)] == [len(nquads()) + 1]
    assert verdicts([row for row in found if "verdict" in row]) == wanted()


def test_lines_are_counted_from_the_beginning_of_a_file_that_is_read_in_parts(
    tmp_path: Path,
) -> None:
    folder, text = tmp_path / "in", [*nquads(), b"<urn:a> <urn:b> broken ."]
    folder.mkdir()
    (folder / "all.nq").write_bytes(b"\n".join(text))
    totals = start(folder, tmp_path / "out", part_size=4_000).go()
    assert totals.lines["graph"] == len(text) - 1
    every = [line for raw in written(tmp_path / "out").values() for line in raw.splitlines()]
    wrong = errors([json.loads(line) for line in every])
    assert [row["input"]["line"] for row in wrong] == [len(text)]


def test_a_graph_that_trig_breaks_off_in_is_not_judged_by_half(tmp_path: Path) -> None:
    whole = trig(graphs())
    (tmp_path / "all.trig").write_text(whole[: int(len(whole) * 0.7)], encoding="utf-8")
    found = rows(items(tmp_path), tmp_path)
    assert len(errors(found)) == 1
    left = verdicts([row for row in found if "verdict" in row])
    assert left
    assert Counter(left) < Counter(wanted())


def test_statements_about_the_cases_outside_of_every_graph_are_no_case(tmp_path: Path) -> None:
    aside = '<urn:case:0> <http://www.w3.org/2000/01/rdf-schema#label> "a case" .\n'
    (tmp_path / "all.trig").write_text(aside + trig(graphs()), encoding="utf-8")
    found = rows(judged(items(tmp_path)), tmp_path)
    assert verdicts(found) == wanted()
