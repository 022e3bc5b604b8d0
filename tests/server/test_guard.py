"""The look at a query before any engine has it: what it finds, what it passes over, how long."""

from __future__ import annotations

import random
import time

import pytest

from kg.guard import MAX_CLAUSES, MAX_DEPTH, MAX_OPERATORS, MAX_PATTERNS, overlook
from tests.server.hostile import KIB64, SHAPES, filling

U = "<http://127.0.0.1/>"
FETCHING = {
    "plain": f"ASK {{ SERVICE {U} {{}} }}",
    "no space": f"ASK {{ {{}}SERVICE{U}{{}} }}",
    "mixed case": f"ASK {{ SeRvIcE {U} {{}} }}",
    "a comment within": f"ASK {{ SERVICE#c\n{U} {{}} }}",
    "a comment before that ends with CR": f"ASK {{ #c\rSERVICE {U} {{}} }}",
    "silent": f"ASK {{ SERVICE SILENT {U} {{}} }}",
    "silent without space": f"ASK {{ SERVICESILENT{U}{{}} }}",
    "a variable": "ASK { SERVICE ?v {} }",
    "the empty prefix": f"PREFIX : {U} ASK {{ SERVICE:p{{}} }}",
    "a prefix without space": f"PREFIX x: {U} ASK {{ SERVICEx:p#c\n{{}} }}",
    "after a number": f"PREFIX : {U} ASK {{ ?s ?p 1SERVICE:p{{}} }}",
    "after a boolean": f"ASK {{ ?s ?p trueSERVICE{U}{{}} }}",
    "after a boolean and a dot": f"ASK {{ ?s ?p true.SERVICE{U}{{}} }}",
    "after a name with an escaped hash": f"ASK {{ ?s ?p x:a\\# . SERVICE {U} {{}} }}",
    "after a name with a middle dot": f"ASK {{ ?s ?p x:a·\\# . SERVICE {U} {{}} }}",
    "after a language tag": f"ASK {{ ?s ?p 'a'@en SERVICE {U} {{}} }}",
    "after two strings that look like one": f'ASK {{ VALUES ?v {{"""a" }} SERVICE {U} {{}} }}',
    "in a long string with a bad escape": (
        f'ASK {{ VALUES ?v {{"""a" }} SERVICE {U} {{}} #\\q"""\n }}'
    ),
    "in a long string with half a character": (
        f'ASK {{ VALUES ?v {{"""a" }} SERVICE {U} {{}} #\\uD800"""\n }}'
    ),
    "between a less-than sign and a string": (
        f"ASK {{ FILTER(1<'x>')SERVICE {U} {{}} FILTER('y') }}"
    ),
    "between a less-than sign and a comment": (
        f"ASK {{ FILTER(1<2#>'''\n)SERVICE {U} {{}} #'''\n }}"
    ),
    "after an IRI that only some engines take for one": (
        f'ASK {{ <u:"> ?p ?o . SERVICE {U} {{}} #"\n }}'
    ),
    "after a bracket that looks like an IRI": (
        f"PREFIX : {U} ASK {{ FILTER(1<(2>1)) SERVICE:p{{}} }}"
    ),
    "after a name with two dots": "ASK { ?s ?p x:a.b.SERVICE?v {} }",
    "in EXISTS": f"ASK {{ FILTER EXISTS {{ SERVICE {U} {{}} }} }}",
    "in a subselect": f"ASK {{ {{ SELECT * {{ SERVICE {U} {{}} }} }} }}",
    "escaped": f"ASK {{ \\u0053ERVICE {U} {{}} }}",
    "escaped long": f"ASK {{ \\U00000053ERVICE {U} {{}} }}",
    "escaped as rdflib reads it": f"ASK {{ \\U0053ERVICE {U} {{}} }}",
    "letters that are the same in capitals": f"ASK {{ \u017fERV\u0131CE {U} {{}} }}",
    "a quote that is escaped": f"ASK {{ ?s ?p '\\u0027 . SERVICE {U} {{}} #' }}",
    "LOAD": f"LOAD {U}",
    "LOAD of a name": f"PREFIX : {U} LOAD:p",
    "LOAD without space": f"PREFIX x: {U} LOADSILENTx:p",
    "LOAD second": f"PREFIX : {U} INSERT DATA {{}};LOAD:p",
}
INNOCENT = {
    "variables": "ASK { ?SERVICE ?p $LOAD }",
    "prefixes": "PREFIX SERVICE: <urn:s> PREFIX load: <urn:l> ASK { SERVICE:a load:b SERVICE:c }",
    "a graph by name": "PREFIX service: <urn:s> ASK { GRAPH service:g { ?s ?p ?o } }",
    "a dataset by name": "PREFIX load: <urn:l> ASK FROM load:g FROM NAMED load:h {}",
    "a description by name": "PREFIX load: <urn:l> DESCRIBE load:a",
    "an update by name": "PREFIX load: <urn:l> WITH load:g DELETE { ?s ?p 1 } WHERE { ?s ?p 1 }",
    "local names": "ASK { ?s x:SERVICE x:a.LOAD, x:SERVICE\\#LOAD, :SERVICE, _:SERVICE }",
    "strings": """ASK { ?s ?p "SERVICE", 'LOAD', '''SERVICE''' }""",
    "a long string": 'ASK { ?s ?p """LOAD "" \\" SERVICE""" }',
    "comments": f"ASK {{ # SERVICE {U} LOAD\n}}",
    "IRIs": "ASK { <http://x/SERVICE#LOAD> ?p <urn:SERVICE> }",
    "words that hold them": "ASK { ?payload x:services 'downloads' }",
    "a language tag": "ASK { ?s ?p 'a'@en-SERVICE }",
}


