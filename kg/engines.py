"""The name of a SHACL engine → the engine, made once a process and imported only when asked for."""

from __future__ import annotations

import importlib

from kg.errors import KnowledgeError
from kg.judge import Engine
from kg.knowledge import Knowledge

ENGINES = {
    "pyshacl": "kg.pyshacl_engine",
    "pyshifty": "kg.pyshifty_engine",
    "compiled": "kg.shacl_compiled",
}


def engine_named(name: str, knowledge: Knowledge) -> Engine:
    """The engine of that name; ``KnowledgeError`` if what it needs is not installed."""
    try:
        made: Engine = importlib.import_module(ENGINES[name]).engine(knowledge)
    except ImportError as error:
        raise KnowledgeError(f"the engine {name} is not installed: {error.name}") from error
    return made
