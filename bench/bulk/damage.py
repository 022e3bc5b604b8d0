"""Damaged inputs → rows: no process ends, each input is accounted for, and what is harmless is not.

A cut or a flipped bit may leave anything. Another order or a repeated resource changes nothing, so
those patients must still come to their planted verdicts. Lines given to another patient may change
both verdicts, but each patient has a row. RDF is damaged in the same ways, a graph a case.
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
import pyoxigraph

from bench.bulk.running import check_all
from bench.population import POPULATION, Pool, pool
from bench.population.templates import Line, bundle, patient
from kg.inputs import read
from kg.knowledge import default

_WORKERS = 2
_NQUADS = "graphs.nq"
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
    forms = {
        "Bundles a line": _lines,
        "a file each": _files,
        "lines by type": _by_type,
        "N-Quads": _quads,
    }
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


def _quads(folder: Path, made: list[Input], chance: random.Random) -> list[tuple[str, int]]:
    """A graph a case; what must be accounted for are lines that are no N-Quads, and every graph.

    Of a graph it is the hash that its verdict tells, or its first line; the row of a broken line is
    that of the graph which the line still names.
    """
    graphs = [_graph(one) for one in made]
    raws = [
        raw for n, one in enumerate(made) for raw in _said(one, graphs[n], graphs[n - 1], chance)
    ]
    chance.shuffle(raws)
    (folder / _NQUADS).write_bytes(b"\n".join(raws) + b"\n")
    held: dict[str, dict[bytes, int]] = {}
    broken, spoilt = [], {"DEFAULT"}
    for number, raw in enumerate((folder / _NQUADS).read_bytes().split(b"\n"), start=1):
        try:
            for quad in pyoxigraph.parse(raw, pyoxigraph.RdfFormat.N_QUADS):
                held.setdefault(str(quad.graph_name), {}).setdefault(raw + b"\n", number)
        except (SyntaxError, ValueError):
            broken.append((_NQUADS, number))
            spoilt.add(f"<{raw.rpartition(b'<')[2].partition(b'>')[0].decode(errors='replace')}>")
    return broken + [
        (hashlib.sha256(b"".join(sorted(lines))).hexdigest(), min(lines.values()))
        for name, lines in held.items()
        if name not in spoilt
    ]


def _graph(one: Input) -> list[bytes]:
    """The lines of the case graphs of an input."""
    cases = read(f"{one.name}.json", bundle(one.lines), default()).cases
    return [
        f"{triple} <urn:graph:{one.name}:{number}> .".encode()
        for number, case in enumerate(cases)
        for triple in sorted(case.asserted(), key=str)
    ]


def _said(
    one: Input, lines: list[bytes], other: list[bytes], chance: random.Random
) -> Iterator[bytes]:
    """The lines of an input, damaged."""
    hit = chance.randrange(len(lines))
    for place, raw in enumerate(lines):
        if one.damage in _BROKEN and place == hit:
            yield _BROKEN[one.damage](raw, chance)
        elif one.damage == "mixed" and chance.random() < 0.1:
            yield raw.rpartition(b" <")[0] + b" <" + chance.choice(other).rpartition(b" <")[2]
        else:
            yield from [raw] * (chance.randint(1, 3) if one.damage == "duplicated" else 1)


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
    places = {place for row in rows for place in _places(row)}
    lost = [place for place in expected if not places & _either(place)]
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


def _places(row: Json) -> Iterator[tuple[str, int]]:
    """The file and the line that a row is of, 0 where it is of several lines; and its hash."""
    source = row["input"]
    assert isinstance(source, dict)
    name, _, line = str(source["file"]).partition(", line ")
    yield name, int(line or source.get("line") or 0)
    yield str(source.get("sha256") or ""), 0


def _either(place: tuple[str, int]) -> set[tuple[str, int]]:
    """Where a row may be that is of this place; of a graph, by its hash or its first line."""
    name, line = place
    return {place, (name, 0), (_NQUADS, line)}
