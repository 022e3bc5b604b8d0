"""``m816 case``, ``shapes``, ``rules``, ``explain``, ``ask``: look at what a verdict rests on."""

from __future__ import annotations

import json

import click
from pyoxigraph import NamedNode, Triple

from kg.case import trig, turtle
from kg.commands.named import named
from kg.derive import derive
from kg.inputs import inputs
from kg.knowledge import default


@click.command("case")
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
    paid = named("Payer", payer)
    graphs: dict[str, set[Triple]] = {}
    for found in inputs([path], knowledge, named("FeedProfile", profile)):
        if found.error is not None:
            raise found.error
        for case in found.cases:
            if only and case.id != only:
                continue
            if paid:
                case.say("payer", paid)
            whole = derive(case, knowledge) if derived else case.asserted()
            graphs[case.node.value] = whole
    click.echo(turtle(graphs.popitem()[1]) if len(graphs) == 1 else trig(graphs), nl=False)


@click.command()
def shapes() -> None:
    """Write all shapes as one Turtle document for any SHACL engine.

    \b
    Example:
      m816 shapes > shapes.ttl
    """
    click.echo(default().shapes, nl=False)


@click.command()
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


@click.command()
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


@click.command()
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
