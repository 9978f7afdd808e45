"""From comparison to evidence: one number that says how well a reference explains a scan.

The number is a logistic combination of the features of a `Comparison`. Its weights are policy
data, fitted on same-substance and different-substance pairs of measured scans and of seeded
distortions of some of them (see the policy file and `benchmarks.fit_policy`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from matching.compare import Comparison
from matching.spectrum import FloatArray

FEATURES = (
    "root_correlation",
    "derivative_correlation",
    "unexplained",
    "missing",
    "query_bands_matched",
    "reference_bands_matched",
    "independent_bands",
    "misfit",
    "contrast",
)


@dataclass(frozen=True, slots=True)
class EvidenceModel:
    """Weights of the logistic combination, for features as `feature_vector` gives them.

    Parameters
    ----------
    weights : tuple of float
        One per name in `FEATURES`.
    intercept : float
        Added to the weighted sum.
    """

    weights: tuple[float, ...]
    intercept: float


def feature_vector(comparison: Comparison) -> FloatArray:
    """Return the features on scales where they add up, shape (9,).

    Correlations c become ``-ln(1 - c)`` (Fisher-like, so that 0.98 against 0.96 counts as much as
    0.8 against 0.6), shares their square roots; the number of bands and the misfits become
    logarithms.
    """
    c = comparison
    return np.array(
        [
            _steep(c.root_correlation),
            _steep(c.derivative_correlation),
            math.sqrt(min(max(c.unexplained, 0.0), 1.0)),
            math.sqrt(min(max(c.missing, 0.0), 1.0)),
            c.query_bands_matched,
            c.reference_bands_matched,
            math.log(max(c.independent_bands, 1.0)),
            math.log(min(max(c.misfit, 0.05), 100.0)),
            math.log(min(max(c.contrast, 0.05), 100.0)),
        ]
    )


def _steep(correlation: float) -> float:
    return -math.log(1.0 - min(max(correlation, -0.5), 0.995))


def evidence(comparison: Comparison, model: EvidenceModel) -> float:
    """Return the logit of the evidence that scan and reference are the same substance.

    Parameters
    ----------
    comparison : Comparison
        Scan against reference.
    model : EvidenceModel
        Weights from the policy.

    Returns
    -------
    float
        Unbounded; 0 is as likely as not among the pairs the model was fitted on.
    """
    return float(feature_vector(comparison) @ np.array(model.weights)) + model.intercept


def hit_quality(logit: float) -> float:
    """Return the evidence on a 0 to 1 scale, 1 best: the logistic function of `logit`."""
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    grown = math.exp(logit)
    return grown / (1.0 + grown)
