"""``m816 rules``, ``explain`` and ``ask``: every name the graph uses can be asked about."""

import json
from collections.abc import Callable
from pathlib import Path

import pyoxigraph
import pytest
from click.testing import Result

from kg.catalogue import explained, rule_rows
from kg.knowledge import default
from kg.questions import questions

Run = Callable[..., Result]


def test_every_rule_is_listed_once_with_its_source(run: Run) -> None:
    rows = rule_rows(default())
    assert [row["rule"] for row in rows] == [
        row["rule"] for row in json.loads(run("rules", "--format", "json").stdout)
    ]
    assert len({row["rule"] for row in rows}) == len(rows) == len(default().subjects("Rule"))
    for row in rows:
        assert row["severity"] in ("must", "should", "consider")
        for name in ("axis", "authority", "certainty", "sentence", "message", "owner", "cites"):
            assert row[name], f"{row['rule']} has no {name}"
    assert len(run("rules").stdout.splitlines()) == len(rows)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("M81.6", ["Localized osteoporosis [Lequesne]", "M80-M85", "T-M81-excludes1-1", "C2 "]),
        ("m816", ["Code M81.6", "billable", "Osteoporosis (female) (male) > localized"]),
        ("M80.851A", ["M80.851 with seventh character A", "excluded by", "M81 "]),
        ("M81", ["not billable", "its own notes"]),
        ("M80-M85", ["a heading, never reported"]),
        ("Z99.89", ["outside the neighbourhood"]),
        ("M81.61", ["is no code of ICD-10-CM"]),
        ("S15", ["DXA", "rule dxa-site", "There is also a code S15"]),
        ("icd:S15", ["Code S15"]),
        ("C1", ["Disuse", "T-M81.8-inclusion-3", "What follows"]),
        ("C22", ["Source conflict C22", "There is also a code C22"]),
        ("O-05", ["Who:", "Seen at:", "Rule dxa-site"]),
        ("G-0", ["Obligation G-0"]),
        ("dxa-site", ["FinalDXAReport", "derived by", "S15"]),
        ("rule:dxa-site", ["Rule dxa-site"]),
        ("stated-type", ["CONSTRUCT", "G-I.A.19"]),
        ("LocalizedDiagnosis", ["Term m816:LocalizedDiagnosis"]),
    ],
)
def test_explain_tells(name: str, says: list[str], run: Run) -> None:
    result = run("explain", name)
    assert result.exit_code == 0
    for words in says:
        assert words in result.stdout


@pytest.mark.parametrize("name", ["nonsense", "", "M81.6; DROP", "../x", "rule:", "icd:"])
def test_explain_refuses_what_nothing_is_called(name: str, run: Run) -> None:
    assert explained(default(), name) == ""
    assert run("explain", name).exit_code == 2


def test_every_rule_statement_conflict_obligation_code_and_derivation_is_explained() -> None:
    knowledge = default()
    kinds = ("Rule", "Statement", "Code", "SourceConflict", "DocumentationObligation")
    iris = [iri for kind in kinds for iri in knowledge.subjects(kind)]
    names = [knowledge.notation(iri) or iri.rsplit("/", 1)[-1] for iri in iris]
    names += [derivation.id for derivation in knowledge.derivations]
    assert [name for name in names if not explained(knowledge, name)] == []


@pytest.mark.parametrize("name", ["neighbours", "conflicts", "missing", "who-owes-what"])
def test_a_named_query_answers_in_a_table(name: str, data: Path, run: Run) -> None:
    result = run("ask", name, data / "disuse-as-localized.json")
    assert result.exit_code == 0
    assert result.stdout.rstrip().endswith((" rows)", "(1 row)"))
    assert "(0 rows)" not in result.stdout


def test_ask_lists_each_named_query_with_what_it_asks_and_takes(run: Run) -> None:
    told = run("ask", "--list").stdout
    assert told == run("ask").stdout
    for question in questions(default()).values():
        assert f"{question.id}{' RECORD' if question.of_case else ''}" in told
        assert question.asks in told
    assert "code-on-date --set code=M81.6 --set date=2026-05-01\n" in told


def test_ask_takes_values_by_name(run: Run) -> None:
    valid = run("ask", "code-on-date", "--set", "code=M81.6", "--set", "date=2015-09-30").stdout
    assert valid.splitlines()[2].endswith("false")  # ICD-10-CM was adopted the day after


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["code-on-date", "--set", "code=M99.99"], "code: it is to be"),
        (["code-on-date", "--set", "date=tomorrow"], "a date such as 2026-05-01"),
        (["code-on-date", "--set", "x=1"], "it takes code, date"),
        (["oddities", "--set", "x=1"], "it takes no value"),
        (["missing"], "Give a record"),
    ],
)
def test_ask_refuses_what_a_query_does_not_take(words: list[str], says: str, run: Run) -> None:
    result = run("ask", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_file_takes_no_values(tmp_path: Path, run: Run) -> None:
    (tmp_path / "mine.rq").write_text("ASK {}", "utf-8")
    result = run("ask", tmp_path / "mine.rq", "--set", "code=M81.6")
    assert (result.exit_code, "only a named query takes values" in result.stderr) == (2, True)


def _ask(text: str, tmp_path: Path, run: Run) -> Result:
    file = tmp_path / "mine.rq"
    file.write_text(text, "utf-8")
    return run("ask", file)


def test_ask_answers_yes_or_no_and_with_triples(tmp_path: Path, run: Run) -> None:
    assert _ask("ASK { icd:M81.6 m816:billable true }", tmp_path, run).stdout == "yes\n"
    assert _ask("ASK { icd:M81 m816:billable true }", tmp_path, run).stdout == "no\n"
    made = _ask("CONSTRUCT WHERE { icd:M81.6 skos:broader ?above }", tmp_path, run).stdout
    assert len(list(pyoxigraph.parse(made.encode(), pyoxigraph.RdfFormat.TURTLE))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        "SELECT * { SeRvIcE#c\n<http://127.0.0.1/> { ?s ?p ?o } }",
        "SELECT * { { SELECT * { SERVICE SILENT ?where { ?s ?p ?o } } } }",
        "LOAD <http://127.0.0.1/>",
        "INSERT DATA { <a:b> <a:b> <a:b> }",
        "ASK " + "{" * 20_000 + "}" * 20_000,
        "ASK { FILTER(" + "(" * 5_000 + "true" + ")" * 5_000 + ") }",
        "SELECT * WHERE { ?s ?p }",
        "ASK { FILTER ( <a:nothing>(1) ) }",
    ],
)
def test_ask_refuses_in_one_line(text: str, tmp_path: Path, run: Run) -> None:
    result = _ask(text, tmp_path, run)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("m816: mine.rq")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        'ASK { VALUES ?SERVICE { "SERVICE <x>" } } # LOAD',
        "PREFIX SERVICE: <urn:SERVICE:> ASK { VALUES ?x { SERVICE:LOAD <urn:LOAD> '''LOAD''' } }",
    ],
)
def test_a_word_that_only_looks_like_a_keyword_is_no_reason_to_refuse(
    text: str, tmp_path: Path, run: Run
) -> None:
    assert _ask(text, tmp_path, run).stdout == "yes\n"


def test_ask_names_the_queries_there_are(run: Run) -> None:
    result = run("ask", "nonsense")
    assert result.exit_code == 2
    assert all(name in result.stderr for name in questions(default()))
