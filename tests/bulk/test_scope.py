"""The look at raw bytes never says that a record is out of scope when reading it says otherwise."""

from __future__ import annotations

import json
import random
import string
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.bulk.peek import sole_patient
from kg.bulk.scope import scope
from kg.inputs import read
from kg.knowledge import default
from kg.lexicon import lexicon
from kg.namespaces import value
from kg.pyshacl_engine import engine
from kg.verdict import judge_case
from tests.bulk.population import FILES, bundle, line, population
from tests.fhir.bundles import Bundle
from tests.rules.corpus import rule_cases

SCOPE = scope(default())
LINES = [line(resource) for record in list(population().values())[:6] for resource in record]


def inside(raw: bytes) -> bool:
    """Whether reading the record brings any of its cases into scope."""
    made = read("r.json", raw, default())
    return made.error is not None or any(not case.id.startswith("Patient/") for case in made.cases)


def possible(raw: bytes) -> bool:
    """What the bytes say, both as one document and line by line."""
    resources = [entry["resource"] for entry in json.loads(raw)["entry"]]
    each = any(SCOPE.possible(line(item), item["resourceType"]) for item in resources)
    return SCOPE.possible(raw) and each


@pytest.mark.parametrize("mark", list(population()))
def test_a_record_in_scope_is_possible(mark: str) -> None:
    raw = bundle(population()[mark])
    assert possible(raw) or not inside(raw), FILES[int(mark[1:])].name


def test_some_composed_records_are_told_to_be_out_of_scope_by_their_bytes() -> None:
    raws = [bundle(record) for record in population().values()]
    outside = [raw for raw in raws if not SCOPE.possible(raw)]
    assert outside
    assert all(sole_patient(raw) for raw in outside)


def texts() -> list[str]:
    """Every wording of the rule cases, once."""
    found = {
        value(triple.object)
        for case in rule_cases()
        for triple in case.triples
        if triple.predicate.value.endswith(("/wording", "/noteText", "/conclusionText"))
    }
    return sorted(found)


def worded(text: str, code: str = "") -> bytes:
    """A record of which one Condition says that."""
    made = Bundle()
    made.condition(text, code)
    return bundle(made.resources)


def test_every_wording_of_the_rule_cases_that_reading_finds_is_possible() -> None:
    assert len(texts()) > 50
    missed = [text for text in texts() if not possible(worded(text)) and inside(worded(text))]
    assert missed == []


def test_every_phrase_in_scope_is_possible_in_singular_and_plural() -> None:
    known = lexicon(default())
    phrases = {
        " ".join(phrase.words)
        for found in known.phrases.values()
        for phrase in found
        if any(default().text(concept, "inScope") == "true" for concept in phrase.concepts)
    }
    assert len(phrases) > 100
    for phrase in sorted(phrases):
        for form in (phrase, f"{phrase}s", f"{phrase}es", f"{phrase.removesuffix('y')}ies"):
            assert SCOPE.possible(worded(form.upper())), form


def escaped(text: str, chosen: list[bool]) -> str:
    """A JSON string with some of its characters written as escapes."""
    made = [
        f"\\u{ord(char):04x}" if yes else json.dumps(char, ensure_ascii=False)[1:-1]
        for char, yes in zip(text, chosen, strict=True)
    ]
    return f'"{"".join(made)}"'


CODES = st.sampled_from(["M81.6", "M816", "m81.0", "M80.08XA", "M89.00", "g90.511", "Z13.820"])
ODD = st.sampled_from([" ", "\t", "\u00a0", "\u2003", "\n", "\u001f", ""])


@st.composite
def codes(draw: st.DrawFn) -> str:
    """A code in scope with spaces of any kind in it."""
    return "".join(draw(ODD) + char for char in draw(CODES)) + draw(ODD)


@st.composite
def phrases(draw: st.DrawFn) -> str:
    """A wording in scope in any case, among other words, with invisible characters in it."""
    said = draw(st.sampled_from(["osteoporosis", "Bone loss", "sudeck's atrophy", "CRPS"]))
    cased = "".join(draw(st.sampled_from([c.upper(), c.lower()])) for c in said)
    at = draw(st.integers(0, len(cased)))
    hidden = draw(st.sampled_from(["", "\u00ad", "\u200b", "\ufeff"]))
    around = st.text(string.ascii_letters + " .,;()é\u212a\u0130", max_size=12)
    return f"{draw(around)} {cased[:at]}{hidden}{cased[at:]} {draw(around)}"


