"""The build is repeatable, reports what it did, and refuses what it cannot read in one line."""

import gzip
from pathlib import Path

import pytest

from kg.codes import BuildReport, build, index_slug
from kg.codetable import CodesError
from kg.locations import ONTOLOGY

CODE = "<diag><name>A00</name><desc>Title</desc></diag>"
LIST = (
    "<ICD10CM.tabular><version>2026</version><chapter><name>1</name><desc>One (A00-B99)</desc>"
    '<section id="A00-A09"><desc>Block (A00-A09)</desc>{}</section></chapter></ICD10CM.tabular>'
)


def test_regeneration_changes_no_byte(built: tuple[Path, BuildReport]) -> None:
    out, report = built
    assert len(report.files) == 4
    for path in report.files:
        shipped = (ONTOLOGY / path.relative_to(out)).read_bytes()
        if path.suffix == ".gz":  # the compressor may differ between platforms, the table may not
            assert gzip.decompress(path.read_bytes()) == gzip.decompress(shipped)
        else:
            assert path.read_bytes() == shipped


def test_a_second_build_writes_the_same_compressed_bytes(
    built: tuple[Path, BuildReport], tmp_path: Path
) -> None:
    for path in build(tmp_path).files:
        assert path.read_bytes() == (built[0] / path.relative_to(tmp_path)).read_bytes()


def test_report_counts_what_was_written(built: tuple[Path, BuildReport]) -> None:
    report = built[1]
    assert report.release == "FY2026-Apr"
    assert report.warnings == ()
    assert report.counts["indexEntries"] == 202
    assert report.counts["tableCodes"] == 46_881


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"<ICD10CM.tabular><version>2026</version>", "not well-formed"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "DOCTYPE"),
        ("<x/>".encode("utf-16"), "UTF-8"),
        (b"<html/>", "not an ICD-10-CM tabular list"),
        (b"<ICD10CM.tabular><version>2026</version></ICD10CM.tabular>", "no chapters"),
        (LIST.format(CODE * 2).encode(), "A00 is listed twice"),
        (LIST.format(CODE.replace("A00", "A00> .")).encode(), "not the form of a code"),
        (LIST.format("<diag><name>A00</name></diag>").encode(), "without <desc>"),
        (LIST.format("<diag>" * 5000 + "</diag>" * 5000).encode(), "without <name>"),
        (LIST.format(CODE).replace("A00-A09", "A").encode(), "not a range of categories"),
    ],
)
def test_an_unusable_xml_gives_one_clear_error(tmp_path: Path, data: bytes, complaint: str) -> None:
    xml = tmp_path / "tabular.xml"
    xml.write_bytes(data)
    with pytest.raises(CodesError, match=complaint) as raised:
        build(tmp_path / "out", xml)
    assert str(raised.value).startswith(str(xml))
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_a_missing_xml_is_named(tmp_path: Path) -> None:
    with pytest.raises(CodesError, match=r"absent\.xml: No such file"):
        build(tmp_path, tmp_path / "absent.xml")


def test_another_release_is_labelled_by_its_digest_and_what_it_lacks_is_said(
    tmp_path: Path,
) -> None:
    xml = tmp_path / "tabular.xml"
    xml.write_text(LIST.format(CODE))
    report = build(tmp_path / "out", xml)
    assert report.release.startswith("FY2026-")
    assert report.release != "FY2026-Apr"
    assert "the neighbourhood refers to M80, which this release does not have" in report.warnings


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("Osteoporosis (female) (male) > disuse", "I-osteoporosis-disuse"),
        ("Osteoporosis (female) (male) > Lequesne", "I-osteoporosis-lequesne"),
        ("Atrophy, atrophic (of) > Sudeck's", "I-atrophy-atrophic-sudecks"),
    ],
)
def test_a_slug_drops_nonessential_modifiers(path: str, slug: str) -> None:
    assert index_slug(path) == slug
