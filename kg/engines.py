"""The name of a SHACL engine → the engine. All give the same rows: ``tests/engines``."""

from __future__ import annotations

import functools
import json

from kg.judge import Engine, Row
from kg.knowledge import Knowledge

ENGINES = ("compiled", "pyshacl", "pyshifty")


def engine(name: str, knowledge: Knowledge) -> Engine:
    """The engine of that name, one of ``ENGINES``, prepared for that knowledge."""
    if name == "pyshifty":
        return _confined(knowledge)
    if name == "compiled":
        from kg.shacl_compiled import engine as compiled

        return compiled(knowledge)
    from kg.pyshacl_engine import engine as pyshacl

    return pyshacl(knowledge)


class Confined:
    """An engine that may crash, in a limited process; its ``rows`` may raise ``NotJudged``."""

    def __init__(self, inner: Engine) -> None:
        from kg.limited import Limited  # a check in this process starts without it

        self.name = inner.name
        self._limited = Limited(lambda data: json.dumps(inner.rows(data)).encode())

    def rows(self, data: bytes) -> list[Row]:
        """The rows of the engine within."""
        return [Row(*row) for row in json.loads(self._limited(data))]


@functools.lru_cache(maxsize=4)
def _confined(knowledge: Knowledge) -> Confined:
    from kg.pyshifty_engine import engine as pyshifty

    return Confined(pyshifty(knowledge))
