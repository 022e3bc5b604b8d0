"""Records and case graphs → verdicts and validation reports, inside a worker process.

Importing this module imports pySHACL, which takes a second; processes that only query do without.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from encodings.aliases import aliases
from pathlib import Path

import msgspec
import pyoxigraph as ox

from kg.case import format_of, from_rdf, turtle
from kg.derive import derive
from kg.errors import InputError
from kg.faces import document, spoken
from kg.inputs import Input, read
from kg.judge import Engine, ntriples
from kg.knowledge import Knowledge
from kg.namespaces import PREFIXES
from kg.pyshacl_engine import engine
from kg.render import validation_report
from kg.verdict import Verdict, judge_case
from server.engines import GRAPHS
from server.problems import Problem
from server.worker import Job

EXAMPLE = Path(__file__).with_name("static") / "example.json"
FACES = ("json", "html", "text", "turtle", "fhir")
GRAPHS_READ = ("record.ttl", "record.trig", "record.nt", "record.nq", "record.jsonld")
_KEY = re.compile(r"\b([A-Z]\w*)/\S+(?: \1)?")


class Cases:
    """Judge and validate by some knowledge; an answer has at most ``limit`` bytes."""

    def __init__(self, knowledge: Knowledge, limit: int) -> None:
        self._knowledge = knowledge
        self._engine: Engine = engine(knowledge)
        self._limit = limit

    def check(self, job: Job) -> bytes:
        """Judge the record ``body``, whose syntax ``name`` tells, and show it as ``face``.

        The words of its verdicts come before it, as MessagePack, to be counted.
        """
        verdicts = self._judged(job)
        shown = self._bounded(self._shown(verdicts, job["face"], job["all"]))
        return msgspec.msgpack.encode(([each.decision.verdict for each in verdicts], shown))

    def validate(self, job: Job) -> bytes:
        """Validate the case graphs in ``body`` as they are, each by itself; report as ``face``."""
        syntax = format_of(job["name"])
        assert syntax is not None  # the address takes RDF only
        try:
            cases = from_rdf(job["body"], syntax, job["name"])
        except InputError as error:
            raise _unreadable(error) from None
        rows = [row for case in cases for row in self._engine.rows(ntriples(case.triples))]
        report = sorted(validation_report(rows, self._knowledge), key=str)
        made = ox.serialize(report, format=GRAPHS[job["face"]], prefixes=PREFIXES)
        return self._bounded(made or b"")

    def derived(self, job: Job) -> dict[ox.NamedNode, set[ox.Triple]]:
        """The derived graphs of the record's cases, by case."""
        return {case.node: derive(case, self._knowledge) for case in self._read(job).cases}

    def warm(self) -> None:
        """Do everything once, so that what is imported or read late is there."""
        for charset in set(aliases.values()):  # an attachment may be in any of them
            with contextlib.suppress(LookupError):
                codecs.lookup(charset)
        job = {"name": "record.json", "body": EXAMPLE.read_bytes(), "named": {}}
        (case,) = self._read(job).cases
        for name in GRAPHS_READ:
            written = ox.serialize(case.asserted(), format=format_of(name)) or b""
            self._read({"name": name, "body": written})
        verdicts = self._judged(job)
        for face in FACES:
            self._shown(verdicts, face, everything=True)
        graph = turtle(case.asserted()).encode()
        self.validate({"name": "record.ttl", "body": graph, "face": "turtle"})

    def _judged(self, job: Job) -> list[Verdict]:
        found = self._read(job)
        return [
            judge_case(
                case,
                self._knowledge,
                self._engine,
                named=job["named"],
                file=found.file,
                sha256=found.sha256,
            )
            for case in found.cases
        ]

    def _read(self, job: Job) -> Input:
        found = read(job["name"], job["body"], self._knowledge, job.get("profile", ""))
        if found.error is not None:
            raise _unreadable(found.error)
        return found

    def _shown(self, verdicts: list[Verdict], face: str, everything: bool) -> bytes:
        """What ``m816 check --format`` writes."""
        if face == "text":
            return (spoken(verdicts, everything, False) + "\n").encode()
        return document(verdicts, face).encode()

    def _bounded(self, answer: bytes) -> bytes:
        if len(answer) > self._limit:
            raise Problem("result-too-large", f"It has more than {self._limit} bytes")
        return answer


def _unreadable(error: InputError) -> Problem:
    """What is wrong, where and what to do; a record's id says whose it is and stays out."""
    place = _KEY.sub(r"\1", error.place)
    told = InputError(error.file, place, error.what, error.remedy)
    return Problem("unreadable-record", str(told))