@pytest.mark.parametrize("text", FETCHING.values(), ids=FETCHING)
def test_what_an_engine_would_fetch_is_seen(text: str) -> None:
    assert overlook(text).fetches
    assert overlook(text.swapcase().replace(U.upper(), U)).fetches or "\\" in text


@pytest.mark.parametrize("text", INNOCENT.values(), ids=INNOCENT)
def test_what_only_looks_like_it_is_let_pass(text: str) -> None:
    assert overlook(text).fetches == ""


def test_the_line_of_what_is_refused_is_told() -> None:
    assert overlook(f"ASK {{\n\n SERVICE {U} {{}} }}").line == 3


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("PREFIX select: <urn:s> # ASK\nCONSTRUCT WHERE { ?s ?p 'SELECT' }", "CONSTRUCT"),
        ("BASE <urn:x> sElEcT * {}", "SELECT"),
        ("PREFIX : <urn:> DESCRIBE:x", "DESCRIBE"),
        ("PREFIX : <urn:> WITH:g DELETE {} WHERE {}", "UPDATE"),
        ("CLEAR ALL", "UPDATE"),
        ("nothing", ""),
    ],
)
def test_the_form_is_the_first_word_that_is_one(text: str, form: str) -> None:
    assert overlook(text).form == form


@pytest.mark.parametrize(
    ("text", "dataset", "volatile"),
    [
        ("SELECT * FROM <urn:g> {}", True, False),
        ("PREFIX : <urn:> SELECT*FROM:g{}", True, False),
        ("PREFIX from: <urn:> SELECT (from:f(1) AS ?rand) { ?from ?p 'NOW' }", False, False),
        ("SELECT (true-rand() AS ?x) {}", False, True),
        ("SELECT (NOW#c\n() AS ?x) {}", False, True),
    ],
)
def test_datasets_and_what_changes_each_time_are_told(
    text: str, dataset: bool, volatile: bool
) -> None:
    seen = overlook(text)
    assert (seen.dataset, seen.volatile) == (dataset, volatile)


LIMITS = {
    "{": (MAX_DEPTH - 1, "levels of nesting"),
    "(": (MAX_DEPTH - 2, "levels of nesting"),
    "MINUS": (MAX_CLAUSES - 1, "clauses"),
    "!": (MAX_OPERATORS, "operators"),
    "+": (MAX_OPERATORS + 1, "operators"),
    "path steps": (MAX_OPERATORS + 1, "operators"),
    "triples": (MAX_PATTERNS + 1, "triple patterns"),
    "objects": (MAX_PATTERNS + 1, "triple patterns"),
    "property list": (MAX_PATTERNS + 1, "triple patterns"),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_reached_and_not_passed(name: str) -> None:
    most, what = LIMITS[name]
    assert overlook(SHAPES[name](most)).fault == ""
    assert what in overlook(SHAPES[name](most + 1)).fault


ORDINARY = {
    "3,000 rows": f"SELECT * {{ VALUES ?v {{ {'<urn:code> ' * 3_000} }} }}",
    "3,000 typed rows": f"SELECT * {{ VALUES (?v ?w) {{ {'(-1 2.5) ' * 3_000} ('a'^^x:t 1) }} }}",
    "500 patterns": f"SELECT * {{ {' '.join(f'?a{i} x:p ?a{i + 1} .' for i in range(500))} }}",
    "5,000 codes in a list": f"ASK {{ ?s ?p ?o FILTER(?o IN ({','.join(['1'] * 5_000)})) }}",
    "300 negations": f"ASK {{ {'FILTER(!?a) ' * 300} }}",
    "an update of 60 kB": f"INSERT DATA {{ {'<urn:a> <urn:b> 1 . ' * 3_000} }}",
}


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY)
def test_a_large_and_ordinary_query_passes(text: str) -> None:
    assert len(text) <= KIB64
    assert overlook(text).fault == ""


UNITS = (
    *("a.", "a-", "a:.", ":a..", "a:%41", "a:\\.", "<a", "<a ", "<a#", "<\\u0041", '"', '"""'),
    *("'''", '"""\\', '\\"""\n', "\\'''\n", "#", "\n", "\\", "\\u", "\\u0041", "\\u0022\\u005c"),
    *("@a-", "@", "1.", "1e", "...", "{", "(", "}", "!", "^^", "^", "--", "service", "service:"),
    *("SERVICE:a.", "·.", "\x00", "VALUES{", ";", "  ", "~", "?", "prefix a:", "load '''"),
)


def test_no_text_takes_long_to_look_over() -> None:
    """16 kB take some hundredths of a second; a pattern that tries again and again, ten seconds."""
    chosen = random.Random(816)
    mixed = ["".join(chosen.choices(UNITS, k=4)) for _ in range(10)]
    for unit in (*UNITS, *mixed):
        text = (unit * 16_384)[:16_384]
        for hostile in ("SERVICE:p " + text, text + "load '''"):
            began = time.process_time()
            overlook(hostile)
            assert time.process_time() - began < 2, repr(unit)


@pytest.mark.parametrize("shape", ["(", "{", "!", "path groups", "OPTIONAL within", "objects"])
def test_a_deep_or_long_text_is_found_too_complex(shape: str) -> None:
    assert overlook(filling(SHAPES[shape])).fault
