"""Measures a system on questions with gold answers."""

from kgrag.evaluation.calibration import Calibration, Isotonic, Temperature
from kgrag.evaluation.comparison import Comparison, compare
from kgrag.evaluation.guarantee import Guarantee, guaranteed
from kgrag.evaluation.questions import read_questions
from kgrag.evaluation.report import Report
from kgrag.evaluation.runner import evaluate

__all__ = [
    "Calibration",
    "Comparison",
    "Guarantee",
    "Isotonic",
    "Report",
    "Temperature",
    "compare",
    "evaluate",
    "guaranteed",
    "read_questions",
]
