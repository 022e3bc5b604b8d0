"""``m816 prove``: each part of the rulebook changed, one at a time, to see who notices."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from kg.prove.gate import Score

_KINDS = ("derivation", "shape", "target", "path", "term-row", "axiom")
_HEAD = ("kind", "mutants", "killed", "survived", "equivalent", "score", "seconds")
_ROW = "{:<12}{:>9}{:>9}{:>10}{:>12}{:>9}{:>9}"


@click.command()
@click.option("--kind", "kinds", multiple=True, type=click.Choice(_KINDS), help="Only these kinds.")
@click.option("--fast", is_flag=True, help="A sample, the same each time, instead of all.")
@click.option("--format", "face", type=click.Choice(["text", "json"]), default="text")
def prove(kinds: tuple[str, ...], fast: bool, face: str) -> None:
    """Change every part of the rulebook, one at a time, and see whether some test notices.

    Survivors are changes that nothing notices: a part that is not needed, or that no case shows to
    be needed. Equivalents are those that nothing can notice, as tests/prove/equivalents.toml says.
    Needs a checkout, for the cases. Exit 1 if too many survive or the list of equivalents is wrong.

    \b
    Examples:
      m816 prove                          every kind, all of it
      m816 prove --kind derivation        every change of the derivations
      m816 prove --fast --format json     a sample, for a machine
    """
    from kg.errors import KnowledgeError
    from kg.knowledge import default
    from kg.prove import everything
    from kg.prove.gate import EQUIVALENTS, equivalents, made, sampled, scored

    if not EQUIVALENTS.is_file():
        raise KnowledgeError("m816 prove tries the rulebook on its tests: it needs a checkout")
    chosen, reviewed = kinds or _KINDS, equivalents()
    wanted = sampled(reviewed) if fast else everything
    mutants = made(chosen, default(), wanted)
    scores = scored(chosen, mutants, reviewed, _progress)
    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)
    faults = {score.kind: found for score in scores if (found := score.faults(whole=not fast))}
    if face == "json":
        click.echo(json.dumps([_data(each, not fast) for each in scores], indent=2))
    else:
        _print(scores, faults)
    sys.exit(1 if faults else 0)


def _progress(score: Score) -> None:
    if score.tried % 20 == 0 and sys.stderr.isatty():
        click.echo(f"\r{score.kind}: {score.tried} tried", err=True, nl=False)


def _print(scores: list[Score], faults: dict[str, list[str]]) -> None:
    click.echo(_ROW.format(*_HEAD))
    for each in scores:
        counts = (each.tried, each.killed, len(each.survivors), len(each.equivalents))
        click.echo(_ROW.format(each.kind, *counts, f"{each.score:.1%}", f"{each.seconds:.1f}"))
    for each in scores:
        for mutant in each.survivors:
            click.echo(f"survives: {each.kind} {_file(mutant.kind, mutant.of)}: {mutant.what}")
        for mutant, reason in each.equivalents:
            click.echo(f"equivalent: {each.kind} {mutant.of}: {mutant.what}. {reason}")
    for kind, found in faults.items():
        for fault in found:
            click.echo(f"gate missed: {kind}: {fault}")


def _data(score: Score, whole: bool) -> dict[str, Any]:
    return {
        "kind": score.kind,
        "mutants": score.tried,
        "killed": score.killed,
        "survivors": [{"of": m.of, "what": m.what} for m in score.survivors],
        "equivalents": [{"of": m.of, "what": m.what, "reason": r} for m, r in score.equivalents],
        "score": round(score.score, 4),
        "seconds": round(score.seconds, 1),
        "faults": score.faults(whole),
    }


def _file(kind: str, of: str) -> str:
    """The file of a derivation; what other kinds change says itself where it is."""
    from kg.locations import ONTOLOGY

    found = sorted((ONTOLOGY / "rules").glob(f"[0-9]*-{of}.rq")) if kind == "derivation" else []
    return f"ontology/rules/{found[0].name}" if found else of
