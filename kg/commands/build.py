"""``m816 build``: one published release of the ontology and the rulebook."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder to write, m816-VERSION if not given; an earlier release in it is replaced.",
)
def build(out: Path | None) -> None:
    """Write the knowledge as a release: Turtle, RDF/XML, JSON-LD, what follows, DCAT, checksums.

    The same knowledge gives the same bytes. Exit code 0: written; 1: a check of the ontology fails,
    and nothing is written; 2: the folder is no release, or the knowledge cannot be read.

    \b
    Examples:
      m816 build
      m816 build --out dist/m816
    """
    from kg.checks import names, shortfalls
    from kg.knowledge import default
    from kg.locations import version
    from kg.release import release, replaceable, stated_and_inferred, write

    folder = out or Path(f"m816-{version()}")
    replaceable(folder)  # said before the work, not after it
    _progress("reading the knowledge and what follows from it")
    stated, inferred = stated_and_inferred(default())
    _progress(f"checking {len(stated)} triples")
    if found := shortfalls(stated):
        for each in found:
            click.echo(str(each))
        click.echo(f"m816: {len(found)} shortfalls; nothing was written", err=True)
        sys.exit(1)
    _progress("writing")
    made = release(default(), stated, inferred)
    write(made, folder)
    size = sum(map(len, made.files.values()))
    click.echo(
        f"{folder}: {made.stated} triples stated, {made.inferred} inferred, "
        f"{len(made.files)} files, {size} bytes; {len(names())} checks passed"
    )


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"m816: {words}", err=True)
