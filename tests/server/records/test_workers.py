"""Many clients at once, and workers that may open no file."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor

from click.testing import CliRunner
from flask import Flask

from kg.__main__ import main
from kg.knowledge import default
from server.cases import Cases
from server.pool import Pool
from server.worker import Job, Settings
from tests.server.records.posted import EXAMPLE, FACES, GRAPHS, MEDIA, RECORDS, refused, rewritten


def test_eight_clients_at_once_get_the_answers_that_one_gets(app: Flask) -> None:
    bodies = [path.read_bytes() for path in RECORDS[::15]]
    asked = {"query_string": {"format": "text"}, "headers": {}}

    def ask(raw: bytes) -> bytes:
        for _ in range(100):
            answer = app.test_client().post(
                "/check", data=raw, content_type=MEDIA[".json"], **asked
            )
            if answer.status_code == 200:
                return answer.get_data()
            refused(answer, 503, "busy")
        raise AssertionError("always busy")

    alone = [ask(raw) for raw in bodies]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, bodies * 2)) == alone * 2
    assert len(set(alone)) == len(alone)


def test_a_confined_worker_does_at_once_whatever_it_is_asked() -> None:
    """Each job meets a worker that has done nothing yet and can open no file."""
    cases = Cases(default(), 50_000_000)
    raw = EXAMPLE.read_bytes().replace(b"Initial encounter.", "Initial “encounter”.".encode())
    graph = CliRunner().invoke(main, ["case", str(EXAMPLE)]).stdout_bytes
    bodies = {f"record{suffix}": rewritten(graph, suffix) for suffix in GRAPHS}
    bodies |= {"record": _with_attachment("shift_jis"), "record.ndjson": raw}
    jobs = [_job("check", "record.json", raw, face) for face in FACES]
    jobs += [_job("check", name, body, "json") for name, body in bodies.items()]
    jobs += [_job("validate", "record.ttl", graph, f) for f in ("turtle", "ntriples", "jsonld")]
    pool = Pool(Settings("case"), size=len(jobs), deadline=60, backlog=0)
    try:
        for job in jobs:
            assert pool.run(job) == getattr(cases, job["do"])(job)
    finally:
        pool.close()


def _job(what: str, name: str, body: bytes, face: str) -> Job:
    return {"do": what, "name": name, "body": body, "face": face, "named": {}, "all": True}


def _with_attachment(charset: str) -> bytes:
    record = json.loads(EXAMPLE.read_bytes())
    note = {
        "resourceType": "DocumentReference",
        "id": "note",
        "status": "current",
        "subject": {"reference": "Patient/example"},
        "context": {"encounter": [{"reference": "Encounter/visit"}]},
        "content": [
            {
                "attachment": {
                    "contentType": f"text/plain; charset={charset}",
                    "data": base64.b64encode("Cause not determined. ア".encode(charset)).decode(),
                }
            }
        ],
    }
    record["entry"].append({"resource": note})
    return json.dumps(record).encode()
