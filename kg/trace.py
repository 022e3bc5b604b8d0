"""Statement ↔ what was made of it ↔ rule ↔ cases ↔ named queries: the matrix an auditor reads.

In: the knowledge, the cases beside the shapes. Out: one row a statement, a rule and a question, as
plain values. A statement is formalised if anything cites it or if it is a fact of the graph already
(``m816:carriedAs``); otherwise it says why not. What is wanting is found by ``kg.gaps``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, RdfFormat, parse

from kg.knowledge import Knowledge
from kg.locations import SHAPES
from kg.namespaces import DCT, DERIVATION, M816, RULE, SH, STATEMENT, TYPE
from kg.questions import Question, questions

SOURCE = DCT + "source"
CITING = (SOURCE, M816 + "weakerStatement", M816 + "strongerStatement")
KINDS = ("rule", "derivation", "obligation", "conflict", "term")
OUTCOMES = ("pass", "fail", "indeterminate", "not-applicable")
_PREFIX = re.compile(r"PREFIX (\w*): <([^>]*)>")
_NAME = re.compile(r"(?<![\w?])(\w*):([A-Za-z][\w.-]*\w)|<([^>\s]*)>")
_ABOUT = {M816 + name for name in ("needs", "operationalises")}
_OF_ALL = {M816 + name for name in ("Rule", "Derivation", "Statement", "Case")}  # in every row
_IN_SPARQL = re.compile(r"\bm816:([A-Za-z]\w*)")


@dataclass(frozen=True)
class StatementRow:
    """One statement: who cites it by kind, the fact it is, or why it is neither, and what asks."""

    id: str
    says: str
    document: str
    locator: str
    authority: str
    cited: dict[str, tuple[str, ...]]
    carried: str
    reason: str
    rules: tuple[str, ...]
    cases: int
    questions: tuple[str, ...]


@dataclass(frozen=True)
class RuleRow:
    """One rule: duties, conflicts, statements, derivations of its target, cases, questions."""

    id: str
    says: str
    obligations: tuple[str, ...]
    conflicts: tuple[str, ...]
    statements: tuple[str, ...]
    derivations: tuple[str, ...]
    cases: dict[str, int]
    questions: tuple[str, ...]


@dataclass(frozen=True)
class QuestionRow:
    """One named query: its number as a competency question, its terms, what those rest on."""

    id: str
    iri: str
    number: int
    asks: str
    terms: tuple[str, ...]
    statements: tuple[str, ...]


@dataclass(eq=False)
class Trace:
    """The matrix over one knowledge; ``shapes`` is the folder of the cases."""

    knowledge: Knowledge
    shapes: Path = SHAPES

    @cached_property
    def cases(self) -> dict[str, Counter[str]]:
        """Of each rule, by name, how many cases expect which outcome."""
        about: dict[str, str] = {}
        outcome: dict[str, str] = {}
        for path in sorted(self.shapes.glob("*.cases.trig")):
            for quad in parse(path.read_bytes(), RdfFormat.TRIG):
                if not isinstance(quad.graph_name, DefaultGraph):
                    continue
                if quad.predicate.value == M816 + "about":
                    about[quad.subject.value] = name_of(quad.object.value)
                elif quad.predicate.value == M816 + "expectedOutcome":
                    outcome[quad.subject.value] = name_of(quad.object.value)
        found: dict[str, Counter[str]] = {}
        for case, rule in about.items():
            found.setdefault(rule, Counter())[outcome[case]] += 1
        return found

    @cached_property
    def named(self) -> dict[str, frozenset[str]]:
        """Of each named query, by id, the IRIs in its text."""
        return {each.id: names_in(each) for each in questions(self.knowledge).values()}

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        """Of each IRI that a query names, the queries that do."""
        found: dict[str, list[str]] = {}
        for query, names in self.named.items():
            for name in names:
                found.setdefault(name, []).append(query)
        return found

    def _asking(self, wanted: set[str]) -> tuple[str, ...]:
        return tuple(sorted({q for name in wanted for q in self._by_name.get(name, ())}))

    @cached_property
    def shape_terms(self) -> dict[str, set[str]]:
        """Of each rule the terms its shape looks at, what it needs, the duty it carries out."""
        said: dict[object, list[tuple[str, object]]] = {}
        for quad in parse(self.knowledge.shapes, RdfFormat.TURTLE):
            said.setdefault(quad.subject, []).append((quad.predicate.value, quad.object))
        rules = self.knowledge.subjects("Rule")
        return {iri: set(_terms(said, NamedNode(iri))) for iri in rules}

    def kinds(self, iri: str) -> list[str]:
        """The classes that something is stated to be of."""
        return [kind.value for kind in self.knowledge.values(iri, TYPE.value)]

    def citing(self, statement: str) -> list[str]:
        """Everything that cites a statement, sorted."""
        return sorted({s for p, s in self.knowledge.into.get(statement, ()) if p in CITING})

    def cites(self, subject: str) -> list[str]:
        """The statements that a rule, derivation, term, obligation or conflict cites, in order."""
        return [v.value for prop in CITING for v in self.knowledge.values(subject, prop)]

    def carried(self, statement: str) -> str:
        """The property in which a statement is a fact of the graph; empty if it is not one."""
        know = self.knowledge
        kinds = know.texts(statement, "noteKind") + self.kinds(statement)
        for prop in (each for kind in kinds for each in know.texts(kind, "carriedAs")):
            if know.values(statement, prop):
                return name_of(prop)
            meant = know.texts(statement, "refersTo")
            held = {
                v.value for on in know.texts(statement, "noteOn") for v in know.values(on, prop)
            }
            if meant and held.issuperset(meant):
                return name_of(prop)
        return ""

    def statement(self, iri: str) -> StatementRow:
        """The row of one statement."""
        know, cited, carried = self.knowledge, self.citing(iri), self.carried(iri)
        kinds = {
            kind: tuple(self._called(c) for c in cited if self.kind(c) == kind) for kind in KINDS
        }
        rules = self._rules_of(cited)
        return StatementRow(
            id=name_of(iri),
            says=know.label(iri),
            document=know.label(know.text(iri, "document")),
            locator=know.text(iri, "locator"),
            authority=know.notation(know.text(iri, "authority")),
            cited={kind: names for kind, names in kinds.items() if names},
            carried=carried,
            reason="" if cited or carried else self.reason(iri),
            rules=rules,
            cases=sum(self.cases.get(rule, Counter()).total() for rule in rules),
            questions=self._asking(self._leading(iri, cited)),
        )

    def reason(self, iri: str) -> str:
        """Why nothing carries a statement out: its own reason, or that no machine can check it."""
        own = self.knowledge.text(iri, "notFormalised")
        if own or name_of(self.knowledge.text(iri, "checkability")) == "machineCheckable":
            return own
        return self.knowledge.text(iri, "checkabilityReason")

    def _rules_of(self, cited: list[str]) -> tuple[str, ...]:
        """The rules that cite, and those whose focus a citing derivation makes."""
        found = {name_of(c) for c in cited if c.startswith(RULE)}
        for user in (c for c in cited if c.startswith(DERIVATION)):
            made = set(self.knowledge.texts(user, "makes"))
            found |= {name_of(rule) for rule in self.targets if self.targets[rule] in made}
        return tuple(sorted(found))

    @cached_property
    def targets(self) -> dict[str, str]:
        """The class of the focus of each rule."""
        know = self.knowledge
        return {r: know.values(r, SH + "targetClass")[0].value for r in know.subjects("Rule")}

    def _leading(self, iri: str, cited: list[str]) -> set[str]:
        """What a query names that leads to a statement: it, what cites it, or a class of that."""
        return {iri, *cited} | {k for c in cited for k in self.kinds(c) if M816 in k} - _OF_ALL

    def rule(self, iri: str) -> RuleRow:
        """The row of one rule."""
        know = self.knowledge
        makers = know.into.get(self.targets[iri], ())
        conflicts = [s for p, s in know.into.get(iri, ()) if p == M816 + "formalisedBy"]
        wanted = {*self.shape_terms[iri], iri} - _OF_ALL
        counted = self.cases.get(name_of(iri), Counter())
        return RuleRow(
            id=name_of(iri),
            says=know.label(iri),
            obligations=tuple(know.notation(o) for o in know.texts(iri, "operationalises")),
            conflicts=tuple(know.notation(c) for c in conflicts),
            statements=tuple(name_of(s) for s in self.cites(iri)),
            derivations=tuple(sorted(name_of(s) for p, s in makers if p == M816 + "makes")),
            cases={outcome: counted[outcome] for outcome in OUTCOMES if counted[outcome]},
            questions=self._asking(wanted),
        )

    def question(self, each: Question) -> QuestionRow:
        """The row of one named query."""
        terms = sorted(n for n in self.named[each.id] if n in self.knowledge and n.startswith(M816))
        cited = {s for term in terms for s in self._rests_on(term)}
        shown = tuple(sorted(name_of(s) for s in cited))
        return QuestionRow(
            each.id, each.iri, each.number, each.asks, tuple(map(name_of, terms)), shown
        )

    def _rests_on(self, term: str) -> list[str]:
        """The statements behind a term, or behind the members of a class."""
        if term.startswith(STATEMENT):
            return [term]
        members = [] if term in _OF_ALL else self.knowledge.by_type.get(term, [])
        return [s for each in (term, *members) for s in self.cites(each)]

    def statements(self) -> list[StatementRow]:
        """All statements, by id."""
        return [self.statement(iri) for iri in self.knowledge.subjects("Statement")]

    def rules(self) -> list[RuleRow]:
        """All rules, by name."""
        return [self.rule(iri) for iri in self.knowledge.subjects("Rule")]

    def asked(self) -> list[QuestionRow]:
        """All named queries, the competency questions first."""
        known = questions(self.knowledge).values()
        return [self.question(q) for q in sorted(known, key=lambda q: (q.number or 99, q.id))]

    def kind(self, iri: str) -> str:
        """What sort of thing cites: one of ``KINDS``."""
        if iri.startswith((RULE, DERIVATION)):
            return "rule" if iri.startswith(RULE) else "derivation"
        kinds = self.kinds(iri)
        if M816 + "DocumentationObligation" in kinds:
            return "obligation"
        return "conflict" if M816 + "SourceConflict" in kinds else "term"

    def _called(self, iri: str) -> str:
        return (self.kind(iri) in ("obligation", "conflict") and self.knowledge.notation(iri)) or (
            name_of(iri)
        )


def _terms(said: dict[object, list[tuple[str, object]]], node: object) -> Iterator[str]:
    """The names of ours below a part of a shape, in its paths, values and SPARQL."""
    for predicate, value in said.get(node, ()):
        if isinstance(value, BlankNode):
            yield from _terms(said, value)
        elif isinstance(value, Literal) and predicate == SH + "select":
            yield from (M816 + name for name in _IN_SPARQL.findall(value.value))
        elif not predicate.startswith(M816) or predicate in _ABOUT:
            yield getattr(value, "value", "")


def name_of(iri: str) -> str:
    """The last part of an IRI."""
    return re.split(r"[/#]", iri)[-1]


def names_in(question: Question) -> frozenset[str]:
    """The IRIs that the text of a named query names."""
    inside = dict(_PREFIX.findall(question.text))
    body = re.sub(r'PREFIX .*|"[^"]*"', "", question.text)
    found = _NAME.findall(body)
    return frozenset(iri or inside.get(prefix, "") + name for prefix, name, iri in found)
