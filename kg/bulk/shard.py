"""The items of a shard → verdict rows: the contract that every way of running in bulk keeps.

``judge_shard`` is pure: the rows depend on nothing but the lines, the options and the installation,
and no input makes it raise. A case gives the row that ``m816 check --format json`` gives for the
same record; out of scope it says only that. What cannot be read or judged is a row with ``error``.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import msgspec

from kg.bulk.partition import Item
from kg.bulk.rows import (
    FAULTS,
    Row,
    could_not,
    distinct,
    fault,
    files_of,
    hash_of,
    outside,
    placed,
    row_of,
    unreadable,
)
from kg.bulk.shared import Shared, references
from kg.case import Case
from kg.derive import Construct
from kg.fhir.decode import of_lines
from kg.fhir.mapping import mapping
from kg.fhir.read import cases_of
from kg.inputs import read
from kg.judge import Engine
from kg.knowledge import Knowledge, default
from kg.namespaces import M816
from kg.verdict import judge_case

Begin = Callable[[str], None]
ENGINES = ("compiled", "pyshacl", "pyshifty", "reference")
_CASE = f"<{M816}Case>".encode()
_NO_GRAPH = ("#", "#DEFAULT")


class Options(msgspec.Struct, frozen=True):
    """What the user chose: engine, feed profile, what is said of every case, the audited share."""

    engine: str = "compiled"
    profile: str = ""
    named: tuple[tuple[str, str], ...] = ()
    audit: float = 0.0


class Record(msgspec.Struct):
    """The record of one patient: its cases not yet judged, the files it came from, its hash."""

    key: str
    files: str
    sha256: str
    cases: list[Case]


Judge = Callable[[Case, Record, Options], Row]


def judge(case: Case, record: Record, options: Options) -> Row:
    """The row of one case, by the engine chosen."""
    knowledge = default()
    engine, construct = engine_of(options.engine, knowledge)
    made = judge_case(
        case,
        knowledge,
        engine,
        named=dict(options.named),
        file=record.files,
        sha256=record.sha256,
        construct=construct,
    )
    return row_of(made)


def engine_of(name: str, knowledge: Knowledge) -> tuple[Engine, Construct | None]:
    """The engine and the derivation of that name, as ``m816 check --engine`` has them."""
    from kg.engines import engine

    if name != "reference":
        return engine(name, knowledge), None
    from kg.derive_rdflib import construct_rdflib

    return engine("pyshacl", knowledge), construct_rdflib


@functools.lru_cache(maxsize=4)
def nothing(options: Options) -> Row:
    """What a patient of whom nothing is known comes to; a row out of scope but for its names."""
    patient = {"resourceType": "Patient", "id": "x"}
    cases = cases_of([("", patient)], "", default(), options.profile)
    return judge(cases[0], Record("", "", "", cases), options)


def judge_shard(
    found: Iterable[Item],
    options: Options,
    shared: Shared | None = None,
    *,
    judge: Judge = judge,
    begin: Begin | None = None,
    unjudgeable: frozenset[str] = frozenset(),
) -> Iterator[tuple[str, Row]]:
    """The rows of a shard, each with the key of its record, sorted by key.

    ``begin`` is told every key before its record is judged, so that whoever outlives this process
    knows what ended it; records named ``unjudgeable`` get a row that says so.
    """
    held = shared or Shared(None)
    for key, members in _records(found):
        if key in unjudgeable:
            yield key, could_not(key, members, "judging it ended the process")
        elif spoilt := [item for item in members if item.what == "bad"]:
            yield from ((key, unreadable(item)) for item in spoilt)
        elif _outside(members, held):
            yield key, outside(nothing(options), members)
        else:
            if begin is not None:
                begin(key)
            yield from ((key, row) for row in _judged(key, members, options, held, judge))


def judged(found: list[Item]) -> list[Item]:
    """Without the statements outside of every graph, unless a case is among them."""
    graphs = [item for item in found if item.what == "graph"]
    if not graphs:
        return found
    cases = {item.key for item in graphs if _CASE in item.raw}
    return [
        i for i in found if i.what != "graph" or not i.key.endswith(_NO_GRAPH) or i.key in cases
    ]


def _records(found: Iterable[Item]) -> Iterator[tuple[str, list[Item]]]:
    """The items of each key, by key; in the order of the input where that can matter."""
    records: dict[str, list[Item]] = defaultdict(list)
    for item in found:
        records[item.key].append(item)
    for key in sorted(records):
        members = records.pop(key)
        if members[0].what != "resource":
            members.sort(key=_order)
        yield key, members


def _order(item: Item) -> tuple[str, int, bytes]:
    return item.file, item.line, item.raw


def _judged(
    key: str, members: list[Item], options: Options, held: Shared, judge: Judge
) -> Iterator[Row]:
    """The rows of a record that may be in scope."""
    try:
        record = record_of(key, members, options, held)
    except FAULTS as error:
        yield fault(key, members, error)
        return
    for case in record.cases:
        try:
            row = judge(case, record, options)
        except FAULTS as error:
            row = {**fault(key, members, error), "case": case.id}
        yield row


def _outside(members: list[Item], held: Shared) -> bool:
    """Whether the bytes alone show that the record is out of scope."""
    first = members[0]
    if first.what != "resource":
        return first.what == "outside" or not first.possible
    if True in [item.possible for item in members]:
        return False
    read_at_all = mapping(default()).types.keys()
    if not any(item.note in read_at_all for item in members):
        return False
    if not held.possible:
        return True
    doubtful = (*held.possible, b"\\u")
    return not any(name in item.raw for item in members for name in doubtful)


def record_of(key: str, members: list[Item], options: Options, held: Shared) -> Record:
    """Read the record of one key; raises ``InputError`` as reading a single file does."""
    knowledge, first = default(), members[0]
    files = files_of(members)
    if first.what == "record":
        name = placed(first)
        made = read(name, first.raw, knowledge, options.profile)
        if made.error is not None:
            raise made.error
        return Record(key, name, made.sha256, made.cases)
    if first.what == "graph":
        whole = b"".join(sorted({item.raw for item in members}))
        made = read(f"{first.file}.nq", whole, knowledge)
        if made.error is not None:
            raise made.error
        return Record(key, files, made.sha256, made.cases)
    lines = distinct(members)
    found = of_lines(lines, files) + of_lines(_attached(lines, held), files)
    for item in found:
        if isinstance(identifier := item.get("id"), str) and identifier:
            item["__fullUrl"] = f"urn:uuid:{identifier}"
    cases = cases_of([("", item) for item in found], files, knowledge, options.profile)
    return Record(key, files, hash_of(lines), cases)


def _attached(lines: list[bytes], held: Shared) -> list[bytes]:
    """The shared lines that these lines refer to, and those refer to, each once."""
    found: dict[str, list[bytes]] = {}
    queue = [*references(b"\n".join(lines))]
    while queue:
        key = queue.pop()
        if key in found:
            continue
        found[key] = [raw for _, raw in held.lines(key)]
        if found[key]:
            queue += held.roles(key)
            queue += references(b"\n".join(found[key]))
    return [raw for key in sorted(found) for raw in found[key]]
