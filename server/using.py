"""An update whose dataset the protocol names → the same update with USING (Protocol §2.2.3).

Every operation that has a WHERE gets the clauses. ``DELETE WHERE`` cannot carry any, so it is
written out as the DELETE … WHERE it stands for. Raises ``Problem`` if the update names a dataset
itself, as the protocol demands.
"""

from __future__ import annotations

from collections.abc import Sequence

from kg.guard import TOKEN
from server.engines import node
from server.problems import Problem


def using(text: str, default_graphs: Sequence[str], named_graphs: Sequence[str]) -> str:
    """The update over those graphs; as it is if the protocol named none."""
    if not default_graphs and not named_graphs:
        return text
    clauses = [*(f"USING {node(name)}" for name in default_graphs)]
    clauses += (f"USING NAMED {node(name)}" for name in named_graphs)
    clause = f" {' '.join(clauses)} WHERE "
    made, done, depth, before, pattern = "", 0, 0, "", -1
    for token in TOKEN.finditer(text):
        word = token[0].upper() if token.lastgroup == "word" else ""
        if not depth and word in ("WITH", "USING"):
            raise Problem("bad-request", f"Leave out {word} or the using parameters")
        if not depth and word == "WHERE":
            made += text[done : token.start()] + ("" if before == "DELETE" else clause)
            done = token.end()
            pattern = done if before == "DELETE" else -1
        before = before if token.lastgroup == "comment" else word
        depth += (token[0] == "{") - (token[0] == "}")
        if not depth and token[0] == "}" and pattern >= 0:
            made += text[pattern : token.end()] + clause + text[pattern : token.end()]
            done, pattern = token.end(), -1
    return made + text[done:]
