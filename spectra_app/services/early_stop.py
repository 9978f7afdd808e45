"""End a scan when its verdict is safe already: several looks in a row, by a policy of its own.

Never on "nothing found": what is not seen yet may come with the next exposure.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import resources
from devices.frame import RawFrame
from matching.decision import Verdict
from matching.policy import PolicyError
from matching.spectrum import Spectrum
from spectra_app.services.engine import Engine, Examined, examine

NAMING = frozenset({"match", "mixture", "lead"})
FIGURES = ("margin", "share_of_limits", "least_snr", "least_share")
Named = frozenset[int]
Given = ParamSpec("Given")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class EarlyStopPolicy:
    """When a verdict is safe enough to end a scan.

    Parameters
    ----------
    version : str
        Version of these figures.
    outcomes : tuple of str
        Outcomes that may end it; only such as name something. Without ``"mixture"`` nothing that
        has components does: longer scans take some of those back.
    looks : int
        Looks in a row that have to name the same substances.
    least_exposures : int
        Exposures before the first look counts.
    margin : float
        Evidence (logit) by which a single name has to exceed the limit of the verdict.
    share_of_limits : float
        Share of the limits of the verdict that the area of unexplained bands, and of bands where
        the reference was not measured, may reach: weak bands only come out with time.
    least_snr : float
        Signal-to-noise ratio needed: a weak scan hides small shares.
    least_share : float
        Lower end of the signal share that every component of a mixture has to have.
    hash : str
        SHA-256 of the file.
    """

    version: str
    outcomes: tuple[str, ...]
    looks: int
    least_exposures: int
    margin: float
    share_of_limits: float
    least_snr: float
    least_share: float
    hash: str


def load_early_stop(path: Path | None = None) -> EarlyStopPolicy:
    """Read the policy of early stops; without a path the one that came with the program.

    Raises
    ------
    matching.policy.PolicyError
        When the file is missing or incomplete: then no scan is ended early.
    """
    source = path or resources.path("policies/early_stop.json")
    try:
        raw = source.read_bytes()
        return _parsed(json.loads(raw), hashlib.sha256(raw).hexdigest())
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PolicyError(
            f"the policy of early stops cannot be used ({error})",
            str(source),
            "restore the policy file",
        ) from error


def _parsed(content: dict[str, Any], sha256: str) -> EarlyStopPolicy:
    names = {item.name for item in fields(EarlyStopPolicy)} - {"hash"}
    if content.keys() != names:
        raise ValueError(f"it differs in {', '.join(sorted(content.keys() ^ names))}")
    outcomes = tuple(content["outcomes"])
    if not outcomes or not NAMING.issuperset(outcomes):
        raise ValueError("only outcomes that name something can end a scan")
    numbers = {key: content[key] for key in FIGURES}
    counts = {key: content[key] for key in ("looks", "least_exposures")}
    if not all(type(value) is int and value >= 1 for value in counts.values()):
        raise ValueError("looks and exposures are whole numbers from 1 on")
    if not all(type(v) in (int, float) and math.isfinite(v) and v >= 0 for v in numbers.values()):
        raise ValueError("a figure is not a number from 0 on")
    return EarlyStopPolicy(
        version=str(content["version"]), outcomes=outcomes, hash=sha256, **counts, **numbers
    )


def safely_named(examined: Examined, engine: Engine, policy: EarlyStopPolicy) -> Named | None:
    """Return the substances that a verdict names safely; None when it does not."""
    verdict = examined.verdict
    if verdict.outcome not in policy.outcomes or not verdict.named:
        return None
    if examined.quality.snr < policy.least_snr:
        return None
    sure = _sure_parts(verdict, policy) if verdict.parts else _sure_name(examined, engine, policy)
    substance = engine.library.matrix.substance
    return frozenset(int(substance[row]) for row in verdict.named) if sure else None


def _sure_parts(verdict: Verdict, policy: EarlyStopPolicy) -> bool:
    allowed = "mixture" in policy.outcomes
    return allowed and all(part.interval[0] >= policy.least_share for part in verdict.parts)


def _sure_name(examined: Examined, engine: Engine, policy: EarlyStopPolicy) -> bool:
    limits, share = engine.policy.thresholds, policy.share_of_limits
    rows = set(examined.verdict.named)
    best = next(item for item in examined.scored if item.row in rows)
    return (
        best.evidence >= limits.name + policy.margin
        and best.comparison.unexplained <= share * limits.most_unexplained
        and best.comparison.uncovered <= share * limits.most_uncovered
    )


class AtOnce(Executor):
    """Does what is submitted in the caller's thread: for a time that is stepped."""

    def submit(
        self, fn: Callable[Given, Result], /, *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[Result]:
        """Call `fn` and return its finished future."""
        future: Future[Result] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the future carries it
            future.set_exception(error)
        return future


def in_background() -> Executor:
    """Return a thread of its own, so that the laser is watched while a look is taken."""
    return ThreadPoolExecutor(1, thread_name_prefix="verdict look")


class VerdictWatch:
    """Looks at a running scan and says when it is enough (a `devices.acquisition.course.Enough`).

    Use it as a context manager: its thread is gone afterwards.

    Parameters
    ----------
    see : callable
        Makes the spectrum of a frame that would be identified; None when nothing may be named.
    engine : Engine
        Library and policy that the scan will be judged by.
    policy : EarlyStopPolicy
        When it is enough.
    executor : Executor
        Where looks are taken; shut down at the end.
    """

    def __init__(
        self,
        see: Callable[[RawFrame], Spectrum | None],
        engine: Engine,
        policy: EarlyStopPolicy,
        executor: Executor,
    ) -> None:
        self._see, self._engine, self._policy, self._executor = see, engine, policy, executor
        self._look: Future[Named | None] | None = None
        self._named: Named | None = None
        self._in_a_row = 0
        self.ended_by: str = ""

    def __enter__(self) -> VerdictWatch:
        return self

    def __exit__(self, *_error: object) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def __call__(self, frame: RawFrame) -> bool:
        """Take a look when none is being taken, and tell whether it is enough by now."""
        self._collect()
        if self._look is None and frame.averages >= self._policy.least_exposures:
            self._look = self._executor.submit(self._named_in, frame)
            self._collect()
        if self._in_a_row < self._policy.looks:
            return False
        self.ended_by = f"early stop policy {self._policy.version} ({self._policy.hash[:12]})"
        return True

    def _collect(self) -> None:
        """Count a look that is finished; one that failed names nothing."""
        if self._look is None or not self._look.done():
            return
        named = None if self._look.exception() else self._look.result()
        self._in_a_row = self._in_a_row + 1 if named == self._named else 1
        self._in_a_row = 0 if named is None else self._in_a_row
        self._named, self._look = named, None

    def _named_in(self, frame: RawFrame) -> Named | None:
        spectrum = self._see(frame)
        if spectrum is None:
            return None
        return safely_named(examine(spectrum, self._engine), self._engine, self._policy)
