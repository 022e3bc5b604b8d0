"""Verdicts as one printable HTML page: no script, nothing fetched, every text escaped.

In: judged cases. Out: a document that explains itself in colour, in symbols and in words.
"""

from __future__ import annotations

import functools
import html
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from kg.ask import Question
from kg.decide import Code
from kg.explain import Evidence, Finding
from kg.render import WORDS, headline
from kg.verdict import Verdict

VERDICTS = {
    "stands": ("good", "✓"),
    "stands-incomplete": ("warn", "△"),
    "recode": ("bad", "⇄"),
    "query": ("warn", "?"),
    "invalid": ("bad", "✗"),
    "not-coded": ("bad", "∅"),
    "out-of-scope": ("calm", "–"),
}
STATES = {
    "pass": ("good", "✓"),
    "fail": ("bad", "✗"),
    "indeterminate": ("warn", "?"),
    "not-applicable": ("calm", "–"),
    "off": ("calm", "○"),
}
AXES = {
    "coding": "Coding",
    "clinicalValidity": "Clinical validity",
    "documentation": "Documentation",
    "coverage": "Coverage",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def page(verdicts: list[Verdict]) -> str:
    """The page of these verdicts, in their order; an empty list gives a page that says so."""
    cards = "\n".join(_card(number, verdict) for number, verdict in enumerate(verdicts, start=1))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>M81.6: {len(verdicts)} case{"s" * (len(verdicts) != 1)} judged</title>
<style>{style()}</style>
</head>
<body>
{_head(verdicts)}
<main>
{cards}
</main>
{_foot(verdicts)}
</body>
</html>
"""


@functools.cache
def style() -> str:
    """All that stands in the page's one style element; a policy allows it by its hash."""
    return "\n" + Path(__file__).with_name("page.css").read_text("utf-8")


def escaped(text: str) -> str:
    """Text for HTML: escaped, control characters made visible."""
    return html.escape(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text), quote=True)


def mark(word: str, look: tuple[str, str]) -> str:
    """A badge: a word with its tone and symbol."""
    tone, symbol = look
    hidden = f'<span aria-hidden="true">{symbol}</span>'
    return f'<span class="mark {tone}">{hidden} {escaped(word)}</span>'


def _head(verdicts: list[Verdict]) -> str:
    counted = Counter(verdict.decision.verdict for verdict in verdicts)
    said = ", ".join(f"{counted[word]} {word}" for word in VERDICTS if counted[word])
    rows = "\n".join(
        f'<li>{mark(v.decision.verdict, VERDICTS[v.decision.verdict])} <a href="#case-{number}">'
        f'{escaped(v.case)}</a> <span class="soft">{escaped(v.file)}</span></li>'
        for number, v in enumerate(verdicts, start=1)
    )
    listed = f'<ul class="contents">\n{rows}\n</ul>' if len(verdicts) > 1 else ""
    return f"""<header>
<h1>ICD-10-CM M81.6, localized osteoporosis: does the code stand?</h1>
<p>{escaped(said or "No case was judged")}.</p>
{listed}
</header>"""


def _foot(verdicts: list[Verdict]) -> str:
    rules = verdicts[0].rules if verdicts else {}
    known = [f"{name} {rules[key]}" for key, name in _RULES.items() if rules.get(key)]
    return f"""<footer>
<p>{escaped(", ".join(known))}</p>
<p>A check of codes and documentation against cited sources. It recommends no treatment.</p>
</footer>"""


_RULES = {"version": "m816", "codeRelease": "code release", "sha256": "rules"}


def _card(number: int, verdict: Verdict) -> str:
    word = verdict.decision.verdict
    open_, closed = _findings(verdict.findings)
    return f"""<article class="card {VERDICTS[word][0]}" aria-labelledby="case-{number}">
<header>
{mark(word, VERDICTS[word])} <span class="soft">{escaped(WORDS[word])}</span>
<h2 id="case-{number}">{escaped(verdict.case)}</h2>
<p class="headline">{escaped(headline(verdict))}</p>
<p class="soft">{escaped(_context(verdict))}</p>
</header>
{_codes(verdict)}
{_axes(verdict)}
{open_}
{_questions(verdict.questions)}
{closed}
{_left_out(verdict.not_mapped)}
</article>"""


def _context(verdict: Verdict) -> str:
    context = verdict.context
    facts = [
        verdict.file,
        context["setting"] or "setting not recorded",
        context["dateOfService"] or "no date of service",
    ]
    facts += [f"codes from {context['codesFrom']}"] if context["codesFrom"] else []
    facts += [f"{name} {context[name]}" for name in ("profile", "payer") if context[name]]
    windows = sorted(context["windows"].items())
    facts += [f"{_spaced(name)} within {days} days" for name, days in windows]
    return " · ".join(facts)


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _codes(verdict: Verdict) -> str:
    decision = verdict.decision
    submitted = ", ".join(f"<code>{escaped(code)}</code>" for code in decision.submitted)
    return f"""<h3>Codes</h3>
<dl class="codes">
<dt>Submitted</dt><dd>{submitted or "none"}</dd>
<dt>Refuted</dt><dd>{_coded(decision.refuted)}</dd>
<dt>Expected</dt><dd>{_coded(decision.expected)}</dd>
</dl>"""


