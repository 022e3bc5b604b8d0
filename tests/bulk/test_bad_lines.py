"""No line stops the rest, and every line is accounted for."""

from __future__ import annotations

import gzip
import random
import zlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.bulk import sources
from kg.bulk.partition import BLANK, UNREAD, Item
from kg.bulk.peek import Look, look, patient_key
from kg.bulk.reader import Reader
from kg.bulk.scope import scope
from kg.bulk.sources import Range, ranges, survey
from kg.errors import InputError
from kg.knowledge import default
from tests.bulk.population import line, population, write_by_type
from tests.bulk.test_rows import Row, items, rows

GOOD = [line(resource) for record in list(population().values())[:3] for resource in record]
BAD = {
    "truncated": GOOD[1][: len(GOOD[1]) // 2],
    "not JSON": b"resourceType: Patient",
    "no object": b"[1, 2]",
    "no type": b'{"id": "x"}',
    "a wrong type": b'{"resourceType": 7}',
    "no UTF-8": GOOD[2][:-2] + b'","x":"\xff\xfe"}',
    "NUL": GOOD[1].replace(b'"status"', b'"st\x00tus"', 1) + b"\x00",
    "deep": b'{"resourceType":"Condition","x":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "no patient": b'{"resourceType":"Condition","id":"c","code":{"text":"osteoporosis"}}',
    "a patient without an id": b'{"resourceType":"Patient"}',
    "not a Bundle": b'{"resourceType":"Bunfle","entry":[{"resource":{"resourceType":"Claim"}}]}',
    "a contained patient": b'{"resourceType":"Condition","subject":{"reference":"#p"}}',
    "a search for one": b'{"resourceType":"Condition","subject":{"reference":"Patient?x=y"}}',
}


def errors(found: list[Row]) -> list[Row]:
    """The rows that are no verdicts."""
    return [row for row in found if "error" in row]


@pytest.mark.parametrize("what", list(BAD))
def test_a_bad_line_is_one_row_with_file_and_line(tmp_path: Path, what: str) -> None:
    (tmp_path / "x.ndjson").write_bytes(b"\n".join([*GOOD[:5], b"", BAD[what], *GOOD[5:]]))
    (tmp_path / "y.ndjson").write_bytes(b"\n".join(GOOD))
    found = rows(items(tmp_path), tmp_path)
    wrong = errors(found)
    assert [row["input"] for row in wrong] == [{"file": "x.ndjson", "line": 7}]
    assert wrong[0]["case"] is None
    assert wrong[0]["what"].endswith(".")
    assert len(found) - 1 == len({row["case"] for row in found if "verdict" in row}) >= 3


def test_a_record_that_cannot_be_used_is_one_row_with_the_patient(tmp_path: Path) -> None:
    marked = [raw.replace(b'"2026-05-04', b'"2026-15-44') for raw in GOOD]
    assert marked != GOOD
    (tmp_path / "x.ndjson").write_bytes(b"\n".join(marked))
    wrong = errors(rows(items(tmp_path), tmp_path))
    assert wrong
    assert {row["error"] for row in wrong} == {"unusable"}
    assert all(row["case"].startswith("Patient/") for row in wrong)
    assert all("the date does not exist" in row["what"] for row in wrong)


def damaged(raw: bytes, chance: random.Random) -> list[bytes]:
    """A line as bad disks and cables give it."""
    at = chance.randrange(len(raw))
    flipped = raw[:at] + bytes([raw[at] ^ 1 << chance.randrange(8)]) + raw[at + 1 :]
    cut = raw[:at], raw[at:]
    shuffled = bytes(chance.sample(raw, len(raw)))
    return chance.choice([[flipped], [cut[0]], list(cut), [shuffled], [raw, raw], [raw + raw], []])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_happens_to_lines_each_is_counted_and_none_is_fatal(seed: int) -> None:
    chance = random.Random(seed)
    lines = [part for raw in GOOD for part in damaged(raw, chance)]
    lines = [part for raw in lines for part in raw.split(b"\n")]
    kinds: Counter[str] = Counter()
    for raw in lines:
        found = look(raw)
        kinds["error" if isinstance(found, InputError) else "look"] += 1
        assert isinstance(found, InputError | Look)
    assert kinds.total() == len(lines)


def test_every_line_is_one_item_or_counted_as_nothing_to_read(tmp_path: Path) -> None:
    chance = random.Random(3)
    lines = [part.replace(b"\n", b" ") for raw in GOOD for part in damaged(raw, chance)]
    lines += [b"", b"  ", b'{"resourceType":"Basic","id":"b"}']
    lines += [b'{"resourceType":"Observation","subject":{"reference":"Group/g"}}']
    (tmp_path / "x.ndjson").write_bytes(b"\n".join(lines))
    found = survey(tmp_path)
    every = [i for part in ranges(found) for i in Reader(found.root, part, scope(default()))]
    physical = (tmp_path / "x.ndjson").read_bytes().count(b"\n") + 1
    assert len(every) == physical
    assert {item for item in every if isinstance(item, str)} == {BLANK, UNREAD}
    assert len(rows((i for i in every if isinstance(i, Item)), tmp_path)) > 0


def test_ranges_of_any_size_give_each_line_once(tmp_path: Path) -> None:
    file = tmp_path / "x.ndjson"
    file.write_bytes(b"\n".join(GOOD) + b"\n")
    found = survey(file)
    for size in (1, 700, 5_000, 10**9):
        parts = ranges(found, size)
        raws = [raw for part in parts for raw in sources.blocks(found.root, part)]
        assert b"".join(raw for raw in raws if isinstance(raw, bytes)) == file.read_bytes()
        assert all(isinstance(raw, bytes) and raw.endswith(b"\n") for raw in raws)
    assert len(ranges(found, 700)) > 5


ODD = [
    *BAD.values(),
    b"",
    b" \t",
    b"\x0b",
    GOOD[0] + GOOD[1],
    b'{"resourceType":"Patient",',
    b'"id":"p"}',
    b" " + GOOD[1] + b" \r",
    b'{"resourceType":"Account","id":"a","subject":[{"reference":"Patient/p"}]}',
    b'{"resourceType":"Condition","id":5,"subject":{"reference":"Patient/p"}}',
    b'{"resourceType":"Condition","subject":{"display":"p"},"patient":{"reference":"Patient/p"}}',
    b'{"resourceType":"Observation.component","subject":{"reference":"Patient/p"}}',
    b'{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"Practitioner/q"}}',
    b'{"resourceType":"Bundle","id":5,"entry":[{"resource":{"resourceType":"Patient","id":"p"}}]}',
    b'{"resourceType":"Bundle","entry":{}}',
    '{"resourceType":"Patient","id":"é","name":[{"family":"Ünal"}]}'.encode(),
]


def read(path: Path, size: int = sources.RANGE) -> list[list[Item | str]]:
    """What every line of a file is, range by range."""
    found = survey(path)
    return [list(Reader(found.root, part, scope(default()))) for part in ranges(found, size)]


@pytest.mark.parametrize("utf8", [True, False])
def test_a_line_in_a_block_is_what_it_is_alone(tmp_path: Path, utf8: bool) -> None:
    lines = [raw for raw in (GOOD + ODD) * 3 if not utf8 or raw != BAD["no UTF-8"]]
    random.Random(4).shuffle(lines)
    file = tmp_path / "x.ndjson"
    file.write_bytes(b"\n".join(lines))
    found = survey(file)
    alone = Reader(found.root, ranges(found)[0], scope(default()))
    each = [alone.line(file.name, n, raw.rstrip(b"\r")) for n, raw in enumerate(lines, start=1)]
    assert read(file) == [each]
    kinds = {item if isinstance(item, str) else item.what for item in each}
    assert kinds == {BLANK, UNREAD, "resource", "shared", "record", "outside", "bad"}


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("block", [1, 61, 997, 5_000])
def test_where_a_block_ends_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, end: bytes
) -> None:
    raw = b"\xef\xbb\xbf" + end.join(ODD + GOOD[:40] + ODD[::-1])
    plain, packed = tmp_path / "x.ndjson", tmp_path / "x.ndjson.gz"
    plain.write_bytes(raw)
    packed.write_bytes(gzip.compress(raw))
    whole = [read(plain), read(packed), read(plain, 3_000)]
    monkeypatch.setattr(sources, "_BLOCK", block)
    assert [read(plain), read(packed), read(plain, 3_000)] == whole
    assert [item for part in whole[2] for item in part if item == BLANK] == [BLANK] * 6
    assert sum(map(len, whole[2])) == len(whole[0][0]) == len(whole[1][0]) == raw.count(b"\n") + 1


