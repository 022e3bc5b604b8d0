"""Wording: which phrases a text holds, how each is meant, and on which side."""

from __future__ import annotations

import pytest

from kg.knowledge import default
from kg.lexicon import lexicon, tokens
from kg.namespaces import M816, TYPE
from kg.wording import mentions

TYPES = {
    *("localized", "unspecified", "disuse", "drugInduced", "transient", "postmenopausal"),
    *("focal", "osteopenia", "sudeck", "crps1", "periarticular", "generalized"),
    *("regionalMigratory", "fracture"),
}


def said(text: str) -> dict[str, set[str]]:
    """The diagnosis types and fracture words of a text with their meanings."""
    found: dict[str, set[str]] = {}
    for mention in mentions(text, lexicon(default())):
        name = mention.concept.removeprefix(M816).removesuffix("Type").removesuffix("Stated")
        if name in TYPES:
            found.setdefault(name, set()).add(mention.meaning)
    return found


def sites(text: str) -> set[str]:
    """The regions of a text with their sides, as ``left hip``."""
    found = set()
    for mention in mentions(text, lexicon(default())):
        if any(v.value == M816 + "Region" for v in default().values(mention.concept, TYPE.value)):
            region = mention.concept.removeprefix(M816)
            sides = sorted(side.removeprefix(M816) for side in mention.sides)
            found |= {f"{side} {region}" for side in sides} or {region}
    return found


@pytest.mark.parametrize(
    "text",
    [
        "Localized osteoporosis of left hip",
        "LOCALIZED OSTEOPOROSIS",
        "Localised osteoporosis",
        "Localized (periarticular) osteoporosis",
        "Localized [transient] osteoporosis of the hip",
        "Localized transient regional osteoporosis",
        "Osteoporosis, localized",
        "Osteoporosis of the left hip, localised",
        "Osteoporosis - localized, left hip",
        "Lequesne's osteoporosis",
        "Lequesne’s disease of the hip",
        "Osteoporosis (Lequesne)",
        "Localized osteo\u00adporosis",
        "Localized\u00a0osteoporosis",
        "Localized osteoporosis; no fracture",
        "Dr. Smith documents localized osteoporosis",
        "Localized osteoporosis of the L. hip",
        "T-score -2.5 at the hip, localized osteoporosis",
        "MRI without contrast demonstrates localized osteoporosis",
        "65-year-old man with localized osteoporosis",
        "65 year old man localized osteoporosis",
        "History of present illness: localized osteoporosis of the left hip",
        "Localized osteoporosis, not due to rheumatoid arthritis",
        "Localized osteoporosis, fracture ruled out",
        "Localized osteoporosis of left hip, possible fracture",
        "Localized osteoporosis of left hip and possible disuse",
        "Localized osteoporosis of left hip, pain resolved",
        "Localized osteoporosis, not yet resolved",
        "No fracture or dislocation, localized osteoporosis of left hip",
        "No fracture. Localized osteoporosis",
        "No fracture but localized osteoporosis",
        "No fracture - localized osteoporosis of left hip",
        "(no fracture) localized osteoporosis",
        "1) no fracture 2) localized osteoporosis",
        "Non-displaced fracture of the left femoral neck and localized osteoporosis",
        "Possible fracture, localized osteoporosis",
        "History of fall, localized osteoporosis",
        "Healed fracture and localized osteoporosis",
        "Compared with prior MRI localized osteoporosis",
        "No treatment for localized osteoporosis so far",
        "Localized osteoporosis likely due to steroids",
        "Pain? Localized osteoporosis.",
        "Not only osteopenia: localized osteoporosis",
        "Ruled out: osteomyelitis. Localized osteoporosis.",
        "Localized osteoporosis (fracture excluded) of left hip",
    ],
)
def test_localized_is_affirmed(text: str) -> None:
    assert said(text).get("localized") == {"affirmed"}


