"""SPARQL over the whole graph: the named queries of ``ontology/queries``, or a file of one's own.

In: the knowledge, a name or path, values for its parameters, and derived case graphs. Out: a plain
text table, yes or no, or Turtle. Queries see the dataset that is served, with the union of its
graphs as default graph; each case is one more graph, named after the case. Nothing is fetched:
SERVICE and LOAD are refused before anything runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyoxigraph as ox

from kg import guard
from kg.dataset import dataset
from kg.errors import UnreadableInput
from kg.guard import overlook
from kg.knowledge import Knowledge
from kg.namespaces import PREFIXES, short
from kg.questions import bound, called, questions

Graphs = Mapping[ox.NamedNode, Iterable[ox.Triple]]


def listed(knowledge: Knowledge) -> str:
    """The named queries: name, what it takes with its defaults, what it asks."""
    lines = []
    for question in questions(knowledge).values():
        takes = [
            f"--set {p.name}={called(p, p.default, knowledge) or '…'}" for p in question.parameters
        ]
        lines.append(" ".join([question.id, *["RECORD"] * question.of_case, *takes]))
        lines.append(f"    {question.asks}")
    return "\n".join(lines)


def answers(
    knowledge: Knowledge, query: str, graphs: Graphs, given: Mapping[str, str] | None = None
) -> str:
    """Run a named query or a FILE.rq over the graph and the given derived case graphs.

    Raises ``UnreadableInput``: no such query, not UTF-8, a syntax error, or one that would fetch;
    ``UnusableParameter``: a value that the query does not take.
    """
    file, text = _read(knowledge, query, graphs, given or {})
    store = ox.Store()
    store.bulk_load(dataset(knowledge).quads, format=ox.RdfFormat.N_QUADS)
    store.extend(case_quads(store, graphs))
    union = not overlook(text).dataset
    try:
        return _shown(store.query(text, prefixes=PREFIXES, use_default_graph_as_union=union))
    except SyntaxError as error:
        reason = (error.msg or str(error)).splitlines()[0][:200]
        place = f"line {error.lineno}" if error.lineno else _place(reason)
        what = f"the query has a syntax error ({reason})"
        raise UnreadableInput(file, place, what, "Correct it") from None
    except (RuntimeError, OSError, ValueError) as error:
        what = f"the query cannot be run ({str(error).splitlines()[0][:200]})"
        raise UnreadableInput(file, "", what, "Correct it") from None


def case_quads(store: ox.Store, graphs: Graphs) -> list[ox.Quad]:
    """What each case adds to what the store knows, in a graph named after the case.

    What a derived graph took along from the knowledge is left out: Oxigraph answers from the union
    of graphs with a fact as often as it is in them.
    """
    return [
        ox.Quad(t.subject, t.predicate, t.object, case)
        for case, graph in graphs.items()
        for t in graph
        if not any(store.quads_for_pattern(t.subject, t.predicate, t.object))
    ]


def _read(
    knowledge: Knowledge, query: str, graphs: Graphs, given: Mapping[str, str]
) -> tuple[str, str]:
    """The name to tell of and the text to run; a named query is used before a file."""
    known = questions(knowledge)
    if question := known.get(query):
        if question.of_case and not graphs:
            raise UnreadableInput(query, "", "it asks of a case", "Give a record")
        return query, bound(question, given, knowledge)
    try:
        raw = Path(query).read_bytes()
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableInput(query, "", "the query is not UTF-8", "Save it as UTF-8") from None
    except (OSError, ValueError):
        what = "there is no query of that name and no such file"
        raise UnreadableInput(
            query, "", what, f"The named queries are {', '.join(known)}"
        ) from None
    file = Path(query).name
    if given:
        what = "only a named query takes values"
        raise UnreadableInput(file, "", what, "Write them into the query")
    _refuse(file, raw, text)
    return file, text


def _refuse(file: str, raw: bytes, text: str) -> None:
    if len(raw) > guard.MAX_BYTES:
        raise UnreadableInput(file, "", "the query is longer than 64 KiB", "Shorten it")
    seen = overlook(text)
    if seen.fetches:
        what = f"{seen.fetches} is refused, a query fetches nothing"
        raise UnreadableInput(file, f"line {seen.line}", what, "Leave it out")
    if seen.fault:
        raise UnreadableInput(file, "", f"the query is too complex ({seen.fault})", "Simplify it")


def _place(reason: str) -> str:
    found = re.search(r"at (\d+):\d+", reason)
    return f"line {found[1]}" if found else ""


def _shown(result: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples) -> str:
    if isinstance(result, ox.QueryBoolean):
        return "yes\n" if result else "no\n"
    if isinstance(result, ox.QueryTriples):
        ordered = sorted(set(result), key=str)
        written = ox.serialize(ordered, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES)
        return (written or b"").decode()
    head = [variable.value for variable in result.variables]
    rows = [[cell(row[name]) for name in head] for row in result]
    return _table(head, rows)


def cell(term: object) -> str:
    """A term as a table shows it: a short name, or the text of a literal in one line."""
    if isinstance(term, ox.NamedNode):
        return _name(term.value)
    value = getattr(term, "value", None)
    return "" if term is None else " ".join(str(term if value is None else value).split())


def _name(iri: str) -> str:
    if (name := short(iri)) != iri:
        return name
    for prefix, base in PREFIXES.items():
        if iri.startswith(base):
            return f"{prefix}:{iri.removeprefix(base)}"
    return iri


def _table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = ["-" * width for width in widths]
    lines = [_line(cells, widths) for cells in (head, rule, *rows)]
    return "\n".join([*lines, f"({len(rows)} row{'s' * (len(rows) != 1)})"]) + "\n"


def _line(cells: list[str], widths: list[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
    return "  ".join(padded).rstrip()
