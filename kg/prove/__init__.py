"""Is every part of the rulebook needed and tested? Change one part at a time, see who notices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Wanted = Callable[[str, str, str], bool]  # of a kind, an ``of`` and a ``what``: is it to be tried?


@dataclass(frozen=True)
class Mutant:
    """One change of the rulebook.

    ``of`` is what was changed (a derivation, a shape …), ``what`` says the change in words and is
    unique within it, ``kind`` is one of derivation, shape, target, path, term-row and axiom, and
    ``noticed_by`` names the test that tells it from the rulebook as it stands: empty if none does.
    """

    of: str
    what: str
    kind: str
    noticed_by: str


def everything(kind: str, of: str, what: str) -> bool:
    """Try every change."""
    return True
