"""The named queries of ``ontology/queries``: what each asks and takes, its text with values in.

In: the knowledge, and words for the parameters. Out: ``Question`` and SPARQL text. A value enters a
text only as a term that was checked against its class or datatype and written by the RDF library,
in place of the one value of a VALUES block; ``UnusableParameter`` for every other.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from kg.errors import UnusableParameter
from kg.knowledge import Knowledge, Term
from kg.namespaces import M816, PREFIXES, RDFS, SH, XSD, short

_BASE = M816 + "query/"
_FORMS = {SH + form: form for form in ("select", "ask", "construct")}
_KEYWORDS = "https://schema.org/keywords"
_BLOCK = re.compile(r"VALUES \?(\w+) \{[^{}]*\}")
_ANYTHING = RDFS + "Resource"
_LONGEST = 200
_LISTED = 60


@dataclass(frozen=True)
class Parameter:
    """What a question takes: ``kind`` is a datatype if ``literal``, else a class."""

    name: str
    label: str
    kind: str
    literal: bool
    default: Term | None


@dataclass(frozen=True)
class Question:
    """A named query; ``form`` is select, ask or construct, ``number`` a competency question's."""

    id: str
    iri: str
    form: str
    text: str
    label: str
    asks: str
    keywords: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    of_case: bool
    number: int


@functools.lru_cache(maxsize=8)
def questions(knowledge: Knowledge) -> dict[str, Question]:
    """All named queries by id, in order of id."""
    iris = sorted(set(knowledge.by_type.get(SH + "SPARQLExecutable", ())))
    return {iri.removeprefix(_BASE): _question(knowledge, iri) for iri in iris}


def _question(knowledge: Knowledge, iri: str) -> Question:
    form, text = next((_FORMS[p], v.value) for p, v in knowledge.facts(iri) if p in _FORMS)
    return Question(
        id=iri.removeprefix(_BASE),
        iri=iri,
        form=form,
        text=text,
        label=knowledge.label(iri),
        asks=next((v.value for v in knowledge.values(iri, RDFS + "comment")), ""),
        keywords=tuple(v.value for v in knowledge.values(iri, _KEYWORDS)),
        parameters=tuple(_parameter(knowledge, p) for p in knowledge.texts(iri, "parameter")),
        of_case=knowledge.text(iri, "asksOfCase") == "true",
        number=int(knowledge.text(iri, "competencyQuestion", "0")),
    )


def _parameter(knowledge: Knowledge, iri: str) -> Parameter:
    datatype = knowledge.text(iri, "valueDatatype")
    return Parameter(
        name=knowledge.text(iri, "variable"),
        label=knowledge.label(iri),
        kind=datatype or knowledge.text(iri, "valueClass"),
        literal=bool(datatype),
        default=next(iter(knowledge.values(iri, M816 + "defaultValue")), None),
    )


def bound(question: Question, given: Mapping[str, str], knowledge: Knowledge) -> str:
    """The text of a question with these values; what is not given keeps its default.

    Raises ``UnusableParameter``: no such parameter, or a value that is not of its kind.
    """
    known = {parameter.name: parameter for parameter in question.parameters}
    for name in given:
        if name not in known:
            what = f"it takes {', '.join(known)}" if known else "it takes no value"
            raise UnusableParameter(question.id, "", what, "Leave the other names out")
    terms = {
        name: term(question.id, known[name], words, knowledge) for name, words in given.items()
    }

    def filled(block: re.Match[str]) -> str:
        found = terms.get(block[1])
        return block[0] if found is None else f"VALUES ?{block[1]} {{ {found} }}"

    return _BLOCK.sub(filled, question.text)


def term(query: str, parameter: Parameter, words: str, knowledge: Knowledge) -> Term:
    """What the words mean as a value of that parameter; ``UnusableParameter`` if nothing."""
    found = _literal(parameter, words) if parameter.literal else _named(parameter, words, knowledge)
    if found is None:
        what = f"it is to be {expected(parameter, knowledge)}"
        raise UnusableParameter(query, parameter.name, what, "Correct it")
    return found


def expected(parameter: Parameter, knowledge: Knowledge) -> str:
    """What a parameter takes, in words, with the names there are if they are few."""
    if parameter.literal:
        return _DATATYPES[parameter.kind][1]
    if parameter.kind == _ANYTHING:
        return "an IRI, whole or with a prefix of ours such as m816:"
    names = choices(parameter, knowledge)
    if names:
        return f"one of {', '.join(names)}"
    return f"something the graph holds of the kind {knowledge.label(parameter.kind)!r}"


def choices(parameter: Parameter, knowledge: Knowledge) -> list[str]:
    """The names a parameter can be given by, if it is of a class with few members."""
    members = [] if parameter.literal else knowledge.by_type.get(parameter.kind, [])
    if len(set(members)) > _LISTED:
        return []
    return sorted({_called(knowledge, iri) for iri in members})


def called(parameter: Parameter, value: Term | None, knowledge: Knowledge) -> str:
    """The words by which that value of the parameter is given; empty for none."""
    if value is None:
        return ""
    if parameter.literal or parameter.kind == _ANYTHING:
        return short(value.value)
    return _called(knowledge, value.value)


def _called(knowledge: Knowledge, iri: str) -> str:
    return knowledge.notation(iri) or _last(iri)


def _literal(parameter: Parameter, words: str) -> Literal | None:
    pattern, _ = _DATATYPES[parameter.kind]
    if not re.fullmatch(pattern, words, re.ASCII if parameter.kind != XSD + "string" else 0):
        return None
    if parameter.kind == XSD + "date" and not _is_date(words):
        return None
    return Literal(words, datatype=NamedNode(parameter.kind))


# No backslash: SPARQL reads code point escapes before it reads strings (§19.2).
_DATATYPES = {
    XSD + "string": (rf"[^\x00-\x1f\x7f-\x9f\\\ud800-\udfff]{{1,{_LONGEST}}}", "plain words"),
    XSD + "date": (r"\d{4}-\d\d-\d\d", "a date such as 2026-05-01"),
    XSD + "boolean": ("true|false", "true or false"),
    XSD + "integer": (r"-?\d{1,9}", "a whole number"),
}


def _is_date(words: str) -> bool:
    try:
        return bool(datetime.date.fromisoformat(words))
    except ValueError:
        return False


def _named(parameter: Parameter, words: str, knowledge: Knowledge) -> NamedNode | None:
    if parameter.kind != _ANYTHING:
        iri = _names(knowledge, parameter.kind).get(words)
        return NamedNode(iri) if iri else None
    prefix, _, rest = words.partition(":")
    try:
        return NamedNode(PREFIXES[prefix] + rest if prefix in PREFIXES else words)
    except ValueError:  # no IRI
        return None


@functools.lru_cache(maxsize=64)
def _names(knowledge: Knowledge, kind: str) -> dict[str, str]:
    """Whatever the members of a class can be called → their IRIs; the surer name wins."""
    members = sorted(set(knowledge.by_type.get(kind, ())))
    calls = (str, knowledge.notation, short, _last)
    return {call(iri): iri for call in reversed(calls) for iri in reversed(members) if call(iri)}


def _last(iri: str) -> str:
    return re.split(r"[/#]", iri)[-1]
