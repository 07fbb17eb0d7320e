"""Measures a system on questions with gold answers."""

from kgrag.evaluation.questions import read_questions, write_questions
from kgrag.evaluation.report import Report
from kgrag.evaluation.runner import evaluate

__all__ = ["Report", "evaluate", "read_questions", "write_questions"]
