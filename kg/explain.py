"""An outcome → a finding: the message, the clauses it cites, the evidence and who must act."""

from __future__ import annotations

import functools
from typing import NamedTuple

import msgspec

from kg.judge import Outcome, Rule
from kg.knowledge import Knowledge
from kg.namespaces import DCT, M816, RECORD, SH, TYPE
from kg.view import View

_MESSAGE = SH + "message"
_SOURCE = DCT + "source"
_Order = tuple[int, int, int, str]
_OUTCOMES = {"fail": 0, "indeterminate": 1, "pass": 2, "not-applicable": 3}
_AXES = {"coding": 0, "clinicalValidity": 1, "documentation": 2, "coverage": 3}
_WEIGHTS = {"must": 0, "should": 1, "consider": 2}


class Evidence(msgspec.Struct, frozen=True):
    """What was looked at: the value as people read it, the record, and the path in it."""

    value: str
    source: str
    path: str
    date: str = ""


class Finding(msgspec.Struct, frozen=True):
    """One rule at one focus, explained; the JSON of design §6."""

    rule: str
    obligation: str
    outcome: str
    severity: str
    axis: str
    authority: str
    certainty: str
    message: str
    cites: tuple[str, ...]
    focus: str
    evidence: tuple[Evidence, ...]
    owner: str
    basis: tuple[str, ...] = ()


class _Form(NamedTuple):
    """What every finding of a rule has in common."""

    rule: Rule
    unmet: Finding
    order: _Order
    duties: tuple[tuple[str, str], ...]
    shows: tuple[str, ...]
    between: str
    holds: str


def findings(case: str, outcomes: list[Outcome], view: View) -> list[Finding]:
    """All outcomes explained: what fails first, then by axis, severity and authority."""
    forms, records = _forms(view.knowledge), _Records(case, view)
    met: list[tuple[int, _Order, str, int, Finding]] = []
    unmet: list[tuple[_Order, int, Finding]] = []
    for outcome in outcomes:
        form = forms.get(outcome.rule.iri)
        if form is None or form.rule is not outcome.rule:
            form = forms[outcome.rule.iri] = _form(outcome.rule, view.knowledge)
        if outcome.focus:
            found = _finding(outcome, form, records)
            met.append((_OUTCOMES[found.outcome], form.order, found.focus, len(met), found))
        else:
            unmet.append((form.order, len(unmet), form.unmet))
    met.sort()
    unmet.sort()
    return [each[-1] for each in met] + [each[-1] for each in unmet]


@functools.lru_cache(maxsize=8)
def _ranks(knowledge: Knowledge) -> dict[str, int]:
    """How strong each authority is, 1 the strongest, by its notation."""
    found = knowledge.subjects("Authority")
    return {knowledge.notation(iri): int(knowledge.text(iri, "rank", "9")) for iri in found}


@functools.lru_cache(maxsize=8)
def _forms(knowledge: Knowledge) -> dict[str, _Form]:
    """The forms of the rules met so far."""
    return {}


def _form(rule: Rule, knowledge: Knowledge) -> _Form:
    duties = [
        (iri, knowledge.notation(iri)) for iri in knowledge.texts(rule.iri, "operationalises")
    ]
    authority = knowledge.notation(knowledge.text(rule.iri, "authority"))
    name, label = _last(rule.iri), knowledge.label(rule.iri)
    unmet = Finding(
        rule=name,
        obligation=duties[0][1] if duties else "",
        outcome="not-applicable",
        severity=rule.severity,
        axis=rule.axis,
        authority=authority,
        certainty=knowledge.text(rule.iri, "certainty"),
        message=f"{label}.",
        cites=tuple(map(_last, knowledge.strings(rule.iri, _SOURCE))),
        focus="",
        evidence=(),
        owner=knowledge.label(knowledge.text(rule.iri, "owner")),
    )
    return _Form(
        rule,
        unmet,
        (_AXES[rule.axis], _WEIGHTS[rule.severity], _ranks(knowledge)[authority], name),
        tuple(duties),
        tuple(name.removeprefix(M816) for name in knowledge.texts(rule.iri, "showsEvidence")),
        knowledge.text(rule.iri, "citesNotesBetween").removeprefix(M816),
        label,
    )


def _finding(outcome: Outcome, form: _Form, records: _Records) -> Finding:
    view, unmet = records.view, form.unmet
    here = view.values(outcome.focus, "concernsObligation")
    duty = (
        next((said for iri, said in form.duties if iri in here), "") if here else unmet.obligation
    )
    basis = tuple(map(view.knowledge.label, outcome.basis))
    return Finding(
        unmet.rule,
        duty,
        outcome.outcome,
        unmet.severity,
        unmet.axis,
        unmet.authority,
        unmet.certainty,
        _message(outcome, form, basis, view.knowledge),
        _cites(outcome, form, view),
        view.shown(outcome.focus),
        records.evidence(outcome.focus, form.shows),
        unmet.owner,
        basis,
    )


def _last(iri: str) -> str:
    return iri.rsplit("/", 1)[-1]


def _cites(outcome: Outcome, form: _Form, view: View) -> tuple[str, ...]:
    """The rule's statements; for a pair of codes its tabular notes are those between the two."""
    others = view.values(outcome.focus, form.between) if form.between else []
    if not others:
        return form.unmet.cites
    knowledge = view.knowledge
    notes = set(knowledge.by_type.get(M816 + "TabularNote", ()))
    mine = set(view.values(outcome.focus, "lineage"))
    theirs = {code for other in others for code in view.values(other, "lineage")}
    cited = [iri for iri in knowledge.strings(form.rule.iri, _SOURCE) if iri not in notes]
    cited += _notes(mine, theirs, knowledge) + _notes(theirs, mine, knowledge)
    return tuple(map(_last, cited))


