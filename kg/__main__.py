"""The command ``m816``: one verb a question a coder or informatician asks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pyoxigraph import NamedNode, Triple

from kg import __version__
from kg.case import Case, trig, turtle
from kg.derive import Construct, derive
from kg.errors import InputError, KnowledgeError
from kg.faces import document, spoken
from kg.inputs import Input, inputs
from kg.knowledge import Knowledge, default
from kg.namespaces import m816
from kg.verdict import Verdict, judge_case

_FORMATS = ("text", "json", "turtle", "html", "fhir")


class _Command(click.Group):
    """Turns our own errors into one line and the exit code the design gives."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; an error of ours becomes its message and exit code 2."""
        try:
            return super().invoke(ctx)
        except (InputError, KnowledgeError) as error:
            click.echo(f"m816: {error}", err=True)
            sys.exit(2)


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="m816")
def main() -> None:
    """Does ICD-10-CM M81.6 stand on this record, what is missing, what to ask, and says who.

    \b
    Examples:
      m816 check record.json              judge one FHIR record
      m816 check export/ --format json    judge every record below a folder
      m816 explain M81.6                  what the graph knows of a code
    """


def _choices(class_name: str) -> list[str]:
    knowledge = default()
    return sorted(knowledge.notation(iri) for iri in knowledge.subjects(class_name))


def _named(class_name: str, name: str | None) -> str:
    """The IRI of a profile or payer by its notation; a clear refusal when there is none."""
    if not name:
        return ""
    knowledge = default()
    for iri in knowledge.subjects(class_name):
        if knowledge.notation(iri) == name:
            return iri
    raise click.UsageError(f"no such name: {name} (known: {', '.join(_choices(class_name))})")


@main.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--format", "face", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--all", "everything", is_flag=True, help="Show passes and not-applicables too.")
@click.option("--profile", help="What the feed can carry: us-core, synthea, full.")
@click.option("--payer", help="Switch the coverage rules of this payer on: medicare.")
@click.option("--as-of", help="Judge by this code release, e.g. FY2026-Apr.")
@click.option("--engine", type=click.Choice(["default", "reference"]), default="default")
def check(
    paths: tuple[str, ...],
    face: str,
    everything: bool,
    profile: str | None,
    payer: str | None,
    as_of: str | None,
    engine: str,
) -> None:
    """Judge records: FHIR R4 JSON, NDJSON (also .gz), RDF cases; FILE, FOLDER or - for stdin.

    \b
    Exit codes: 0 every case stands or is out of scope; 1 some case does not simply stand;
    2 some input could not be read (the others are still judged).

    \b
    Examples:
      m816 check record.json
      m816 check record.json --format json --payer medicare
      zcat bulk.ndjson.gz | m816 check -
    """
    knowledge = default()
    feed = _named("FeedProfile", profile)
    named = {"payer": _named("Payer", payer), "judgedBy": _named("CodeRelease", as_of)}
    bad, verdicts = 0, []
    for found in _progress(inputs(paths, knowledge, feed)):
        if found.error is not None:
            bad += 1
            click.echo(f"m816: {found.error}", err=True)
            continue
        made = [_judge(found, case, knowledge, named, engine) for case in found.cases]
        verdicts += made
        if face == "text":
            click.echo(spoken(made, everything, sys.stdout.isatty()))
    click.echo("" if face == "text" else document(verdicts, face), nl=False)
    unsettled = any(v.decision.verdict not in ("stands", "out-of-scope") for v in verdicts)
    sys.exit(2 if bad else int(unsettled))


def _judge(
    found: Input, case: Case, knowledge: Knowledge, named: dict[str, str], engine: str
) -> Verdict:
    from kg.pyshacl_engine import engine as pyshacl

    construct: Construct | None = None
    if engine == "reference":
        from kg.derive_rdflib import construct_rdflib

        construct = construct_rdflib
    return judge_case(
        case,
        knowledge,
        pyshacl(knowledge),
        named=named,
        file=found.file,
        sha256=found.sha256,
        construct=construct,
    )


def _progress(found: Iterator[Input]) -> Iterator[Input]:
    """Count inputs on a terminal's error stream; silent elsewhere."""
    shown = sys.stderr.isatty()
    for number, item in enumerate(found, start=1):
        yield item
        if shown and number % 25 == 0:
            click.echo(f"\r{number} inputs judged", err=True, nl=False)


