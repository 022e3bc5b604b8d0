"""What a release states and infers, made once for all tests of a process."""

import functools

from pyoxigraph import Triple

from kg.knowledge import default
from kg.release import Release, release, stated_and_inferred


@functools.cache
def stated() -> list[Triple]:
    """All that is stated."""
    return stated_and_inferred(default())[0]


@functools.cache
def made() -> Release:
    """The release of this checkout."""
    return release(default(), *stated_and_inferred(default()))
