"""An outcome → a finding: the message, the clauses it cites, the evidence and who must act."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

from kg.judge import Outcome, Rule
from kg.knowledge import Knowledge
from kg.namespaces import DCT, M816, RECORD, SH, TYPE
from kg.view import View

_MESSAGE = SH + "message"
_SOURCE = DCT + "source"


@dataclass(frozen=True)
class Evidence:
    """What was looked at: the value as people read it, the record, and the path in it."""

    value: str
    source: str
    path: str
    date: str = ""


@dataclass(frozen=True)
class Finding:
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


def findings(case: str, outcomes: list[Outcome], view: View) -> list[Finding]:
    """All outcomes explained: what fails first, then by axis, severity and authority."""
    order = {"fail": 0, "indeterminate": 1, "pass": 2, "not-applicable": 3}
    weight = {"must": 0, "should": 1, "consider": 2}
    made = [_finding(case, outcome, view) for outcome in outcomes]
    rank = _ranks(view.knowledge)
    axes = ("coding", "clinicalValidity", "documentation", "coverage")
    return sorted(
        made,
        key=lambda f: (
            order[f.outcome],
            axes.index(f.axis),
            weight[f.severity],
            rank[f.authority],
            f.rule,
            f.focus,
        ),
    )


@functools.lru_cache(maxsize=8)
def _ranks(knowledge: Knowledge) -> dict[str, int]:
    """How strong each authority is, 1 the strongest, by its notation."""
    found = knowledge.subjects("Authority")
    return {knowledge.notation(iri): int(knowledge.text(iri, "rank", "9")) for iri in found}


@functools.lru_cache(maxsize=4096)
def _unmet(rule: Rule, knowledge: Knowledge) -> Finding:
    """The finding of a rule that does not apply, which is the same in every case."""
    duties = knowledge.texts(rule.iri, "operationalises")
    return Finding(
        rule=rule.iri.rsplit("/", 1)[-1],
        obligation=knowledge.notation(duties[0]) if duties else "",
        outcome="not-applicable",
        severity=rule.severity,
        axis=rule.axis,
        authority=knowledge.notation(knowledge.text(rule.iri, "authority")),
        certainty=knowledge.text(rule.iri, "certainty"),
        message=f"{knowledge.label(rule.iri)}.",
        cites=tuple(map(_last, knowledge.strings(rule.iri, _SOURCE))),
        focus="",
        evidence=(),
        owner=knowledge.label(knowledge.text(rule.iri, "owner")),
    )


def _finding(case: str, outcome: Outcome, view: View) -> Finding:
    rule, knowledge = outcome.rule, view.knowledge
    unmet = _unmet(rule, knowledge)
    if not outcome.focus:
        return unmet
    here = view.values(outcome.focus, "concernsObligation")
    duties = [
        iri for iri in knowledge.texts(rule.iri, "operationalises") if iri in here or not here
    ]
    return replace(
        unmet,
        obligation=knowledge.notation(duties[0]) if duties else "",
        outcome=outcome.outcome,
        message=_message(outcome, knowledge),
        cites=tuple(_cites(outcome, view)),
        focus=view.shown(outcome.focus),
        evidence=evidence(case, outcome, view),
        basis=tuple(knowledge.label(iri) for iri in outcome.basis),
    )


def _last(iri: str) -> str:
    return iri.rsplit("/", 1)[-1]


def _cites(outcome: Outcome, view: View) -> list[str]:
    """The rule's statements; for a pair of codes its tabular notes are those between the two."""
    knowledge, rule = view.knowledge, outcome.rule
    cited = knowledge.strings(rule.iri, _SOURCE)
    between = knowledge.text(rule.iri, "citesNotesBetween").removeprefix(M816)
    others = view.values(outcome.focus, between) if between else []
    if others:
        notes = set(knowledge.by_type.get(M816 + "TabularNote", ()))
        mine = set(view.values(outcome.focus, "lineage"))
        theirs = {code for other in others for code in view.values(other, "lineage")}
        cited = [iri for iri in cited if iri not in notes]
        cited += _notes(mine, theirs, knowledge) + _notes(theirs, mine, knowledge)
    return list(map(_last, cited))


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


