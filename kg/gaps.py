"""What is wanting between the sources and the rules, each gap as one sentence that names it.

In: the matrix of ``kg.trace``. Out: sentences; none if every statement is carried out or says why
not, everything that needs a source cites one that exists, every rule has cases and every question
leads to statements. Exceptions are facts of the graph, and one that is not needed is a gap too.
"""

from __future__ import annotations

from collections.abc import Iterator

from kg.namespaces import M816, SKOS, STATEMENT
from kg.trace import Trace, name_of

_EXCEPTION = "needsNoSource"


def gaps(trace: Trace) -> list[str]:
    """Every gap, in the order of the checks."""
    return [gap for check in _CHECKS for gap in check(trace)]


def _statements(trace: Trace) -> Iterator[str]:
    know = trace.knowledge
    whole = set(closest(trace))
    for iri in know.subjects("Statement"):
        used = bool(trace.citing(iri)) or bool(trace.carried(iri))
        own = know.text(iri, "notFormalised")
        if used and own:
            yield f"statement {name_of(iri)}: it is carried out, and says why it is not"
        elif not used and not trace.reason(iri):
            yield f"statement {name_of(iri)}: nothing cites it, and nothing says why"
        elif not used and not own and iri in whole:
            yield f"statement {name_of(iri)}: nothing cites it, and it gives no reason of its own"


def closest(trace: Trace) -> Iterator[str]:
    """The statements for which a general reason is not enough.

    Those of documents accounted for as a whole, and the notes on the code that the loaded
    neighbourhood surrounds and on everything above it.
    """
    know = trace.knowledge
    for iri in know.subjects("Statement"):
        if know.text(know.text(iri, "document"), "accountedWhole") == "true":
            yield iri
    line = [c for place in know.subjects("CodeNeighbourhood") for c in know.texts(place, "centre")]
    for code in line:
        line += [above.value for above in know.values(code, SKOS + "broader")]
    noted = M816 + "noteOn"
    yield from (s for code in line for p, s in know.into.get(code, ()) if p == noted)


def _citations(trace: Trace) -> Iterator[str]:
    know = trace.knowledge
    for iri in (*know.subjects("Rule"), *know.subjects("Derivation")):
        if not trace.cites(iri):
            yield f"{trace.kind(iri)} {name_of(iri)}: it cites nothing"
    for iri in know.into:
        if iri.startswith(STATEMENT) and iri not in know:
            users = ", ".join(name_of(user) for user in trace.citing(iri))
            yield f"statement {name_of(iri)}: there is none, and {users} cites it"


def _rows(trace: Trace) -> Iterator[str]:
    """The members of our classes, the rows of the term tables among them."""
    know = trace.knowledge
    excepted = {iri for iri in know.raw if know.text(iri, _EXCEPTION)}
    known = {*know.by_type, *(row.iri for row in trace.asked())}
    yield from (f"{name_of(iri)}: it needs no source, and is no class" for iri in excepted - known)
    for kind in sorted(kind for kind in know.by_type if kind.startswith(M816)):
        bare = [iri for iri in sorted(set(know.by_type[kind])) if not trace.cites(iri)]
        if kind in excepted:
            if not bare:
                yield f"class {name_of(kind)}: all of its members cite a source, and need none"
            continue
        for iri in bare:
            if excepted.isdisjoint(trace.kinds(iri)):
                yield f"{name_of(kind)} {name_of(iri)}: it cites nothing"


def _rules(trace: Trace) -> Iterator[str]:
    for rule in trace.rules():
        if not rule.cases.keys() & {"pass", "fail", "indeterminate"}:
            yield f"rule {rule.id}: in no case there is anything it is about"


def _questions(trace: Trace) -> Iterator[str]:
    know = trace.knowledge
    for row in trace.asked():
        own = know.text(row.iri, _EXCEPTION)
        if row.statements and own:
            yield f"question {row.id}: it leads to statements, and says why it does not"
        if not row.statements and not own:
            yield f"question {row.id}: none of its terms rests on a statement"


_CHECKS = (_statements, _citations, _rows, _rules, _questions)
