"""The rules of allocation, each a sequence of stages over the same programme."""

from gridpact.clearing.rules.rule import AllocationRule, rule_of
from gridpact.clearing.rules.stage import Question, Stage, StagedAllocation

__all__ = ["AllocationRule", "Question", "Stage", "StagedAllocation", "rule_of"]
