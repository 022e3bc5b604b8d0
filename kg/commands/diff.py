"""``m816 diff``: what differs between two releases, in words."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--format", "face", type=click.Choice(("text", "json")), default="text")
def diff(old: Path, new: Path, face: str) -> None:
    """What was added, removed and changed from OLD to NEW, and whether verdicts may change.

    OLD and NEW are release folders, files of a release, checkouts or ontology folders. Exit code 0:
    they say the same; 1: they differ; 2: one cannot be read.

    \b
    Examples:
      m816 diff m816-0.1.0 m816-0.2.0
      m816 diff m816-0.1.0/m816.ttl .
      m816 diff --format json m816-0.1.0 m816-0.2.0
    """
    from kg.difference import changes, edition
    from kg.difference_told import Telling, as_json, lines

    before, after = edition(old), edition(new)
    found, telling = changes(before, after), Telling(before, after)
    click.echo(as_json(found, telling) if face == "json" else "\n".join(lines(found, telling)))
    sys.exit(1 if found else 0)
