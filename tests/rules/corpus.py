"""The cases beside the shapes, for tests; ``m816 prove`` reads them too."""

from kg.prove.rule_cases import RuleCase, rule_cases

__all__ = ["RuleCase", "rule_cases"]
