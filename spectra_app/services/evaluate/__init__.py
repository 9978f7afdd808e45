"""Measure what identification is worth on scans whose substance is known.

`queries` reads scans with their truth, `running` identifies them (as they are, distorted, and
summed), `judging` says what is right, `figures` and `calibration` count, `outputs` writes.
"""

from spectra_app.services.evaluate.calculated import evaluate_calculated
from spectra_app.services.evaluate.figures import summary
from spectra_app.services.evaluate.judging import (
    Answer,
    EvaluationError,
    Query,
    Result,
    in_library,
    named_right,
)
from spectra_app.services.evaluate.outputs import write_outputs
from spectra_app.services.evaluate.queries import load_queries
from spectra_app.services.evaluate.running import evaluate
from spectra_app.services.evaluate.whole import Evaluation, Plan, evaluation, evaluation_steps

__all__ = [
    "Answer",
    "Evaluation",
    "EvaluationError",
    "Plan",
    "Query",
    "Result",
    "evaluate",
    "evaluate_calculated",
    "evaluation",
    "evaluation_steps",
    "in_library",
    "load_queries",
    "named_right",
    "summary",
    "write_outputs",
]
