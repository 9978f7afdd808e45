"""The limits a name has to meet, each with the figure that was asked: what failed, by how much.

The verdict is decided with these very gates (`matching.decision`), so that what is told about it
is what decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matching.axis import COMMON_GRID
from matching.compare import Comparison
from matching.mixture import MixtureSettings
from matching.policy import Thresholds
from matching.quality import ScanQuality
from matching.setfit import SetFit


@dataclass(frozen=True, slots=True)
class Gate:
    """One limit and the figure it is asked of.

    Parameters
    ----------
    code : str
        What is limited.
    value, limit : float
        In the same unit.
    at_least : bool
        Whether the limit is a smallest value; else it is a largest one.
    """

    code: str
    value: float
    limit: float
    at_least: bool = True

    @property
    def passed(self) -> bool:
        """Whether the figure meets the limit; no figure meets none."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def all_passed(gates: Iterable[Gate]) -> bool:
    """Tell whether every gate is passed."""
    return all(gate.passed for gate in gates)


def quality_gates(quality: ScanQuality, limits: Thresholds) -> tuple[Gate, ...]:
    """Return what a scan has to meet before anything is named."""
    return (
        Gate("saturated", float(quality.saturated), 0.0, at_least=False),
        Gate("silent_share", quality.silent_share, limits.most_silent_share, at_least=False),
        Gate("snr", quality.snr, limits.least_snr),
    )


def reference_gates(
    comparison: Comparison, evidence: float, limits: Thresholds, least: float
) -> tuple[Gate, ...]:
    """Return what one reference has to meet, its evidence (logit) at least `least`."""
    return (
        Gate("evidence", evidence, least),
        Gate("bands", comparison.independent_bands, limits.least_bands),
        Gate("unexplained", comparison.unexplained, limits.most_unexplained, at_least=False),
        Gate("correlation", comparison.root_correlation, limits.least_root_correlation),
        Gate("uncovered", comparison.uncovered, limits.most_uncovered, at_least=False),
        Gate("overlap_cm1", comparison.overlap_cm1, limits.least_overlap_cm1),
    )


def set_gates(
    fit: SetFit, support: Sequence[float], settings: MixtureSettings, limits: Thresholds
) -> tuple[Gate, ...]:
    """Return what a set of two or more components has to meet.

    Parameters
    ----------
    fit : SetFit
        The set.
    support : sequence of float
        Evidence (logit) of each component against what the others leave of the scan.
    settings : MixtureSettings
        Limits of the fit.
    limits : Thresholds
        The other limits.
    """
    return (
        Gate("misfit", fit.misfit, settings.most_misfit, at_least=False),
        Gate("steady_gain", fit.steady_gain, settings.least_steady_gain),
        Gate("support", min(support), limits.support),
        Gate("overlap_cm1", fit.left.size * COMMON_GRID.step_cm1, limits.least_overlap_cm1),
    )
