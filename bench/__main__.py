"""Paired benchmarks: ``python -m bench`` prints each figure as a ratio, min – median – max.

``python -m bench check`` measures records, ``python -m bench serve`` queries over HTTP; without
either word both are measured. ``python -m bench wsgi`` compares two WSGI servers. ``python -m bench
population`` writes a population with known verdicts, ``python -m bench bulk`` measures how one is
judged and where the time of a verdict goes.
"""

from __future__ import annotations

from pathlib import Path

import click

from bench.bulk import bulk


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Measure everything, or what the verb says."""
    if context.invoked_subcommand is None:
        context.invoke(check)
        context.invoke(serve)


@main.command()
@click.option("--runs", default=15, show_default=True, help="Counted pairs of each benchmark.")
@click.option("--record", type=click.Path(exists=True, path_type=Path), help="Another record.")
def check(runs: int, record: Path | None) -> None:
    """Measure a cold and a warm check, each beside its yardstick."""
    from bench import checking

    checking.check(runs, record)


@main.command()
@click.option("--runs", default=15, show_default=True, help="Counted turns of each comparison.")
def serve(runs: int) -> None:
    """Measure queries over HTTP beside three other servers, on this machine only."""
    from bench import serving

    serving.serve(runs)


@main.command()
@click.option("--runs", default=9, show_default=True, help="Counted turns of each comparison.")
def wsgi(runs: int) -> None:
    """Measure our application on Granian and on gunicorn (to be installed: gunicorn)."""
    from bench import wsgi

    wsgi.compare(runs)


@main.command()
@click.option("--patients", default=1_000, show_default=True)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to fill.")
@click.option("--layout", type=click.Choice(["ndjson", "bundles"]), default="ndjson")
@click.option("--seed", default=816, show_default=True)
@click.option("--scope", default=5.0, show_default=True, help="Per cent of patients in scope.")
@click.option("--samples", type=click.Path(exists=True, path_type=Path), help="More records.")
def population(
    patients: int, out: Path, layout: str, seed: int, scope: float, samples: Path | None
) -> None:
    """Write OUT/population and, apart from it, what must come out: OUT/planted.ndjson."""
    from bench.population import populate

    populate(out, patients, layout=layout, seed=seed, share=scope / 100, folder=samples)


main.add_command(bulk)

if __name__ == "__main__":
    main()
