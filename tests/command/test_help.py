"""Whoever is lost types --help and finds an example to copy."""

from collections.abc import Callable, Iterator

import click
import pytest
from click.testing import Result

from kg.__main__ import main


def _verbs(group: click.Group, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in sorted(group.commands.items()):
        yield (*above, name)
        if isinstance(command, click.Group):
            yield from _verbs(command, (*above, name))


@pytest.mark.parametrize("verb", [(), *_verbs(main)], ids=lambda verb: " ".join(verb) or "m816")
def test_help_says_what_it_does_and_shows_a_command_to_copy(
    verb: tuple[str, ...], run: Callable[..., Result]
) -> None:
    result = run(*verb, "--help")
    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"m816 {' '.join(verb)}".strip() in result.output


def test_version_is_told(run: Callable[..., Result]) -> None:
    assert run("--version").output.startswith("m816, version ")
