"""A SPARQL text looked over before any engine sees it: what it would fetch, how large it is.

In: the text of a query or update. Out: ``Overview``. Tokens are told apart as the SPARQL 1.1
grammar does (§19.8), so that a keyword in a string, IRI, comment or name is no keyword; where
engines are known to read a text otherwise, each of their readings must be clean. Every text is
read in time linear to its length. Operating system limits hold where this is fooled; it exists to
answer early and clearly.

The limits are set by what ends pyoxigraph 0.5.13 for want of stack. With the 256 MiB a worker has
(``server.worker``) no text of 64 KiB in any of 80 shapes did. With 8 MiB the first to end are: 862
nested ``NOT EXISTS``, 2,687 ``MINUS {}`` in a row, 7,166 terms of a sum, 8,190 objects of a list.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

MAX_BYTES = 65_536
MAX_DEPTH = 100  # brackets; engines recurse per level
MAX_CLAUSES = 800  # groups joined one after the other become as deep a tree in the engine
MAX_OPERATORS = 2_000  # so do chains of ||, &&, +, /, ! and the like
MAX_PATTERNS = 1_000  # and triples; to plan a join of 500 takes pyoxigraph ten seconds

_FORMS = {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}
_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"}
_CLAUSES = {"BIND", "MINUS", "OPTIONAL", "UNION", "FILTER", "GRAPH", "EXISTS", "VALUES", "LATERAL"}
_DATASET = {"FROM", "USING"}
_VOLATILE = {"RAND", "NOW", "UUID", "STRUUID", "BNODE"}
# Words outside brackets after which a prefixed name is only a name.
_NAMING = {"PREFIX", "FROM", "NAMED", "WITH", "USING", "GRAPH", "DESCRIBE", "INTO", "TO", "BY"}
_NAMING |= {"COPY", "MOVE", "ADD", "SILENT"}

# Character classes for the pattern below; whatever is not ASCII can only be part of a name.
_W = r"[0-9A-Za-z_\x80-\U0010FFFF]"
_LOCAL = r"(?:[0-9A-Za-z_\x80-\U0010FFFF:-]|%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-])++"
_POINT = (
    r"\\(?:u|U0000)(?![Dd][89A-Fa-f])[0-9A-Fa-f]{4}"
    r"|\\U00(?:0[1-9A-Fa-f]|10)[0-9A-Fa-f]{4}"
)
_ECHO = rf"""\\[tbnrf"'\\]|{_POINT}"""
TOKEN = re.compile(
    rf"""(?P<name>[?$]{_W}++ | @[A-Za-z]++(?:-++[A-Za-z0-9]++)*+
                | :(?:{_LOCAL}(?:\.++{_LOCAL})*+)?+)
      | (?P<number>[0-9]++(?:\.(?:[0-9]++|(?=[eE][+-]?[0-9])))?+(?:[eE][+-]?[0-9]++)?+)
      | (?P<word>{_W}++(?:[.-]++{_W}++)*+)(?P<prefixed>:(?:{_LOCAL}(?:\.++{_LOCAL})*+)?+)?+
      | (?P<iri><(?:[^\x00-\x20<>"{{}}|^`\\]|\\u[0-9A-Fa-f]{{4}}|\\U[0-9A-Fa-f]{{8}})*+>)
      | (?P<text>\"{{3}}(?:[^"\\]|{_ECHO}|\"(?!\"\"))*+\"{{3}}
                | '{{3}}(?:[^'\\]|{_ECHO}|'(?!''))*+'{{3}}
                | "(?!"")(?:[^"\\\n\r]|{_ECHO})*+" | '(?!'')(?:[^'\\\n\r]|{_ECHO})*+')
      | (?P<comment>\#[^\n\r]*+)
      | (?P<open>[({{\[]) | (?P<close>[)}}\]])
      | (?P<datatype>\^\^)
      | (?P<operator>\|\||&&|[!+*/|^=<>?~-])
      | (?P<separator>[.,;])
      | (?P<stray>[^ \t\r\n])""",
    re.X,
)
_FETCHER = re.compile("SERVICE|LOAD", re.I)
_TELLING = re.compile("FROM|USING|RAND|NOW|UUID|BNODE", re.I)
_SHORT = 1_000  # characters, too few for more than the limits in anything but brackets
_NOT_LESS = re.compile("<[A-Za-z][A-Za-z0-9+.-]*://")  # no expression goes on after < so
_LAX = re.compile("<[^<>]*+>")  # an IRI for engines that look at it later
# Code points as the grammar has them (§19.2), and as rdflib reads them: either letter, 4 or 8.
_ESCAPES = (
    re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})"),
    re.compile(r"\\[uU]([0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{4})?)()"),
)


@dataclass(frozen=True)
class Overview:
    """What a text is: its form (SELECT, ASK, …, UPDATE or empty), what it fetches, faults."""

    form: str
    fetches: str = ""
    fault: str = ""
    line: int = 0
    dataset: bool = False
    volatile: bool = False


def overlook(text: str) -> Overview:
    """Look a text over as it stands and, if it has code point escapes, as these are read."""
    seen = _scan(text)
    if "\\u" in text or "\\U" in text:
        for escape in _ESCAPES:
            again = _scan(escape.sub(_character, text))
            if (again.fetches or again.fault) and not (seen.fetches or seen.fault):
                return again
    return seen


