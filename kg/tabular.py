"""Read the official ICD-10-CM tabular list (XML) into chapters, blocks and codes with their notes.

In: the bytes of one release of the tabular XML. Out: a `Tabular`. Errors: `CodesError`, one line.
Source: the element names of the NCHS/CMS release file; only the form of the classification is
known here, never a code.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kg.codetable import CodesError

_CATEGORY3 = r"[A-Z](?:[0-9][0-9A-Z]|[A-Z][0-9])"
CODE = _CATEGORY3 + r"(?:\.[0-9A-Z]{1,4})?\b"
_CODE = re.compile(CODE)
_BLOCK = re.compile(f"{_CATEGORY3}-{_CATEGORY3}")
_ITEM = re.compile(rf"({CODE})(?:\.?-)?\s*(?:-|to)\s*({CODE})(?:\.?-)?|({CODE})(?:\.?-)?")
_GROUP = re.compile(r"\((?:i\.e\. )?([^()]*)\)")
_CATEGORY = re.compile(r"\b(?:sub)?categor(?:y|ies) (" + _ITEM.pattern + ")")
_NOT_APPLIED = re.compile(r"7th characters ([0-9A-Z, and]+?) do not apply to codes in .*?6th (.*)")
_DEEPEST = 8

NOTE_TAGS = (
    "includes",
    "inclusionTerm",
    "notes",
    "useAdditionalCode",
    "codeFirst",
    "codeAlso",
    "excludes1",
    "excludes2",
    "sevenChrNote",
)


@dataclass(frozen=True, slots=True)
class Note:
    """One printed line of a note: its XML tag, its place (from 1) and its text as printed."""

    tag: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A chapter, block or code; `seventh` maps each 7th character in force here to its meaning."""

    notation: str
    title: str
    parent: str | None
    is_code: bool
    is_leaf: bool
    notes: tuple[Note, ...]
    seventh: dict[str, str]
    seventh_from: str | None


@dataclass(frozen=True, slots=True)
class Reference:
    """A code reference printed in a note: its text, the codes it expands to, any condition."""

    printed: str
    codes: tuple[str, ...]
    condition: str | None


@dataclass(frozen=True)
class Tabular:
    """One release: its `<version>`, the digest of the XML, and its entries in printed order."""

    version: str
    sha256: str
    entries: dict[str, Entry]

    def chain(self, notation: str) -> list[str]:
        """Return the entry and everything above it, nearest first."""
        found = []
        at: str | None = notation
        while at is not None:
            found.append(at)
            at = self.entries[at].parent
        return found

    def below(self, root: str) -> list[str]:
        """Return the code and every code under it, in printed order."""
        return [n for n, e in self.entries.items() if e.is_code and n.startswith(root)]

    def expand(self, first: str, last: str) -> tuple[str, ...]:
        """Return the codes of a printed range, in printed order: those as long as its first."""
        same = self.by_length.get(len(first), ())
        return tuple(n for n in same if first <= n <= last)

    @cached_property
    def by_length(self) -> dict[int, list[str]]:
        """All codes in printed order, by the length of their notation."""
        found: dict[int, list[str]] = {}
        for notation, entry in self.entries.items():
            if entry.is_code:
                found.setdefault(len(notation), []).append(notation)
        return found

    def references(self, text: str) -> list[Reference]:
        """Return the code references of a note: its bracketed codes, and "category …" in words.

        A reference that names no code of this release has no codes; the caller reports it.
        """
        found = []
        groups = [m[1] for m in _GROUP.finditer(text) if _CODE.match(m[1])]
        groups += [m[1] for m in _CATEGORY.finditer(_GROUP.sub("", text))]
        for group in groups:
            listed, _, condition = group.partition(" with ")
            for item in _ITEM.finditer(listed):
                first, last, single = item[1], item[2], item[3]
                known = (single,) if single in self.entries else ()
                codes = known if single else self.expand(first, last)
                wanted = f"with {condition.strip()}" if condition else None
                found.append(Reference(item[0], codes, wanted))
        return found


def packaged_xml() -> bytes:
    """Return the tabular XML shipped in simple-icd-10-cm; CodesError if it is not installed."""
    package = importlib.util.find_spec("simple_icd_10_cm")  # found, not imported: that takes 2 s
    if package is None or package.origin is None:
        message = "simple-icd-10-cm is not installed: install it, or name an official tabular XML"
        raise CodesError(message)
    files = sorted((Path(package.origin).parent / "data").glob("*.xml"))
    if len(files) != 1:
        raise CodesError(f"simple-icd-10-cm ships {len(files)} XML files, expected exactly one")
    return files[0].read_bytes()


