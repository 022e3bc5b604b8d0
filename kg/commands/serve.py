"""``m816 serve``: the endpoint; all else of it lives in ``server``."""

from __future__ import annotations

import click


@click.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def serve(arguments: tuple[str, ...]) -> None:
    """Serve SPARQL, linked data and record checks over HTTP."""
    from server.start import serve

    serve.main(list(arguments), prog_name="m816 serve")
