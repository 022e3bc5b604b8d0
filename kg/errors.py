"""What can go wrong with an input, as exceptions.

InputError                 the input cannot be judged; carries file, place, what, and what to do
├── UnreadableInput        not JSON / not RDF / truncated / too large / not UTF-8
├── UnusableRecord         readable, but not a record or case we can judge
├── UnusableParameter      a named query is given something that it does not take
└── NotJudged              readable, but judging it passed a limit or ended its process
KnowledgeError             the shipped or user-supplied ontology, shapes or queries are unusable
ToolMissing                an optional tool is not installed, or did not run

A failed rule is never an exception: it is a finding in a verdict.
"""

from __future__ import annotations


class InputError(ValueError):
    """One clear message about one input. ``place`` is a line, a byte or a resource path."""

    def __init__(self, file: str, place: str, what: str, remedy: str) -> None:
        super().__init__(what)
        self.file = file
        self.place = place
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{where}: {self.what}. {self.remedy}."


class UnreadableInput(InputError):
    """The bytes are not a document of a kind we read."""


class UnusableRecord(InputError):
    """The document is readable, but is no FHIR R4 record and no case graph."""


class UnusableParameter(InputError):
    """A named query is given a value that is not of the kind it takes, or takes none."""


class NotJudged(InputError):
    """A case could not be judged: neither fit nor unfit. Who has the input adds file and place."""

    def __init__(self, what: str, file: str = "", place: str = "") -> None:
        super().__init__(file, place, f"could not be judged: {what}", "Judge it by another engine")


class KnowledgeError(ValueError):
    """The ontology, shapes, derivations or queries cannot be used; a fault of the installation."""


class ToolMissing(RuntimeError):
    """An optional tool is not there; the message says what to install."""
