"""Changes between two editions → lines that a maintainer reads, or JSON that a machine does.

Things are called by their labels, properties by theirs, severities as the rulebook speaks of them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from kg.difference import STEPS, Change, Said, step
from kg.judge import SEVERITIES
from kg.namespaces import DCT, ICD, LABEL, PREFIXES, SH, SKOS, short

_NAMING = (LABEL.value, SKOS + "prefLabel", DCT + "title")
_BASES = sorted(PREFIXES.items(), key=lambda pair: -len(pair[1]))
_OWN_NAMES = ("rule", "derivation", "statement", "code", "check", "query")


class Telling:
    """The words for the things of two editions, the newer first."""

    def __init__(self, old: Mapping[str, Said], new: Mapping[str, Said]) -> None:
        self._editions = (new, old)

    def label(self, iri: str) -> str:
        """The label of a thing, empty if it has none."""
        for edition in self._editions:
            for name in _NAMING:
                for written in sorted(edition.get(iri, {}).get(name, ())):
                    return _literal(written)
        return ""

    def name(self, change: Change) -> str:
        """What a thing is called in its group: its own name, or its label."""
        own = re.split(r"[/#]", change.thing)[-1]
        if change.thing.startswith("an axiom: "):
            return _shortened(change.thing)
        return own if change.group in _OWN_NAMES else self.label(change.thing) or own

    def value(self, written: str) -> str:
        """A value as people say it."""
        if written.startswith("<"):
            iri = written[1:-1]
            if severity := SEVERITIES.get(iri.removeprefix(SH)):
                return severity
            return short(iri) if iri.startswith(ICD) else self.label(iri) or short(iri)
        return _shortened(written) if written[:1] in "[(" else _literal(written)

    def saying(self, iri: str) -> str:
        """A property as people say it."""
        return self.label(iri) or re.split(r"[/#]", iri)[-1]

    def line(self, change: Change) -> str:
        """One change in one line."""
        what = f"{change.group} {self.name(change)}"
        label = self.label(change.thing)
        if change.kind != "changed":
            more = f" ({label})" if label and label not in what else ""
            return f"{what}: {change.kind}{more}"
        gone, come = ([self.value(v) for v in side] for side in (change.before, change.after))
        said = self.saying(change.about)
        if len(gone) == len(come) == 1:
            if (lines := max(gone[0].count("\n"), come[0].count("\n"))) > 1:
                differing = _differing(gone[0], come[0])
                return f"{what}: {said} reads otherwise in {differing} of {lines} lines"
            return f"{what}: {said} {gone[0]} → {come[0]}"
        return f"{what}: {said} " + ", ".join([f"– {v}" for v in gone] + [f"+ {v}" for v in come])


def _differing(old: str, new: str) -> int:
    """How many lines of the newer text are not in the older, or were dropped from it."""
    before, after = Counter(old.splitlines()), Counter(new.splitlines())
    return max((before - after).total(), (after - before).total())


def _literal(written: str) -> str:
    """The words of a literal; N-Triples escapes are those of JSON but for two."""
    text = written[: written.rfind('"') + 1]
    return str(json.loads(text, strict=False)) if text else written


def _shortened(written: str) -> str:
    """A part without a name with its IRIs as Turtle has them."""
    for prefix, base in _BASES:
        written = re.sub(rf"<{re.escape(base)}([^<>]*)>", rf"{prefix}:\1", written)
    return written


def lines(changes: list[Change], telling: Telling) -> Iterator[str]:
    """The whole difference: the kind of step, the counts, then each group's changes."""
    yield STEPS[step(changes)]
    counted = Counter((change.group, change.kind) for change in changes)
    for (group, kind), count in counted.items():
        words = (
            group if count == 1 else group.removesuffix("y") + ("ies" if group[-1] == "y" else "s")
        )
        yield f"  {count} {words} {kind}"
    for bearing, title in ((True, "What may change verdicts"), (False, "What changes none")):
        told = [telling.line(c) for c in changes if c.bears_on_verdicts is bearing]
        if told:
            yield from ("", f"{title}:", *(f"  {line}" for line in told))


def as_json(changes: list[Change], telling: Telling) -> str:
    """The same for machines: IRIs and values as N-Triples has them, with the line for people."""
    rows = [
        {
            "group": change.group,
            "kind": change.kind,
            "thing": change.thing,
            "label": telling.label(change.thing),
            "property": change.about,
            "before": change.before,
            "after": change.after,
            "bearsOnVerdicts": change.bears_on_verdicts,
            "words": telling.line(change),
        }
        for change in changes
    ]
    return json.dumps({"step": step(changes), "changes": rows}, indent=2, ensure_ascii=False)
