"""Measures a system on questions with gold answers."""

from kgrag.evaluation.calibration import Calibration, Isotonic, Temperature, calibration_from
from kgrag.evaluation.comparison import Comparison, compare
from kgrag.evaluation.guarantee import Guarantee, guaranteed
from kgrag.evaluation.questions import read_questions, write_questions
from kgrag.evaluation.report import Report
from kgrag.evaluation.runner import evaluate, judged

__all__ = [
    "Calibration",
    "Comparison",
    "Guarantee",
    "Isotonic",
    "Report",
    "Temperature",
    "calibration_from",
    "compare",
    "evaluate",
    "guaranteed",
    "judged",
    "read_questions",
    "write_questions",
]
