"""What a finished run leaves for people and programs: worklist, summary; counts that add up."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import tracemalloc
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kg.__main__ import main
from kg.bulk.charts import Part, bar, share
from kg.bulk.finished import Finished, Place, Row
from kg.bulk.results import ERRORS, PARQUET, SUMMARY, WORKLIST, write_results
from kg.bulk.shard import Options
from kg.bulk.tally import Tally, gaps
from kg.bulk.worklist import Worklist
from kg.errors import UnusableRecord
from kg.knowledge import default
from kg.namespaces import M816
from tests.bulk.conftest import start
from tests.bulk.made import finding, row
from tests.bulk.population import bundle, population


@pytest.fixture(scope="module")
def finished(export: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a feed that lacks much, with its results."""
    out = tmp_path_factory.mktemp("results") / "out"
    start(export, out, Options(profile=M816 + "synthea")).go()
    write_results(out)
    return out


def rows(out: Path) -> list[dict[str, Any]]:
    found = sorted((out / "verdicts").iterdir())
    return [json.loads(line) for path in found for line in path.read_bytes().splitlines()]


def worklist(out: Path) -> list[dict[str, str]]:
    text = (out / WORKLIST).read_bytes().decode()
    assert text.count("\n") == text.count("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_results_are_the_same_bytes_again(finished: Path) -> None:
    names = (WORKLIST, ERRORS, SUMMARY)
    before = {name: (finished / name).read_bytes() for name in names}
    write_results(finished)
    assert {name: (finished / name).read_bytes() for name in before} == before
    assert not list(finished.glob("*.part"))


def test_rows_without_a_verdict_are_listed_as_they_are(finished: Path) -> None:
    listed = [json.loads(line) for line in (finished / ERRORS).read_bytes().splitlines()]
    assert listed == [row for row in rows(finished) if "error" in row]
    assert [row["error"] for row in listed] == ["unreadable"]


def test_a_case_that_two_documents_hold_is_judged_twice_and_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("first", "second"):
        (tmp_path / "in" / f"{name}.json").write_bytes(bundle(population()["r0"]))
    start(tmp_path / "in", tmp_path / "out").go()
    assert write_results(tmp_path / "out").again == 1
    assert "with the id of another one" in (tmp_path / "out" / SUMMARY).read_text(encoding="utf-8")


def test_every_question_and_every_failed_rule_is_in_the_worklist(finished: Path) -> None:
    wanted: Counter[tuple[str, str, str]] = Counter()
    for one in rows(finished):
        asked = {rule for question in one.get("questions", ()) for rule in question["rules"]}
        for question in one.get("questions", ()):
            wanted[question["to"], one["case"], question["stem"]] += 1
        for found in one.get("findings", ()):
            if found["outcome"] == "fail" and found["rule"] not in asked:
                wanted[found["owner"], one["case"], found["message"]] += 1
    listed = Counter((line["owner"], line["case"], line["what"]) for line in worklist(finished))
    assert listed == wanted
    assert len(wanted) > 5


def test_the_worklist_goes_by_owner_then_by_force(finished: Path) -> None:
    order = ["must", "should", "consider"]
    keys = [(line["owner"], order.index(line["severity"])) for line in worklist(finished)]
    assert keys == sorted(keys)
    assert len(set(keys)) > 2


def test_a_case_that_does_not_stand_asks_someone_for_something(finished: Path) -> None:
    idle = {"stands", "out-of-scope"}
    wanted = {row["case"] for row in rows(finished) if row.get("verdict", "stands") not in idle}
    assert wanted
    assert wanted <= {line["case"] for line in worklist(finished)}


def tallied(*found: Row) -> Tally:
    tally = Tally(default())
    for one in found:
        tally.add(one)
    return tally


def test_of_a_rule_the_worst_in_a_case_counts_once() -> None:
    tally = tallied(
        row(finding("r", "pass"), finding("r", "fail"), finding("s", "indeterminate")),
        row(finding("r", "pass"), finding("s", "not-applicable")),
        row(verdict="out-of-scope"),
    )
    assert tally.rules == {
        "r": {"fail": 1, "pass": 1},
        "s": {"indeterminate": 1, "not-applicable": 1},
    }
    assert tally.in_scope == 2


def test_every_reason_why_a_fact_is_open_says_where_it_got_lost() -> None:
    known = default()
    places = set(known.subjects("Gap"))
    assert all(gap in places for gap in gaps(known).values())
    assert set(gaps(known).values()) == places


def test_what_the_feed_cannot_carry_is_told_from_what_is_not_documented() -> None:
    known = default()
    rule, fact = next(
        (iri, fact)
        for iri in known.subjects("Rule")
        for fact in known.texts(iri, "needs")
        if fact in known.texts(M816 + "synthea", "cannotCarry")
    )
    name, label = rule.rsplit("/", 1)[-1], known.label(M816 + "notCarriedByFeed")
    feed = row(finding(name, "indeterminate", basis=[label]))
    feed.context.profile = "synthea"
    other = row(finding(name, "indeterminate", basis=[known.label(M816 + "notRecorded")]))
    other.context.profile = "synthea"
    tally = tallied(feed, other)
    assert tally.gaps == {M816 + "feedGap": 1, M816 + "documentationGap": 1}
    assert tally.facts["synthea", fact] == 1


def test_a_run_that_has_not_ended_has_no_results(tmp_path: Path) -> None:
    with pytest.raises(UnusableRecord, match="no finished run"):
        write_results(tmp_path)


@pytest.mark.parametrize("change", [b"", b'{"input": {"file": "x"}}\n', b"{"])
def test_rows_that_were_changed_are_refused(finished: Path, tmp_path: Path, change: bytes) -> None:
    out = copied(finished, tmp_path / "out")
    path = next(path for path in sorted((out / "verdicts").iterdir()) if path.stat().st_size)
    path.write_bytes(path.read_bytes() + change if change else b"")
    with pytest.raises(UnusableRecord, match="shard"):
        write_results(out)
    assert not [name for name in (SUMMARY, WORKLIST, PARQUET) if (out / name).exists()]
    assert not list(out.glob("*.part"))


def copied(finished: Path, out: Path) -> Path:
    """The run without its results."""
    shutil.copytree(finished, out, ignore=shutil.ignore_patterns(SUMMARY, WORKLIST, PARQUET))
    return out


class Page(HTMLParser):
    """The elements of the page, its text, and what in it would fetch or run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.outside: list[str] = []
        self.text = ""
        self.widths: list[float] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        for name, value in attrs:
            if name in ("src", "href", "style", "srcset", "action") or name.startswith("on"):
                self.outside.append(f"{tag} {name}")
            if tag == "rect" and name == "width" and str(value).endswith("%"):
                self.widths.append(float(str(value)[:-1]))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_fetches_nothing_and_allows_only_its_own_style(finished: Path) -> None:
    text = (finished / SUMMARY).read_text("utf-8")
    page = Page(text)
    assert page.outside == []
    assert not page.tags.keys() & {"script", "link", "img", "iframe", "object", "base", "form"}
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    assert "url(" not in style[1].replace("url(#hatch)", "")
    assert "@import" not in style[1]
    allowed = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{allowed}'" in text
    assert all(0 < width <= 100 for width in page.widths)


def test_the_page_tells_the_counts_of_the_run(finished: Path) -> None:
    text = (finished / SUMMARY).read_text("utf-8")
    found, told = Finished(finished), Page(text).text
    lines = re.findall(r"<tr.*?</tr>", text)
    for verdict, count in found.totals.counts.items():
        if verdict not in ("out-of-scope", "unreadable"):
            (line,) = (line for line in lines if f"</span> {verdict}</span>" in line)
            assert f'data-name="Cases">{count:,}</td>' in line
    assert "in = out" in told
    assert "the line is truncated" in told
    assert found.manifest.rules["sha256"] in told
    assert "synthea" in told


def test_the_page_says_when_the_counts_do_not_agree(finished: Path, tmp_path: Path) -> None:
    out = copied(finished, tmp_path / "out")
    totals = json.loads((finished / "run.json").read_bytes())
    (out / "run.json").write_text(json.dumps({**totals, "rows": totals["rows"] + 1}), "utf-8")
    write_results(out)
    assert "in ≠ out" in (out / SUMMARY).read_text("utf-8")


def test_names_from_the_input_are_shown_as_text() -> None:
    from kg.bulk.summary import _unjudged

    tally = tallied(Row(Place("<b>.ndjson", 3), error="unreadable", what="<script>"))
    text = _unjudged(tally)
    assert "&lt;b&gt;.ndjson, line 3" in text
    assert "<script>" not in text


def test_memory_does_not_grow_with_the_number_of_cases(tmp_path: Path) -> None:
    found = [finding(f"r{n}", "fail", message="x" * 100) for n in range(4)]

    def peak(count: int) -> int:
        listed, tally = Worklist(tmp_path / WORKLIST), Tally(default())
        tracemalloc.start()
        for number in range(count):
            listed.add(row(*found, case=f"Patient/{number}"))
            tally.add(row(*found, error="" if number % 2 else "unreadable"))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        listed.close()
        return most

    peak(1500)  # so that what Python itself keeps for reuse is there before
    assert peak(1500) < 1.1 * peak(500)


def test_a_bar_is_never_wider_than_its_place() -> None:
    drawn = bar([Part("bad", 1), Part("warn", 0), Part("good", 2)], 3)
    assert [float(w) for w in re.findall(r' width="([\d.]+)%"', drawn)] == [100, 33.33, 66.67]
    assert bar([], 0).count("<rect") == 0


@pytest.mark.parametrize(
    ("count", "whole", "said"),
    [(0, 9, "0%"), (9, 9, "100%"), (0, 0, "0%"), (1, 9999, "<0.1%"), (9998, 9999, ">99.9%")],
)
def test_a_share_is_not_rounded_to_nothing_or_all(count: int, whole: int, said: str) -> None:
    assert share(count, whole) == said


def test_the_command_leaves_results_and_makes_them_again_when_they_are_gone(
    export: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    told = ["check-all", str(export), "--out", str(out), "--workers", "1", "--limit", "2"]
    for name in ("", WORKLIST, SUMMARY):
        if name:
            (out / name).unlink()
        said = CliRunner().invoke(main, told)
        assert said.exit_code in (0, 2), said.output
        assert {WORKLIST, SUMMARY} <= {path.name for path in out.iterdir()}
