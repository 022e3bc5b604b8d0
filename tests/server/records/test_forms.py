"""The form of the check page, sent without its script."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.server.records.posted import EXAMPLE, MARK, Command, checked, refused


def test_a_form_with_a_file_is_read_by_its_suffix_and_its_name_forgotten(
    client: FlaskClient, command: Command
) -> None:
    graph = command(EXAMPLE.read_bytes(), "record.json", verb="case")
    upload = (io.BytesIO(graph), f"{MARK}.ttl")
    answer = client.post("/check", data={"file": upload, "text": "", "payer": "medicare"})
    (verdict,) = json.loads(answer.data)
    assert verdict["input"] == {"file": "record.ttl", "sha256": hashlib.sha256(graph).hexdigest()}
    assert verdict["context"]["payer"] == "medicare"
    assert MARK not in answer.get_data(as_text=True)


def test_a_form_with_a_text_or_the_example_is_judged(client: FlaskClient) -> None:
    raw = EXAMPLE.read_text("utf-8")
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    empty = (io.BytesIO(b""), "")
    form = {"file": empty, "text": raw, "profile": "", "payer": "", "as-of": "", "format": ""}
    pasted = client.post("/check", data=form, headers=browser)
    form |= {"file": (io.BytesIO(b""), ""), "text": "", "example": "1"}
    shipped = client.post("/check", data=form, headers=browser)
    for answer in (pasted, shipped):
        assert answer.content_type == "text/html; charset=utf-8"
        assert '<article class="card bad"' in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"text": " \n"}, "Give one record, as a file or as text"),
        ({"text": "{}", "file": (b"{}", "x.json")}, "Give one record, as a file or as text"),
        ({"text": "{}", "name": MARK}, "The parameters are profile, payer, as-of, all, format"),
        ({"text": "{}", "payer": "none"}, "payer is one of medicare"),
    ],
)
def test_a_form_that_is_not_clear_is_refused(
    form: dict[str, Any], told: str, client: FlaskClient
) -> None:
    sent = {n: (io.BytesIO(v[0]), v[1]) if isinstance(v, tuple) else v for n, v in form.items()}
    sent.setdefault("file", (io.BytesIO(b""), ""))
    assert refused(client.post("/check", data=sent), 400, "bad-parameter") == told


def test_a_form_that_is_none_is_refused(client: FlaskClient) -> None:
    for media in ("multipart/form-data", "multipart/form-data; boundary=x"):
        answer = client.post("/check", data=b"nothing of that", content_type=media)
        refused(answer, 400, "bad-parameter")
    many = {f"field{number}": "x" for number in range(40)} | {"file": (io.BytesIO(b"{}"), "a")}
    refused(client.post("/check", data=many), 413, "too-large")


def test_a_packed_file_in_a_form_is_refused(client: FlaskClient) -> None:
    form = {"file": (io.BytesIO(b"\x1f\x8b\x08\x00"), "x.json.gz")}
    refused(client.post("/check", data=form), 415, "unsupported-media-type")


def test_a_large_file_in_a_form_never_touches_the_disk(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = EXAMPLE.read_bytes() + b" " * 900_000
    boundary, body = encode_multipart({"file": FileStorage(io.BytesIO(raw), "x.json")})
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")  # a temporary file would fail
    media = f"multipart/form-data; boundary={boundary}"
    assert checked(client, body, media) == checked(client, raw)
