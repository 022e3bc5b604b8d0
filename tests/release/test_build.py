"""A release: every file says the same, the bytes do not change, and it is written whole or not."""

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import rdflib
from click.testing import CliRunner
from pyoxigraph import DefaultGraph, NamedNode, RdfFormat, Triple, parse
from rdflib.namespace import DCAT, DCTERMS, OWL, RDF

from kg import __version__
from kg.commands.build import build
from kg.errors import KnowledgeError
from kg.release import SUMS, canonical, replaceable, write
from tests.release.stated import made, stated

ONTOLOGY = "https://w3id.org/m816/ontology"
VERSION = rdflib.URIRef(f"{ONTOLOGY}/{__version__}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A release, written."""
    write(made(), tmp_path / "release")
    return tmp_path / "release"


@functools.cache
def read_by_rdflib(name: str) -> rdflib.Graph:
    """A file as rdflib reads it."""
    syntax = {"m816.rdf": "xml", "m816.jsonld": "json-ld"}[name]
    return rdflib.Graph().parse(data=made().files[name], format=syntax)


@pytest.mark.parametrize("name", ["m816.rdf", "m816.jsonld"])
def test_each_syntax_says_the_same_to_rdflib(name: str) -> None:
    told = read_by_rdflib(name).serialize(format="nt", encoding="utf-8")
    assert canonical(quad.triple for quad in parse(told, RdfFormat.N_TRIPLES)) == stated()


def test_json_ld_is_compact_and_its_context_stands_alone_too(folder: Path) -> None:
    document = json.loads((folder / "m816.jsonld").read_text("utf-8"))
    context = json.loads((folder / "context.jsonld").read_text("utf-8"))
    assert document["@context"] == context["@context"]
    nodes = {node["id"]: node for node in document["@graph"]}
    rule = nodes["rule:dxa-site"]
    assert rule["type"] == ["sh:PropertyShape", "m816:Rule"]
    assert (rule["severity"], rule["minCount"]) == ("sh:Violation", "1")
    assert not [name for name in rule if name.startswith(("http", "@"))]
    assert any("@list" in str(node) for node in nodes.values())


def test_rdf_xml_has_one_header_without_imports_and_only_proper_names() -> None:
    text, graph = made().files["m816.rdf"].decode(), read_by_rdflib("m816.rdf")
    assert list(graph.subjects(RDF.type, OWL.Ontology)) == [rdflib.URIRef(ONTOLOGY)]
    assert list(graph.objects(rdflib.URIRef(ONTOLOGY), OWL.versionIRI)) == [VERSION]
    assert not list(graph.triples((None, OWL.imports, None)))
    assert set(re.findall(r"<(\w+):", text)) <= set(re.findall(r"xmlns:(\w+)=", text))
    assert not re.search(r"xmlns:(oxprefix|ns\d|p\d)", text)


def test_owlready_opens_the_rdf_xml(folder: Path) -> None:
    owlready2 = pytest.importorskip("owlready2", reason="needs owlready2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of each property that carries a mark of travel
        world = owlready2.World()
        world.get_ontology((folder / "m816.rdf").as_uri()).load()
    assert len(world.graph) >= len(stated())  # it adds a header of its own
    classes = {found.iri for found in world.classes()}
    assert "https://w3id.org/m816/LocalizedOsteoporosis" in classes


def test_a_structural_owl_parser_finds_the_ontology_and_its_version(folder: Path) -> None:
    horned = pytest.importorskip("pyhornedowl", reason="needs py-horned-owl")
    found = horned.open_ontology(str(folder / "m816.rdf"))
    assert (str(found.get_iri()), str(found.get_version_iri())) == (ONTOLOGY, str(VERSION))
    assert "https://w3id.org/m816/LocalizedOsteoporosis" in set(map(str, found.get_classes()))
    assert len(found.get_axioms()) > 60_000


def test_what_follows_is_a_graph_of_its_own_with_its_origin(folder: Path) -> None:
    quads = list(parse((folder / "m816-inferred.trig").read_bytes(), RdfFormat.TRIG))
    graph = NamedNode("https://w3id.org/m816/graph/inferred")
    inferred = {quad.triple for quad in quads if quad.graph_name == graph}
    origin = [quad for quad in quads if isinstance(quad.graph_name, DefaultGraph)]
    assert len(inferred) == made().inferred > 1000
    assert inferred.isdisjoint(stated())
    digest = hashlib.sha256((folder / "m816.ttl").read_bytes()).hexdigest()
    assert digest in {getattr(quad.object, "value", "") for quad in origin}
    assert any(quad.predicate.value.endswith("#wasGeneratedBy") for quad in origin)


def test_the_description_names_every_file_with_its_size_and_sum(folder: Path) -> None:
    graph = rdflib.Graph().parse(folder / "description.ttl")
    assert (VERSION, RDF.type, DCAT.Dataset) in graph
    files = set(graph.objects(VERSION, DCAT.distribution))
    assert len(files) == 5
    spdx = rdflib.Namespace("http://spdx.org/rdf/terms#")
    for node in files:
        data = (folder / str(graph.value(node, DCTERMS.identifier))).read_bytes()
        assert int(str(graph.value(node, DCAT.byteSize))) == len(data)
        part = graph.value(node, spdx.checksum)
        digest = graph.value(part, spdx.checksumValue)
        assert str(digest).lower() == hashlib.sha256(data).hexdigest()
        assert graph.value(node, DCAT.mediaType)
    for said in (DCTERMS.license, DCTERMS.creator, DCTERMS.title, DCTERMS.description):
        assert graph.value(VERSION, said), said


def test_the_sums_are_those_of_every_other_file(folder: Path) -> None:
    lines = (folder / SUMS).read_text("utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    files = {path.name for path in folder.iterdir()} - {SUMS}
    assert sums == {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in files}


def test_another_process_makes_the_same_bytes(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from kg.knowledge import default\n"
        "from kg.release import release, stated_and_inferred, write\n"
        "write(release(default(), *stated_and_inferred(default())), Path(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "M816_CACHE": ""}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", code, str(tmp_path / "again")]
    subprocess.run(command, env=environment, check=True, timeout=300)
    assert {p.name: p.read_bytes() for p in (tmp_path / "again").iterdir()} == made().files


def test_the_date_is_the_ontologys_own_or_the_packagers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from kg.release import _issued

    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert _issued() is None
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    issued = _issued()
    assert issued is not None
    assert issued.value == "1970-01-02"


def test_a_release_is_replaced_and_nothing_is_left_beside_it(folder: Path) -> None:
    (folder / "m816.ttl").write_text("spoiled")
    write(made(), folder)
    assert (folder / "m816.ttl").read_bytes() == made().files["m816.ttl"]
    assert [path.name for path in folder.parent.iterdir()] == ["release"]


@pytest.mark.parametrize("also", [False, True], ids=["no release", "a release with a file more"])
def test_a_folder_that_is_no_release_is_left_alone(folder: Path, also: bool) -> None:
    target = folder if also else folder.parent
    (target / "thesis.txt").write_text("mine")
    with pytest.raises(KnowledgeError, match="is no part of a release"):
        replaceable(target)
    result = CliRunner().invoke(build, ["--out", str(target)])
    assert isinstance(result.exception, KnowledgeError)  # which the command turns into exit code 2
    assert (target / "thesis.txt").read_text() == "mine"


def test_a_build_that_fails_midway_leaves_what_was_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    whole, written = Path.write_bytes, []

    def full(path: Path, data: bytes) -> int:
        written.append(path)
        if len(written) > 3:
            raise OSError(28, "No space left on device")
        return whole(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(KnowledgeError, match="No space left"):
        write(made(), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["release"]


def test_the_command_writes_nothing_when_a_check_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = Triple(*(NamedNode(f"urn:{each}") for each in "abc"))
    from kg import checks

    found = checks.Shortfall("label", "Every term has one label", "m816:Femur", "", "")
    monkeypatch.setattr("kg.release.stated_and_inferred", lambda _: ([bad], []))
    monkeypatch.setattr("kg.checks.shortfalls", lambda _: [found])
    result = CliRunner().invoke(build, ["--out", str(tmp_path / "new")])
    assert result.exit_code == 1
    assert "Every term has one label: m816:Femur" in result.output
    assert not (tmp_path / "new").exists()


def test_the_command_tells_what_it_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.checks.shortfalls", lambda _: [])  # they have their own tests
    monkeypatch.setattr("kg.release.stated_and_inferred", lambda _: (stated(), []))
    monkeypatch.setattr("kg.release.release", lambda *_: made())
    result = CliRunner().invoke(build, ["--out", str(tmp_path / "deep" / "new")])
    assert result.exit_code == 0, result.output
    assert f"{made().stated} triples stated" in result.output
    assert {path.name for path in (tmp_path / "deep" / "new").iterdir()} == set(made().files)
