"""Damaged inputs → rows: no process ends, each input is accounted for, and what is harmless is not.

A cut or a flipped bit may leave anything. Another order or a repeated resource changes nothing, so
those patients must still come to their planted verdicts. Lines given to another patient may change
both verdicts, but each patient has a row.
"""

from __future__ import annotations

import gzip
import hashlib
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from bench.bulk.running import check_all
from bench.population import POPULATION, Pool, pool
from bench.population.templates import Line, bundle, patient

_WORKERS = 2
_SHARE = 0.6  # of the inputs in scope
Json = dict[str, object]


class Input(NamedTuple):
    """A patient whose lines are in order, the kind of damage to do, and the verdicts planted."""

    name: str
    lines: list[Line]
    damage: str
    verdicts: list[str]


def cut(raw: bytes, chance: random.Random) -> bytes:
    """The beginning of it, at least a byte."""
    return raw[: chance.randrange(1, len(raw))]


def flipped(raw: bytes, chance: random.Random) -> bytes:
    """With one to eight bits turned over."""
    made = bytearray(raw)
    for _ in range(chance.randint(1, 8)):
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


_BROKEN: dict[str, Callable[[bytes, random.Random], bytes]] = {"cut": cut, "flipped": flipped}
_HARMLESS = ("shuffled", "duplicated")
_DAMAGES = (*_BROKEN, *_HARMLESS, "mixed")


def measure(inputs: int, seed: int, engine: str, samples: Path | None) -> None:
    """Print what became of the inputs; ends with an error at the first one unaccounted for."""
    found = pool(_SHARE, seed, samples)
    every = list(range(inputs))
    forms = {"Bundles a line": _lines, "a file each": _files, "lines by type": _by_type}
    for place, (form, write) in enumerate(forms.items()):
        numbers = every[place :: len(forms)]
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder)
            (here / POPULATION).mkdir()
            made = [_input(found, number, seed) for number in numbers]
            expected = write(here / POPULATION, made, random.Random(f"{seed}/{form}"))
            check_all(here, here / "out", _WORKERS, engine)
            rows = list(_rows(here / "out"))
        _account(form, made, expected, rows)


def _input(found: Pool, number: int, seed: int) -> Input:
    chance = random.Random(f"{seed}/input/{number}")
    template, _ = found.choice(number)
    check = hashlib.blake2b(str(number).encode(), digest_size=4).hexdigest()
    name = f"p{number:07d}{check}"  # a flipped bit makes no other patient of it
    damage = chance.choice(_DAMAGES)
    return Input(name, patient(template, name), damage, list(template.verdicts))


def _lines(folder: Path, made: list[Input], chance: random.Random) -> list[tuple[str, int]]:
    """Bundles one a line; what must be accounted for are the lines that are not blank."""
    raws = [_document(one, made[number - 1], chance) for number, one in enumerate(made)]
    whole = b"\n".join(raws) + b"\n"
    (folder / "bundles.ndjson").write_bytes(whole)
    lines = enumerate(whole.split(b"\n"), start=1)
    return [("bundles.ndjson", number) for number, raw in lines if raw.strip()]


def _files(folder: Path, made: list[Input], chance: random.Random) -> list[tuple[str, int]]:
    """A Bundle a file, half of them gzipped and then perhaps damaged as such."""
    names = []
    for number, one in enumerate(made):
        raw = _document(
            one, made[number - 1], chance, damaged=(packed := bool(number % 2)) is False
        )
        if packed:
            raw = gzip.compress(raw, 1, mtime=0)
            raw = _BROKEN[one.damage](raw, chance) if one.damage in _BROKEN else raw
        names.append(f"{one.name}.json{'.gz' * packed}")
        (folder / names[-1]).write_bytes(raw)
    return [(name, 0) for name in names]


