"""What a hostile client sends, a server nobody may ask anything, and what no refusal may say."""

from __future__ import annotations

import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from werkzeug.test import TestResponse

from tests.server.answers import problem

ROOT = Path(__file__).parents[2]
KIB64 = 65_536


class Canary(socketserver.ThreadingTCPServer):
    """Counts whoever connects."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.hits = 0
        self.port = int(self.server_address[1])

    def verify_request(self, *_: object) -> bool:
        """Count, and hang up."""
        self.hits += 1
        return False


@contextmanager
def canary() -> Iterator[Canary]:
    """A canary; at the end of the block nobody may have come."""
    with Canary() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
        assert server.hits == 0


def refused(answer: TestResponse, sent: str = "") -> tuple[int, str]:
    """The status and name of a refusal, which tells nothing it should not."""
    text = answer.get_data(as_text=True)
    for secret in ("Traceback", 'File "', str(ROOT), sys.prefix, "site-packages", "root:x:"):
        assert secret not in text
    assert not any(sent[start : start + 201] in text for start in range(max(0, len(sent) - 200)))
    assert "X-Powered-By" not in answer.headers
    return problem(answer)


def chain(operator: str) -> Callable[[int], str]:
    """A filter of so many terms."""
    return lambda n: f"ASK {{ FILTER({operator.join(['1'] * n)}) }}"


def row(unit: str, between: str = " ") -> Callable[[int], str]:
    """So many units one after the other; ``#`` in a unit is its number."""
    return lambda n: f"ASK {{ {between.join(unit.replace('#', str(i)) for i in range(n))} }}"


def nest(before: str, after: str, within: str = "") -> Callable[[int], str]:
    """A unit within itself, so many times."""
    return lambda n: f"ASK {{ {before * n}{within}{after * n} }}"


def term(before: str, after: str) -> Callable[[int], str]:
    """As ``nest``, in an expression."""
    return lambda n: f"ASK {{ FILTER({before * n}1{after * n}) }}"


P = "<urn:p>"
SHAPES: dict[str, Callable[[int], str]] = {
    "||": chain("||"),
    "&&": chain("&&"),
    "+": chain("+"),
    "-": chain("-"),
    "*": chain("*"),
    "/": chain("/"),
    "comparisons": lambda n: f"ASK {{ ?s ?p ?o FILTER({'||'.join(['?o=1'] * n)}) }}",
    "IN list": lambda n: f"ASK {{ FILTER(1 IN ({','.join(['2'] * n)})) }}",
    "MINUS": row("MINUS{}"),
    "MINUS triple": row("MINUS{?s ?p 1}"),
    "BIND": row("BIND(1 AS ?v#)"),
    "BIND of BIND": row("BIND(?v#+1 AS ?w#)"),
    "OPTIONAL": row("OPTIONAL{}"),
    "OPTIONAL triple": row("OPTIONAL{?s ?p 1}"),
    "UNION": row("{}", "UNION"),
    "UNION triple": row("{?s ?p 1}", "UNION"),
    "groups": row("{?s ?p 1}"),
    "GRAPH": row("GRAPH?g{}"),
    "FILTER": row("FILTER(1)"),
    "FILTER EXISTS": row("FILTER EXISTS{?s ?p 1}"),
    "subselects": row("{SELECT*{}}"),
    "VALUES blocks": row("VALUES?v{1}"),
    "VALUES rows": lambda n: f"ASK {{ VALUES ?v {{ {'1 ' * n}}} }}",
    "triples": row("?s ?p 1", "."),
    "triples of variables": row("?s# ?p ?o#", "."),
    "property list": lambda n: f"ASK {{ ?s {';'.join(['?p 1'] * n)} }}",
    "objects": lambda n: f"ASK {{ ?s ?p {','.join(['1'] * n)} }}",
    "collection": lambda n: f"ASK {{ ?s ?p ({'1 ' * n}) }}",
    "path steps": lambda n: f"ASK {{ ?s {'/'.join([P] * n)} ?o }}",
    "path choices": lambda n: f"ASK {{ ?s {'|'.join([P] * n)} ?o }}",
    "DESCRIBE": lambda n: f"DESCRIBE {'<urn:a> ' * n}",
    "HAVING": lambda n: f"SELECT (1 AS ?x) {{ ?s ?p 1 }} GROUP BY ?s HAVING {'(1)' * n}",
    "(": term("(", ")"),
    "!": term("!", ""),
    "function": term("STR(", ")"),
    "IF": term("IF(1,1,", ")"),
    "{": nest("{", "}"),
    "[": nest("?s ?p [", "]", "?p 1"),
    "collections": lambda n: f"ASK {{ ?s ?p {'(' * n}1{')' * n} }}",
    "path groups": lambda n: f"ASK {{ ?s {'(' * n}{P}{')*' * n} ?o }}",
    "path inverses": lambda n: f"ASK {{ ?s {'^(' * n}{P}{')' * n} ?o }}",
    "OPTIONAL within": nest("OPTIONAL{", "}"),
    "MINUS within": nest("MINUS{", "}"),
    "UNION within": nest("{{}UNION", "}", "{}"),
    "GRAPH within": nest("GRAPH?g{", "}"),
    "NOT EXISTS within": nest("FILTER NOT EXISTS{", "}"),
    "subselect within": nest("{SELECT*{", "}}"),
    "quoted triples": lambda n: f"ASK {{ ?s ?p {'<<( ?s ?p ' * n}1{' )>>' * n} }}",
    "annotations": lambda n: f"ASK {{ ?s ?p ?o {'{| ?p 1 ' * n}{'|}' * n} }}",
}


def filling(shape: Callable[[int], str], size: int = KIB64) -> str:
    """The longest text of a shape that has at most so many bytes."""
    low, high = 1, size
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if len(shape(middle)) <= size else (low, middle)
    return shape(low)


def children(pid: int) -> dict[int, str]:
    """The descendants of a process, zombies too, each with its state."""
    parents: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it has just ended
            continue
        parents[int(entry.parent.name)] = int(parent), state
    found = [pid]
    for known in found:
        found += [child for child, (parent, _) in parents.items() if parent == known]
    return {child: parents[child][1] for child in found[1:]}
