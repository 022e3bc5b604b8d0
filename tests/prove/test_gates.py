"""The gates of ``m816 prove``: a sample of each kind passes, and a gate can be missed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kg.commands.prove import prove
from kg.errors import KnowledgeError
from kg.grammar import parse
from kg.knowledge import default
from kg.prove import Mutant, everything, gate
from kg.prove.cases import trials
from kg.prove.derivations import case_files, changed
from kg.prove.gate import KINDS, equivalents, made, sampled, scored
from kg.prove.variants import variants

MODULES = {kind.module.rsplit(".", 1)[-1]: kind.module for kind in KINDS.values()}


@pytest.mark.parametrize("name", MODULES)
def test_a_sample_of_each_kind_passes_its_gate(name: str) -> None:
    reviewed = equivalents()
    kinds = [key for key, kind in KINDS.items() if kind.module == MODULES[name]]
    mutants = made(kinds, default(), sampled(reviewed))
    for score in scored(kinds, mutants, reviewed):
        survivors = [f"{mutant.of}: {mutant.what}" for mutant in score.survivors]
        assert score.faults(whole=False) == [], survivors


def test_a_derivation_whose_cases_say_too_little_misses_the_gate() -> None:
    derivation = next(each for each in default().derivations if each.id == "live-diagnosis")
    found = trials(case_files()[derivation.id])
    (whole,) = scored(["derivation"], changed(derivation, found), {})
    (poor,) = scored(["derivation"], changed(derivation, found[:1]), {})
    assert whole.faults() == []
    assert whole.tried == poor.tried > 20
    assert any("refuted" in mutant.what for mutant in poor.survivors)
    assert any("needed" in fault for fault in poor.faults())


def _mutants(kind: str, noticed: int, unnoticed: int) -> list[Mutant]:
    seen = [Mutant("x", f"change {n}", kind, "somebody") for n in range(noticed)]
    return [*seen, *(Mutant("x", f"slip {n}", kind, "") for n in range(unnoticed))]


def test_one_survivor_is_too_many_but_among_axioms_one_in_ten_may_be() -> None:
    for kind in KINDS:
        (score,) = scored([kind], _mutants(kind, 90, 10), {})
        assert bool(score.faults()) == (kind != "axiom")
    (score,) = scored(["axiom"], _mutants("axiom", 89, 11), {})
    assert score.faults() == ["89.0% noticed, 90% needed"]


def test_nothing_tried_is_no_success() -> None:
    (score,) = scored(["shape"], [], {})
    assert score.faults() == ["nothing was tried"]


def test_an_equivalent_counts_neither_way_and_more_than_three_in_a_hundred_are_too_many() -> None:
    reviewed = {("shape", "x", f"slip {n}"): "cannot be told apart" for n in range(4)}
    few = {key: reason for key, reason in reviewed.items() if key[2] < "slip 3"}
    (score,) = scored(["shape"], _mutants("shape", 97, 3), few)
    assert score.faults() == []
    assert score.score == 1
    assert score.killed == 97
    (score,) = scored(["shape"], _mutants("shape", 96, 4), reviewed)
    assert score.faults() == ["4 equivalents of 100 are too many"]


@pytest.mark.parametrize(
    ("what", "why"), [("change 1", "it is noticed"), ("no more", "there is no such change")]
)
def test_an_equivalent_that_is_noticed_or_gone_is_an_error(what: str, why: str) -> None:
    (score,) = scored(["path"], _mutants("path", 50, 0), {("path", "x", what): "reason"})
    assert score.faults() == [f"stale equivalent: x: {what} ({why})"]


def test_a_sample_is_the_same_each_time_and_holds_what_the_list_names() -> None:
    reviewed = {("derivation", "x", "rare"): "reason"}
    chosen = [n for n in range(1000) if sampled({})("derivation", "x", str(n))]
    assert chosen == [n for n in range(1000) if sampled(reviewed)("derivation", "x", str(n))]
    assert 0.5 < len(chosen) * KINDS["derivation"].one_in / 1000 < 2
    assert sampled(reviewed)("derivation", "x", "rare")


@pytest.mark.parametrize(
    "text",
    [
        'equivalent = [{kind="shape", of="x", what="y"}]',
        'equivalent = [{kind="shape", of="x", what="y", reason=""}]',
        'equivalent = [{kind="thing", of="x", what="y", reason="z"}]',
        'equivalent = [{kind="shape", of="x", what="y", reason="z", why="w"}]',
        'equivalent = [{kind="shape",of="x",what="y",reason="z"},'
        '{kind="shape",of="x",what="y",reason="w"}]',
        "equivalent = [",
    ],
)
def test_a_list_of_equivalents_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "equivalents.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(KnowledgeError):
        equivalents(path)


def test_every_change_of_a_derivation_is_told_in_words_of_its_own() -> None:
    for derivation in default().derivations:
        tree = parse(derivation.query)
        found = list(variants(tree))
        assert len({what for what, _ in found}) == len(found) > 0
        assert all(query != tree for _, query in found)


def test_the_command_prints_scores_and_says_by_its_exit_code_whether_the_gate_is_met(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "made", lambda kinds, knowledge, wanted: _mutants("target", 40, 0))
    fine = CliRunner().invoke(prove, ["--kind", "target"])
    assert fine.exit_code == 0
    assert "100.0%" in fine.stdout
    monkeypatch.setattr(gate, "made", lambda kinds, knowledge, wanted: _mutants("target", 40, 1))
    missed = CliRunner().invoke(prove, ["--kind", "target"])
    assert missed.exit_code == 1
    assert "survives: target x: slip 0" in missed.stdout
    assert "gate missed: target" in missed.stdout
    data = json.loads(CliRunner().invoke(prove, ["--kind", "target", "--format", "json"]).stdout)
    assert data[0]["killed"] == 40
    assert data[0]["survivors"] == [{"of": "x", "what": "slip 0"}]


def test_the_command_asks_for_a_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(gate, "EQUIVALENTS", tmp_path / "none.toml")
    found = CliRunner().invoke(prove, ["--fast"])
    assert isinstance(found.exception, KnowledgeError)
    assert "checkout" in str(found.exception)


def test_only_the_kinds_asked_for_are_tried() -> None:
    assert all(everything(kind, "x", "y") for kind in KINDS)
    few = made(["derivation"], default(), lambda kind, of, what: of == "patient-sex")
    assert {mutant.of for mutant in few} == {"patient-sex"}