def _document(one: Input, other: Input, chance: random.Random, *, damaged: bool = True) -> bytes:
    """A Bundle of the input; damaged, or only in what can be done to its resources."""
    lines = list(one.lines)
    if one.damage == "shuffled":
        chance.shuffle(lines)
    elif one.damage == "duplicated":
        lines += chance.sample(lines, chance.randint(1, len(lines)))
    elif one.damage == "mixed":
        lines[1:1] = chance.sample(other.lines, chance.randint(1, len(other.lines)))
    raw = bundle(lines)
    return _BROKEN[one.damage](raw, chance) if damaged and one.damage in _BROKEN else raw


def _by_type(folder: Path, made: list[Input], chance: random.Random) -> list[tuple[str, int]]:
    """Lines by type; what must be accounted for are those that are no JSON any more."""
    files: dict[str, list[bytes]] = {}
    shared: set[str] = set()
    for number, one in enumerate(made):
        own = [line for line in one.lines if line.key not in shared]
        shared |= {line.key for line in own if line.key}
        hit = chance.choice([place for place, line in enumerate(own) if not line.key])
        for place, line in enumerate(own):
            raw = line.raw
            if one.damage == "mixed" and line.kind != "Patient" and chance.random() < 0.5:
                raw = raw.replace(one.name.encode(), made[number - 1].name.encode())
            elif one.damage in _BROKEN and place == hit:
                raw = _BROKEN[one.damage](raw, chance)
            times = chance.randint(1, 3) if one.damage == "duplicated" else 1
            kind = chance.choice(["Patient", "Mixed"]) if one.damage == "shuffled" else line.kind
            files.setdefault(f"{kind}.ndjson", []).extend([raw] * times)
    expected = []
    for name, raws in files.items():
        chance.shuffle(raws)
        whole = b"\n".join(raws) + b"\n"
        (folder / name).write_bytes(whole)
        lines = enumerate(whole.split(b"\n"), start=1)
        expected += [(name, number) for number, raw in lines if raw.strip() and not _json(raw)]
    return expected


def _json(raw: bytes) -> bool:
    try:
        raw.decode()
        return isinstance(msgspec.json.decode(raw), dict)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _rows(out: Path) -> Iterator[Json]:
    for path in sorted((out / "verdicts").glob("*.ndjson")):
        with path.open("rb") as stream:
            yield from map(msgspec.json.decode, stream)


def _account(
    form: str, made: list[Input], expected: list[tuple[str, int]], rows: list[Json]
) -> None:
    """Every place has a row, every harmless input its verdicts, and no process has ended."""
    ended = [row for row in rows if row.get("error") == "could-not-be-judged"]
    if ended:
        raise click.ClickException(f"{form}: {len(ended)} could not be judged: {ended[0]}")
    places = {_place(row) for row in rows}
    lost = [place for place in expected if place not in places]
    if lost:
        raise click.ClickException(f"{form}: {len(lost)} without a row: {lost[0]}")
    found: dict[str, list[str]] = {}
    for row in rows:
        name = str(row.get("case") or "/").split("/")[1].split("-")[0]
        found.setdefault(name, []).append(str(row.get("verdict") or row["error"]))
    for one, after in zip(made, made[1:] + made[:1], strict=True):
        got = sorted(found.get(one.name, []))
        if one.damage in _HARMLESS and after.damage != "mixed" and got != one.verdicts:
            raise click.ClickException(
                f"{form}, {one.name} {one.damage}: {one.verdicts} became {got}"
            )
        if form == "lines by type" and not got and len(one.lines) > 1:
            raise click.ClickException(f"{form}: {one.name}, {one.damage}, has no row")
    said = Counter(str(row.get("verdict") or row["error"]) for row in rows)
    click.echo(
        f"{form}: {len(made):,} inputs, {len(rows):,} rows, each input accounted for; "
        + ", ".join(f"{count:,} {name}" for name, count in said.most_common())
    )


def _place(row: Json) -> tuple[str, int]:
    """The file and the line that a row is of; 0 where it is of a file or of several lines."""
    source = row["input"]
    assert isinstance(source, dict)
    name, _, line = str(source["file"]).partition(", line ")
    return name, int(line or source.get("line") or 0)
