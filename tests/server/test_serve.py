"""A running ``m816 serve``: what it tells operators, what it logs, what it does when pressed."""

import http.client
import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from server.options import BODIES
from tests.server.served import ASK, PATIENCE, ROOT, SLOW, Served, becomes


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose queries may take a second."""
    served = Served(tmp_path_factory.mktemp("serve"), "--deadline=1")
    yield served
    served.end()


def test_it_answers_where_it_says(server: Served) -> None:
    status, body, _ = server.ask(ASK)
    assert (status, json.loads(body)) == (200, {"head": {}, "boolean": True})
    assert server.ask("/readyz")[:2] == (200, b"ready\n")


def test_it_keeps_a_connection(server: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    ports = set()
    for _ in range(3):
        connection.request("GET", ASK)
        assert connection.getresponse().read()
        assert connection.sock is not None
        ports.add(connection.sock.getsockname()[1])
    connection.close()
    assert len(ports) == 1


def test_it_tells_that_it_lives_while_every_worker_is_busy_and_refuses_who_would_wait_too_long(
    server: Served,
) -> None:
    with ThreadPoolExecutor(24) as clients:
        waiting = [clients.submit(server.ask, f"/sparql?query={quote(SLOW)}") for _ in range(24)]
        assert becomes(lambda: any(one.done() for one in waiting))  # the line is full
        lives = [server.ask("/healthz")[:2] for _ in range(3)]
        unfinished = [one for one in waiting if not one.done()]
        answers = [one.result() for one in waiting]
    assert lives == [(200, b"ok\n")] * 3
    assert unfinished
    problems = [json.loads(body)["type"].rpartition("/")[2] for _, body, _ in answers]
    assert set(problems) == {"busy", "query-timeout"}
    assert {status for status, _, _ in answers} == {503}
    assert all("retry-after" in headers for _, _, headers in answers)
    assert server.ask(ASK)[0] == 200


def test_a_log_line_tells_no_query_and_no_address(server: Served) -> None:
    before = len(server.lines())
    secret = "ASK { ?person ?has 'Ada Lovelace' }"
    server.ask(f"/sparql?query={quote(secret)}")
    server.ask("/sparql", "POST", secret.encode(), Content_Type="application/sparql-query")
    server.ask("/nothing/Lovelace?name=Ada")
    server.ask("/sparql", "LOVELACE")
    assert becomes(lambda: len(server.lines()) >= before + 4)
    assert "Lovelace" not in server.log.read_text()
    assert "LOVELACE" not in server.log.read_text()
    by_get, by_post, lost, other = server.lines()[before:]
    assert list(by_get) == ["time", "method", "route", "status", "ms", "bytes", "query"]
    assert by_get["query"] == by_post["query"]
    assert re.fullmatch("[0-9a-f]{16}", str(by_get["query"]))
    assert (by_get["method"], by_get["route"], by_get["status"]) == ("GET", "/sparql", 200)
    assert (lost["route"], lost["status"], "query" in lost) == ("none", 404, False)
    assert (other["method"], other["status"]) == ("other", 405)


def test_metrics_count_requests_by_route_and_queries_by_how_they_ended(server: Served) -> None:
    def count(name: str) -> float:
        found = re.search(rf"^{re.escape(name)} (\S+)$", server.metrics(), re.M)
        return float(found[1]) if found else 0

    asked = 'm816_requests_total{method="GET",route="/sparql",status="200"}'
    answered = 'm816_jobs_total{outcome="ok",pool="query"}'
    late = 'm816_jobs_total{outcome="query-timeout",pool="query"}'
    before = count(asked), count(answered), count(late)
    server.ask("/sparql?query=ASK%20%7B%20%7D%20%23%20counted")
    server.ask(f"/sparql?query={quote(SLOW)}")
    after = count(asked), count(answered), count(late)
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1]
    assert count('m816_workers{pool="query"}') == 1
    assert count('m816_request_seconds_count{route="/metrics"}') > 0


def test_metrics_count_verdicts_by_their_word(server: Served) -> None:
    record = next((ROOT / "tests" / "records").glob("S09*.json")).read_bytes()
    media = {"Content_Type": "application/fhir+json"}
    assert becomes(lambda: server.ask("/check", "POST", record, **media)[0] == 200)
    told = re.findall(r'^m816_verdicts_total\{verdict="[a-z-]+"\} [1-9]', server.metrics(), re.M)
    assert told


def test_who_sends_a_body_slowly_holds_up_no_query_and_no_check_of_life(server: Served) -> None:
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    slow = []
    for _ in range(BODIES):
        sock = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        sock.sendall(head + b"Content-Length: 50\r\n\r\nASK")
        slow.append(sock)

    def refused() -> bool:
        sent = server.ask("/sparql", "POST", b"ASK {}", Content_Type="application/sparql-query")
        return sent[0] == 503

    try:
        assert becomes(refused)
        assert server.ask(ASK)[0] == 200
        assert server.ask("/healthz")[0] == 200
    finally:
        for sock in slow:
            sock.close()
    assert becomes(lambda: not refused())


def test_a_body_in_chunks_is_read_and_one_that_breaks_off_is_not(server: Served) -> None:
    head = (
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Type: application/sparql-query\r\n"
    )
    chunks = head + b"Transfer-Encoding: chunked\r\n\r\n3\r\nASK\r\n3\r\n {}\r\n0\r\n\r\n"
    assert server.raw(chunks).endswith(b'{"head":{},"boolean":true}')
    before = len(server.lines())
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as sock:
        sock.sendall(head + b"Content-Length: 60\r\n\r\nASK {}")
    assert becomes(lambda: len(server.lines()) > before)
    assert server.lines()[-1]["status"] == 400
    large = (
        head + b"Transfer-Encoding: chunked\r\n\r\n" + 20 * (b"10000\r\n" + 65_536 * b"x" + b"\r\n")
    )
    assert server.raw(large + b"0\r\n\r\n").startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param(b"X: a\rb\r\n", b"400", id="a bare CR"),
        pytest.param(b"X: a\0b\r\n", b"400", id="a NUL"),
        pytest.param(b"X: a\r\n b\r\n", b"400", id="a folded line"),
        pytest.param(b"X: a\r\n" * 500, b"431", id="500 lines"),
        pytest.param(b"Content-Length: 1\r\nContent-Length: 2\r\n", b"400", id="two lengths"),
    ],
)
def test_a_head_that_is_none_is_refused_and_the_server_goes_on(
    server: Served, head: bytes, status: bytes
) -> None:
    answer = server.raw(
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + head + b"\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert server.ask("/healthz")[0] == 200
