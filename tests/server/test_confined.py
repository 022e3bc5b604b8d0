"""What reaches an engine without the guard: nobody is asked, no stack runs out, the pool lives."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from server.engines import Asked
from server.pool import Pool
from server.problems import Problem
from server.worker import Settings
from tests.server.hostile import SHAPES, Canary, canary, filling
from tests.server.test_guard import FETCHING

READ_BY_RDFLIB = (
    *("plain", "silent", "in EXISTS", "in a subselect", "escaped", "escaped long"),
    *("escaped as rdflib reads it", "letters that are the same in capitals", "the empty prefix"),
)
# Of these, one of 64 kB ends a process that has a stack of 8 MiB.
DEEP = (
    *("||", "&&", "+", "-", "comparisons", "MINUS", "MINUS triple", "BIND", "BIND of BIND"),
    *("OPTIONAL triple", "UNION", "GRAPH", "triples", "property list", "objects", "collection"),
    *("path steps", "DESCRIBE", "HAVING", "(", "!", "function", "IF", "{", "[", "collections"),
    *("path groups", "path inverses", "OPTIONAL within", "MINUS within", "UNION within"),
    *("GRAPH within", "NOT EXISTS within", "subselect within", "annotations"),
)
ENDS = {"bad-query", "query-timeout", "query-memory", "result-too-large"}


@pytest.fixture(scope="module")
def bird() -> Iterator[Canary]:
    with canary() as server:
        yield server


@pytest.fixture(scope="module")
def impatient() -> Iterator[Pool]:
    """Two workers with little time and memory."""
    pool = Pool(Settings("query", memory=600 << 20), size=2, deadline=0.7, backlog=99)
    assert pool.ready()
    pool.warm()
    yield pool
    pool.close()


def end(pool: Pool, text: str, **more: object) -> str:
    """How a query ends: ok, or the name of the problem."""
    asked = Asked(text, "turtle" if text.startswith("DESCRIBE") else "json", **more)  # type: ignore[arg-type]
    try:
        pool.run({"do": "query", "asked": msgspec.to_builtins(asked)})
    except Problem as problem:
        return problem.name
    return "ok"


@pytest.mark.parametrize("engine", ["oxigraph", "rdflib"])
def test_the_system_lets_no_engine_fetch(engine: str, bird: Canary) -> None:
    pool = Pool(Settings("query", engine), size=1, deadline=30, backlog=1)
    names = READ_BY_RDFLIB if engine == "rdflib" else FETCHING
    url = f"http://127.0.0.1:{bird.port}/x"
    texts = [FETCHING[name].replace("127.0.0.1", f"127.0.0.1:{bird.port}") for name in names]
    texts += [
        f"ASK {{ SERVICE <http://{host}:{bird.port}/> {{}} }}" for host in ("[::1]", "localhost")
    ]
    texts += [f"SELECT * FROM {clause} {{ ?s ?p ?o }}" for clause in (f"<{url}>", f"NAMED <{url}>")]
    texts += ["SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }"]
    try:
        ends = {end(pool, text) for text in texts}
        ends.add(end(pool, "ASK { ?s ?p ?o }", default_graphs=(url,), named_graphs=(url,)))
        assert ends == {"ok", "bad-query"}
        assert end(pool, "ASK {}") == "ok"
    finally:
        pool.close()
    assert bird.hits == 0


def test_the_system_lets_no_update_load(bird: Canary) -> None:
    pool = Pool(Settings("scratch"), size=1, deadline=30, backlog=1)
    try:
        for url in (f"http://127.0.0.1:{bird.port}/x.ttl", "file:///etc/hostname"):
            for text in (f"LOAD <{url}>", f"LOAD <{url}> INTO GRAPH <urn:g>"):
                with pytest.raises(Problem, match="bad-query"):
                    pool.succeed({"do": "update", "text": text, "base": None})
            pool.succeed({"do": "update", "text": f"LOAD SILENT <{url}>", "base": None})
        asked = msgspec.to_builtins(Asked("SELECT ?s { ?s ?p ?o }", "csv"))
        assert pool.run({"do": "query", "asked": asked}).split() == [b"s"]
    finally:
        pool.close()
    assert bird.hits == 0


def test_no_text_of_64_kb_runs_out_of_stack(impatient: Pool) -> None:
    """Each shape as long as it can be, which is far beyond the limits of the guard."""
    texts = {name: filling(SHAPES[name]) for name in DEEP}
    with ThreadPoolExecutor(2) as threads:
        told = dict(
            zip(texts, threads.map(lambda text: end(impatient, text), texts.values()), strict=True)
        )
    assert {name: ended for name, ended in told.items() if ended not in ENDS | {"ok"}} == {}
    assert end(impatient, "ASK {}") == "ok"


@pytest.fixture(scope="module")
def small() -> Iterator[Pool]:
    """A worker with time and little memory."""
    pool = Pool(Settings("query", memory=400 << 20), size=1, deadline=30, backlog=1)
    yield pool
    pool.close()


def test_a_text_that_does_run_out_of_stack_ends_its_worker_only(small: Pool) -> None:
    assert end(small, SHAPES["("](400_000)) == "worker-crashed"
    assert end(small, "ASK {}") == "ok"


def test_a_query_that_takes_all_memory_is_told_so(small: Pool) -> None:
    steps = [f"BIND(CONCAT({','.join([f'?v{n}'] * 8)}) AS ?v{n + 1})" for n in range(9)]
    bomb = f"SELECT ?v9 {{ BIND('12345678' AS ?v0) {' '.join(steps)} }}"
    assert end(small, bomb) == "query-memory"
    assert end(small, "ASK {}") == "ok"
