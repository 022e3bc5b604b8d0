"""``m816 check``: records in, verdicts out."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from kg.case import Case
from kg.commands.named import named
from kg.derive import Construct
from kg.errors import NotJudged
from kg.faces import document, spoken
from kg.inputs import Input, inputs
from kg.knowledge import Knowledge, default
from kg.verdict import Verdict, judge_case

_FORMATS = ("text", "json", "turtle", "html", "fhir")


@click.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--format", "face", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--all", "everything", is_flag=True, help="Show passes and not-applicables too.")
@click.option("--profile", help="What the feed can carry: us-core, synthea, full.")
@click.option("--payer", help="Switch the coverage rules of this payer on: medicare.")
@click.option("--as-of", help="Judge by this code release, e.g. FY2026-Apr.")
@click.option(
    "--engine",
    type=click.Choice(["compiled", "pyshacl", "pyshifty", "reference"]),
    default="pyshacl",
    show_default=True,
    help="The SHACL engine; reference also derives with rdflib.",
)
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
    feed = named("FeedProfile", profile)
    chosen = {"payer": named("Payer", payer), "judgedBy": named("CodeRelease", as_of)}
    bad, verdicts = 0, []
    for found in _progress(inputs(paths, knowledge, feed)):
        if found.error is not None:
            bad += 1
            click.echo(f"m816: {found.error}", err=True)
            continue
        made = list(_made(found, knowledge, chosen, engine))
        bad += len(made) < len(found.cases)
        verdicts += made
        if face == "text":
            click.echo(spoken(made, everything, sys.stdout.isatty()))
    click.echo("" if face == "text" else document(verdicts, face), nl=False)
    unsettled = any(v.decision.verdict not in ("stands", "out-of-scope") for v in verdicts)
    sys.exit(2 if bad else int(unsettled))


def _made(
    found: Input, knowledge: Knowledge, named: dict[str, str], engine: str
) -> Iterator[Verdict]:
    """The verdicts of an input; a case that cannot be judged is said to be one and left out."""
    for case in found.cases:
        try:
            yield _judge(found, case, knowledge, named, engine)
        except NotJudged as error:
            error.file, error.place = found.file, case.id
            click.echo(f"m816: {error}", err=True)


def _judge(
    found: Input, case: Case, knowledge: Knowledge, named: dict[str, str], engine: str
) -> Verdict:
    from kg.engines import engine as chosen

    construct: Construct | None = None
    if engine == "reference":
        from kg.derive_rdflib import construct_rdflib

        construct = construct_rdflib
    return judge_case(
        case,
        knowledge,
        chosen("pyshacl" if engine == "reference" else engine, knowledge),
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
