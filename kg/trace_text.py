"""The matrix of ``kg.trace`` as plain text: a table of rules, statements or questions, or one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kg.namespaces import RULE, STATEMENT
from kg.questions import questions
from kg.trace import OUTCOMES, QuestionRow, RuleRow, StatementRow, Trace

_WIDE = 44  # characters of a cell that lists names; what is left out is counted


def of_rules(trace: Trace) -> list[str]:
    """Every rule: duties, statements, derivations of its focus, cases by outcome, questions."""
    head = ("rule", "obligation", "statements", "derived by", "cases", "questions")
    return _table(head, (_rule_cells(row) for row in trace.rules()))


def _rule_cells(row: RuleRow) -> tuple[str, ...]:
    cases = "/".join(str(row.cases.get(outcome, 0)) for outcome in OUTCOMES)
    names = (row.obligations or row.conflicts, row.statements, row.derivations)
    return (row.id, *map(_few, names), cases, _few(row.questions))


def of_statements(trace: Trace) -> list[str]:
    """Every statement: its rules, their cases, questions; who cites it, or why nobody does."""
    head = ("statement", "rules", "cases", "questions", "made into")
    return _table(head, (_statement_cells(row) for row in trace.statements()))


def _statement_cells(row: StatementRow) -> tuple[str, ...]:
    cited = [f"{len(names)} {kind}{'s' * (len(names) > 1)}" for kind, names in row.cited.items()]
    made = [*cited, *([f"fact: {row.carried}"] if row.carried else [])]
    words = ", ".join(made) or f"({row.reason})"
    return (row.id, _few(row.rules), str(row.cases or ""), _few(row.questions), words)


def of_questions(trace: Trace) -> list[str]:
    """Every named query: its number, how many terms it names and the statements behind them."""
    head = ("question", "no.", "terms", "statements")
    return _table(head, (_question_cells(row) for row in trace.asked()))


def _question_cells(row: QuestionRow) -> tuple[str, ...]:
    return (row.id, str(row.number or ""), _few(row.terms), _few(row.statements))


def summary(trace: Trace, wanting: list[str]) -> list[str]:
    """How much there is of each, and every gap."""
    know = trace.knowledge
    rows = trace.statements()
    cited = sum(bool(row.cited) for row in rows)
    facts = sum(bool(row.carried) and not row.cited for row in rows)
    cases = sum(counted.total() for counted in trace.cases.values())
    known = questions(know)
    numbers = {question.number for question in known.values()} - {0}
    return [
        f"{len(rows)} statements: {cited} cited, {facts} facts of the graph, "
        f"{sum(bool(row.reason) for row in rows)} with a reason why not",
        f"{len(trace.targets)} rules and {len(know.derivations)} derivations; {cases} cases "
        f"({'/'.join(OUTCOMES)} above); {len(known)} questions, {len(numbers)} of them numbered",
        *([f"{len(wanting)} wanting:", *wanting] if wanting else ["nothing is wanting"]),
    ]


def one(trace: Trace, name: str) -> str:
    """One statement, rule, obligation or named query, everything about it; empty if unknown."""
    know = trace.knowledge
    if STATEMENT + name in know:
        return "\n".join(_of_statement(trace.statement(STATEMENT + name)))
    if RULE + name in know:
        return "\n".join(_of_rule(trace.rule(RULE + name)))
    if name in (known := questions(know)):
        return "\n".join(_of_question(trace.question(known[name])))
    rules = [row for row in trace.rules() if name.upper() in row.obligations]
    return "\n\n".join("\n".join(_of_rule(row)) for row in rules)


def _of_statement(row: StatementRow) -> Iterator[str]:
    yield f"Statement {row.id} ({row.authority}): {row.says}"
    yield f"  {row.document}, {row.locator}"
    yield from (_line(f"cited by {kind}", names) for kind, names in row.cited.items())
    if row.carried:
        yield f"  a fact of the graph: {row.carried}"
    if row.reason:
        yield f"  not made into anything: {row.reason}"
    yield from _told(("rules", row.rules), ("questions", row.questions))
    if row.cases:
        yield f"  cases of those rules: {row.cases}"


def _of_rule(row: RuleRow) -> Iterator[str]:
    yield f"Rule {row.id}: {row.says}"
    yield from _told(
        ("obligations", row.obligations),
        ("conflicts", row.conflicts),
        ("statements", row.statements),
        ("focus derived by", row.derivations),
        ("questions", row.questions),
    )
    yield _line("cases", [f"{count} {outcome}" for outcome, count in row.cases.items()])


def _of_question(row: QuestionRow) -> Iterator[str]:
    number = f" (competency question {row.number})" if row.number else ""
    yield f"Question {row.id}{number}: {row.asks}"
    yield from _told(("terms", row.terms), ("statements", row.statements))


def _told(*groups: tuple[str, tuple[str, ...]]) -> Iterator[str]:
    yield from (_line(head, names) for head, names in groups if names)


def _line(head: str, names: Iterable[str]) -> str:
    return f"  {head}: {', '.join(names)}"


def _few(names: tuple[str, ...]) -> str:
    """The names that fit, and how many more there are."""
    shown = ""
    for place, name in enumerate(names):
        longer = f"{shown}, {name}" if shown else name
        if shown and len(longer) > _WIDE:
            return f"{shown} +{len(names) - place}"
        shown = longer
    return shown


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    lined = (head, tuple("-" * width for width in widths), *cells)
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in lined]