@pytest.mark.parametrize(
    ("text", "concept", "meaning"),
    [
        ("No localized osteoporosis", "localized", "negated"),
        ("No evidence of fracture or localized osteoporosis", "localized", "negated"),
        ("No evidence of fracture or localized osteoporosis", "fracture", "negated"),
        ("No fracture, osteoporosis, or edema", "unspecified", "negated"),
        ("No fracture, osteoporosis or edema", "unspecified", "negated"),
        ("No fracture, edema, or osteoporosis", "unspecified", "negated"),
        ("Denies osteoporosis", "unspecified", "negated"),
        ("MRI without osteoporosis", "unspecified", "negated"),
        ("Not localized osteoporosis", "localized", "negated"),
        ("Localized osteoporosis, not diagnosed", "localized", "negated"),
        ("Localized osteoporosis was ruled out", "localized", "negated"),
        ("Localized osteoporosis of the left hip, excluded", "localized", "negated"),
        ("Osteopenia or osteoporosis excluded", "osteopenia", "negated"),
        ("Osteopenia and osteoporosis excluded", "osteopenia", "negated"),
        ("Localized osteoporosis unlikely", "localized", "negated"),
        ("Does not meet criteria for osteoporosis", "unspecified", "negated"),
        ("w/o osteoporosis", "unspecified", "negated"),
        ("Non-localized osteoporosis", "localized", "negated"),
        ("Fracture, not due to osteoporosis", "unspecified", "negated"),
        ("Fracture not due to osteoporosis", "fracture", "affirmed"),
        ("Non-displaced fracture", "fracture", "affirmed"),
        ("No history of osteoporosis", "unspecified", "negated"),
        ("History of localized osteoporosis", "localized", "historical"),
        ("h/o localized osteoporosis", "localized", "historical"),
        ("Localized osteoporosis, resolved", "localized", "historical"),
        ("Localized osteoporosis of left hip (resolved)", "localized", "historical"),
        ("Localized osteoporosis, now resolved", "localized", "historical"),
        ("Localized osteoporosis of left hip, has resolved", "localized", "historical"),
        ("Healed fracture of left hip", "fracture", "historical"),
        ("Fracture of left hip, healed", "fracture", "historical"),
        ("Patient no longer has localized osteoporosis", "localized", "historical"),
        ("History of fracture, osteoporosis, or cancer", "unspecified", "historical"),
        ("Family history of osteoporosis", "unspecified", "family"),
        ("Family history: osteoporosis", "unspecified", "family"),
        ("Mother with osteoporosis", "unspecified", "family"),
        ("Osteoporosis in mother", "unspecified", "family"),
        ("Possible localized osteoporosis", "localized", "uncertain"),
        ("Probable localized osteoporosis of left hip", "localized", "uncertain"),
        ("Rule out localized osteoporosis", "localized", "uncertain"),
        ("r/o localized osteoporosis of left hip", "localized", "uncertain"),
        ("Localized osteoporosis, possible", "localized", "uncertain"),
        ("Localized osteoporosis (possible)", "localized", "uncertain"),
        ("Localized osteoporosis cannot be excluded", "localized", "uncertain"),
        ("Localized osteoporosis has not been ruled out", "localized", "uncertain"),
        ("Cannot exclude localized osteoporosis", "localized", "uncertain"),
        ("c/w localized osteoporosis", "localized", "uncertain"),
        ("?localized osteoporosis", "localized", "uncertain"),
        ("? localized osteoporosis", "localized", "uncertain"),
        ("Hip pain ?localized osteoporosis", "localized", "uncertain"),
        ("Localized osteoporosis?", "localized", "uncertain"),
        ("Localized osteoporosis ?", "localized", "uncertain"),
        ("Localized osteoporosis (?)", "localized", "uncertain"),
        ("Localized osteoporosis ?transient osteoporosis", "localized", "affirmed"),
        ("Localized osteoporosis ?transient osteoporosis", "transient", "uncertain"),
        ("Localized osteoporosis vs transient osteoporosis", "localized", "uncertain"),
        ("Localized osteoporosis vs. transient osteoporosis", "transient", "uncertain"),
        ("Osteoporosis likely due to disuse", "disuse", "uncertain"),
        ("Osteoporosis, possibly localized", "localized", "uncertain"),
        ("Not suspicious for osteoporosis", "unspecified", "negated"),
        ("Osteoporosis due to disuse", "disuse", "affirmed"),
        ("Generalised osteoporosis", "generalized", "affirmed"),
        ("Sudeck's atrophy of the left hand", "sudeck", "affirmed"),
        ("Sudecks atrophy", "sudeck", "affirmed"),
        ("Fractures of both hips", "fracture", "affirmed"),
    ],
)
def test_how_it_is_meant(text: str, concept: str, meaning: str) -> None:
    assert said(text).get(concept) == {meaning}


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("Osteoporosis, not localized", "localized"),
        ("Localized pain and osteoporosis", "localized"),
        ("Localized edema without osteoporosis", "localized"),
        ("Localized swelling. Osteoporosis", "localized"),
        ("Osteoporosis and localized pain", "localized"),
        ("Complex regional pain syndrome and osteoporosis", "regionalMigratory"),
    ],
)
def test_phrase_does_not_reach_across(text: str, concept: str) -> None:
    assert concept not in said(text)


