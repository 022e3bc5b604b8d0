"""SPARQL functions over plain Python terms, for compiled derivations (SPARQL 1.1 §17).

A term is an IRI (``str``) or a literal (value, datatype, language). ``None`` is an error or an
unbound variable, which FILTER takes for false. Only what the derivations use is here.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from kg.namespaces import XSD

Lit = tuple[str, str, str | None]
Node = str | Lit
Ends = list[Node] | tuple[Node, ...]
STRING, BOOLEAN, INTEGER, DECIMAL = (XSD + n for n in ("string", "boolean", "integer", "decimal"))
_NUMBERS = {INTEGER, DECIMAL, XSD + "double", XSD + "float", XSD + "int", XSD + "long"}
TRUE: Lit = ("true", BOOLEAN, None)
FALSE: Lit = ("false", BOOLEAN, None)


def text(value: str) -> Lit:
    """A plain string."""
    return (value, STRING, None)


def number(term: Node | None) -> Decimal | None:
    """The value of a numeric literal, or None."""
    if not isinstance(term, tuple) or term[1] not in _NUMBERS:
        return None
    try:
        return Decimal(term[0])
    except InvalidOperation:
        return None


def ebv(term: Node | None) -> bool | None:
    """The effective boolean value (§17.2.2), or None for an error."""
    if not isinstance(term, tuple):
        return None
    if term[1] == BOOLEAN:
        return term[0] in ("true", "1")
    if term[1] == STRING:
        return bool(term[0])
    value = number(term)
    return None if value is None else bool(value)


def equal(left: Node | None, right: Node | None) -> bool | None:
    """= of two terms (§17.4.1.7); an error between literals that cannot be compared."""
    if left is None or right is None:
        return None
    if left == right:
        return True
    if isinstance(left, str) or isinstance(right, str):
        return False
    first, second = number(left), number(right)
    if first is not None and second is not None:
        return first == second
    return False if left[1] == right[1] else None


def less(left: Node | None, right: Node | None) -> bool | None:
    """< of numbers, strings or dates of one form; an error otherwise."""
    if not isinstance(left, tuple) or not isinstance(right, tuple):
        return None
    first, second = number(left), number(right)
    if first is not None and second is not None:
        return first < second
    return left[0] < right[0] if left[1] == right[1] else None


def _string(term: Node | None) -> str | None:
    return term[0] if isinstance(term, tuple) else None


def as_text(term: Node | None) -> Lit | None:
    """STR."""
    return None if term is None else text(term if isinstance(term, str) else term[0])


def as_iri(term: Node | None) -> str | None:
    """IRI of a string."""
    return term if isinstance(term, str) else _string(term)


def joined(*parts: Node | None) -> Lit | None:
    """CONCAT."""
    found = [_string(part) for part in parts]
    return None if None in found else text("".join(part for part in found if part is not None))


def after(term: Node | None, mark: Node | None) -> Lit | None:
    """STRAFTER."""
    value, sought = _string(term), _string(mark)
    if value is None or sought is None:
        return None
    return text(value.partition(sought)[2] if sought else value)


def part(term: Node | None, start: Node | None, length: Node | None) -> Lit | None:
    """SUBSTR, counted from one."""
    value, first, count = _string(term), number(start), number(length)
    if value is None or first is None or count is None:
        return None
    begin = int(first) - 1
    return text(value[max(begin, 0) : max(begin + int(count), 0)])


def size(term: Node | None) -> Lit | None:
    """STRLEN."""
    value = _string(term)
    return None if value is None else (str(len(value)), INTEGER, None)


def starts(term: Node | None, mark: Node | None) -> bool | None:
    """STRSTARTS."""
    value, sought = _string(term), _string(mark)
    return None if value is None or sought is None else value.startswith(sought)


def replaced(term: Node | None, pattern: Node | None, new: Node | None) -> Lit | None:
    """REPLACE without groups in the replacement."""
    value, sought, put = _string(term), _string(pattern), _string(new)
    if value is None or sought is None or put is None:
        return None
    return text(re.sub(sought, lambda _: put, value))


def integer(term: Node | None) -> Lit | None:
    """xsd:integer of a string."""
    value = _string(term)
    if value is None or not re.fullmatch(r"[+-]?[0-9]+", value):
        return None
    return (str(int(value)), INTEGER, None)


def date(term: Node | None) -> Lit | None:
    """xsd:date of a string or date."""
    value = _string(term)
    if value is None or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None
    return (value, XSD + "date", None)


def arithmetic(operator: str, left: Node | None, right: Node | None) -> Lit | None:
    """+, - and * of integers and decimals."""
    first, second = number(left), number(right)
    if first is None or second is None:
        return None
    value = {"+": first + second, "-": first - second, "*": first * second}[operator]
    whole = isinstance(left, tuple) and isinstance(right, tuple) and left[1] == right[1] == INTEGER
    return (str(int(value)), INTEGER, None) if whole else (str(value), DECIMAL, None)


TERMS = {  # the functions that make a term, by their names in SPARQL and here
    "STR": "as_text",
    "IRI": "as_iri",
    "CONCAT": "joined",
    "STRAFTER": "after",
    "SUBSTR": "part",
    "STRLEN": "size",
    "REPLACE": "replaced",
    f"<{XSD}integer>": "integer",
    f"<{XSD}date>": "date",
}
