"""``m816 serve`` as a process: it starts or says why not, stops in order, leaves nothing behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.server.served import ASK, PATIENCE, ROOT, SLOW, Served, alive, becomes, family, kill


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Starts a server that ends with the test."""
    started: list[Served] = []

    def one(*options: str) -> Served:
        started.append(Served(tmp_path, *options))
        return started[-1]

    yield one
    for served in started:
        served.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_stop_lets_a_request_finish_and_leaves_no_process(
    start: Callable[..., Served], number: signal.Signals
) -> None:
    server = start("--deadline=2")
    with ThreadPoolExecutor(1) as client:
        waiting = client.submit(server.ask, f"/sparql?query={quote(SLOW)}")
        time.sleep(0.5)  # it is under way
        pids = family(server.process.pid)
        if number == signal.SIGINT:
            os.killpg(server.process.pid, number)  # as a terminal does
        else:
            server.process.send_signal(number)
        status, body, _ = waiting.result()
    assert (status, json.loads(body)["title"]) == (503, "The deadline has passed")
    assert server.process.wait(PATIENCE) == 0
    assert len(pids) >= 3  # who answers, a zygote, a worker
    assert becomes(lambda: not alive(pids))
    assert "Traceback" not in server.log.read_text()


def test_it_stops_while_it_is_still_loading(start: Callable[..., Served]) -> None:
    server = start()  # the workers that judge records take longer
    pids = family(server.process.pid)
    server.process.terminate()
    assert server.process.wait(PATIENCE) == 0
    assert becomes(lambda: not alive(pids))
    assert server.log.read_text() == ""


def test_when_the_first_process_is_killed_all_others_end(start: Callable[..., Served]) -> None:
    server = start()
    pids = family(server.process.pid)
    server.process.kill()
    assert len(pids) >= 3
    assert becomes(lambda: not alive(pids))


def test_when_the_process_that_answers_is_killed_another_takes_its_place(
    start: Callable[..., Served],
) -> None:
    server = start()
    answering, *others = family(server.process.pid)
    kill(answering, signal.SIGKILL)

    def answers() -> bool:
        try:
            return server.ask(ASK)[0] == 200
        except OSError:
            return False

    assert becomes(answers)
    assert becomes(lambda: not alive(others))


def refused(*options: str) -> str:
    """What it says when it does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "kg", "serve", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


def test_a_port_in_use_is_named_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(f"--port={port}")
    assert said.startswith(f"m816: cannot listen at http://127.0.0.1:{port}: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_scratch_is_for_this_machine_only(host: str) -> None:
    assert "loopback only" in refused("--scratch", f"--host={host}", "--port=0")


def test_scratch_takes_an_update_from_who_has_the_token_it_printed(
    start: Callable[..., Served],
) -> None:
    server = start("--scratch")
    found = re.search(r"^bearer token for updates: ([\w-]{32,})$", server.said, re.M)
    assert found
    update = b"INSERT DATA { <urn:a> <urn:b> <urn:c> }"
    media = {"Content_Type": "application/sparql-update"}
    assert server.ask("/sparql", "POST", update, **media)[0] == 401
    assert (
        server.ask("/sparql", "POST", update, **media, Authorization=f"Bearer {found[1]}")[0] == 204
    )
    assert b"urn:a" in server.ask(f"/sparql?query={quote('SELECT * { ?s ?p ?o }')}")[1]
    assert found[1] not in server.log.read_text()
