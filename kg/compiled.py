"""The derivations as Python functions: compiled once, kept with the knowledge, run on every case.

In: a case graph with its slice, and the knowledge. Out: what the derivations add, exactly what a
SPARQL engine would; recorded literal forms are kept. The code is cached by the content of the
knowledge and the version of Python.
"""

from __future__ import annotations

import functools
import hashlib
import marshal
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

from pyoxigraph import Triple

from kg import expressions, paths
from kg.facts import Facts, Row, as_triples, row
from kg.knowledge import Knowledge
from kg.locations import cache

Compiled = Callable[[Facts, list[Row]], None]
# Not imported before there is something to compile: what is kept is read in a tenth of the time.
_WRITERS = (
    "compiler",
    "conditions",
    "construct",
    "elements",
    "expressions",
    "facts",
    "grammar",
    "lookups",
    "paths",
    "variables",
)


def names() -> dict[str, Any]:
    """What the functions call by name: terms and paths, no value, no index, one unbound value."""
    return {"x": expressions, "p": paths, "N": (), "E": {}, "U": (None,)}


def construct_compiled(graph: set[Triple], knowledge: Knowledge) -> set[Triple]:
    """Run the derivations in order, each seeing what the earlier ones added; return additions."""
    return as_triples(run(Facts(map(row, graph)), knowledge))


def run(facts: Facts, knowledge: Knowledge) -> list[Row]:
    """Run the derivations in order on facts, which grow by what is returned."""
    added: list[Row] = []
    for step in steps(knowledge):
        out: list[Row] = []
        step(facts, out)
        if out:
            added += facts.extend(out)
    return added


@functools.lru_cache(maxsize=4)
def steps(knowledge: Knowledge) -> tuple[Compiled, ...]:
    """The functions of the derivations, in order; ``KnowledgeError`` if one cannot be compiled."""
    scope = names()
    exec(_code(knowledge), scope)
    found = [scope[f"run_{place}"] for place in range(len(knowledge.derivations))]
    assert all(callable(step) for step in found)
    return tuple(found)


def _code(knowledge: Knowledge) -> CodeType:
    kept = _kept(knowledge)
    if kept is not None and kept.is_file():
        try:
            found = marshal.loads(kept.read_bytes())
            if isinstance(found, CodeType):
                return found
        except (OSError, ValueError, EOFError, TypeError):
            pass  # of another interpreter, or cut short: made anew
    from kg.compiler import source
    from kg.grammar import parse

    texts = (source(parse(d.query), f"run_{n}") for n, d in enumerate(knowledge.derivations))
    made = compile("".join(texts), "<derivations>", "exec")
    if kept is not None:
        part = kept.with_suffix(f".{os.getpid()}.part")
        try:
            part.write_bytes(marshal.dumps(made))
            part.replace(kept)
        except OSError:
            part.unlink(missing_ok=True)
    return made


def _kept(knowledge: Knowledge) -> Path | None:
    """Where the code is kept: by the knowledge, by who wrote the code and by who runs it."""
    folder = cache()
    if folder is None or not knowledge.sha256:
        return None
    digest = hashlib.sha256(knowledge.sha256.encode())
    for module in _WRITERS:
        digest.update(Path(__file__).with_name(f"{module}.py").read_bytes())
    return folder / f"{digest.hexdigest()[:32]}.{sys.implementation.cache_tag}.derivations"