@pytest.mark.parametrize("most", [300, 4_000])
@pytest.mark.parametrize("block", [64, 5_000])
def test_a_line_is_too_long_wherever_blocks_and_ranges_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, most: int
) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", most)
    monkeypatch.setattr(sources, "_BLOCK", block)
    sizes = [2, most, most + 1, most - 1, 3 * most, most + 1, 5, most]
    lines = [b'"' + b"y" * (size - 2) + b'"' for size in sizes]
    file = tmp_path / "x.ndjson"
    for last in (b"", b"\n"):
        file.write_bytes(b"\n".join(lines) + last)
        for size in (101, most, 10**6):
            every = [item for part in read(file, size) for item in part]
            long = [isinstance(i, Item) and i.note.startswith("the line is longer") for i in every]
            assert long == [size > most for size in sizes]


def test_what_comes_before_damage_in_a_gzip_file_is_read(tmp_path: Path) -> None:
    raw = b"\n".join(GOOD * 20)
    packed = gzip.compress(raw)[:-2_000]
    (tmp_path / "x.ndjson.gz").write_bytes(packed)
    there = zlib.decompressobj(wbits=31).decompress(packed).count(b"\n")
    found = read(tmp_path)[0]
    assert len(found) == there + 1
    assert [at for at, i in enumerate(found) if isinstance(i, Item) and i.what == "bad"] == [there]


