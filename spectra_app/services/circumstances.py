"""What a result came from, besides the scan: kept as evidence, so that it can be computed again.

Two pieces of JSON go to the evidence store beside a result. The *set-up* is the same for many
results and kept once: clean-up, hazards, what the station asked of the control lists, import
profiles, and what it was computed with. The *circumstances* are those of one result: what was asked
for, how the analyser stood, and every figure of the result to the last bit. Policy, control lists
and calibration record are kept as the bytes they were, once each; the library is named by its hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from spectra_app.records.calibration import canonical
from spectra_app.services.environment import environment
from spectra_app.services.lists import tables_of

if TYPE_CHECKING:
    from library.formats.profile import Profile
    from matching.pipeline import PipelineSettings
    from matching.policy import Policy
    from spectra_app.records.calibration import CalibrationRecord
    from spectra_app.records.evidence import EvidenceStore
    from spectra_app.records.identification import Identification
    from spectra_app.services.calibrations import Standing
    from spectra_app.services.control import ControlSetup
    from spectra_app.services.hazards import Hazard
    from spectra_app.services.identify import Choice, Identifier, Origin

FORMAT, SETUP_FORMAT, WATCH_FORMAT = "spectra.circumstances", "spectra.set-up", "spectra.watch-list"
VERSION = 1
AXIS = ("calibration record", "calibration.json")  # kind and name of evidence
Source = Literal["device", "file"]


@dataclass(frozen=True, eq=False, slots=True)
class Circumstances:
    """What a result came from.

    Parameters
    ----------
    source : {"device", "file"}
        Whether a raw frame or a file was identified.
    origin : Origin
        What was said of the scan before it was identified.
    choice : Choice
        What was asked for.
    policy, pipeline : Policy, PipelineSettings
        What decided, and how scans were cleaned.
    hazards, control : tuple of Hazard, ControlSetup
        What every verdict speaks of, and the lists asked.
    place : int
        Which of the results of the file it is, from 0.
    standing : Standing or None
        How the analyser stood; None when nothing was asked or nothing speaks against a file.
    axis : CalibrationRecord or None
        The record the axis is by; None for an axis as it was stated.
    profiles : tuple of Profile
        Import profiles that could have read the file; none when they were not asked.
    """

    source: Source
    origin: Origin
    choice: Choice
    policy: Policy
    pipeline: PipelineSettings
    hazards: tuple[Hazard, ...]
    control: ControlSetup
    place: int = 0
    standing: Standing | None = None
    axis: CalibrationRecord | None = None
    profiles: tuple[Profile, ...] = ()


def circumstances(
    identifier: Identifier,
    origin: Origin,
    choice: Choice,
    *,
    source: Source = "file",
    standing: Standing | None = None,
    profiles: tuple[Profile, ...] = (),
) -> Circumstances:
    """Return what a result of an identifier comes from."""
    engine = identifier.engine
    return Circumstances(
        source=source,
        origin=origin,
        choice=choice,
        policy=engine.policy,
        pipeline=engine.pipeline,
        hazards=identifier.hazards,
        control=identifier.control,
        standing=standing,
        profiles=profiles,
    )


class Keeper:
    """Keeps what results came from in an evidence store; what is there already, not again."""

    def __init__(self, evidence: EvidenceStore, clock: Callable[[], str]) -> None:
        self._evidence = evidence
        self._clock = clock

    def keep(self, record: Identification, made: Circumstances) -> tuple[str, ...]:
        """Keep what a result came from; return the SHA-256 of its circumstances, then of the rest.

        A station's watch list is not among these: it stays where it is, and is not exported.

        Raises
        ------
        EvidenceError
            When it cannot be kept.
        """
        axis = made.axis
        policy = self._put(made.policy.raw, "policy", "policy.json")
        lists, set_up = self._set_up(made)
        record_of_axis = self._put(canonical(axis.content()), *AXIS) if axis else ""
        content = {
            "format": FORMAT,
            "version": VERSION,
            "source": made.source,
            "origin": {
                "file": made.origin.file,
                "sha256": made.origin.sha256,
                "assumptions": made.origin.assumptions,
                "emulated": made.origin.emulated,
                "asked": asdict(made.origin.asked),
            },
            "choice": {**asdict(made.choice), "laser_nm": _exactly(made.choice.laser_nm)},
            "place": made.place,
            "spectrum": record.spectrum,
            "library": {"sha256": record.library.sha256, "notes": record.library.notes},
            "policy": policy,
            "control_on": record.control_on,
            "examined_on": record.control_also or record.control_on,
            "standing": asdict(made.standing) if made.standing else None,
            "axis": record_of_axis,
            "set_up": set_up,
            "figures": dict(_figures(record.to_json(), record.to_exact_json())),
        }
        first = self._put_json(content, "circumstances")
        return tuple(filter(None, (first, set_up, policy, lists, record_of_axis)))

    def _set_up(self, made: Circumstances) -> tuple[str, str]:
        """Keep control lists (where they are to be had) and set-up; return both SHA-256."""
        control = made.control
        tables = tables_of(control.sha256)
        lists = self._put(tables, "control lists", "control lists") if tables else ""
        content = {
            "format": SETUP_FORMAT,
            "version": VERSION,
            "pipeline": asdict(made.pipeline),
            "hazards": [asdict(one) for one in made.hazards],
            "control": {
                "sha256": control.sha256,
                "lists": lists,
                "jurisdictions": control.jurisdictions,
                "watched": self._watch_list(control),
            },
            "profiles": [asdict(one) for one in made.profiles],
            "environment": dict(environment()),
        }
        return lists, self._put_json(content, "set-up")

    def _watch_list(self, control: ControlSetup) -> str:
        if not control.watched:
            return ""
        items = [_watched(asdict(one)) for one in control.watched]
        content = {"format": WATCH_FORMAT, "version": VERSION, "watched": items}
        return self._put_json(content, "watch list")

    def _put_json(self, content: dict[str, Any], kind: str) -> str:
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return self._put(text.encode("ascii"), kind, f"{kind}.json")

    def _put(self, data: bytes, kind: str, name: str) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        if not self._evidence.path_of(sha256).exists():
            self._evidence.put(data, kind=kind, name=name, clock=self._clock)
        return sha256


def _exactly(value: float | None) -> str | None:
    """Return a figure as text that gives it back bit by bit, also when it is none."""
    return None if value is None else repr(float(value))


def _watched(item: dict[str, Any]) -> dict[str, Any]:
    days = {name: item[name] and item[name].isoformat() for name in ("since", "until")}
    return {**item, **days}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of some JSON with where it stands: ``candidates[0].score``."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, f"{path}[{number}]")
        yield f"{path}.length", len(value)
    else:
        yield path, value


def _figures(rounded: dict[str, Any], exact: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the fractions of a result, exactly as text, by where they stand."""
    del rounded["timing_ms"], exact["timing_ms"]
    for (path, plain), (_, text) in zip(leaves(rounded), leaves(exact), strict=True):
        if isinstance(plain, float | None) and isinstance(text, str):
            yield path, text


def parse_json(data: bytes, format_: str) -> dict[str, Any]:
    """Return what `Keeper` kept.

    Raises
    ------
    ValueError
        When it is something else.
    """
    content = json.loads(data)
    if not isinstance(content, dict) or content.get("format") != format_:
        raise ValueError(f"this is no {format_}")
    if content.get("version") != VERSION:
        raise ValueError(f"version {content.get('version')!r} of {format_} is not known")
    return content
