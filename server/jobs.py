"""What workers can do: answer a query; judge a record, validate a case graph."""

from __future__ import annotations

from kg.dataset import dataset
from kg.knowledge import default
from kg.namespaces import PREFIXES
from server.engines import Asked, Engine, Oxigraph
from server.worker import Handler, Settings


def query_handlers(settings: Settings) -> dict[str, Handler]:
    """Load the dataset into the engine; the jobs are ``query`` and ``ping``."""
    engine = loaded(settings.engine)
    for text, syntax in (("ASK {}", "json"), ("CONSTRUCT {} {}", "turtle")):
        engine.query(Asked(text, syntax), 1_000)  # reads what it reads late
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
    """Load the rules and the dataset; the jobs are ``check``, ``validate``, ``ask`` and ``ping``.

    The example is judged first, so that everything that is imported or read late is there before
    a worker loses the right to open files.
    """
    from server.asking import Asking  # here: processes that only query need no SHACL engine
    from server.cases import Cases

    cases = Cases(default(), settings.result)
    cases.warm()
    asking = Asking(cases, Oxigraph(dataset(default()).quads, PREFIXES), settings.result)
    return {
        "ping": lambda _: b"pong",
        "check": cases.check,
        "validate": cases.validate,
        "ask": asking.ask,
    }
