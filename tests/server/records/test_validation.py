"""``POST /validate``: the SHACL report on case graphs as they are."""

from __future__ import annotations

import rdflib
from flask.testing import FlaskClient
from rdflib.compare import to_isomorphic

from tests.server.records.posted import EXAMPLE, Command, checked, refused


def test_a_derived_graph_gets_the_report_that_its_record_gets(
    client: FlaskClient, command: Command
) -> None:
    raw = EXAMPLE.read_bytes()
    derived = command(raw, "record.json", "--derived", verb="case")
    report = checked(client, raw, query_string={"format": "turtle"})
    answer = client.post("/validate", data=derived, content_type="text/turtle")
    assert answer.content_type == "text/turtle; charset=utf-8"
    assert _graph(answer.data, "turtle") == _graph(report, "turtle")
    for media, form in (("application/ld+json", "json-ld"), ("application/n-triples", "nt")):
        asked = {"headers": {"Accept": media}}
        other = client.post("/validate", data=derived, content_type="text/turtle", **asked)
        assert other.content_type == media
        assert _graph(other.data, form) == _graph(report, "turtle")


def _graph(raw: bytes, form: str) -> rdflib.Graph:
    return to_isomorphic(rdflib.Graph().parse(data=raw, format=form))


def test_a_graph_that_was_not_derived_is_told_so(client: FlaskClient, command: Command) -> None:
    asserted = command(EXAMPLE.read_bytes(), "record.json", verb="case")
    answer = client.post("/validate", data=asserted, content_type="text/turtle")
    graph = rdflib.Graph().parse(data=answer.data)
    shapes = {str(shape) for shape in graph.objects(None, rdflib.SH.sourceShape)}
    assert shapes == {"https://w3id.org/m816/rule/case-is-derived"}


def test_case_graphs_are_validated_each_by_itself(client: FlaskClient) -> None:
    typed = '<urn:m816:case/{0}> a m816:Case ; m816:derivedWith "x" .'
    text = "@prefix m816: <https://w3id.org/m816/> .\n"
    text += "".join(f"<a:{name}> {{ {typed.format(name)} }}\n" for name in ("one", "two"))
    answer = client.post("/validate", data=text, content_type="application/trig")
    assert b"sh:conforms true" in answer.data
    both = client.post("/validate", data=text.replace('m816:derivedWith "x"', "a m816:Any"))
    refused(both, 415, "unsupported-media-type")
    text = text.replace('; m816:derivedWith "x"', "")
    answer = client.post("/validate", data=text, content_type="application/trig")
    assert answer.data.count(b"a sh:ValidationResult") == 2
