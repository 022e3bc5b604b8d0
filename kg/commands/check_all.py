"""``m816 check-all``: a whole population in, a folder of verdicts out."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.commands.named import named

if TYPE_CHECKING:
    from kg.bulk.run import Totals
    from kg.bulk.shard import Options


def _share(_: click.Context, __: click.Parameter, value: str | None) -> float:
    """A share as ``0.5%`` or ``0.005``."""
    if not value:
        return 0.0
    try:
        share = float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise click.BadParameter("give a share such as 0.5%")
    return share


@click.command(name="check-all")
@click.argument("source", metavar="INPUT", type=click.Path(exists=True, path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to fill.")
@click.option("--workers", type=click.IntRange(1), help="Processes; as many as processors.")
@click.option("--limit", type=click.IntRange(0), default=0, help="Judge so many records only.")
@click.option(
    "--engine",
    type=click.Choice(["compiled", "pyshacl", "pyshifty", "reference"]),
    default="compiled",
    show_default=True,
)
@click.option("--audit", callback=_share, help="Judge this share twice, e.g. 0.5%; must agree.")
@click.option("--profile", help="What the feed can carry: us-core, synthea, full.")
@click.option("--payer", help="Switch the coverage rules of this payer on: medicare.")
@click.option("--as-of", help="Judge by this code release, e.g. FY2026-Apr.")
def check_all(
    source: Path,
    out: Path,
    workers: int | None,
    limit: int,
    engine: str,
    audit: float,
    profile: str | None,
    payer: str | None,
    as_of: str | None,
) -> None:
    """Judge a whole population: a FHIR bulk export, Bundles, a folder of records, RDF graphs.

    INPUT is a file or a folder of NDJSON by type or of Bundles (also .gz), of records one a file,
    or of N-Quads or TriG with a graph a case. Lines may come in any order. What is run again with
    the same --out goes on where it stopped; nothing is judged twice, nothing is lost.

    \b
    Exit codes: 0 everything was read and judged, whatever the verdicts; 2 some input could not be
    read or judged (its rows say why; the rest is judged); 3 the audit or the final count does not
    agree; 130 interrupted.

    \b
    Examples:
      m816 check-all export/ --out verdicts/
      m816 check-all export/ --out trial/ --limit 1000 --audit 0.5%
    """
    from kg.bulk.shard import Options

    chosen = (("payer", named("Payer", payer)), ("judgedBy", named("CodeRelease", as_of)))
    options = Options(engine, named("FeedProfile", profile), chosen, audit)
    totals = _run(source, out, options, workers or os.cpu_count() or 1, limit)
    sys.exit(_told(totals, out))


def _run(source: Path, out: Path, options: Options, workers: int, limit: int) -> Totals:
    """The run with its results; ends the command when it is stopped or cannot write."""
    from kg.bulk.run import Run

    try:
        return Run(source, out, options, workers=workers, limit=limit).go(then=_results)
    except KeyboardInterrupt:
        click.echo(f"\nm816: stopped; run the same command again to go on in {out}.", err=True)
        sys.exit(130)
    except OSError as error:
        reason = (error.strerror or "it cannot be used").lower()
        what = f"m816: {error.filename or out}: {reason}. Mend it and run the same command again."
        click.echo(what, err=True)
        sys.exit(2)


def _results(out: Path) -> None:
    """Write what follows from the rows, however often; say where it is."""
    from kg.bulk.parquet import available
    from kg.bulk.results import NO_PARQUET, write_results

    made = write_results(out)
    for path in made.paths:
        click.echo(f"m816: wrote {path}", err=True)
    if not available():
        click.echo(f"m816: {NO_PARQUET}", err=True)
    if made.again:
        click.echo(
            f"m816: {made.again:,} cases in scope have the id of another one: several documents "
            "hold the same patient, or ids were given twice. Each was judged by itself.",
            err=True,
        )


def _told(totals: Totals, out: Path) -> int:
    """Say what came out of a run; its exit code."""
    click.echo(f"{totals.records:,} records, {totals.rows:,} rows in {out / 'verdicts'}")
    for name, count in sorted(totals.counts.items(), key=lambda item: (-item[1], item[0])):
        click.echo(f"  {count:>9,}  {name}")
    for line in totals.missing:
        click.echo(f"m816: {line}", err=True)
    if totals.ignored:
        click.echo(f"m816: {totals.ignored:,} files are of no kind that is read", err=True)
    for case in totals.differing:
        click.echo(f"m816: the reference engine judges otherwise: {case}", err=True)
    if not totals.accounted:
        click.echo("m816: the final count does not agree with what was read", err=True)
    if totals.differing or not totals.accounted:
        return 3
    failed = {"unreadable", "unusable", "could-not-be-judged"} & totals.counts.keys()
    return 2 if failed or totals.missing else 0
