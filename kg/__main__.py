"""The command ``m816``: one verb a question a coder or informatician asks."""

from __future__ import annotations

import sys
from typing import Any

import click

from kg import __version__
from kg.commands.build import build
from kg.commands.check import check
from kg.commands.check_all import check_all
from kg.commands.codes import codes
from kg.commands.diff import diff
from kg.commands.graph import ask, case_, explain, rules, shapes
from kg.commands.prove import prove
from kg.commands.reason import reason
from kg.commands.serve import serve
from kg.commands.trace import trace
from kg.errors import InputError, KnowledgeError


class _Command(click.Group):
    """Turns our own errors into one line and the exit code the design gives."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; an error of ours becomes its message and exit code 2."""
        try:
            return super().invoke(ctx)
        except (InputError, KnowledgeError) as error:
            click.echo(f"m816: {error}", err=True)
            sys.exit(2)


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="m816")
def main() -> None:
    """Does ICD-10-CM M81.6 stand on this record, what is missing, what to ask, and says who.

    \b
    Examples:
      m816 check record.json              judge one FHIR record
      m816 check export/ --format json    judge every record below a folder
      m816 explain M81.6                  what the graph knows of a code
    """


for _verb in (
    check,
    check_all,
    case_,
    shapes,
    rules,
    explain,
    ask,
    reason,
    trace,
    prove,
    codes,
    build,
    diff,
    serve,
):
    main.add_command(_verb)


if __name__ == "__main__":
    main()