def test_gzipped_files_give_the_same_rows(tmp_path: Path) -> None:
    some = dict(list(population().items())[:3])
    write_by_type(tmp_path / "plain", some)
    (tmp_path / "packed").mkdir()
    for file in (tmp_path / "plain").iterdir():
        (tmp_path / "packed" / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
    plain, packed = (rows(items(tmp_path / name), tmp_path) for name in ("plain", "packed"))
    for row in packed:
        row["input"]["file"] = row["input"]["file"].replace(".gz", "")
    assert packed == plain


def test_a_truncated_gzip_file_is_one_row_and_what_came_before_is_judged(tmp_path: Path) -> None:
    packed = gzip.compress(b"\n".join(GOOD))
    (tmp_path / "x.ndjson.gz").write_bytes(packed[:-20])
    found = rows(items(tmp_path), tmp_path)
    assert [row["input"]["file"] for row in errors(found)] == ["x.ndjson.gz"]
    assert len(found) > 1


def test_a_line_longer_than_any_record_is_one_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 4_000)
    long = b'{"resourceType":"Condition","x":"' + b"y" * 9_000 + b'"}'
    short = [raw for raw in GOOD if len(raw) < 4_000]
    (tmp_path / "x.ndjson").write_bytes(b"\n".join([long, *short]))
    found = rows(items(tmp_path), tmp_path)
    assert [row["input"]["line"] for row in errors(found)] == [1]
    assert len(found) > 1


def test_watched_lines_are_what_they_are_and_one_may_be_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.ndjson").write_bytes(b"\n".join([*GOOD, b""]))
    found, seen = survey(tmp_path), []

    def watch(file: str, line: int) -> bool:
        seen.append((file, line))
        return line != 4

    (part,) = ranges(found)
    plain = list(Reader(found.root, part, scope(default())))
    watched = list(Reader(found.root, part, scope(default()), watch=watch))
    assert seen == [("x.ndjson", line) for line in range(1, len(plain) + 1)]
    fatal = watched[3]
    assert isinstance(fatal, Item)
    assert (fatal.what, fatal.line) == ("bad", 4)
    assert watched[:3] + watched[4:] == plain[:3] + plain[4:]


def test_a_row_names_no_file_as_its_case(tmp_path: Path) -> None:
    (tmp_path / "Patient").mkdir()
    (tmp_path / "Patient" / "Smith_John.json").write_text('{"resourceType":"Bundle"}')
    (row,) = rows(items(tmp_path), tmp_path)
    assert "error" in row
    assert row["case"] is None


def test_documents_of_which_no_line_is_known_are_told_apart() -> None:
    reader = Reader(Path(), Range(0, "lines", ["t"]), scope(default()))
    bundle = (
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"%d"}}]}'
    )
    found = [reader.line("t", 0, bundle % number) for number in (1, 2, 1)]
    keys = [item.key for item in found if isinstance(item, Item)]
    assert len(keys) == 3
    assert len(set(keys)) == 2


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("Patient/p1", "Patient/p1"),
        ("Patient/p1/_history/3", "Patient/p1"),
        ("https://h.test/fhir/Patient/p1", "Patient/p1"),
        ("urn:uuid:0b6c-1", "Patient/0b6c-1"),
        ("Group/g1", ""),
        ("#p1", ""),
        ("Patient?identifier=x|y", ""),
        ("", ""),
    ],
)
def test_a_patient_is_known_by_every_form_of_reference(reference: str, key: str) -> None:
    assert patient_key(reference) == key