def read_tabular(path: Path | None = None) -> Tabular:
    """Read the XML file at `path`, or the packaged one; CodesError if it is not a tabular list."""
    name = str(path) if path else "packaged tabular XML"
    try:
        data = path.read_bytes() if path else packaged_xml()
    except OSError as error:
        raise CodesError(f"{name}: {error.strerror or error}") from error
    if b"\x00" in data[:64] or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise CodesError(f"{name}: UTF-8 without DOCTYPE or ENTITY declarations is required")
    try:
        root = ET.fromstring(data)
    except (ET.ParseError, LookupError, ValueError) as error:
        raise CodesError(f"{name}: not well-formed XML: {error}") from error
    version = (root.findtext("version") or "").strip()
    if root.tag != "ICD10CM.tabular" or not re.fullmatch(r"20\d\d", version):
        raise CodesError(f"{name}: not an ICD-10-CM tabular list (root <{root.tag}>, no version)")
    entries: dict[str, Entry] = {}
    try:
        for entry in _chapters(root):
            if entry.notation in entries:
                raise CodesError(f"{entry.notation} is listed twice")
            entries[entry.notation] = entry
    except CodesError as error:
        raise CodesError(f"{name}: {error}") from error
    if not entries:
        raise CodesError(f"{name}: no chapters")
    return Tabular(version, hashlib.sha256(data).hexdigest(), entries)


@dataclass(frozen=True, slots=True)
class _Inherited:
    """The 7th characters in force, the code that defines them, and a printed restriction."""

    seventh: dict[str, str]
    origin: str | None = None
    restriction: str = ""

    def narrowed(self, diag: ET.Element, notation: str) -> _Inherited:
        """Return what is in force at and below the code."""
        defined = diag.find("sevenChrDef")
        seventh, origin = self.seventh, self.origin
        if defined is not None:
            extensions = (e for e in defined.findall("extension") if e.get("char"))
            seventh = {e.attrib["char"]: (e.text or "").strip() for e in extensions}
            origin = notation
        printed = [n.text for n in diag.findall("notes/note") if n.text]
        restrictions = [text for text in printed if _NOT_APPLIED.match(text)]
        return _Inherited(seventh, origin, restrictions[0] if restrictions else self.restriction)

    def on(self, leaf: str) -> dict[str, str]:
        """Return the 7th characters of a leaf, without those withdrawn for its 6th character."""
        printed = _NOT_APPLIED.match(self.restriction)
        if printed is None:
            return self.seventh
        sixth = re.findall(r"(?:character|or) ([0-9A-Z]) -", printed[2])
        if leaf.replace(".", "")[5:6] not in sixth:
            return self.seventh
        withdrawn = re.findall(r"\b[0-9A-Z]\b", printed[1])
        return {char: text for char, text in self.seventh.items() if char not in withdrawn}


def _chapters(root: ET.Element) -> Iterator[Entry]:
    for chapter in root.findall("chapter"):
        title = _text(chapter, "desc")
        span = _GROUP.findall(title)
        if not span or not _BLOCK.fullmatch(span[-1]):
            raise CodesError(f"chapter {title!r} names no range of categories")
        yield _group(chapter, span[-1], title, None)
        for section in chapter.findall("section"):
            block = _block(section.get("id", ""))
            if section.find("diag") is not None:  # an empty one only heads the blocks after it
                yield _group(section, block, _text(section, "desc"), span[-1])
            for diag in section.findall("diag"):
                yield from _codes(diag, block, _Inherited({}), 0)


def _block(printed: str) -> str:
    """Return the range a block covers; a block of one category is printed as that category."""
    block = printed if "-" in printed else f"{printed}-{printed}"
    if not _BLOCK.fullmatch(block):
        raise CodesError(f"section id {printed!r} is not a range of categories")
    return block


def _group(element: ET.Element, notation: str, title: str, parent: str | None) -> Entry:
    return Entry(notation, title, parent, False, False, _notes(element), {}, None)


def _codes(diag: ET.Element, parent: str, above: _Inherited, depth: int) -> Iterator[Entry]:
    """Yield the code and all below it; 7th characters are those of the nearest definition."""
    notation = _text(diag, "name")
    if not _CODE.fullmatch(notation) or depth > _DEEPEST:
        raise CodesError(f"{notation!r} under {parent} is not the form of a code")
    if depth and notation[:3] != parent[:3]:
        raise CodesError(f"{notation} is printed under {parent}")
    below = diag.findall("diag")
    force = above.narrowed(diag, notation)
    seventh = force.seventh if below else force.on(notation)
    origin = force.origin if seventh else None
    title = _text(diag, "desc")
    yield Entry(notation, title, parent, True, not below, _notes(diag), seventh, origin)
    for child in below:
        yield from _codes(child, notation, force, depth + 1)


def _notes(element: ET.Element) -> tuple[Note, ...]:
    found = []
    for tag in NOTE_TAGS:
        lines = [(n.text or "").strip() for n in element.findall(f"{tag}/note")]
        found += [Note(tag, i, text) for i, text in enumerate((t for t in lines if t), 1)]
    return tuple(found)


def _text(element: ET.Element, tag: str) -> str:
    text = (element.findtext(tag) or "").strip()
    if not text:
        raise CodesError(f"<{element.tag}> without <{tag}>")
    return text