def _coded(codes: Iterable[Code]) -> str:
    told = (
        f'<code>{escaped(code.code)}</code> <span class="soft">certainty '
        f"{escaped(', '.join((code.certainty, *code.because)))}</span>"
        for code in codes
    )
    return "<br>".join(told) or "none"


def _axes(verdict: Verdict) -> str:
    rows = "\n".join(
        f'<tr><th scope="row">{name}</th><td>{mark(state, STATES[state])}</td></tr>'
        for axis, name in AXES.items()
        for state in (verdict.decision.axes[axis],)
    )
    return f"""<h3>Axes</h3>
<table class="axes">
<caption>Four questions, answered apart</caption>
<tbody>
{rows}
</tbody>
</table>"""


def _findings(findings: list[Finding]) -> tuple[str, str]:
    """The open findings as a table, and the settled ones folded away."""
    pending = [f for f in findings if f.outcome in ("fail", "indeterminate")]
    passed = [f for f in findings if f.outcome == "pass"]
    idle = [f for f in findings if f.outcome == "not-applicable"]
    shown = "<h3>Findings</h3>\n"
    shown += _table(pending, "What failed or cannot be told") if pending else "<p>None open.</p>"
    folded = []
    if passed:
        table = _table(passed, "Rules that hold")
        folded.append(f"<details>\n<summary>{len(passed)} passed</summary>\n{table}\n</details>")
    if idle:
        rows = "\n".join(
            f"<li>{escaped(f.message)} <code>{escaped(f.rule)}</code></li>" for f in idle
        )
        head = f"{len(idle)} not applicable to this case"
        folded.append(_folded(head, rows))
    return shown, "\n".join(folded)


def _folded(head: str, rows: str) -> str:
    listed = f'<ul class="notes">\n{rows}\n</ul>'
    return f"<details>\n<summary>{head}</summary>\n{listed}\n</details>"


def _table(findings: list[Finding], caption: str) -> str:
    heads = ("Outcome", "Finding", "Force", "Source", "Evidence")
    columns = "".join(f'<th scope="col" role="columnheader">{name}</th>' for name in heads)
    rows = "\n".join(_row(finding) for finding in findings)
    return f"""<table class="findings" role="table">
<caption>{caption}</caption>
<thead role="rowgroup"><tr role="row">{columns}</tr></thead>
<tbody role="rowgroup">
{rows}
</tbody>
</table>"""


def _row(finding: Finding) -> str:
    obligation = f"{finding.obligation} · " if finding.obligation else ""
    about = escaped(f"{obligation}{finding.rule} · {finding.owner}")
    cites = _whole(finding.cites)
    basis = f"{escaped(finding.authority)}, certainty {escaped(finding.certainty)}:"
    return f"""<tr role="row">
<td role="cell">{mark(finding.outcome, STATES[finding.outcome])}</td>
<td role="cell" class="finding">{escaped(finding.message)}<br><span class="soft">{about}</span></td>
<td role="cell" data-name="Force">{escaped(finding.severity)}</td>
<td role="cell" data-name="Source">{basis} {cites}</td>
<td role="cell" data-name="Evidence">{_evidence(finding.evidence)}</td>
</tr>"""


def _whole(parts: Iterable[str]) -> str:
    """Parts that a line breaks between, not within; a comma stays with what it follows."""
    *most, last = [escaped(part) for part in parts]
    spans = [f'<span class="whole">{part}</span>' for part in (*(f"{m}," for m in most), last)]
    return " ".join(spans)


def _evidence(items: Iterable[Evidence]) -> str:
    rows = "".join(f"<li>{_seen(item)}</li>" for item in items)
    return f"<ul>{rows}</ul>" if rows else "–"


def _seen(item: Evidence) -> str:
    where = _whole(part for part in (item.source, item.path, item.date) if part)
    return f'{escaped(item.value)} <span class="soft">{where}</span>'


def _questions(questions: list[Question]) -> str:
    if not questions:
        return ""
    return "<h3>Questions</h3>\n" + "\n".join(_question(question) for question in questions)


def _question(question: Question) -> str:
    seen = "".join(f"<li>{_seen(item)}</li>" for item in question.indicators)
    options = "\n".join(
        f'<li><span class="box" aria-hidden="true"></span>{escaped(option)}</li>'
        for option in question.options
    )
    indicators = f'<ul class="indicators">{seen}</ul>' if seen else ""
    return f"""<fieldset class="question">
<legend>To the {escaped(question.to)}</legend>
<p>{escaped(question.stem)}</p>
{indicators}
<ul class="options">
{options}
</ul>
<p class="line"><span>Answered by</span><span>Date</span></p>
</fieldset>"""


def _left_out(not_mapped: list[tuple[str, str]]) -> str:
    if not not_mapped:
        return ""
    rows = "\n".join(
        f"<li><code>{escaped(source)}</code> {escaped(why)}</li>" for source, why in not_mapped
    )
    return _folded(f"{len(not_mapped)} items of the record not mapped", rows)