@main.command("case")
@click.argument("path")
@click.option("--derived", is_flag=True, help="The self-contained graph any engine can judge.")
@click.option("--only", metavar="CASE", help="Only this case, e.g. Encounter/e1.")
@click.option("--profile", help="What the feed can carry: us-core, synthea, full.")
@click.option("--payer", help="Add the payer, as check --payer does.")
def case_(
    path: str, derived: bool, only: str | None, profile: str | None, payer: str | None
) -> None:
    """Write the case graph of a record: Turtle, or TriG with one graph a case when it has several.

    \b
    Example:
      m816 case record.json --derived > case.ttl; m816 shapes > shapes.ttl
      pyshacl -s shapes.ttl case.ttl
    """
    knowledge = default()
    paid = _named("Payer", payer)
    graphs: dict[str, set[Triple]] = {}
    for found in inputs([path], knowledge, _named("FeedProfile", profile)):
        if found.error is not None:
            raise found.error
        for case in found.cases:
            if only and case.id != only:
                continue
            if paid:
                case.triples.add(Triple(case.node, m816("payer"), NamedNode(paid)))
            whole = derive(case, knowledge) if derived else case.asserted()
            graphs[case.node.value] = whole
    click.echo(turtle(graphs.popitem()[1]) if len(graphs) == 1 else trig(graphs), nl=False)


@main.command()
def shapes() -> None:
    """Write all shapes as one Turtle document for any SHACL engine.

    \b
    Example:
      m816 shapes > shapes.ttl
    """
    click.echo(default().shapes, nl=False)


@main.command()
@click.option("--format", "face", type=click.Choice(["text", "json"]), default="text")
def rules(face: str) -> None:
    """List every rule: severity, axis, authority, sentence.

    \b
    Examples:
      m816 rules
      m816 rules --format json
    """
    from kg.catalogue import rule_rows

    rows = rule_rows(default())
    if face == "json":
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        marks = f"{row['severity']:8} {row['axis']:16} {row['authority']:11}"
        click.echo(f"{row['rule']:38} {marks} {row['sentence']}")


@main.command()
@click.argument("name")
def explain(name: str) -> None:
    """Explain a rule, a statement, a code, a conflict or an obligation.

    \b
    Examples:
      m816 explain excludes1-conflict
      m816 explain S15
      m816 explain M81.6
      m816 explain C1
      m816 explain icd:S15                the code, where a statement has the same name
    """
    from kg.catalogue import explained

    told = explained(default(), name)
    if not told:
        raise click.UsageError(f"nothing is called {name}; m816 rules lists the rules")
    click.echo(told)


@main.command()
@click.argument("query", required=False)
@click.argument("record", required=False)
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="Give a value.")
@click.option("--list", "listing", is_flag=True, help="Show the named queries and what they take.")
def ask(query: str | None, record: str | None, given: tuple[str, ...], listing: bool) -> None:
    """Run a named query or FILE.rq (SPARQL) over the graph and, if given, the cases of RECORD.

    \b
    Examples:
      m816 ask --list
      m816 ask neighbours --set code=M81.0
      m816 ask my.rq record.json
    """
    from kg.queries import answers, listed

    knowledge = default()
    if listing or query is None:
        return click.echo(listed(knowledge))
    graphs: dict[NamedNode, set[Triple]] = {}
    for found in inputs([record] if record else [], knowledge):
        if found.error is not None:
            raise found.error
        graphs |= {case.node: derive(case, knowledge) for case in found.cases}
    values = dict(each.partition("=")[::2] for each in given)
    click.echo(answers(knowledge, query, graphs, values), nl=False)


@main.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def serve(arguments: tuple[str, ...]) -> None:
    """Serve SPARQL, linked data and record checks over HTTP."""
    from server.start import serve

    serve.main(list(arguments), prog_name="m816 serve")


@main.group()
def codes() -> None:
    """The ICD-10-CM code layer.

    \b
    Example:
      m816 codes build
    """


@codes.command("build")
@click.option("--xml", type=click.Path(exists=True, dir_okay=False), help="An official tabular.")
@click.option("--out", type=click.Path(file_okay=False), help="Ontology folder to write to.")
def build_codes(xml: str | None, out: str | None) -> None:
    """Regenerate the code layer from the official tabular list (needs simple-icd-10-cm).

    \b
    Examples:
      m816 codes build
      m816 codes build --xml icd10cm-tabular-2026.xml --out my-ontology
    """
    from kg.codes import build
    from kg.locations import ONTOLOGY

    try:
        made = build(Path(out) if out else ONTOLOGY, Path(xml) if xml else None)
    except ValueError as error:
        click.echo(f"m816: {error}", err=True)
        sys.exit(2)
    click.echo(f"{made.release}: " + ", ".join(f"{n} {name}" for name, n in made.counts.items()))


if __name__ == "__main__":
    main()
