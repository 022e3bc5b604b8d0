"""``m816 codes build``: the code layer made anew from the official tabular."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.group()
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
