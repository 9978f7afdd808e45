"""The record of one identification: what `spectra identify --json` prints and reports show."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Outcome = Literal[
    "match",
    "mixture",
    "lead",
    "class_only",
    "container_only",
    "inconclusive",
    "not_in_library",
    "refused",
]
Alarm = Literal["controlled", "precursor", "hazard", "container", "benign", "unknown"]
Kind = Literal["measured", "reconstructed", "calculated", "emulated"]

ALARM_ORDER: tuple[Alarm, ...] = (
    "controlled", "precursor", "hazard", "unknown", "container", "benign",
)  # fmt: skip
"""Alarm levels, the most serious first."""
SECOND_DAY = "control_also"

PRESUMPTIVE = "PRESUMPTIVE: one technique is not an identification; a second one must confirm"


@dataclass(frozen=True, slots=True)
class ControlStatus:
    """One listing of a substance: which list, which schedule, edition and grade of the source.

    `state` and `since` say how it stands on the date asked and from when; `read_to` how far the
    list was read; `conflict` what sources contradict each other in; `scope` how the substance
    stands to what is listed (an isomer, a salt). On a station's own watch list `schedule` is the
    reason and `sources` who put it there.
    """

    instrument: str
    schedule: str
    as_of: str
    grade: str
    jurisdiction: str = ""
    state: str = ""
    since: str = ""
    edition: str = ""
    read_to: str = ""
    sources: str = ""
    conflict: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class ControlAsked:
    """Which control lists were asked for the status of the components.

    Parameters
    ----------
    jurisdictions : tuple of str
        Codes of the jurisdictions whose lists were asked; empty in records of earlier versions.
    lists_to : str
        Date to which every list asked was read, ISO 8601.
    past_age : tuple of str
        Lists past their age limit on the date asked.
    sha256 : str
        Hash of the tables of the lists.
    watched : int
        Substances on the station's own watch list.
    """

    jurisdictions: tuple[str, ...] = ()
    lists_to: str = ""
    past_age: tuple[str, ...] = ()
    sha256: str = ""
    watched: int = 0


@dataclass(frozen=True, slots=True)
class MatchRate:
    """Of `n` validation substances with such a score, the share that was right."""

    rate: float
    low95: float
    n: int


@dataclass(frozen=True, slots=True)
class Component:
    """A named part of the verdict. `signal_share` is a share of the Raman signal, not of weight.

    `control` are its listings on the record's `control_on`, `control_also` those on its second day.
    """

    name: str
    entry: str
    signal_share: float | None
    signal_share_interval: tuple[float, float] | None
    match_rate: MatchRate | None
    kind: Kind
    role: str
    control: tuple[ControlStatus, ...] = ()
    control_also: tuple[ControlStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One library entry as it compares with the scan.

    `score` is the combined hit quality (0-1, 1 best); `explains` the share of the scan's band
    area that the entry accounts for; `missing` the share of the entry's band area that the scan
    lacks; `shift_cm1` what had to be added to the scan's axis.
    """

    rank: int
    name: str
    entry: str
    score: float
    explains: float
    missing: float
    shift_cm1: float
    kind: Kind = "measured"


@dataclass(frozen=True, slots=True)
class Quality:
    """What the scan is worth. `fluorescence_ratio` is background over strongest band."""

    snr: float
    saturated: bool
    fluorescence_ratio: float
    range_cm1: tuple[float, float]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HiddenHazard:
    """A hazard this scan could not have seen below `smallest_share` of the Raman signal.

    Where no share can be stated, `smallest_share` is None and `reason` says why:
    ``no_measured_reference``, ``not_computed``, ``scan_unusable`` (it excludes nothing),
    ``not_comparable`` (other technique or range), ``not_revealed`` (not even at the largest share
    tried), or ``named`` (it was seen). `entry` is empty where the library has no entry.
    """

    entry: str
    name: str
    smallest_share: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """How the verdict was reached: hashes of pipeline and policy, metric and program version."""

    pipeline: str
    policy: str
    metric: str
    version: str


@dataclass(frozen=True, slots=True)
class LibraryReference:
    """Which library was searched, and what speaks against it (`notes`): a revoked key, its age."""

    name: str
    version: str
    sha256: str
    entries: int = 0
    kinds: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """What is drawn: scan and best reference on one axis, both after the same clean-up.

    All arrays have shape (n,) over `raman_shift_cm1` in cm-1; `query` is scaled to maximum 1 and
    `reference` to fit it. `query_raw` is the scan as it came in, on the same axis. Peak positions
    are in cm-1 on the shifted query axis.
    """

    raman_shift_cm1: NDArray[np.float64]
    query: NDArray[np.float64]
    query_raw: NDArray[np.float64]
    reference: NDArray[np.float64]
    reference_name: str
    reference_kind: Kind
    matched_peaks_cm1: tuple[float, ...] = ()
    missing_peaks_cm1: tuple[float, ...] = ()
    unexplained_peaks_cm1: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller asked for: a column (None: the vendor's own) and candidates to show."""

    column: str | None = None
    top: int = 10


@dataclass(frozen=True, slots=True)
class Identification:
    """One scan, one verdict. `reasons` and `advice` are codes; see `spectra_app.wording`.

    `asked` says what was asked for: the column (None for the vendor's own) and how many
    candidates to show. `control_on` is the date for which the control lists were asked, ISO 8601:
    the day of the scan where the source states it, otherwise the day of the examination;
    `control_also` is the day of the examination where the source states another one: nobody can
    say whether its clock was right, so the lists are asked for both, and the graver answer is the
    alarm level. `control_lists` says which lists.
    """

    file: str
    spectrum: str | None
    outcome: Outcome
    reasons: tuple[str, ...]
    advice: tuple[str, ...]
    components: tuple[Component, ...]
    indistinguishable: tuple[tuple[str, ...], ...]
    candidates: tuple[Candidate, ...]
    family: str | None
    alarm: Alarm
    quality: Quality | None
    cannot_exclude: tuple[HiddenHazard, ...]
    method: Method
    library: LibraryReference
    timing_ms: dict[str, float] = field(default_factory=dict)
    sha256: str = ""
    emulated: bool = False
    assumptions: tuple[str, ...] = ()
    asked: Asked = field(default_factory=Asked)
    control_on: str = ""
    control_also: str = ""
    control_lists: ControlAsked = field(default_factory=ControlAsked)
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the record as the command line prints it (see docs, section command line)."""
        return self._as_json(_finite)

    def to_exact_json(self) -> dict[str, Any]:
        """Return the same with every fraction as text that gives it back bit by bit."""
        return self._as_json(lambda value: repr(float(value)))

    def _as_json(self, figure: Callable[[float], Any]) -> dict[str, Any]:
        return _fields(self, figure)


def _fields(value: Any, figure: Callable[[float], Any]) -> dict[str, Any]:
    """Return the fields; a second day only where there is one, so that other records stay as is."""
    names = (name for name in value.__dataclass_fields__
             if name != SECOND_DAY or getattr(value, name))  # fmt: skip
    return {name: _plain(getattr(value, name), figure) for name in names}


def _plain(value: Any, figure: Callable[[float], Any]) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return _fields(value, figure)
    if isinstance(value, tuple | list):
        return [_plain(item, figure) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item, figure) for key, item in value.items()}
    return figure(value) if isinstance(value, float) else value


def _finite(value: float) -> float | None:
    """JSON has no NaN and no infinity: a figure that could not be computed is null."""
    return round(value, 6) if math.isfinite(value) else None
