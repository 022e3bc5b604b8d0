"""An engine that hangs, eats memory or crashes costs one case, and says so."""

from __future__ import annotations

import os
import signal
import tempfile
import time

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple

from kg.case import from_rdf, turtle
from kg.engines import ENGINES, Confined, engine
from kg.errors import KnowledgeError, NotJudged, UnusableRecord
from kg.judge import Row, handed, ntriples, read_by, reading
from kg.knowledge import default
from kg.limited import Limited
from kg.namespaces import M816, RDFS, RECORD, SH, TYPE, XSD, m816
from kg.pyshacl_engine import engine as reference
from kg.pyshifty_engine import PyShifty
from kg.pyshifty_engine import engine as second

FOCUS = NamedNode(RECORD + "case/Encounter/e1")


def work(data: bytes) -> bytes:
    """Do what the data say."""
    if data == b"hang":
        time.sleep(60)
    if data == b"grow":
        return b"x" * (1 << 40)
    if data == b"crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if data == b"unusable":
        raise KnowledgeError("the shapes cannot be run")
    if data == b"write":
        with tempfile.TemporaryFile(buffering=0) as stream:
            stream.write(b"x")
    return data.upper()


@pytest.mark.parametrize("poison", ["hang", "grow", "crash", "write"])
def test_a_case_that_kills_its_worker_costs_that_case_alone(poison: str) -> None:
    limited = Limited(work, seconds=1, memory=1 << 28)
    assert limited(b"before") == b"BEFORE"
    with pytest.raises(NotJudged):
        limited(poison.encode())
    assert limited(b"after") == b"AFTER"
    limited.close()


def test_a_fault_of_the_shapes_is_told_as_one() -> None:
    limited = Limited(work)
    with pytest.raises(KnowledgeError):
        limited(b"unusable")
    assert limited(b"after") == b"AFTER"
    limited.close()


def test_the_second_engine_runs_in_a_process_of_its_own() -> None:
    chosen = engine("pyshifty", default())
    assert isinstance(chosen, Confined)
    data = ntriples([Triple(FOCUS, TYPE, m816("Case"))])
    assert chosen.rows(data) == second(default()).rows(data) != []
    assert {engine(name, default()).name for name in ENGINES} == set(ENGINES)


DEEP = f"""<urn:s> <{SH}targetClass> <urn:C> .
<urn:s> <{SH}property> <urn:p> .
<urn:p> <{SH}path> <urn:next> .
<urn:p> <{SH}node> <urn:s> .
"""


def test_a_chain_that_crashes_the_second_engine_does_not_crash_us() -> None:
    chain = [f"<urn:{n}> <urn:next> <urn:{n + 1}> ." for n in range(100_000)]
    data = "\n".join([f"<urn:0> <{TYPE.value}> <urn:C> .", *chain]).encode()
    with pytest.raises(NotJudged):
        Confined(PyShifty(DEEP.encode())).rows(data)


@pytest.mark.parametrize(
    "shapes",
    [
        f'{DEEP}<urn:s> <{SH}sparql> _:q .\n_:q <{SH}select> "SELECT" .',
        "no triple",
    ],
)
def test_shapes_that_cannot_be_run_are_refused(shapes: str) -> None:
    with pytest.raises(KnowledgeError):
        PyShifty(shapes.encode()).rows(f"<urn:a> <{TYPE.value}> <urn:C> .".encode())


FORMS = [Literal(day, datatype=NamedNode(XSD + "date")) for day in ("2026-05-04", "2026-05-04Z")]
FORMS += [
    Literal("in May", datatype=NamedNode(XSD + "date")),
    Literal("2026-05-04T12:00:00", datatype=NamedNode(XSD + "dateTime")),
    Literal("2026", datatype=NamedNode(XSD + "gYear")),
    Literal("2026-05-04"),
]
VALUES: list[Literal | NamedNode] = [*FORMS, FOCUS]
PAIRS = [(one, other) for one in VALUES for other in VALUES]


def compared(first: Literal | NamedNode, second: Literal | NamedNode) -> set[Triple]:
    """A submission dated by the first, of a code that is valid from the second."""
    told = {m816("dateOfService"): first, m816("codeValidFrom"): second, TYPE: m816("Case")}
    told[m816("ofPatient")] = NamedNode(RECORD + "Patient/p1")
    graph = {Triple(FOCUS, predicate, value) for predicate, value in told.items()}
    return graph | {Triple(FOCUS, TYPE, m816("JudgedSubmission"))}


def outcome(judging: object, graph: set[Triple]) -> list[Row] | str:
    try:
        return judging.rows(ntriples(graph))  # type: ignore[attr-defined, no-any-return]
    except NotJudged:
        return "not judged"


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: " ".join(map(str, pair)))
def test_where_engines_compare_differently_no_case_is_read(
    pair: tuple[Literal | NamedNode, Literal | NamedNode],
) -> None:
    """SHACL wants a result where two values cannot be compared; pySHACL orders them or fails."""
    graph = compared(*pair)
    if outcome(reference(default()), graph) == outcome(second(default()), graph):
        return
    with pytest.raises(UnusableRecord):
        from_rdf(turtle(graph).encode(), RdfFormat.TURTLE, "case.ttl")


def test_engines_do_compare_differently_and_days_are_read() -> None:
    differing = [
        pair
        for pair in PAIRS
        if outcome(reference(default()), compared(*pair))
        != outcome(second(default()), compared(*pair))
    ]
    assert differing
    day = FORMS[0]
    assert from_rdf(turtle(compared(day, day)).encode(), RdfFormat.TURTLE, "case.ttl")


DAY = (("2026-05-03", True), ("2026-05-04", False), ("2026-05-05", False))


@pytest.mark.parametrize(("service", "early"), DAY)
def test_both_engines_compare_days(service: str, early: bool) -> None:
    """A code valid from 4 May, submitted the day before, that day and the day after."""
    day, start = (Literal(d, datatype=NamedNode(XSD + "date")) for d in (service, "2026-05-04"))
    rows = [each(default()).rows(ntriples(compared(day, start))) for each in (reference, second)]
    assert rows[0] == rows[1]
    found = [row for row in rows[0] if row.shape == M816 + "rule/code-valid-from"]
    assert len(found) == int(early)


def test_a_subclass_in_the_data_makes_everything_readable() -> None:
    subclass = Triple(m816("Special"), NamedNode(RDFS + "subClassOf"), m816("Case"))
    graph = {subclass, Triple(FOCUS, TYPE, m816("Special"))}
    assert handed(graph, reading(default())).count(b"\n") == 2
    assert [row.focus for row in second(default()).rows(ntriples(graph))] == [FOCUS.value]


def test_a_query_or_a_closed_shape_reads_everything() -> None:
    closed = f'<urn:s> <{SH}closed> "true"^^<{XSD}boolean> .'
    assert read_by(closed.encode()) is None
    assert read_by(f"<urn:s> <{SH}path> <urn:p> .".encode()) == frozenset({NamedNode("urn:p")})
    assert handed({Triple(FOCUS, TYPE, FOCUS)}, None) == ntriples([Triple(FOCUS, TYPE, FOCUS)])
