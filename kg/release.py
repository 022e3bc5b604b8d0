"""The installation's knowledge → one published release: a folder of files, or none at all.

In: the dataset (``kg.dataset``). Out: what is stated, merged, as Turtle, RDF/XML and JSON-LD; what
follows from it, apart, as a named graph with its provenance; a DCAT and VoID description; the sums.
The same knowledge gives the same bytes: blank nodes have canonical names (RDFC-1.0), triples are
sorted, and the only date is the ontology's own or SOURCE_DATE_EPOCH. Errors: ``KnowledgeError`` for
knowledge that fails the checks about it, and for a folder that must not be replaced.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import (
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
    serialize,
)

from kg.closure import rules
from kg.dataset import INFERRED, dataset
from kg.errors import KnowledgeError
from kg.jsonld import document
from kg.knowledge import Knowledge
from kg.locations import version
from kg.namespaces import DCT, DERIVATION, LABEL, M816, OWL, PREFIXES, PROV, SH, TYPE, XSD
from kg.void import Sheet, counts

ONTOLOGY_IRI = M816 + "ontology"
SUMS = "SHA256SUMS"
WHOLE = "m816.ttl"
DCAT = "http://www.w3.org/ns/dcat#"
SPDX = "http://spdx.org/rdf/terms#"
_DESCRIPTION = "description.ttl"
_MEDIA = "https://www.iana.org/assignments/media-types/"
_FILES = {  # what each is, and its media type
    WHOLE: ("All that is stated, as Turtle", "text/turtle"),
    "m816.rdf": ("All that is stated, as RDF/XML for ontology editors", "application/rdf+xml"),
    "m816.jsonld": ("All that is stated, as JSON-LD", "application/ld+json"),
    "context.jsonld": ("The context of the JSON-LD", "application/ld+json"),
    "m816-inferred.trig": ("What follows from it, as TriG", "application/trig"),
}
_COPIED = ("title", "description", "creator", "publisher", "license", "rights", "created")
_PREFIXES = dict(sorted({**PREFIXES, "dcat": DCAT, "spdx": SPDX}.items()))


@dataclass(frozen=True)
class Release:
    """The files of a release by name, and how many triples are stated and inferred."""

    files: dict[str, bytes]
    stated: int
    inferred: int


def canonical(triples: Iterable[Triple]) -> list[Triple]:
    """The triples sorted, each once, blank nodes named by what is said of them."""
    found = Dataset(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in triples)
    found.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return sorted((quad.triple for quad in found), key=str)


def stated_and_inferred(knowledge: Knowledge) -> tuple[list[Triple], list[Triple]]:
    """All that people wrote, the text of each derivation with it, and apart what follows."""
    stated, inferred = set[Triple](), set[Triple]()
    for quad in parse(dataset(knowledge).quads, RdfFormat.N_QUADS):
        (inferred if quad.graph_name == NamedNode(INFERRED) else stated).add(quad.triple)
    for each in knowledge.derivations:
        node = NamedNode(DERIVATION + each.id)
        stated.add(Triple(node, NamedNode(SH + "construct"), Literal(each.query)))
    return canonical(stated), sorted(inferred, key=str)


def release(knowledge: Knowledge, stated: list[Triple], inferred: list[Triple]) -> Release:
    """The files of the release; ``KnowledgeError`` if a file would not say the same."""
    if (told := knowledge.values(ONTOLOGY_IRI, OWL + "versionInfo")) != [Literal(version())]:
        words = ", ".join(value.value for value in told)
        raise KnowledgeError(f"the ontology says version {words}, the package {version()}")
    linked, context = document(stated, _PREFIXES)
    files = {
        WHOLE: _written(stated, RdfFormat.TURTLE),
        "m816.rdf": _written(stated, RdfFormat.RDF_XML),
        "m816.jsonld": linked,
        "context.jsonld": context,
    }
    syntaxes = (RdfFormat.TURTLE, RdfFormat.RDF_XML, RdfFormat.JSON_LD)
    for name, syntax in zip(files, syntaxes, strict=False):
        if canonical(quad.triple for quad in parse(files[name], syntax)) != stated:
            raise KnowledgeError(f"{name} would not say what the ontology says")
    sums = {WHOLE: hashlib.sha256(files[WHOLE]).hexdigest()}
    files["m816-inferred.trig"] = _inferred(inferred, sums[WHOLE])
    files[_DESCRIPTION] = _description(knowledge, files, stated)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    return Release({**files, SUMS: lines.encode()}, len(stated), len(inferred))


def _written(triples: Iterable[Triple] | Iterable[Quad], syntax: RdfFormat) -> bytes:
    return serialize(triples, format=syntax, prefixes=_PREFIXES) or b""


def _version_iri() -> NamedNode:
    return NamedNode(f"{ONTOLOGY_IRI}/{version()}")


def _inferred(triples: list[Triple], sha256: str) -> bytes:
    """The inferred graph as TriG; the default graph says from what and how it was made."""
    sheet, graph = Sheet(), NamedNode(INFERRED)
    run, source = NamedNode(f"{ONTOLOGY_IRI}/{version()}/inference"), _version_iri()
    engine = NamedNode(f"{ONTOLOGY_IRI}/{version()}/m816-kg")
    sheet.say(graph, PROV + "wasGeneratedBy", run)
    sheet.say(graph, PROV + "wasDerivedFrom", source)
    sheet.say(source, M816 + "sourceSha256", Literal(sha256))
    sheet.say(run, TYPE.value, NamedNode(PROV + "Activity"))
    sheet.say(run, PROV + "used", source)
    sheet.say(run, PROV + "wasAssociatedWith", engine)
    names = ", ".join(rule.id for rule in rules())
    words = f"OWL 2 RL rules, run until nothing new came: {names}."
    sheet.say(run, DCT + "description", Literal(words, language="en"))
    sheet.say(engine, TYPE.value, NamedNode(PROV + "SoftwareAgent"))
    sheet.say(engine, LABEL.value, Literal(f"m816-kg {version()}"))
    quads = [Quad(t.subject, t.predicate, t.object) for t in sorted(sheet.triples, key=str)]
    quads += [Quad(t.subject, t.predicate, t.object, graph) for t in triples]
    return _written(quads, RdfFormat.TRIG)


def _description(knowledge: Knowledge, files: dict[str, bytes], stated: list[Triple]) -> bytes:
    """The release as ``dcat:Dataset`` and ``void:Dataset``.

    It gives no address to download from: who publishes the folder knows it.
    """
    sheet, whole = Sheet(), _version_iri()
    for kind in (DCAT + "Dataset", "http://rdfs.org/ns/void#Dataset"):
        sheet.say(whole, TYPE.value, NamedNode(kind))
    for name in _COPIED:
        for value in knowledge.values(ONTOLOGY_IRI, DCT + name):
            sheet.say(whole, DCT + name, value)
    (modified,) = knowledge.values(ONTOLOGY_IRI, DCT + "modified")
    sheet.say(whole, DCT + "modified", modified)
    sheet.say(whole, DCT + "issued", _issued() or modified)
    sheet.say(whole, DCAT + "version", Literal(version()))
    sheet.say(whole, DCAT + "isVersionOf", NamedNode(ONTOLOGY_IRI))
    sheet.say(whole, DCT + "conformsTo", NamedNode("http://www.w3.org/TR/owl2-overview/"))
    counts(sheet, whole, set(stated))
    for name, (title, media) in _FILES.items():
        node = NamedNode(f"{whole.value}/{name}")
        sheet.say(whole, DCAT + "distribution", node)
        sheet.say(node, TYPE.value, NamedNode(DCAT + "Distribution"))
        sheet.say(node, DCT + "title", Literal(title, language="en"))
        sheet.say(node, DCT + "identifier", Literal(name))
        sheet.say(node, DCAT + "mediaType", NamedNode(_MEDIA + media))
        size = Literal(str(len(files[name])), datatype=NamedNode(XSD + "nonNegativeInteger"))
        sheet.say(node, DCAT + "byteSize", size)
        _checksum(sheet, node, files[name])
    return _written(canonical(sheet.triples), RdfFormat.TURTLE)


def _checksum(sheet: Sheet, node: NamedNode, data: bytes) -> None:
    digest = Literal(hashlib.sha256(data).hexdigest(), datatype=NamedNode(XSD + "hexBinary"))
    part = sheet.part(node, SPDX + "checksum")
    sheet.say(part, TYPE.value, NamedNode(SPDX + "Checksum"))
    sheet.say(part, SPDX + "algorithm", NamedNode(SPDX + "checksumAlgorithm_sha256"))
    sheet.say(part, SPDX + "checksumValue", digest)


def _issued() -> Literal | None:
    """The date of SOURCE_DATE_EPOCH, if a packager set one."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not re.fullmatch(r"\d{1,11}", epoch):
        return None
    day = datetime.fromtimestamp(int(epoch), UTC).date().isoformat()
    return Literal(day, datatype=NamedNode(XSD + "date"))


def replaceable(folder: Path) -> None:
    """``KnowledgeError`` unless the folder is not there, is empty, or holds a release only."""
    if not folder.exists():
        return
    try:
        held = {path.name for path in folder.iterdir()}
        sums = (folder / SUMS).read_text("utf-8") if SUMS in held else ""
    except (OSError, ValueError) as error:
        raise KnowledgeError(f"{folder}: cannot be written to as a release ({error})") from None
    ours = {line.partition("  ")[2] for line in sums.splitlines()} | {SUMS}
    if foreign := sorted(held - ours):
        raise KnowledgeError(
            f"{folder}: holds {foreign[0]}, which is no part of a release. Name a new folder."
        )


def write(made: Release, folder: Path) -> None:
    """Write the release to the folder, whole or not at all, in place of one that was there."""
    replaceable(folder)
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part.mkdir()
        for name, data in made.files.items():
            (part / name).write_bytes(data)
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
    except OSError as error:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise KnowledgeError(f"{folder}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