def _message(outcome: Outcome, knowledge: Knowledge) -> str:
    """The rule's own sentence: what is wrong, or what holds, or why it cannot be told."""
    if outcome.outcome == "fail":
        return knowledge.strings(outcome.rule.iri, _MESSAGE)[0]
    holds = knowledge.label(outcome.rule.iri)
    if outcome.outcome == "indeterminate":
        why = ", ".join(knowledge.label(iri) for iri in outcome.basis) or "not recorded"
        return f"{holds}: cannot be told from this record ({why})."
    return f"{holds}."


def evidence(case: str, outcome: Outcome, view: View) -> tuple[Evidence, ...]:
    """The facts a rule shows: of its focus, record by record, each with its path and date."""
    found: dict[Evidence, None] = {}
    day = view.value(case, "dateOfService")
    for name in view.knowledge.texts(outcome.rule.iri, "showsEvidence"):
        prop = name.removeprefix(M816)
        nodes = [outcome.focus] if prop == "focusRecord" else view.values(outcome.focus, prop)
        for node in nodes:
            for item in _of_node(node, prop, outcome.focus, day, view):
                found[item] = None
    if not found and outcome.focus:
        made_in = view.values(outcome.focus, "madeIn")
        for node in made_in or ([] if outcome.focus == case else [outcome.focus]):
            for item in _of_node(node, "", outcome.focus, day, view):
                found[item] = None
    return tuple(found)


def _of_node(node: str, prop: str, focus: str, day: str, view: View) -> list[Evidence]:
    if view.value(node, "source") and not view.value(node, "sequence"):
        return _of_record(node, day, view)
    if view.value(node, "sequence"):
        shown = view.shown_code(node)
        return [Evidence(shown, view.record_of(node), _path(node, "", view), day)]
    own = view.value(focus, "source") or not focus.startswith(f"{RECORD}case/")
    holder = view.record_of(focus) if own else view.shown(view.value(focus, "ofCase") or focus)
    path = _path(focus, prop, view)
    return [Evidence(view.shown(node), holder, path, view.date_of(focus, day))]


def _of_record(node: str, day: str, view: View) -> list[Evidence]:
    """Codes and matched phrases of a record; never its free text."""
    source, date = view.value(node, "source"), view.date_of(node, day)
    kind = source.split("/")[0]
    found = [
        Evidence(view.shown(code), source, f"{kind}.code", date)
        for code in view.values(node, "code")
    ]
    shown = set(view.knowledge.by_type.get(M816 + "EvidenceClass", ()))
    for mention in view.subjects("mentionedIn", node):
        concept = view.value(mention, "concept")
        if shown.isdisjoint(view.iris(concept, TYPE.value)):
            continue
        meaning, phrase = view.value(mention, "meaning"), view.value(mention, "phraseFound")
        words = f"“{phrase}”" if meaning == "affirmed" else f"“{phrase}” ({meaning})"
        where = _text_path(view.value(mention, "inProperty"), kind, view)
        found.append(Evidence(words, source, where, date))
    value = view.value(node, "value")
    if value:
        found.append(Evidence(value, source, f"{kind}.value", date))
    return found or [Evidence(source, source, kind, date)]


def _text_path(prop: str, kind: str, view: View) -> str:
    for predicate, row in view.knowledge.into.get(prop, ()):
        yields = predicate in (M816 + "yieldsText", M816 + "yields")
        if yields and view.knowledge.text(row, "onType") == kind:
            return f"{kind}.{view.knowledge.text(row, 'path')}"
    return f"{kind}.{prop.rsplit('/', 1)[-1]}"


def _path(focus: str, prop: str, view: View) -> str:
    source = view.value(focus, "source")
    if " " in source:
        return source.split(" ", 1)[1]
    return view.knowledge.label(M816 + prop) if M816 + prop in view.knowledge else prop
