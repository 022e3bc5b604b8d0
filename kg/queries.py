"""SPARQL over the whole graph: the named queries of ``ontology/queries``, or a file of one's own.

In: the knowledge, a name or path, and derived case graphs. Out: a plain text table, yes or no, or
Turtle. Nothing is fetched: SERVICE and LOAD are refused before anything runs.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox

from kg.errors import UnreadableInput
from kg.knowledge import Knowledge, all_triples
from kg.locations import ONTOLOGY
from kg.namespaces import PREFIXES, short

FOLDER = ONTOLOGY / "queries"
_TITLE = re.compile(r"^# *title: *(.+)$", re.M)
_MAX_BYTES, _MAX_NESTING = 65_536, 200

# What a SPARQL lexer would take for one token and that can hide the letters of a keyword.
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n\r]*)
      | (?P<iri><[^\x00-\x20<>"{}|^`\\]*>)
      | (?P<text>\"{3}(?:\\.|(?!\"{3}).)*\"{3} | '{3}(?:\\.|(?!'{3}).)*'{3}
                | "(?:\\.|[^"\\\n\r])*" | '(?:\\.|[^'\\\n\r])*')
      | (?P<name>[?$]\w+ | @\w[\w-]* | (?:\w[\w.-]*)?:[\w:.%\\-]*)
      | (?P<word>\w+)
      | (?P<open>[({\[]) | (?P<close>[)}\]])""",
    re.X | re.S,
)


def titles() -> dict[str, str]:
    """The named queries and what each answers."""
    found = {}
    for path in sorted(FOLDER.glob("*.rq")):
        title = _TITLE.search(path.read_text("utf-8"))
        found[path.stem] = title[1] if title else ""
    return found


def answers(knowledge: Knowledge, query: str, graphs: Iterable[Iterable[ox.Triple]]) -> str:
    """Run a named query or a FILE.rq over the graph and the given derived case graphs.

    Raises ``UnreadableInput``: no such query, not UTF-8, a syntax error, or one that would fetch.
    """
    file, text = _read(query)
    _refuse(file, text)
    store = ox.Store()
    for graph in (_whole(knowledge), *graphs):
        store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in graph)
    try:
        return _shown(store.query(text, prefixes=PREFIXES))
    except SyntaxError as error:
        reason = (error.msg or str(error)).splitlines()[0][:200]
        place = f"line {error.lineno}" if error.lineno else _place(reason)
        what = f"the query has a syntax error ({reason})"
        raise UnreadableInput(file, place, what, "Correct it") from None
    except (RuntimeError, OSError, ValueError) as error:
        what = f"the query cannot be run ({str(error).splitlines()[0][:200]})"
        raise UnreadableInput(file, "", what, "Correct it") from None


@functools.lru_cache(maxsize=1)
def _whole(_knowledge: Knowledge) -> tuple[ox.Triple, ...]:
    """All triples, the blank nodes that ``Knowledge`` does not index included."""
    return tuple(all_triples())


def _read(query: str) -> tuple[str, str]:
    path = Path(query)
    named = FOLDER / f"{query}.rq"
    if path.suffix != ".rq" and named.is_file() and named.parent == FOLDER:
        path = named
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableInput(query, "", "the query is not UTF-8", "Save it as UTF-8") from None
    except (OSError, ValueError):
        known = ", ".join(titles())
        what = "there is no query of that name and no such file"
        raise UnreadableInput(query, "", what, f"The named queries are {known}") from None
    if len(raw) > _MAX_BYTES:
        raise UnreadableInput(query, "", "the query is longer than 64 KiB", "Shorten it")
    return path.name, text


def _refuse(file: str, text: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        word = (token["word"] or "").upper()
        line = f"line {text.count(chr(10), 0, token.start()) + 1}"
        if word in ("SERVICE", "LOAD"):
            what = f"{word} is refused, a query fetches nothing"
            raise UnreadableInput(file, line, what, "Leave it out")
        depth += (token["open"] is not None) - (token["close"] is not None)
        if depth > _MAX_NESTING:
            raise UnreadableInput(file, line, "the query is nested too deeply", "Flatten it")


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
    rows = [[_cell(row[name]) for name in head] for row in result]
    return _table(head, rows)


def _cell(term: object) -> str:
    if isinstance(term, ox.NamedNode):
        return short(term.value)
    value = getattr(term, "value", None)
    return "" if term is None else " ".join(str(term if value is None else value).split())


def _table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = ["-" * width for width in widths]
    lines = [_line(cells, widths) for cells in (head, rule, *rows)]
    return "\n".join([*lines, f"({len(rows)} row{'s' * (len(rows) != 1)})"]) + "\n"


def _line(cells: list[str], widths: list[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
    return "  ".join(padded).rstrip()
