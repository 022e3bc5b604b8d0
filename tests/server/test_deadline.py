"""Queries that would run for hours, fill the memory or the network: refused in time, then peace."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from server.service import Options
from tests.server.hostile import SHAPES, children, refused
from tests.server.served import PATIENCE, SLOW, Served, becomes
from tests.server.stores import client_of

QUERY = "application/sparql-query"
DEADLINE = 1.0
ALL = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
ROWS = "\n".join(f"VALUES ?v{n} {{ {'1 2 3 4 5 6 7 8 9 ' * 10} }}" for n in range(7))
TEN = "1234567890"
DOUBLED = " ".join(f"BIND(CONCAT({','.join([f'?v{n}'] * 10)}) AS ?v{n + 1})" for n in range(8))
LONG = f"BIND('{TEN}' AS ?v0) {DOUBLED}"
HOSTILE = {
    "three times everything": f"SELECT (COUNT(*) AS ?n) {{ {ALL} }}",
    "three times everything, sorted": f"SELECT * {{ {ALL} }} ORDER BY ?c ?f ?i",
    "three times everything, distinct": f"SELECT DISTINCT ?c ?f ?i {{ {ALL} }}",
    "three times everything, as a graph": f"CONSTRUCT {{ ?a ?e ?i }} {{ {ALL} }}",
    "seven blocks of values": f"SELECT * {{ {ROWS} }}",
    "a path both ways": "SELECT (COUNT(*) AS ?n) { ?s (<urn:p>|!<urn:p>)* ?o . ?o ?p ?x }",
    "a path within a path": "SELECT * { ?s (((!<urn:p>)*)*)* ?o }",
    "a filter that never holds": f"ASK {{ {ALL} FILTER(?a = ?i && ?a != ?i) }}",
    "a string doubled": f"SELECT ?v8 {{ {LONG} }}",
    "strings joined": f"SELECT (GROUP_CONCAT(?v6) AS ?v) {{ ?s ?p ?o {LONG} }}",
    "a subselect without end": f"SELECT * {{ {{ SELECT ?a {{ {ALL} }} }} ?a ?p ?o }}",
    "rows of values joined": SHAPES["VALUES blocks"](700),
    "triples joined": SHAPES["triples"](900),
    "a chain of steps": SHAPES["path steps"](1_500),
    "sums": SHAPES["+"](1_900),
}


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    with client_of(Options(deadline=DEADLINE, memory=400 << 20, result=1_000_000)) as made:
        assert becomes(lambda: made.get("/readyz").status_code == 200)
        yield made


def used() -> dict[int, int]:
    """The processor time, in ticks, of each process that came of this one."""
    ticks = {}
    for pid in children(os.getpid()):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks[pid] = int(fields[11]) + int(fields[12])
    return ticks


@pytest.mark.parametrize("name", HOSTILE)
def test_what_takes_too_much_is_refused_in_time_and_leaves_the_processor(
    client: FlaskClient, name: str
) -> None:
    text, began = HOSTILE[name], time.monotonic()
    answer = client.post("/sparql", data=text, content_type=QUERY)
    assert time.monotonic() - began < DEADLINE + 5  # half a second where nobody else computes
    if answer.status_code != 200:
        status, problem = refused(answer, text)
        assert status == 503
        assert problem in {"query-timeout", "query-memory", "result-too-large"}
        assert "Retry-After" in answer.headers or problem != "query-timeout"
    else:
        assert len(answer.data) == int(answer.headers["Content-Length"]) <= 1_000_000
    right_after = client.post("/sparql", data="ASK {}", content_type=QUERY)
    assert right_after.get_json(force=True) == {"head": {}, "boolean": True}
    before = used()
    time.sleep(0.1)
    after = used()
    assert [pid for pid in before if after.get(pid, 0) - before[pid] > 3] == []


def test_a_result_is_whole_or_refused(client: FlaskClient) -> None:
    """Just below the limit and just above it."""
    row = len('{"v":{"type":"literal","value":""}},') + 1_000
    for count, status in ((900_000 // row, 200), (1_100_000 // row, 503)):
        values = f"SELECT ?v {{ {{ SELECT ?s {{ ?s ?p ?o }} LIMIT {count} }} BIND(?x AS ?v) }}"
        long = f"BIND(CONCAT({','.join([repr('x' * 100)] * 10)}) AS ?x)"
        text = values.replace("BIND(?x", f"{long} BIND(?x")
        answer = client.post("/sparql", data=text, content_type=QUERY)
        assert answer.status_code == status
        assert status == 503 or len(answer.get_json(force=True)["results"]["bindings"]) == count
        assert status == 200 or refused(answer) == (503, "result-too-large")


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(.*a){20}", "a{1,900}{1,900}", "(?R)"])
def test_a_pattern_that_goes_back_and_forth_takes_no_longer(
    client: FlaskClient, pattern: str
) -> None:
    text = f"ASK {{ FILTER(REGEX('{'a' * 5_000}b', '{pattern}')) }}"
    answer = client.post("/sparql", data=text, content_type=QUERY)
    assert answer.status_code == 200 or refused(answer)[0] in (400, 503)


def test_clients_that_leave_take_nothing_with_them(tmp_path: Path) -> None:
    server = Served(tmp_path, "--deadline=0.5", "--workers=2")
    try:
        answering = next(iter(children(server.process.pid)))
        wait = server.ask("/readyz")
        assert wait[0] == 200

        def descriptors() -> int:
            return len(os.listdir(f"/proc/{answering}/fd"))

        assert becomes(lambda: server.ask("/check", "POST", b"{}")[0] == 415)
        before = descriptors()
        request = f"GET /sparql?query={quote(SLOW)} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        for _ in range(100):
            with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as sock:
                sock.sendall(request)
        assert becomes(lambda: server.ask("/sparql?query=ASK%7B%7D%23now")[0] == 200)
        assert becomes(lambda: 'm816_jobs_waiting{pool="query"} 0.0' in server.metrics())
        assert becomes(lambda: descriptors() <= before + 2)  # at most two workers more
        assert "Z" not in children(server.process.pid).values()
        assert server.ask("/sparql?query=ASK%7B%7D%23then")[0] == 200
    finally:
        server.end()
