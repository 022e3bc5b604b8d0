"""What was read of the input → pieces on disk in which what belongs to one patient has one place.

Every range becomes pieces of bounded size, sorted by bucket; a bucket is the patients whose keys
hash alike, and is read from all pieces. So memory stays flat, any order of lines and files does,
ranges are read in parallel, and a piece once named is whole. What no single patient owns (people,
drugs, places) goes to a bucket of its own and from there into a store on disk.
"""

from __future__ import annotations

import functools
import hashlib
import os
import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from kg.bulk.sources import Range
from kg.bulk.whole import written

SHARED_BUCKET = -1
GROUPED = ("resource", "record", "outside", "graph", "bad")
BLANK, UNREAD = "blank", "unread"
_HELD = 16 * 2**20
_WHOLE = 10**6
_PACK = msgspec.msgpack.Encoder()
_PLACE = struct.Struct("<QQ")


class Item(msgspec.Struct, array_like=True, gc=False):
    """A line with what is known of it. ``key``: whose it is, a patient or a record of its own.

    ``what``: ``resource``, ``record`` (a document), ``outside`` (a document out of scope, its bytes
    replaced by their hash), ``graph`` (a statement), ``shared`` or ``bad``. ``note``: the resource
    type, the patient of a document out of scope, or what is wrong with a ``bad`` one.
    """

    key: str
    what: str
    file: str
    line: int
    raw: bytes
    note: str = ""
    possible: bool = True
    also: str = ""


_ITEMS = msgspec.msgpack.Decoder(list[Item])


class Piece(msgspec.Struct):
    """One piece: which range it is of, its number there, its counts and its size."""

    part: int
    number: int
    counts: dict[str, int]
    size: int
    last: bool


@functools.lru_cache(maxsize=8192)
def bucket_of(key: str, buckets: int) -> int:
    """The bucket of a key, the same on every machine and in every process."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) % buckets


def sampled(key: str, share: float) -> bool:
    """Whether a record is in the audit: by its hash, so that every run takes the same."""
    return share > 0 and bucket_of(key, _WHOLE) < share * _WHOLE


def spread(found: Iterable[Item | str], folder: Path, part: Range, buckets: int) -> list[Piece]:
    """Write the pieces of a range; the last one written says that the range is done."""
    made: list[Piece] = []
    held: dict[str, list[Item]] = defaultdict(list)
    unheld: Counter[str] = Counter()
    size = 0
    for item in found:
        if isinstance(item, str):
            unheld[item] += 1
            continue
        held[item.key].append(item)
        size += len(item.raw) + 200
        if size >= _HELD:
            made.append(_piece(folder, (part.number, len(made)), held, buckets, unheld))
            held.clear()
            unheld.clear()
            size = 0
    made.append(_piece(folder, (part.number, len(made)), held, buckets, unheld, last=True))
    return made


def _piece(
    folder: Path,
    name: tuple[int, int],
    held: dict[str, list[Item]],
    buckets: int,
    unheld: Counter[str],
    *,
    last: bool = False,
) -> Piece:
    """Write one piece: its buckets, then where each begins and how long it is."""
    path = folder / f"{name[0]:06d}-{name[1]:06d}"
    filled: dict[int, list[Item]] = defaultdict(list)
    for key, items in held.items():
        shared = items[0].what == "shared"
        filled[SHARED_BUCKET if shared else bucket_of(key, buckets)] += items
    counts = unheld + Counter(item.what for items in filled.values() for item in items)
    places, at = [], 0
    with written(path.with_suffix(".piece"), durable=False) as stream:
        for bucket in range(SHARED_BUCKET, buckets):
            packed = _PACK.encode(filled[bucket]) if bucket in filled else b""
            stream.write(packed)
            places.append(_PLACE.pack(at, len(packed)))
            at += len(packed)
        stream.write(b"".join(places))
    made = Piece(*name, {**counts, "lines": counts.total()}, at + len(places) * _PLACE.size, last)
    with written(path.with_suffix(".json"), durable=False) as stream:
        stream.write(msgspec.json.encode(made))
    return made


def pieces(folder: Path, part: int) -> list[Piece]:
    """The pieces of a range that is done, none if it is not."""
    found = [
        msgspec.json.decode(path.read_bytes(), type=Piece)
        for path in sorted(folder.glob(f"{part:06d}-*.json"))
    ]
    whole = found and found[-1].last and len(found) == found[-1].number + 1
    sound = whole and all(_size(folder, piece) == piece.size for piece in found)
    return found if sound else []


def _size(folder: Path, piece: Piece) -> int:
    path = folder / f"{piece.part:06d}-{piece.number:06d}.piece"
    return path.stat().st_size if path.exists() else -1


def read_bucket(folder: Path, bucket: int, buckets: int, starts: dict[int, int]) -> Iterator[Item]:
    """All items of a bucket. ``starts``: how many lines of its file lie before a range."""
    for path in sorted(folder.glob("*.piece")):
        with path.open("rb") as stream:
            stream.seek((bucket - SHARED_BUCKET - buckets - 1) * _PLACE.size, os.SEEK_END)
            at, length = _PLACE.unpack(stream.read(_PLACE.size))
            stream.seek(at)
            found = _ITEMS.decode(stream.read(length)) if length else []
        if before := starts.get(int(path.name.split("-")[0]), 0):
            for item in found:
                item.line += before if item.line else 0
        yield from found