def test_a_wider_phrase_of_the_same_kind_wins() -> None:
    assert said("Localized osteoporosis") == {"localized": {"affirmed"}}
    assert said("Localized transient osteoporosis") == {
        "localized": {"affirmed"},
        "transient": {"affirmed"},
    }


def test_a_wrapped_line_ends_no_clause_and_a_list_item_does() -> None:
    wrapped = "MRI of the left hip and of the pelvis shows no evidence of\nlocalized osteoporosis."
    assert said(wrapped)["localized"] == {"negated"}
    assert said("No fracture\nLocalized osteoporosis")["localized"] == {"affirmed"}
    assert said("no fracture\nlocalized osteoporosis")["localized"] == {"affirmed"}


def test_a_title_is_no_modality() -> None:
    found = {m.concept for m in mentions("Mr. Doe and Mrs Doe were seen", lexicon(default()))}
    assert M816 + "magneticResonance" not in found
    found = {m.concept for m in mentions("MR left hip", lexicon(default()))}
    assert M816 + "magneticResonance" in found


def test_cause_is_marked() -> None:
    found = mentions("Localized osteoporosis due to rheumatoid arthritis", lexicon(default()))
    causes = {m.concept.removeprefix(M816) for m in found if m.as_cause}
    assert "rheumatoidArthritis" in causes
    assert "localizedType" not in causes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("left hip", {"left hip"}),
        ("hip, left", {"left hip"}),
        ("hip (left)", {"left hip"}),
        ("left hip and knee", {"left hip", "left knee"}),
        ("left hip, knee", {"left hip", "left knee"}),
        ("left hip and right knee", {"left hip", "right knee"}),
        ("left hip, right knee", {"left hip", "right knee"}),
        ("hip, left knee", {"hip", "left knee"}),
        ("hip left, knee right", {"left hip", "right knee"}),
        ("both hips", {"left hip", "right hip"}),
        ("bilateral hips", {"left hip", "right hip"}),
        ("hips bilaterally", {"left hip", "right hip"}),
        ("left and right hip", {"left hip", "right hip"}),
        ("left/right hip", {"left hip", "right hip"}),
        ("left-sided hip pain", {"left hip"}),
        ("left proximal femur", {"left proximalFemur"}),
        ("Lt hip", {"left hip"}),
        ("Rt. hip", {"right hip"}),
        ("L hip", {"left hip"}),
        ("L. hip", {"left hip"}),
        ("L spine and hip", {"lumbarSpine", "hip"}),
        ("r/o hip fracture", {"hip"}),
        ("head of the left femur", {"left femur"}),
        ("right femoral head", {"right femoralHead"}),
        ("vertebrae", {"spine"}),
        ("left hip normal. Knee", {"left hip", "knee"}),
    ],
)
def test_sites_and_sides(text: str, expected: set[str]) -> None:
    assert sites(text) == expected


def test_numbers_and_codes_end_no_clause() -> None:
    assert said("No osteoporosis with T-score -2.5")["unspecified"] == {"negated"}
    assert said("No fracture, T-score -2.5 and M81.6: localized osteoporosis")["localized"] == {
        "affirmed"
    }
    assert said("T-score was -2.5. Localized osteoporosis")["localized"] == {"affirmed"}


def test_tokens() -> None:
    assert tokens("Sudeck's “atrophy” – (left) hand, post-traumatic?") == [
        *("sudeck", "atrophy", ",", "(", "left", ")", "hand", ",", "post", "traumatic", "(?)"),
    ]
    assert tokens("?x") == ["?", "x"]
    assert tokens("") == []
    assert tokens("\x00 … —\u200b") == [","]
