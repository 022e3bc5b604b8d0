"""The index, the query page and YASGUI as they are sent, and where their parts come from."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from kg.knowledge import default
from kg.questions import questions
from server.app import create_app
from server.service import Options

ROOT = Path(__file__).parents[2]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def app() -> Iterator[Flask]:
    made = create_app(Options(workers=1))
    yield made
    made.extensions["m816"].close()


def seen(app: Flask, place: str) -> TestResponse:
    """What a browser gets."""
    return app.test_client().get(place, headers={"Accept": BROWSER})


def test_the_query_page_offers_every_question_that_needs_no_record(app: Flask) -> None:
    text = seen(app, "/sparql").text
    offered = dict(re.findall(r'<option value="([^"]+)" data-text="([^"]+)"', text))
    asked = {each.id: each.text for each in questions(default()).values() if not each.of_case}
    assert {name: unescape(query) for name, query in offered.items()} == asked
    assert len(asked) >= 25


def test_a_page_lets_only_its_own_files_run(app: Flask) -> None:
    for place in ("/", "/sparql"):
        answer = seen(app, place)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script>|<style| style=| on[a-z]+=", answer.text)
        leads = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
        assert leads
        assert all(re.match(r"/(?!/)|#", lead) for lead in leads)


def test_yasgui_is_offered_only_where_it_was_built(app: Flask, tmp_path: Path) -> None:
    app.static_folder = str(tmp_path)
    missing = seen(app, "/yasgui")
    assert missing.status_code == 404
    assert "make ui" in missing.json["detail"]  # type: ignore[index]
    assert "/yasgui" not in seen(app, "/sparql").text
    (tmp_path / "yasgui").mkdir()
    (tmp_path / "yasgui" / "yasgui.min.js").touch()
    assert 'href="/yasgui"' in seen(app, "/sparql").text
    policy = seen(app, "/yasgui").headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self' 'unsafe-inline';" in policy


def test_a_browser_shows_a_result_as_xml_that_can_do_nothing(app: Flask) -> None:
    for query, plain in (
        ("ASK {}", "application/sparql-results+xml"),
        ("CONSTRUCT WHERE { ?s a ?s }", "application/rdf+xml"),
    ):
        shown = app.test_client().get(
            "/sparql", query_string={"query": query}, headers=[("Accept", BROWSER)]
        )
        assert shown.content_type == "application/xml"
        assert "sandbox" in shown.headers["Content-Security-Policy"]
        asked = app.test_client().get(
            "/sparql", query_string={"query": query}, headers=[("Accept", plain)]
        )
        assert asked.content_type == plain
        assert asked.data == shown.data


def test_what_comes_from_npm_is_pinned_and_its_lock_names_no_registry() -> None:
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    assert wanted["private"] is True
    assert "dependencies" not in wanted  # the server runs without any of it
    for name, version in wanted["devDependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    installed = {path: found for path, found in lock["packages"].items() if path}
    assert all(found["integrity"].startswith("sha512-") for found in installed.values())
    assert not [path for path, found in installed.items() if "resolved" in found]
    assert (ROOT / ".npmrc").read_text("utf-8") == "omit-lockfile-registry-resolved=true\n"
