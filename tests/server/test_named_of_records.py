"""The pages of the named queries, and the questions that are asked of a record."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from kg.__main__ import main
from tests.server.asked import (
    CSV,
    HTML,
    JSON,
    KNOWN,
    RECORDS,
    TURTLE,
    get,
    post,
    serving,
    shown,
    told,
)

OF_CASES = {name: each for name, each in KNOWN.items() if each.of_case}


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    """A client of the application."""
    with serving() as made:
        yield made


# --- pages


def test_the_page_shows_form_answer_and_the_query_as_it_ran(client: FlaskClient) -> None:
    got = get(client, "neighbours", HTML, code="M81.0")
    assert 'name="code" value="M81.0"' in got.text
    assert "7 rows" in got.text
    assert '<a href="/doc/code/M80">M80</a>' in got.text
    assert "ICD10CM/M81.0&gt; }" in got.text
    assert "format=csv" in got.text


def test_a_choice_among_few_is_a_list_with_what_is_chosen(client: FlaskClient) -> None:
    assert (
        "<option selected>rheumatology</option>"
        in get(client, "obligations-of-specialty", HTML).text
    )
    assert "<option selected>source-page</option>" in get(client, "causes", HTML).text
    chosen = get(client, "obligations-of-specialty", HTML, specialty="m816:radiology").text
    assert "<option selected>radiology</option>" in chosen
    assert "<option selected>true</option>" in get(client, "treatments", HTML, systemic="true").text


def test_an_empty_field_of_the_form_is_no_value(client: FlaskClient) -> None:
    assert get(client, "treatments", CSV, systemic="").data == get(client, "treatments").data


def test_a_page_says_yes_no_or_that_there_is_nothing(client: FlaskClient) -> None:
    assert ">Yes<" in get(client, "may-not-stand-together", HTML).text
    assert ">No<" in get(client, "may-not-stand-together", HTML, other="G90.5").text
    assert "There is nothing." in get(client, "deprecated-terms", HTML).text


def test_what_is_given_is_shown_as_text(client: FlaskClient) -> None:
    got = get(client, "index-lookup", HTML, words="<script>alert('x')</script>")
    assert got.status_code == 200
    assert "<script>" not in got.text
    assert "&lt;script&gt;" in got.text


def test_an_address_that_is_not_ascii_is_refused(client: FlaskClient) -> None:
    odd = {"QUERY_STRING": "words=\xff"}
    got = client.get("/queries/index-lookup", environ_overrides=odd)
    assert (got.status_code, got.content_type) == (400, "application/problem+json")
    sent = {"data": b"{}", "content_type": JSON, "environ_overrides": odd}
    assert client.post("/queries/words-read", **sent).status_code == 400


# --- questions about cases


def test_without_a_record_there_is_the_page_only(client: FlaskClient) -> None:
    page = get(client, "missing", HTML)
    assert page.status_code == 200
    assert 'enctype="multipart/form-data"' in page.text
    assert get(client, "missing", JSON).status_code == 406


@pytest.mark.parametrize("name", OF_CASES)
def test_a_question_is_answered_of_a_record_as_the_command_does(
    client: FlaskClient, name: str
) -> None:
    record = "us-core-dxa.json"
    rows = shown(post(client, name, record, JSON))
    assert [" ".join(" ".join(row).split()) for row in rows] == told(name, RECORDS / record)


def test_nothing_of_a_record_is_left_for_the_next(client: FlaskClient) -> None:
    first = post(client, "missing", "bare-code.json")
    other = post(client, "missing", "us-core-dxa.json")
    assert len({first.data, other.data}) == 2
    assert post(client, "missing", "bare-code.json").data == first.data
    assert post(client, "missing", "author-a.json").text.count("\n") == 1  # the head
    for got in (first, other):
        assert got.headers["Cache-Control"] == "no-store"
        assert "ETag" not in got.headers


def test_a_record_comes_in_any_form_that_is_checked(client: FlaskClient) -> None:
    raw = (RECORDS / "bare-code.json").read_bytes()
    wanted = post(client, "missing", "bare-code.json").data
    graph = CliRunner().invoke(main, ["case", str(RECORDS / "bare-code.json"), "--derived"])
    forms: list[dict[str, object]] = [
        {"data": graph.stdout_bytes, "content_type": TURTLE},
        {"data": {"file": (io.BytesIO(raw), "record.json")}, "content_type": "multipart/form-data"},
        {"data": {"text": raw.decode()}, "content_type": "multipart/form-data"},
    ]
    for form in forms:
        got = client.post("/queries/missing", headers={"Accept": CSV}, **form)
        assert (got.status_code, got.data) == (200, wanted)
    example = {"data": {"example": "1"}, "content_type": "multipart/form-data"}
    page = client.post("/queries/obligations-of-case", headers={"Accept": HTML}, **example)
    assert page.status_code == 200
    assert "see the verdict" in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_a_value_and_a_record_are_given_together(client: FlaskClient) -> None:
    raw = (RECORDS / "author-a.json").read_bytes()
    path = "/queries/words-read?concept=m816:fractureStated"
    got = client.post(path, data=raw, content_type=JSON, headers={"Accept": CSV})
    assert got.text.count("negated") == got.text.count("\n") - 1 == 1
    bad = client.post("/queries/words-read?concept=x", data=raw, content_type=JSON)
    assert json.loads(bad.data)["type"].endswith("/bad-parameter")


def test_a_record_that_cannot_be_read_is_refused(client: FlaskClient) -> None:
    for raw in (b"", b"{", b'{"resourceType": "Basic"}'):
        got = client.post("/queries/missing", data=raw, content_type=JSON)
        assert json.loads(got.data)["type"].endswith("/unreadable-record")
    got = client.post("/queries/missing", data=b"x", content_type="text/plain")
    assert got.status_code == 415


def test_a_question_about_the_graph_takes_no_record(client: FlaskClient) -> None:
    got = post(client, "neighbours", "bare-code.json")
    assert (got.status_code, got.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("name", ["neighbours", "missing"])
def test_a_browser_of_another_origin_may_ask(client: FlaskClient, name: str) -> None:
    got = client.options(f"/queries/{name}")
    assert got.status_code == 204
    assert got.headers["Access-Control-Allow-Origin"] == "*"
    assert ("POST" in got.headers["Allow"]) == KNOWN[name].of_case
