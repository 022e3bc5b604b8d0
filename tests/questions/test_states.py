"""The state that ``obligations-of-case`` gives an obligation, against what the judge makes of it.

The query weighs presence and absence in SPARQL, the judge in SHACL and Python: two ways to one end.
"""

from __future__ import annotations

import pytest

from kg.inputs import inputs
from kg.knowledge import default
from kg.namespaces import RECORD, RULE
from kg.pyshacl_engine import engine
from kg.verdict import judge_case
from tests.questions.asking import RECORDS, ask, changed

STATES = {"pass": "met", "fail": "not met", "indeterminate": "cannot be told"}
FILES = (
    *("S09-minimal-trauma-fracture.json", "S12-rheumatoid-hand.json", "author-b.json"),
    *("bare-code.json", "imaged-side-b.json", "us-core-dxa.json", "score-only.json"),
    *("fracture-relation-c.json", "drug-exposure-b.json", "surgery-reason-b.json"),
    *("two-encounters.json", "extent-stated-b.json"),
)


@pytest.mark.parametrize("file", FILES)
def test_a_state_is_what_the_judge_says(file: str) -> None:
    knowledge = default()
    found = next(iter(inputs([str(RECORDS / file)], knowledge)))
    judged = {
        (verdict.case, outcome.rule.iri.removeprefix(RULE), outcome.focus.removeprefix(RECORD)): (
            STATES[outcome.outcome]
        )
        for case in found.cases
        for verdict in [judge_case(case, knowledge, engine(knowledge), file=file)]
        for outcome in verdict.outcomes
        if outcome.focus
    }
    with changed(record=file):
        rows = ask("obligations-of-case")
    states = {(row["case"], row["rule"], row["focus"]): row["state"] for row in rows}
    assert states.keys() <= judged.keys()
    told = {key: state for key, state in states.items() if state != "see the verdict"}
    assert len(told) > 2
    assert told == {key: judged[key] for key in told}
