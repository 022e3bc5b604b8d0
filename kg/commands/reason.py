"""``m816 reason``: what follows from the axioms, for the ontology or for a case, and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from kg.classified import ClassifiedCase
    from kg.justify import Premise
    from kg.reasoner import Classified


@click.command()
@click.argument("path", metavar="[CASE]", required=False)
@click.option("--format", "face", type=click.Choice(["text", "json"]), default="text")
@click.option("--profile", help="What the feed can carry: us-core, synthea, full.")
def reason(path: str | None, face: str, profile: str | None) -> None:
    """Reason with HermiT over the ontology, or over the cases of a record, and say why.

    Without CASE: is the ontology consistent, can every class have members, which classes lie below
    which though nobody wrote it. With CASE (what check reads): the classes that the case and what
    it tells fall under, by the run-time closure and by HermiT, each with facts, axioms, citations.

    \b
    Exit codes: 0 all is well; 1 inconsistent, a class without members, or the two disagree;
    2 unreadable input, or no Java or owlready2 for the ontology as a whole.

    \b
    Examples:
      m816 reason
      m816 reason record.json
      m816 reason record.json --format json
    """
    from kg.errors import ToolMissing

    try:
        sound = _case(path, face, profile) if path else _ontology(face)
    except ToolMissing as error:
        click.echo(f"m816: {error}", err=True)
        sys.exit(2)
    sys.exit(0 if sound else 1)


def _ontology(face: str) -> bool:
    from kg.disease import beyond_rl, ground
    from kg.namespaces import short
    from kg.reasoner import classify, new_above

    stated = [*ground(), *beyond_rl()]  # codes, terms and statements bear on no class
    if sys.stderr.isatty():
        click.echo("HermiT is running", err=True)
    found = classify(stated)
    new = [(short(low), short(high)) for low, high in new_above(found, stated)]
    bad = sorted(map(short, found.unsatisfiable))
    if face == "json":
        click.echo(_json(_run(found) | {"unsatisfiable": bad, "inferred": new}))
        return found.consistent and not bad
    click.echo(f"{found.engine}, {found.seconds:.1f} s")
    click.echo("consistent" if found.consistent else "INCONSISTENT: nothing can be inferred")
    click.echo(f"classes that nothing can be of: {', '.join(bad) or 'none'}")
    click.echo(f"inferred beside what is written: {len(new)}")
    for low, high in new:
        click.echo(f"  {low}  is a kind of  {high}")
    return found.consistent and not bad


def _case(path: str, face: str, profile: str | None) -> bool:
    from kg.classified import classified
    from kg.commands.named import named
    from kg.derive import derive
    from kg.inputs import inputs
    from kg.knowledge import default
    from kg.reasoner import missing

    knowledge = default()
    lacking = missing()
    if lacking:
        click.echo(f"m816: {lacking}; the closure alone is shown", err=True)
    made: list[ClassifiedCase] = []
    for found in inputs([path], knowledge, named("FeedProfile", profile)):
        if found.error is not None:
            raise found.error
        for case in found.cases:
            made.append(classified(case.id, derive(case, knowledge), oracle=not lacking))
    if face == "json":
        click.echo(_json({"cases": [_as_json(each) for each in made]}))
    else:
        click.echo("\n".join(line for each in made for line in _spoken(each)))
    return not any(each.clash or each.differs for each in made)


def _spoken(found: ClassifiedCase) -> Iterator[str]:
    oracle = found.oracle
    who = f" ({oracle.engine}, {oracle.seconds:.1f} s)" if oracle else ""
    yield f"{found.case}: {'contradicts itself' if found.clash else 'consistent'}{who}"
    for clash in found.clash:
        yield "  cannot be, because"
        yield from _because(clash)
    last = ""
    for each in found.inferred:
        if each.individual != last:
            last = each.individual
            yield f"  {last}"
        yield f"    {each.type} ({each.label}), by {' and '.join(each.by)}, because"
        yield from _because(each.because)


def _because(premises: tuple[Premise, ...] | list[Premise]) -> Iterator[str]:
    for premise in premises:
        cited = f" [{', '.join(premise.sources)}]" if premise.sources else ""
        yield f"      {premise.kind:5} {premise.words}{cited}"


def _run(found: Classified) -> dict[str, Any]:
    return {
        "engine": found.engine,
        "seconds": round(found.seconds, 1),
        "consistent": found.consistent,
    }


def _as_json(found: ClassifiedCase) -> dict[str, Any]:
    import dataclasses

    return {
        "case": found.case,
        "consistent": not found.clash,
        "hermit": _run(found.oracle) if found.oracle else None,
        "clash": [[dataclasses.asdict(premise) for premise in clash] for clash in found.clash],
        "inferred": [dataclasses.asdict(each) for each in found.inferred],
    }


def _json(told: dict[str, Any]) -> str:
    return json.dumps(told, indent=2, ensure_ascii=False)