def _character(escape: re.Match[str]) -> str:
    number = int(escape[1] or escape[2], 16)
    return chr(number) if number <= 0x10FFFF else ""


def _scan(text: str) -> Overview:
    form, dataset, volatile = _kind(text)
    fetches, place = _fetched(text) if _FETCHER.search(text) else ("", 0)
    line = text.count("\n", 0, place) + 1
    return Overview(form, fetches, _fault(text, form), line, dataset, volatile)


def _kind(text: str) -> tuple[str, bool, bool]:
    """The form of a text, whether it names a dataset, whether two answers to it may differ."""
    form, before, depth, dataset, volatile = "", "", 0, False, False
    wanted = _TELLING.search(text) is not None
    for token in TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "word" or (kind == "prefixed" and not depth and before not in _NAMING):
            for before in _words(token["word"]):
                if not form and (before in _FORMS or before in _UPDATES):
                    form = before if before in _FORMS else "UPDATE"
                dataset = dataset or before in _DATASET
                volatile = volatile or before in _VOLATILE
            if form and not wanted:
                break
            continue
        depth += (kind == "open") - (kind == "close")
        before = before if kind == "comment" else ""
        if kind == "stray":  # not read any further
            return form, dataset, True
    return form, dataset, volatile


def _fault(text: str, form: str) -> str:
    """What the text has more of than an engine should meet."""
    if len(text) <= _SHORT and sum(map(text.count, "({[")) <= MAX_DEPTH:
        return ""
    deepest, counts = _counted(text)
    measured = (
        (deepest, MAX_DEPTH, "levels of nesting"),
        (counts["clause"], MAX_CLAUSES, "clauses"),
        (counts["operator"], MAX_OPERATORS, "operators"),
        (counts["separator"] if form != "UPDATE" else 0, MAX_PATTERNS, "triple patterns"),
    )
    over = [f"{found} {what}, at most {limit}" for found, limit, what in measured if found > limit]
    return "; ".join(over)


def _counted(text: str) -> tuple[int, Counter[str]]:
    """The depth of brackets, and how many clauses, operators and separators there are."""
    counts: Counter[str] = Counter()
    opened: list[str] = []
    deepest, data = 0, False
    for token in TOKEN.finditer(text):
        kind = token.lastgroup or ""
        if kind == "word":
            words = _words(token[0])
            counts["operator"] += len(words) - 1
            counts["clause"] += sum(word in _CLAUSES or word in _FORMS for word in words)
            data = data or words[-1] == "VALUES"
        elif kind == "open":
            opened.append(token[0])
            deepest = max(deepest, len(opened))
        elif kind == "close":
            del opened[-1:]
            data = data and token[0] != "}"
        elif kind == "stray":
            break
        elif not data and (kind != "separator" or opened[-1:] != ["("]):
            counts[kind] += 1
    return deepest, counts


def _words(run: str) -> list[str]:
    """The words of a run that dots or minus signs join, in capitals."""
    if "." in run or "-" in run:
        return re.split("[.-]+", run.upper())
    return [run.upper()]


def _fetched(text: str) -> tuple[str, int]:
    """The first SERVICE or LOAD that an engine might see, and its place.

    Keywords need no space around them for some engines: ``SERVICEx:p {}`` asks the service ``x:p``,
    and is a name for others. Where engines may disagree on what is an IRI, and after a character
    that begins no token, the word anywhere counts.
    """
    last = max(found.start() for found in _FETCHER.finditer(text))
    form, before, depth, service = "", "", 0, -1  # of braces, which no reading takes for others
    for token in TOKEN.finditer(text):
        kind, said = token.lastgroup, token[0]
        if kind == "comment":
            continue
        if service >= 0 and said == "{":
            return "SERVICE", service
        service = -1
        found = _FETCHER.search(token["word"]) if kind in ("word", "prefixed") else None
        if found and kind == "word":
            return found[0].upper(), token.start()
        if found and depth and found[0].upper() == "SERVICE" and before != "GRAPH":
            service = token.start()
        elif found and not depth and form not in _FORMS and before not in _NAMING:
            return "LOAD", token.start()
        if _dotted(token):
            return "what may be SERVICE or LOAD", token.start()
        if kind == "stray" or _either(token):
            if last > token.start():
                return "what may be SERVICE or LOAD", token.start()
            break
        depth += (said == "{") - (said == "}")
        before = said.upper() if kind == "word" else ""
        form = form or (before if before in _FORMS or before in _UPDATES else "")
    return "", 0


def _dotted(token: re.Match[str]) -> bool:
    """Whether the word is in a name after two dots: pyoxigraph 0.5 takes the second as an end."""
    if token.lastgroup not in ("name", "prefixed"):
        return False
    parts = re.split(r"\.+", token[0].partition(":")[2])
    return any(map(_FETCHER.search, parts[2:]))


def _either(token: re.Match[str]) -> bool:
    """Whether an IRI here is a less-than sign there, or the other way round.

    It matters if what is or is not inside then begins a string or a comment.
    """
    said = token[0]
    if token.lastgroup == "iri":
        return ("'" in said or "#" in said) and not _NOT_LESS.match(said)
    lax = _LAX.match(token.string, token.start()) if said == "<" else None
    return lax is not None and any(mark in lax[0] for mark in "'\"#")
