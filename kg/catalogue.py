"""What the graph knows, told: the rules as a table, names explained."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from kg.codebook import Lines, code, code_of, title
from kg.codebook import name_of as _name
from kg.judge import SEVERITIES
from kg.judge import rules as all_rules
from kg.knowledge import Knowledge
from kg.namespaces import DCT, DERIVATION, M816, RULE, SH, SKOS, STATEMENT

_SOURCE = DCT + "source"


def rule_rows(knowledge: Knowledge) -> list[dict[str, Any]]:
    """Every rule as a row of plain values, by axis in the order of the verdict, then by name."""
    axes = ("coding", "documentation", "clinicalValidity", "coverage")
    rows = [_rule_row(knowledge, iri) for iri in knowledge.subjects("Rule")]
    return sorted(rows, key=lambda row: (axes.index(row["axis"]), row["rule"]))


def _rule_row(knowledge: Knowledge, iri: str) -> dict[str, Any]:
    def name(prop: str) -> str:
        return _name(knowledge.text(iri, prop))

    severity = next((_name(v.value) for v in knowledge.values(iri, SH + "severity")), "Violation")
    obligation = knowledge.text(iri, "operationalises")
    return {
        "rule": _name(iri),
        "severity": SEVERITIES[severity],
        "axis": name("axis"),
        "authority": knowledge.notation(knowledge.text(iri, "authority")),
        "certainty": knowledge.text(iri, "certainty"),
        "obligation": knowledge.notation(obligation) if obligation else "",
        "sentence": knowledge.label(iri),
        "message": _first(knowledge, iri, SH + "message"),
        "owner": knowledge.label(knowledge.text(iri, "owner")),
        "polarity": name("polarity"),
        "ifFailed": name("ifFailed"),
        "appliesTo": _name(_first(knowledge, iri, SH + "targetClass")),
        "needs": [_name(need) for need in knowledge.texts(iri, "needs")],
        "cites": _sources(knowledge, iri),
    }


def _first(knowledge: Knowledge, iri: str, predicate: str) -> str:
    return next((value.value for value in knowledge.values(iri, predicate)), "")


def _sources(knowledge: Knowledge, iri: str) -> list[str]:
    return [_name(value.value) for value in knowledge.values(iri, _SOURCE)]


def explained(knowledge: Knowledge, name: str) -> str:
    """Plain text on a rule, conflict, obligation, statement, derivation, code or term; else ""."""
    wanted = name.strip()
    lines = [line for tell in _TELLERS for line in tell(knowledge, wanted)]
    if not lines:
        lines = [*code(knowledge, wanted)] or [*_term(knowledge, wanted)]
    elif namesake := code_of(knowledge, wanted):
        lines.append(f"There is also a code {wanted}: {title(knowledge, namesake)}")
        lines.append(f"  m816 explain icd:{wanted} tells of it")
    return "\n".join(lines)


def _rule(knowledge: Knowledge, name: str) -> Lines:
    iri = RULE + name.removeprefix("rule:")
    if iri not in knowledge:
        return
    row = _rule_row(knowledge, iri)
    target = M816 + row["appliesTo"]
    yield f"Rule {row['rule']}: {row['sentence']}."
    yield (
        f"  {row['severity']} · axis {row['axis']} · authority {row['authority']} · "
        f"certainty {row['certainty']} · {row['polarity']} · if failed: {row['ifFailed']}"
    )
    yield f"  When it fails: {row['message']}"
    yield f"  Applies to: {row['appliesTo']}. {_definition(knowledge, target)}".rstrip()
    for derivation in knowledge.derivations:
        if re.search(rf"\bm816:{row['appliesTo']}\b", derivation.query.split("WHERE")[0]):
            yield f"    derived by {derivation.id}: {derivation.sentence}"
    if row["needs"]:
        yield f"  Cannot be told without: {', '.join(row['needs'])}"
    yield f"  Who acts: {row['owner']}"
    for obligation in knowledge.texts(iri, "operationalises"):
        yield f"  Obligation {knowledge.notation(obligation)}: {knowledge.label(obligation)}"
    for template in knowledge.texts(iri, "asks"):
        yield f"  Asks the {_asked(knowledge, template)}: {knowledge.text(template, 'stem')}"
    yield from _rests_on(knowledge, iri)


def _asked(knowledge: Knowledge, template: str) -> str:
    return knowledge.label(knowledge.text(template, "to"))


def _definition(knowledge: Knowledge, iri: str) -> str:
    return _first(knowledge, iri, SKOS + "definition")


def _cited(knowledge: Knowledge, head: str, statements: Iterable[str]) -> Lines:
    listed = list(statements)
    if listed:
        yield head
    for iri in listed:
        authority = knowledge.notation(knowledge.text(iri, "authority"))
        yield f"    {_name(iri)} ({authority or '?'}): {knowledge.label(iri)}"


def _rests_on(knowledge: Knowledge, iri: str) -> Lines:
    return _cited(knowledge, "  Rests on:", [v.value for v in knowledge.values(iri, _SOURCE)])


def _conflict(knowledge: Knowledge, name: str) -> Lines:
    for iri in knowledge.subjects("SourceConflict"):
        if knowledge.notation(iri) != name.upper():
            continue
        yield f"Source conflict {knowledge.notation(iri)}: {knowledge.label(iri)}"
        yield f"  {_definition(knowledge, iri)}"
        weaker = knowledge.texts(iri, "weakerStatement")
        yield from _cited(knowledge, "  The weaker source says:", weaker)
        if knowledge.text(iri, "silent") == "true":
            yield "  The source page is silent."
        stronger = knowledge.texts(iri, "strongerStatement")
        yield from _cited(knowledge, "  The stronger source says:", stronger)
        yield f"  Decided by: {knowledge.label(knowledge.text(iri, 'decidedBy'))}"
        yield f"  What follows: {knowledge.text(iri, 'consequence')}"


def _obligation(knowledge: Knowledge, name: str) -> Lines:
    for iri in knowledge.subjects("DocumentationObligation"):
        if knowledge.notation(iri) != name.upper():
            continue
        yield f"Obligation {knowledge.notation(iri)}: {knowledge.label(iri)}"
        yield (
            f"  {_name(knowledge.text(iri, 'obligationSeverity'))} · axis "
            f"{_name(knowledge.text(iri, 'axis'))} · authority "
            f"{knowledge.notation(knowledge.text(iri, 'authority'))} · certainty "
            f"{knowledge.text(iri, 'certainty')}"
        )
        yield f"  Who: {_labels(knowledge, iri, 'bearer')}"
        yield f"  In: {_labels(knowledge, iri, 'documentType')}"
        for head, prop in _OBLIGATION:
            for value in knowledge.texts(iri, prop):
                yield f"  {head}: {value}"
        paths = ", ".join(knowledge.texts(iri, "satisfiedByPath"))
        yield f"  Seen at: {paths or 'no element of a record; a person attests to it'}"
        rules = [r for p, r in knowledge.into.get(iri, ()) if p == M816 + "operationalises"]
        yield from (f"  Rule {_name(rule)}: {knowledge.label(rule)}" for rule in sorted(set(rules)))
        if not rules:
            yield "  No rule checks it."
        yield from _rests_on(knowledge, iri)


_OBLIGATION = (
    ("When", "trigger"),
    ("What", "requiredContent"),
    ("Due", "whenDue"),
    ("Passes", "passExample"),
    ("Fails", "failExample"),
)


def _labels(knowledge: Knowledge, iri: str, prop: str) -> str:
    return ", ".join(knowledge.label(value) for value in knowledge.texts(iri, prop))


def _statement(knowledge: Knowledge, name: str) -> Lines:
    iri = STATEMENT + name.removeprefix("statement:")
    if iri not in knowledge:
        return
    document = knowledge.text(iri, "document")
    edition = knowledge.text(iri, "edition") or knowledge.text(document, "edition")
    authority = knowledge.text(iri, "authority")
    yield f"Statement {_name(iri)}: {knowledge.label(iri)}"
    yield f"  {knowledge.label(document)}{f', {edition}' if edition else ''}"
    yield f"  at {knowledge.text(iri, 'locator')}"
    yield (
        f"  authority {knowledge.notation(authority)} (rank {knowledge.text(authority, 'rank')}) · "
        f"certainty {knowledge.text(iri, 'certainty')} · {_labels(knowledge, iri, 'force')}"
    )
    reason = knowledge.text(iri, "checkabilityReason")
    yield f"  {_labels(knowledge, iri, 'checkability')}: {reason}"
    for other in knowledge.texts(iri, "refersTo"):
        yield f"  refers to {_name(other)} {title(knowledge, other)}".rstrip()
    yield from _used_by(knowledge, iri)


def _used_by(knowledge: Knowledge, iri: str) -> Lines:
    users = sorted({s for p, s in knowledge.into.get(iri, ()) if p in _CITING})
    rules = {rule.iri for rule in all_rules(knowledge)}
    yield from (f"  cited by rule {_name(u)}: {knowledge.label(u)}" for u in users if u in rules)
    for user in users:
        if user.startswith(DERIVATION):
            yield f"  cited by derivation {_name(user)}: {knowledge.label(user)}"
    others = [u for u in users if not u.startswith((RULE, DERIVATION))]
    others = [knowledge.notation(u) or _name(u) for u in others]
    if others:
        more = f" and {len(others) - 20} more" if len(others) > 20 else ""
        yield f"  cited by {', '.join(others[:20])}{more}"


_CITING = {_SOURCE, M816 + "weakerStatement", M816 + "strongerStatement"}


def _derivation(knowledge: Knowledge, name: str) -> Lines:
    for derivation in knowledge.derivations:
        if derivation.id == name:
            yield f"Derivation {derivation.id}: {derivation.sentence}"
            yield from _cited(knowledge, "  Rests on:", [STATEMENT + c for c in derivation.cites])
            yield "  Query:"
            lines = derivation.query.strip().splitlines()
            yield from (f"    {line}" for line in lines if not line.startswith("#"))


def _term(knowledge: Knowledge, name: str) -> Lines:
    iri = M816 + name.removeprefix("m816:")
    if not re.fullmatch(r"(m816:)?[A-Za-z]\w+", name) or iri not in knowledge:
        return
    yield f"Term m816:{_name(iri)}: {knowledge.label(iri)}"
    if _definition(knowledge, iri):
        yield f"  {_definition(knowledge, iri)}"
    yield from _rests_on(knowledge, iri)


_TELLERS = (_rule, _conflict, _obligation, _statement, _derivation)
