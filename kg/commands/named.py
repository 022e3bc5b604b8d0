"""A profile, payer or release by the name a person gives → its IRI."""

from __future__ import annotations

import click

from kg.knowledge import default


def choices(class_name: str) -> list[str]:
    """The names one may give, sorted."""
    knowledge = default()
    return sorted(knowledge.notation(iri) for iri in knowledge.subjects(class_name))


def named(class_name: str, name: str | None) -> str:
    """The IRI of a profile or payer by its notation; a clear refusal when there is none."""
    if not name:
        return ""
    knowledge = default()
    for iri in knowledge.subjects(class_name):
        if knowledge.notation(iri) == name:
            return iri
    raise click.UsageError(f"no such name: {name} (known: {', '.join(choices(class_name))})")
