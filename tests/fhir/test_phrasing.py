"""How clinicians put it: wordings that must not be read as more, or less, than they say."""

from __future__ import annotations

import pytest

from tests.fhir.bundles import Bundle, documented, only

LOCALIZED = "Localized osteoporosis of left hip"


@pytest.mark.parametrize(
    ("words", "code", "verdicts", "expected"),
    [
        (f"{LOCALIZED} with increased fracture risk", "M81.6", {"stands-incomplete"}, ["M81.6"]),
        (f"{LOCALIZED}, fracture prevention discussed", "M81.6", {"stands-incomplete"}, ["M81.6"]),
        (f"{LOCALIZED}, risk of fracture", "M81.6", {"stands-incomplete"}, ["M81.6"]),
        (f"{LOCALIZED}; spine normal on DXA", "M81.6", {"stands-incomplete"}, ["M81.6"]),
        (f"Ruled out: {LOCALIZED}", "M81.6", {"not-coded"}, []),
        (f"PMH of {LOCALIZED}", "M81.6", {"not-coded"}, []),
        (
            f"{LOCALIZED}, previous osteoporotic fracture",
            "M81.6",
            {"stands-incomplete"},
            ["M81.6", "Z87.310"],
        ),
        (
            "Osteoporosis with healed fragility fracture of right wrist",
            "M81.0",
            {"stands-incomplete"},
            ["M81.0", "Z87.310"],
        ),
        (
            f"{LOCALIZED}, fracture in 1998 after skiing accident, healed",
            "M81.6",
            {"stands-incomplete"},
            ["M81.6"],
        ),
        (
            "Other osteoporosis without current pathological fracture",
            "M81.8",
            {"stands"},
            ["M81.8"],
        ),
        (
            "Other osteoporosis with current pathological fracture, right femur, "
            "initial encounter for fracture",
            "M80.851A",
            {"stands"},
            ["M80.851A"],
        ),
        ("Osteoporosis due to long-term steroid use", "M81.8", {"stands"}, ["M81.8"]),
        ("Osteoporosis of the left hip, post-traumatic", "M81.6", {"recode"}, ["M81.8"]),
        (
            "Localized osteoporosis of lumbar spine with collapse of L3 vertebra due to "
            "osteoporosis, initial encounter",
            "M81.6",
            {"recode"},
            ["M80.88XA"],
        ),
        (
            "Postmenopausal osteoporosis with pathological fracture of left tibia, sequela",
            "M80.062S",
            {"stands"},
            ["M80.062S"],
        ),
    ],
)
def test_wording_is_read_as_it_is_meant(
    words: str, code: str, verdicts: set[str], expected: list[str]
) -> None:
    bundle = Bundle()
    bundle.condition(words, code)
    decision = only(bundle).decision
    assert decision.verdict in verdicts
    assert [found.code for found in decision.expected] == expected


def test_a_fall_from_standing_height_is_minor_trauma() -> None:
    bundle = Bundle()
    bundle.condition(LOCALIZED, "M81.6")
    note = [{"text": "Fall from standing height. Initial encounter."}]
    bundle.condition("Fracture of left femoral neck", "S72.002A", note=note)
    decision = only(bundle).decision
    assert decision.verdict == "recode"
    assert [found.code for found in decision.expected] == ["M80.852A"]


def test_a_code_one_author_may_not_give_stays_by_the_words_of_another() -> None:
    bundle = documented(asserter={"reference": "Practitioner/t1"})
    bundle.add("Practitioner", id="t1")
    role = {"practitioner": {"reference": "Practitioner/t1"}}
    bundle.add("PractitionerRole", code=[{"text": "Radiologic technologist"}], **role)
    assert only(bundle).decision.verdict == "not-coded"
    bundle.condition(LOCALIZED)
    found = only(bundle)
    assert (found.decision.verdict, found.decision.refuted) == ("stands-incomplete", ())
    musts = {f.rule for f in found.findings if (f.outcome, f.severity) == ("fail", "must")}
    assert musts == {"words-by-entitled-author"}


def test_a_region_called_normal_is_no_site_of_the_disease() -> None:
    bundle = Bundle()
    bundle.condition(f"{LOCALIZED}, lumbar spine normal", "M81.6")
    view = only(bundle).view
    sites = view.values("urn:m816:case/Encounter/e1/localized", "namedSite")
    assert [view.shown(site) for site in sites] == ["left hip"]
