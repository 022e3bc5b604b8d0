"""``m816 trace``: what was made of each sentence, and what each rule rests on."""

from __future__ import annotations

import json
import sys

import click


@click.command()
@click.argument("name", required=False)
@click.option("--statements", is_flag=True, help="Every statement instead of every rule.")
@click.option("--questions", is_flag=True, help="Every named query instead of every rule.")
@click.option("--format", "face", type=click.Choice(["text", "json"]), default="text")
def trace(name: str | None, statements: bool, questions: bool, face: str) -> None:
    """Trace statement, obligation or term, rule, cases and competency question to each other.

    Without NAME every rule with what it rests on, then what is wanting. NAME is a statement, a
    rule, an obligation or a named query. JSON holds everything. Exit 1 if anything is wanting.

    \b
    Examples:
      m816 trace
      m816 trace S15
      m816 trace dxa-site
      m816 trace --statements
      m816 trace --format json
    """
    from dataclasses import asdict

    from kg.gaps import gaps
    from kg.knowledge import default
    from kg.trace import Trace
    from kg.trace_text import of_questions, of_rules, of_statements, one, summary

    found = Trace(default())
    if name:
        told = one(found, name)
        if not told:
            raise click.UsageError(f"nothing traced is called {name}; m816 rules lists the rules")
        return click.echo(told)
    wanting = gaps(found)
    if face == "json":
        whole = {
            "statements": [asdict(row) for row in found.statements()],
            "rules": [asdict(row) for row in found.rules()],
            "questions": [asdict(row) for row in found.asked()],
            "gaps": wanting,
        }
        click.echo(json.dumps(whole, indent=2, ensure_ascii=False))
    else:
        table = of_statements if statements else of_questions if questions else of_rules
        click.echo("\n".join([*table(found), "", *summary(found, wanting)]))
    sys.exit(1 if wanting else 0)
