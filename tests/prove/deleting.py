"""A composed record less one of its facts: every leaf and every resource left out in turn.

In: a record of ``tests/records``. Out: the pattern of what was left out (``Condition.code.text``,
list numbers dropped) and the record without it. A list or object that is empty then goes too.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from kg.inputs import read
from kg.knowledge import default
from kg.shacl_compiled import engine
from kg.verdict import judge_case

RECORDS = Path(__file__).resolve().parents[1] / "records"
Place = tuple[str | int, ...]
_CONTEXT = ("setting", "dateOfService", "codesFrom", "submissionLevel", "profile")
Told = frozenset[tuple[object, ...]]


@cache
def resources(file: str) -> list[dict[str, Any]]:
    """The resources of a record file, Bundle or one a line."""
    raw = (RECORDS / file).read_text(encoding="utf-8")
    if file.endswith(".ndjson"):
        return [json.loads(line) for line in raw.splitlines()]
    return [entry["resource"] for entry in json.loads(raw)["entry"]]


def told(found: list[dict[str, Any]]) -> Told:
    """What is judged of resources: of each case its verdict, codes and findings."""
    raw = "\n".join(json.dumps(resource) for resource in found).encode()
    knowledge = default()
    made = read("record.ndjson", raw, knowledge)
    if made.error:
        return frozenset({("refused", made.error.what)})
    said: set[tuple[object, ...]] = set()
    for case in made.cases:
        verdict = judge_case(case, knowledge, engine(knowledge))
        decision = verdict.decision
        context = {name: verdict.context[name] for name in _CONTEXT}
        said.add((case.id, decision.verdict, *context.items(), *decision.axes.items()))
        said |= {(case.id, "code", code.code, code.certainty) for code in decision.expected}
        said |= {(case.id, "refuted", code.code) for code in decision.refuted}
        said |= {(case.id, "asked", asked.stem) for asked in verdict.questions}
        said |= {(case.id, f.rule, f.outcome, f.focus, f.evidence) for f in verdict.findings}
    return frozenset(said)


def deletions(file: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each fact's pattern, and the record without it."""
    whole = resources(file)
    for number, resource in enumerate(whole):
        kind = resource["resourceType"]
        yield kind, whole[:number] + whole[number + 1 :]
        for place in _leaves(resource, ()):
            if place != ("resourceType",):
                less = copy.deepcopy(resource)
                _drop(less, place)
                pattern = ".".join((kind, *(name for name in place if isinstance(name, str))))
                yield pattern, [*whole[:number], less, *whole[number + 1 :]]


def _leaves(value: Any, place: Place) -> Iterator[Place]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, (*place, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, (*place, number))
    else:
        yield place


def _drop(value: Any, place: Place) -> None:
    """Take out the leaf, and what holds nothing else."""
    held = [value]
    for name in place[:-1]:
        held.append(held[-1][name])
    for holder, name in zip(reversed(held), reversed(place), strict=True):
        del holder[name]
        if holder:
            return