def _notes(printed: set[str], meant: set[str], knowledge: Knowledge) -> list[str]:
    """The Excludes1 notes printed at one lineage that refer to the other."""
    return sorted(
        note
        for code in printed
        for predicate, note in knowledge.into.get(code, ())
        if predicate == M816 + "noteOn"
        and M816 + "excludes1Note" in knowledge.texts(note, "noteKind")
        and not meant.isdisjoint(knowledge.texts(note, "refersTo"))
    )


def _message(outcome: Outcome, form: _Form, basis: tuple[str, ...], knowledge: Knowledge) -> str:
    """The rule's own sentence: what is wrong, or what holds, or why it cannot be told."""
    if outcome.outcome == "fail":
        return knowledge.strings(form.rule.iri, _MESSAGE)[0]
    if outcome.outcome == "indeterminate":
        why = ", ".join(basis) or "not recorded"
        return f"{form.holds}: cannot be told from this record ({why})."
    return form.unmet.message


class _Records:
    """The evidence of one case; a record is told once, however many rules show it."""

    def __init__(self, case: str, view: View) -> None:
        self.view = view
        self._case = case
        self._day = view.value(case, "dateOfService")
        self._told: dict[str, list[Evidence]] = {}
        self._foci: dict[str, tuple[str, str, str]] = {}

    def evidence(self, focus: str, shows: tuple[str, ...]) -> tuple[Evidence, ...]:
        """The facts a rule shows: of its focus, record by record, each with its path and date."""
        found: dict[Evidence, None] = {}
        for prop in shows:
            nodes = [focus] if prop == "focusRecord" else self.view.values(focus, prop)
            for node in nodes:
                found.update(dict.fromkeys(self._of_node(node, prop, focus)))
        if not found:
            made_in = self.view.values(focus, "madeIn")
            for node in made_in or ([] if focus == self._case else [focus]):
                found.update(dict.fromkeys(self._of_node(node, "", focus)))
        return tuple(found)

    def _of_node(self, node: str, prop: str, focus: str) -> list[Evidence]:
        told = self._told.get(node)
        if told is None:
            told = self._told[node] = self._alone(node)
        if told:
            return told
        source, holder, date = self._foci.get(focus) or self._focus(focus)
        path = source.split(" ", 1)[1] if " " in source else _said(prop, self.view.knowledge)
        return [Evidence(self.view.shown(node), holder, path, date)]

    def _alone(self, node: str) -> list[Evidence]:
        """What a code of a claim or a record shows whatever the focus; nothing of other nodes."""
        view, source = self.view, self.view.value(node, "source")
        if view.value(node, "sequence"):
            path = source.split(" ", 1)[1] if " " in source else _said("", view.knowledge)
            return [Evidence(view.shown_code(node), view.record_of(node), path, self._day)]
        return self._of_record(node, source) if source else []

    def _focus(self, focus: str) -> tuple[str, str, str]:
        """Where a focus stands: its source, the record it is shown as, and its date."""
        view, source = self.view, self.view.value(focus, "source")
        if source or not focus.startswith(f"{RECORD}case/"):
            holder = view.record_of(focus)
        else:
            holder = view.shown(view.value(focus, "ofCase") or focus)
        found = self._foci[focus] = source, holder, view.date_of(focus, self._day)
        return found

    def _of_record(self, node: str, source: str) -> list[Evidence]:
        """Codes and matched phrases of a record; never its free text."""
        view, date = self.view, self.view.date_of(node, self._day)
        kind = source.split("/")[0]
        found = [
            Evidence(view.shown(code), source, f"{kind}.code", date)
            for code in view.values(node, "code")
        ]
        shown = _shown(view.knowledge)
        for mention in view.subjects("mentionedIn", node):
            concept = view.value(mention, "concept")
            if shown.isdisjoint(view.iris(concept, TYPE.value)):
                continue
            meaning, phrase = view.value(mention, "meaning"), view.value(mention, "phraseFound")
            words = f"“{phrase}”" if meaning == "affirmed" else f"“{phrase}” ({meaning})"
            where = _text_path(view.value(mention, "inProperty"), kind, view.knowledge)
            found.append(Evidence(words, source, where, date))
        value = view.value(node, "value")
        if value:
            found.append(Evidence(value, source, f"{kind}.value", date))
        return found or [Evidence(source, source, kind, date)]


@functools.lru_cache(maxsize=8)
def _shown(knowledge: Knowledge) -> frozenset[str]:
    """The classes whose words are shown."""
    return frozenset(knowledge.by_type.get(M816 + "EvidenceClass", ()))


@functools.lru_cache(maxsize=1024)
def _text_path(prop: str, kind: str, knowledge: Knowledge) -> str:
    for predicate, row in knowledge.into.get(prop, ()):
        yields = predicate in (M816 + "yieldsText", M816 + "yields")
        if yields and knowledge.text(row, "onType") == kind:
            return f"{kind}.{knowledge.text(row, 'path')}"
    return f"{kind}.{prop.rsplit('/', 1)[-1]}"


@functools.lru_cache(maxsize=1024)
def _said(prop: str, knowledge: Knowledge) -> str:
    """A property as people read it."""
    return knowledge.label(M816 + prop) if M816 + prop in knowledge else prop
