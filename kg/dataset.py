"""The installation's Turtle → the published dataset: one named graph for each way of knowing.

The graphs and the files each holds are described in ``ontology/graphs.ttl``; what follows from the
others is a graph of its own. The whole is kept as N-Quads in the cache, keyed by its content.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from pyoxigraph import NamedNode, Quad, RdfFormat, Triple, serialize

from kg.closure import FOLDER as CLOSURE
from kg.closure import implied
from kg.knowledge import Knowledge, derivation_triples, triples_of, turtle_files
from kg.locations import ONTOLOGY, ROOT, SHAPES, cache, version
from kg.mappings import FOLDER as MAPPINGS
from kg.mappings import mapping_files, mapping_triples
from kg.namespaces import M816
from kg.void import described

GRAPH = M816 + "graph/"
INFERRED = GRAPH + "inferred"
_BUILD_TIME = "dl.ttl"  # axioms beyond OWL 2 RL, for the reasoning oracle only
_FORMAT = "3"


@dataclass(frozen=True)
class Dataset:
    """The quads as N-Quads, the description as N-Triples, and what changes when they do."""

    quads: bytes
    description: bytes
    generation: str


def dataset(knowledge: Knowledge) -> Dataset:
    """The dataset of that knowledge, from the cache if it is there."""
    generation = f"{version()}-{_FORMAT}-{knowledge.sha256[:32]}-{_stamp()}"
    folder = cache()
    kept = folder / f"{generation}.nq" if folder else None
    told = kept.with_suffix(".nt") if kept else None
    if kept and told and kept.is_file() and told.is_file():
        return Dataset(kept.read_bytes(), told.read_bytes(), generation)
    quads = list(_quads(knowledge))
    made = Dataset(
        serialize(quads, format=RdfFormat.N_QUADS) or b"", described(quads, knowledge), generation
    )
    if kept and told:
        _keep(kept, made.quads)
        _keep(told, made.description)
    return made


def _stamp() -> str:
    """Changes with the rules of inference and mappings, which ``Knowledge.sha256`` leaves out."""
    digest = hashlib.sha256()
    for path in sorted((*CLOSURE.glob("*.rq"), *MAPPINGS.glob("*.tsv"))):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _keep(path: Path, data: bytes) -> None:
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)


def _quads(knowledge: Knowledge) -> Iterator[Quad]:
    patterns = {
        pattern.value: NamedNode(graph)
        for graph in knowledge.subjects("KnowledgeGraph")
        for pattern in knowledge.values(graph, M816 + "holdsFiles")
    }
    stated: list[Triple] = []
    for path in turtle_files(ONTOLOGY, SHAPES):
        triples = triples_of(path)
        graph = _graph(path, patterns)
        yield from (Quad(t.subject, t.predicate, t.object, graph) for t in triples)
        if path.name != _BUILD_TIME:
            stated += triples
    graph = _graph(ONTOLOGY / "rules" / "each", patterns)
    for triple in derivation_triples(knowledge.derivations):
        yield Quad(triple.subject, triple.predicate, triple.object, graph)
    for path in mapping_files():
        graph = _graph(path, patterns)
        yield from (Quad(t.subject, t.predicate, t.object, graph) for t in mapping_triples(path))
    for triple in sorted(implied(stated), key=str):
        yield Quad(triple.subject, triple.predicate, triple.object, NamedNode(INFERRED))


def _graph(path: Path, patterns: dict[str, NamedNode]) -> NamedNode:
    name = path.relative_to(ROOT).as_posix()
    return patterns[max((p for p in patterns if fnmatch(name, p)), key=len)]