def raw_of(code: str, text: str, chosen: list[bool]) -> bytes:
    """A record with a code and a wording, each written with escapes."""
    whole = worded("@text@", "@code@").decode()
    written = escaped(code, chosen[: len(code)]), escaped(text, chosen[: len(text)])
    return whole.replace('"@code@"', written[0]).replace('"@text@"', written[1]).encode()


@settings(max_examples=60, deadline=None)
@given(codes() | st.just("I10"), phrases() | st.just("hypertension"), st.data())
def test_escapes_case_and_odd_spaces_hide_nothing(
    code: str, text: str, data: st.DataObject
) -> None:
    size = max(len(code), len(text))
    some = st.lists(st.booleans(), min_size=size, max_size=size)
    chosen = data.draw(some | st.just([False] * size))
    raw = raw_of(code, text, chosen)
    assert SCOPE.possible(raw) or not inside(raw)


@pytest.mark.parametrize("gap", ["\n", "\r\n", " \t\n "])
def test_white_space_between_a_name_and_its_code_hides_nothing(gap: str) -> None:
    raw = worded("hypertension", "M81.6").replace(b'"code":', f'"code"{gap}:{gap}'.encode())
    assert inside(raw)
    assert SCOPE.possible(raw)


AROUND = [
    b'{"code":"I10',
    b'"code":"M8',
    b"\\",
    b"\\n",
    b"bo",
    b"ne lo",
    b"ss",
    b".",
    b"\r",
    b"\xe9",
]


def kind_of(raw: bytes) -> str:
    """The resource type of a line, so that any kind of them is asked about."""
    kinds = ["", "Condition", "Immunization", "Patient"]
    return kinds[len(raw) % len(kinds)]


@settings(max_examples=60, deadline=None)
@given(st.data(), st.randoms(use_true_random=False))
def test_a_block_has_every_line_that_is_possible_among_its_candidates(
    data: st.DataObject, chance: random.Random
) -> None:
    size = 12
    some = st.lists(st.booleans(), min_size=size * 4, max_size=size * 4)
    made = raw_of(data.draw(codes()), data.draw(phrases()), data.draw(some)).replace(b"\n", b"")
    plain = [worded(f"text {n}", "I10") for n in range(size)]
    parts = [b"".join(chance.choices(AROUND, k=chance.randrange(8))) for _ in range(size)]
    lines = [*plain, *parts, *LINES, made, made[: len(made) // 2], made[len(made) // 2 :], b""]
    chance.shuffle(lines)
    found = SCOPE.candidates(b"\n".join(lines))
    assert found >= {at for at, raw in enumerate(lines) if SCOPE.possible(raw, kind_of(raw))}
    assert found.isdisjoint(at for at, raw in enumerate(lines) if raw in plain)


def test_the_letters_whose_lower_case_is_another_are_those_the_look_knows() -> None:
    odd = {
        chr(point)
        for point in range(0x80, sys.maxunicode + 1)
        if not 0xD800 <= point < 0xE000 and any(char.isascii() for char in chr(point).lower())
    }
    assert odd == {"\u0130", "\u212a"}


def test_a_record_out_of_scope_by_its_bytes_is_judged_out_of_scope() -> None:
    assert SCOPE.possible(worded("bone spur, no loss", "I10"))
    raw = worded("painless bone spur", "I10")
    assert not SCOPE.possible(raw)
    assert sole_patient(raw) == "Patient/p1"
    for case in read("r.json", raw, default()).cases:
        made = judge_case(case, default(), engine(default()))
        assert made.decision.verdict == "out-of-scope"


@pytest.mark.parametrize(
    ("find", "put"),
    [(b"Bundle", b"Jundle"), (b"Ann", b"An\xb6"), (b'"Patient"', b'"patient"')],
)
def test_a_bundle_with_a_wrong_type_or_other_bytes_than_utf8_has_no_sure_patient(
    find: bytes, put: bytes
) -> None:
    patient = b'{"resourceType":"Patient","id":"p1","name":[{"family":"Ann"}]}'
    raw = b'{"resourceType":"Bundle","entry":[{"resource":%s}]}' % patient
    assert sole_patient(raw) == "Patient/p1"
    assert sole_patient(raw.replace(find, put)) == ""
