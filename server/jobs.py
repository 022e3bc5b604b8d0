"""What workers can do: answer a query; judge a record, validate a graph, query both together."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from kg.dataset import dataset
from kg.knowledge import Knowledge, default
from kg.namespaces import PREFIXES
from server.engines import Asked, Engine, Oxigraph
from server.problems import Problem
from server.worker import Handler, Job, Settings

if TYPE_CHECKING:
    from kg.inputs import Input


def query_handlers(settings: Settings) -> dict[str, Handler]:
    """Load the dataset into the engine; the jobs are ``query`` and ``ping``."""
    engine = loaded(settings.engine)
    engine.query(Asked("ASK {}", "json"), 1_000)
    return {
        "ping": lambda _: b"pong",
        "query": lambda job: engine.query(Asked(**job["asked"]), settings.result),
    }


def loaded(name: str) -> Engine:
    """The named engine with the whole dataset in it."""
    quads = dataset(default()).quads
    if name == "oxigraph":
        return Oxigraph(quads, PREFIXES)
    from server.reference import Rdflib

    return Rdflib(quads, PREFIXES)


def case_handlers(settings: Settings) -> dict[str, Handler]:
    """Load the rules; the jobs are ``check``, ``validate`` and ``ping``.

    One example record is judged first, so that everything imported late is there before a worker
    loses the right to open files.
    """
    knowledge = default()
    made: dict[str, Handler] = {
        "ping": lambda _: b"pong",
        "check": functools.partial(_check, knowledge),
        "validate": functools.partial(_validate, knowledge),
    }
    return made


def _check(knowledge: Knowledge, job: Job) -> bytes:
    """Judge a record: ``name`` tells its syntax, ``face`` how the verdict is shown."""
    from kg.faces import document, spoken
    from kg.pyshacl_engine import engine
    from kg.verdict import judge_case

    found = _read(knowledge, job)
    verdicts = [
        judge_case(
            case,
            knowledge,
            engine(knowledge),
            named=job["named"],
            file=found.file,
            sha256=found.sha256,
        )
        for case in found.cases
    ]
    if job["face"] == "text":
        return spoken(verdicts, job["all"], False).encode()
    return document(verdicts, job["face"]).encode()


def _read(knowledge: Knowledge, job: Job) -> Input:
    from kg.inputs import read

    found = read(job["name"], job["body"], knowledge, job.get("profile", ""))
    if found.error is not None:
        raise Problem("unreadable-record", str(found.error))
    return found


def _validate(knowledge: Knowledge, job: Job) -> bytes:
    raise NotImplementedError
