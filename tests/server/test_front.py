"""The layer before Flask: what it keeps, what it takes in, and what it says of its own faults."""

import io
import json
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from server import operations, sparql
from server.app import create_app
from server.front import MAX_BODY
from server.kept import REPLIES, Kept
from server.responses import Reply
from server.service import Options, Service

QUERY = "/sparql?query=SELECT+*+%7B+%3Fs+%3Fp+%3Fo+%7D+LIMIT+1"


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    app = create_app(Options(workers=1))
    yield app.test_client()
    app.extensions["m816"].close()


@pytest.fixture
def asked(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Everything a worker is asked while the test runs."""
    jobs: list[object] = []
    run = Service.answer

    def counting(here: Service, job: object) -> bytes:
        jobs.append(job)
        return run(here, job)  # type: ignore[arg-type]

    monkeypatch.setattr(Service, "answer", counting)
    return jobs


def test_the_same_query_goes_to_a_worker_once(client: FlaskClient, asked: list[object]) -> None:
    first, second = client.get(QUERY), client.get(QUERY)
    assert len(asked) == 1
    assert (second.status_code, second.data) == (200, first.data)
    assert list(second.headers) == list(first.headers)
    assert client.get(QUERY, headers={"Accept": "text/csv"}).content_type.startswith("text/csv")
    assert len(asked) == 2


@pytest.mark.parametrize("function", ["RAND", "NOW", "UUID", "STRUUID"])
def test_what_is_new_each_time_is_never_kept(
    client: FlaskClient, asked: list[object], function: str
) -> None:
    address = f"/sparql?query=SELECT+({function}()+AS+%3Fx)+%7B%7D"
    assert client.get(address).status_code == client.get(address).status_code == 200
    assert len(asked) == 2


def test_a_refusal_is_never_kept(client: FlaskClient) -> None:
    assert [client.get("/sparql?query=SELECT").status_code for _ in range(2)] == [400, 400]
    assert client.get(QUERY).headers["ETag"]


def test_who_has_the_answer_is_told_so_whether_it_was_kept_or_not(client: FlaskClient) -> None:
    etag = client.get(QUERY).headers["ETag"]
    again = client.get(QUERY, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert "Content-Length" not in again.headers


def test_the_oldest_reply_goes_first_and_a_large_one_is_not_kept() -> None:
    kept = Kept()
    reply = Reply(200, {"ETag": "x"}, b"x")
    for number in range(REPLIES):
        kept.put(str(number), reply, "")
    assert kept.get("0") == (reply, "")
    kept.put("new", reply, "")
    assert kept.get("1") is None
    assert kept.get("0") is not None
    kept.put("large", Reply(200, {"ETag": "x"}, bytes(100_000)), "")
    kept.put("untagged", Reply(200, {}, b""), "")
    assert kept.get("large") is kept.get("untagged") is None


@pytest.mark.parametrize(
    ("sent", "length", "status"),
    [
        pytest.param(b"ASK {}", 7, 400, id="shorter than announced"),
        pytest.param(b"ASK {}", MAX_BODY + 1, 413, id="announced too large"),
        pytest.param(b"ASK {}", 6, 200, id="as announced"),
    ],
)
def test_a_body_is_as_long_as_announced_or_refused(
    client: FlaskClient, sent: bytes, length: int, status: int
) -> None:
    answer = client.post(
        "/sparql",
        input_stream=io.BytesIO(sent),
        content_type="application/sparql-query",
        environ_overrides={"CONTENT_LENGTH": str(length)},
    )
    assert answer.status_code == status


@pytest.mark.parametrize("path", [QUERY, "/readyz"])
def test_a_fault_of_ours_is_a_problem_and_logged_without_what_was_asked(
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    path: str,
) -> None:
    def broken(*_: object) -> None:
        raise LookupError("Ada Lovelace")

    monkeypatch.setattr(sparql, "direct", broken)
    monkeypatch.setattr(operations, "service", broken)
    answer = client.get(path + "&x=new" if "?" in path else path)
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert "Lovelace" not in answer.text
    fault, line = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert list(fault) == ["time", "error", "at"]
    assert fault["error"] == "LookupError"
    assert fault["at"].startswith("test_front.py:")
    assert line["status"] == 500


@pytest.mark.parametrize("path", ["/", "/doc/", "/queries/code-on-date", "/sparql"])
def test_parameters_that_are_not_urlencoded_are_refused_wherever_they_are_sent(
    client: FlaskClient, path: str
) -> None:
    answer = client.get(path, environ_overrides={"QUERY_STRING": "x=\xff"})
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
