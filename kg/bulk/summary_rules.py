"""Counts of a run → the parts of its summary about rules: what they found, and what they never saw.

A rule that selects nothing in a whole population, and a fact that never arrives, are more likely a
fault of the feed or of us than a quality of the records; so the summary says both aloud.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from kg.bulk.charts import Line, Part, chart, legend, section, share, table
from kg.bulk.tally import Tally, gaps, name_of
from kg.decide import AXES
from kg.judge import Rule, rules
from kg.knowledge import Knowledge
from kg.namespaces import M816, SKOS
from kg.page import VERDICTS, escaped, mark
from kg.render import WORDS

_MOST = 12
_LOOKS = {
    "fail": ("bad", "Failed"),
    "indeterminate": ("warn", "Cannot be told"),
    "pass": ("good", "Holds"),
}
_IDLE = {"not-applicable": ("faint", "Does not apply"), "off": ("faint", "Axis off")}
_LEGEND = list(_LOOKS.values())


def verdicts(tally: Tally) -> str:
    """The verdicts of the cases in scope, and how many are not."""
    words = [word for word in VERDICTS if word != "out-of-scope"]
    lines = [
        Line(
            f'{mark(word, VERDICTS[word])} <span class="soft">{escaped(WORDS[word])}</span>',
            [Part(VERDICTS[word][0], tally.verdicts[word])],
            (f"{tally.verdicts[word]:,}", share(tally.verdicts[word], tally.in_scope)),
        )
        for word in words
    ]
    most = max(tally.verdicts[word] for word in words)
    outside = tally.verdicts["out-of-scope"]
    told = f"<p>{outside:,} more are out of scope: {escaped(WORDS['out-of-scope'])}.</p>"
    shown = chart("The cases in scope", ("Verdict", "Cases", "Share"), lines, most)
    return section("Verdicts", shown, told if outside else "")


def axes(tally: Tally, knowledge: Knowledge) -> str:
    """The axes, each with what it came to in the cases in scope."""
    states = {**_LOOKS, **_IDLE}
    lines = [
        Line(
            f"{escaped(_axis_name(axis, knowledge))}<br>"
            f'<span class="soft">{escaped(_definition(M816 + axis, knowledge))}</span>',
            [Part(look, tally.axes[axis, state]) for state, (look, _) in states.items()],
            [f"{tally.axes[axis, state]:,}" for state in states],
        )
        for axis in AXES
    ]
    heads = ("Axis", *(name for _, name in states.values()))
    shown = chart("The cases in scope, by axis", heads, lines, tally.in_scope)
    key = legend([*_LEGEND, ("faint", "Does not apply, or the axis is off")])
    return section("Four questions, answered apart", key, shown)


def of_axis(axis: str, tally: Tally, knowledge: Knowledge) -> str:
    """The rules of an axis that fail or cannot be told in some case, the most frequent first."""
    found = [(r, tally.rules[name_of(r)]) for r in rules(knowledge) if r.axis == axis]
    found = [(rule, counts) for rule, counts in found if counts["fail"] + counts["indeterminate"]]
    if not found:
        return ""
    found.sort(key=lambda item: (-item[1]["fail"], -item[1]["indeterminate"], item[0].iri))
    lines = [_rule_line(rule, counts, knowledge) for rule, counts in found]
    whole = max(sum(part.size for part in line.parts) for line in lines)
    heads = ("What should hold", *(name for _, name in _LEGEND))
    shown = chart("Rules that fail or cannot be told, in cases", heads, lines[:_MOST], whole)
    rest = ""
    if lines[_MOST:]:
        more = chart("The other rules", heads, lines[_MOST:], whole)
        rest = f"<details>\n<summary>{len(lines) - _MOST} more</summary>\n{more}\n</details>"
    return section(f"{_axis_name(axis, knowledge)}: rules", legend(_LEGEND), shown, rest)


def _rule_line(rule: Rule, counts: Counter[str], knowledge: Knowledge) -> Line:
    parts = [Part(look, counts[state]) for state, (look, _) in _LOOKS.items()]
    return Line(_told(rule, knowledge), parts, [f"{part.size:,}" for part in parts])


def _told(rule: Rule, knowledge: Knowledge) -> str:
    owner = knowledge.label(knowledge.text(rule.iri, "owner"))
    about = f"{name_of(rule)} · {rule.severity} · {owner}"
    return f'{escaped(knowledge.label(rule.iri))}<br><span class="soft">{escaped(about)}</span>'


def _axis_name(axis: str, knowledge: Knowledge) -> str:
    return knowledge.label(M816 + axis).capitalize()


def _definition(iri: str, knowledge: Knowledge) -> str:
    return next((value.value for value in knowledge.values(iri, SKOS + "definition")), "")


def open_facts(tally: Tally, knowledge: Knowledge) -> str:
    """Where facts that are left open got lost: in the feed, or before it."""
    if not tally.in_scope:
        return ""
    lines = [
        Line(
            f"{escaped(knowledge.label(gap).capitalize())}<br>"
            f'<span class="soft">{escaped(_definition(gap, knowledge))}</span>',
            [Part("warn", tally.gaps[gap])],
            (f"{tally.gaps[gap]:,}", share(tally.gaps[gap], tally.in_scope)),
        )
        for gap in sorted(knowledge.subjects("Gap"), key=lambda gap: (-tally.gaps[gap], gap))
    ]
    told = (
        "<p>Rules that cannot be told leave a case open; this is where what they need got lost.</p>"
    )
    heads = ("Gap in", "Cases", "Share")
    shown = chart("Cases with a fact left open, by where it got lost", heads, lines, tally.in_scope)
    return section("Gaps", told, shown, _reasons(tally, knowledge), _never(tally, knowledge))


def _reasons(tally: Tally, knowledge: Knowledge) -> str:
    if not tally.reasons:
        return ""
    gap_of = gaps(knowledge)
    rows = [
        (
            escaped(reason.capitalize()),
            escaped(knowledge.label(gap_of[reason])) if gap_of.get(reason) else "not said",
            f"{count:,}",
            ", ".join(f"<code>{escaped(rule)}</code>" for rule in _rules_open(reason, tally)),
        )
        for reason, count in sorted(tally.reasons.items(), key=lambda item: (-item[1], item[0]))
    ]
    return table("Why facts are left open", ("Reason", "Gap in", "Cases", "Rules"), rows)


def _rules_open(reason: str, tally: Tally) -> list[str]:
    found = [(-counts[reason], rule) for rule, counts in tally.open.items() if counts[reason]]
    return [rule for _, rule in sorted(found)]


def _never(tally: Tally, knowledge: Knowledge) -> str:
    lines = [
        Line(
            f"{escaped(knowledge.label(fact).capitalize())} "
            f'<span class="soft">{escaped(feed)} feed</span>',
            [Part("warn", tally.facts[feed, fact])],
            [f"{tally.facts[feed, fact]:,}"],
        )
        for feed in sorted(tally.feeds)
        for fact in sorted(tally.lacks.get(feed, ()), key=lambda f: (-tally.facts[feed, f], f))
    ]
    heads = ("Fact", "Cases left open")
    caption = "Facts that this kind of feed never carries, and the cases that wait for them"
    return chart(caption, heads, lines, tally.in_scope) if lines else ""


def silent(tally: Tally, knowledge: Knowledge) -> str:
    """The rules that selected nothing in any case: the alarm against silence."""
    if not tally.in_scope:
        return ""
    none, off = [], []
    for rule in rules(knowledge):
        counts = tally.rules[name_of(rule)]
        if not counts.total():
            off.append(rule)
        elif counts.total() == counts["not-applicable"]:
            none.append(rule)
    told = f"<p>{_counted(len(none))} to check in any of the {tally.in_scope:,} cases in scope."
    told += " In a large population that is rather a fault of the feed or of a rule.</p>"
    rows = [(_told(r, knowledge), escaped(_axis_name(r.axis, knowledge))) for r in _sorted(none)]
    shown = table("Rules that selected nothing", ("Rule", "Axis"), rows) if rows else ""
    folded = f"<details>\n<summary>Show {len(none)}</summary>\n{shown}\n</details>" if rows else ""
    aside = f"<p>{len(off)} rules were not applied: their axis is off.</p>" if off else ""
    return section("Rules that selected nothing", told, folded, aside)


def _counted(count: int) -> str:
    if not count:
        return "Every rule found something"
    return "One rule found nothing" if count == 1 else f"{count} rules found nothing"


def _sorted(found: Iterable[Rule]) -> list[Rule]:
    return sorted(found, key=lambda rule: (AXES.index(rule.axis), rule.iri))
