"""A seed → a population of any size with known verdicts, written as hospitals export theirs.

Every patient is a template under a name of its own: a composed record as it is, changed, or among
hundreds of measurements; a real sample; or, mostly, a history that has nothing to do with any rule.
What must come out is written apart from the population, one line a patient.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from bench.population.histories import padding, sampled, visited
from bench.population.templates import Template, composed, patient, samples
from bench.population.writers import LAYOUTS

POPULATION, PLANTED = "population", "planted.ndjson"
_HISTORIES = 300
_NEAR = 0.02  # of all patients: out of scope, but close to it
_LONG, _WHOLE, _REPEATED = 0.02, 0.01, 0.01
_PADDED = 400  # measurements: more than 200 kB


class Planted(msgspec.Struct):
    """What must come out of one patient: its verdicts, sorted; and what it was made of."""

    patient: str
    verdicts: list[str]
    known_by: str
    record: str = ""
    change: str = ""


@dataclass(frozen=True)
class Pool:
    """The templates to choose from. ``share``: of patients in scope."""

    inside: list[Template]
    near: list[Template]
    whole_inside: list[Template]
    whole_outside: list[Template]
    histories: list[Template]
    share: float
    seed: int

    def choice(self, number: int) -> tuple[Template, bool]:
        """The template of a patient, and whether some of its lines are repeated."""
        chance = random.Random(f"{self.seed}/{number}")
        found = self._chosen(chance)
        return found, chance.random() < _REPEATED

    def _chosen(self, chance: random.Random) -> Template:
        kind = chance.random()
        rare = chance.random() < _WHOLE
        if kind < self.share:
            found = chance.choice(self.whole_inside if rare and self.whole_inside else self.inside)
            if chance.random() < _LONG and not rare:
                return padded(found, chance)
            return found
        if kind < self.share + _NEAR:
            return chance.choice(self.near)
        if rare and self.whole_outside and chance.random() < 0.1:
            return chance.choice(self.whole_outside)
        return chance.choice(self.histories)


def padded(template: Template, chance: random.Random) -> Template:
    """The template among hundreds of measurements, which decide nothing."""
    lines = template.lines + padding(template, chance, _PADDED)
    return replace(template, lines=lines, change=f"{template.change} padded".strip())


def pool(share: float, seed: int, folder: Path | None) -> Pool:
    """All templates, from the composed records and the samples of a folder, if there is one."""
    chance = random.Random(seed)
    records, real = composed(), samples(folder)
    outside = [one for one in real if not one.inside]
    histories = [visited(chance) for _ in range(_HISTORIES)]
    long = [one for one in outside if sum(x.kind == "Encounter" for x in one.lines) > 1]
    histories += [sampled(long, chance) for _ in range(_HISTORIES if long else 0)]
    return Pool(
        [one for one in records if one.inside],
        [one for one in records if not one.inside],
        [one for one in real if one.inside],
        outside,
        histories,
        share,
        seed,
    )


def populate(
    out: Path,
    patients: int,
    *,
    layout: str = "ndjson",
    seed: int = 816,
    share: float = 0.05,
    folder: Path | None = None,
) -> None:
    """Write ``out``/population and, beside it, what must come out of it."""
    found = pool(share, seed, folder)
    writer = LAYOUTS[layout](out / POPULATION, patients, seed)
    with (out / PLANTED).open("wb") as planted:
        for number in range(1, patients + 1):
            name = f"p{number:07d}"
            template, repeated = found.choice(number)
            lines = patient(template, name)
            writer.add(lines + lines[: len(lines) // 2] if repeated else lines)
            known = Planted(
                name, list(template.verdicts), template.known_by, template.record, template.change
            )
            planted.write(msgspec.json.encode(known) + b"\n")
    writer.close()


def differing(verdicts: Path, planted: Path) -> Iterator[str]:
    """Every patient whose rows do not say what was planted, and every row that nobody planted."""
    found: dict[str, list[str]] = {}
    for file in sorted(verdicts.glob("*.ndjson")):
        with file.open("rb") as stream:
            for line in stream:
                row = msgspec.json.decode(line)
                case = row.get("case") or "/"
                name = case.split("/")[1].split("-")[0]
                found.setdefault(name, []).append(row.get("verdict") or row["error"])
    with planted.open("rb") as stream:
        for line in stream:
            wanted = msgspec.json.decode(line, type=Planted)
            got = sorted(found.pop(wanted.patient, []))
            if got != wanted.verdicts:
                of = f"{wanted.record} {wanted.change}".strip()
                yield f"{wanted.patient} ({of}): {wanted.verdicts} planted, {got} found"
    for name, got in found.items():
        yield f"{name}: nothing planted, {got} found"
