"""Which syntax an Accept header gets (RFC 9110 §12.5.1), for headers as real clients send them."""

from __future__ import annotations

import pytest

from server.negotiate import GRAPHS, HTML, TABLES, Syntax, chosen

CLIENTS = {  # what is sent: what a table, a graph and the bare address of the endpoint come as
    "nothing": ("", "json", "turtle", "turtle"),
    "curl": ("*/*", "json", "turtle", "turtle"),
    "Chromium": (
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
        "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
        *("xml", "rdfxml", "html"),
    ),
    "Firefox": (
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        *("xml", "rdfxml", "html"),
    ),
    "Java, with q-values that the grammar does not have": (
        "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
        *("json", "turtle", "html"),
    ),
    "Jena, a SELECT": (
        "application/sparql-results+json, application/sparql-results+xml;q=0.9, "
        "text/tab-separated-values;q=0.7, text/csv;q=0.5, application/json;q=0.2, "
        "application/xml;q=0.2, */*;q=0.1",
        *("json", "jsonld", "jsonld"),
    ),
    "Jena, a CONSTRUCT": (
        "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,"
        "application/rdf+xml;q=0.7,*/*;q=0.3",
        *("json", "turtle", "turtle"),
    ),
    "RDF4J, a SELECT": (
        "application/x-binary-rdf-results-table;q=0.8, application/sparql-results+json;q=0.8, "
        "application/json;q=0.8, application/sparql-results+xml;q=0.9, application/xml;q=0.8, "
        "text/csv;q=0.8, text/tab-separated-values;q=0.8",
        *("xml", "jsonld", "jsonld"),
    ),
    "RDF4J, a CONSTRUCT": (
        "application/rdf+xml;q=0.5, application/x-turtlestar;q=0.8, text/turtle;q=0.8, "
        "application/n-triples;q=0.8, application/ld+json;q=0.8, application/x-binary-rdf, "
        "application/n-quads;q=0.8, application/trig;q=0.8, application/xml;q=0.5",
        *("xml", "turtle", "turtle"),
    ),
    "YASGUI, a SELECT": ("application/sparql-results+json,*/*;q=0.9", "json", "turtle", "turtle"),
    "YASGUI, a CONSTRUCT": ("text/turtle,*/*;q=0.9", "json", "turtle", "turtle"),
    "SPARQLWrapper, for JSON": (
        "application/sparql-results+json,application/json,text/javascript,application/javascript",
        *("json", "jsonld", "jsonld"),
    ),
    "rdflib, for either": (
        "application/sparql-results+xml,application/rdf+xml",
        *("xml", "rdfxml", "rdfxml"),
    ),
    "Comunica": (
        "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,"
        "application/n-triples;q=0.8,application/sparql-results+json,"
        "application/sparql-results+xml;q=0.8,text/turtle;q=0.6,application/rdf+xml;q=0.5,*/*;q=0.1",
        *("json", "nquads", "nquads"),
    ),
    "Python's requests": ("*/*", "json", "turtle", "turtle"),
    "JSON and nothing else": ("application/json", "json", "jsonld", "jsonld"),
    "a browser's fetch of CSV": ("text/csv", "csv", None, None),
}
RULES = {
    "the highest q-value wins": ("text/csv;q=0.3, text/tab-separated-values;q=0.8", "tsv", None),
    "the order of the header is none": ("application/xml;q=0.5, text/turtle", "xml", "turtle"),
    "a range covers what is served": ("text/*", "csv", "turtle"),
    "a named type beats a range of the same q-value": ("*/*, text/csv", "csv", "turtle"),
    "the most specific range tells the q-value": ("*/*, text/*;q=0", "json", "ntriples"),
    "nothing acceptable": ("application/foo", None, None),
    "a q-value of zero refuses": ("*/*;q=0", None, None),
    "refused by name": ("application/sparql-results+json;q=0, */*", "xml", "turtle"),
    "all but one refused": ("text/csv, */*;q=0", "csv", None),
    "letters of any case": ("TEXT/Turtle;Q=1", None, "turtle"),
    "parameters do not matter": ('text/turtle; charset="utf-8";version=1.1', None, "turtle"),
    "a q-value of three digits": ("text/csv;q=0.001, application/foo", "csv", None),
}
MALFORMED = (
    *(";;;,,,", "q=0", "text", "/", "*/", "é", "text/csv/more", "a" * 5_000, "," * 5_000),
    *("\x00", "<script>", "text turtle", ";q=1"),
)


def names(accept: str, *offered: tuple[Syntax, ...]) -> list[str | None]:
    found = (chosen(accept, syntaxes) for syntaxes in offered)
    return [None if syntax is None else syntax.name for syntax in found]


@pytest.mark.parametrize("client", CLIENTS)
def test_clients_get_what_they_can_read(client: str) -> None:
    accept, *wanted = CLIENTS[client]
    assert names(accept, TABLES, GRAPHS, (*GRAPHS, HTML)) == wanted


@pytest.mark.parametrize("rule", RULES)
def test_the_rules_of_negotiation_hold(rule: str) -> None:
    accept, *wanted = RULES[rule]
    assert names(accept, TABLES, GRAPHS) == wanted


@pytest.mark.parametrize("accept", MALFORMED, ids=range(len(MALFORMED)))
def test_a_header_that_names_no_media_type_is_none(accept: str) -> None:
    assert names(accept, TABLES, GRAPHS) == ["json", "turtle"]


@pytest.mark.parametrize("q", ["abc", "5", "1.0.0", "", "0x1"])
def test_a_q_value_that_is_none_counts_as_one(q: str) -> None:
    assert names(f"text/csv;q={q}, application/json;q=0.9", TABLES) == ["csv"]


def test_every_media_type_asked_for_is_known_to_one_syntax_of_its_kind() -> None:
    for offered in (TABLES, GRAPHS):
        asked = [media for syntax in offered for media in syntax.asked]
        assert len(asked) == len(set(asked))
        assert all(syntax.served.startswith(syntax.asked[0]) for syntax in offered)
