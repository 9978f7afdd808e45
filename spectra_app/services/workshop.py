"""What past results were made with, put together again: libraries by hash, policies as they were.

Nothing here is what the station uses now: a replay must not depend on what was installed since.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from library.formats.profile import Profile
from library.store import Library
from library.watchlist import Watched
from matching.errors import SpectraError
from matching.pipeline import PipelineSettings
from matching.policy import Policy
from matching.spectrum import Spectrum
from spectra_app.errors import ReplayError
from spectra_app.records.calibration import CalibrationRecord, Kind, record_of
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.identification import Asked
from spectra_app.records.kinds import Scan
from spectra_app.services.calibrations import Standing, on_corrected_axis
from spectra_app.services.circumstances import FORMAT, SETUP_FORMAT, WATCH_FORMAT, parse_json
from spectra_app.services.control import ControlSetup
from spectra_app.services.engine import Engine
from spectra_app.services.hazards import Hazard
from spectra_app.services.identify import Choice, Identifier, Origin
from spectra_app.services.libraries import starter_library
from spectra_app.services.lists import tables_in, tables_of
from spectra_app.services.policies import read_policy
from spectra_app.services.station import Station
from spectra_app.settings import data_folder

GIVE = "give the library's file with --library"


@dataclass(frozen=True, eq=False, slots=True)
class SetUp:
    """What many results have in common; see `spectra_app.services.circumstances`."""

    pipeline: PipelineSettings
    hazards: tuple[Hazard, ...]
    control: ControlSetup
    profiles: tuple[Profile, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, eq=False, slots=True)
class MadeWith:
    """What one result came from, read back; see `spectra_app.services.circumstances`."""

    source: str
    origin: Origin
    choice: Choice
    place: int
    spectrum: str | None
    library: str
    notes: tuple[str, ...]
    policy: str
    date: str
    calibrations: AsItWas | None
    set_up: SetUp
    figures: Mapping[str, str]


@dataclass(frozen=True, eq=False, slots=True)
class AsItWas:
    """How an analyser stood when a scan was identified, and the record its axis was by."""

    stood: Standing
    axis: CalibrationRecord | None

    def standing(self, serial: str, now: str) -> Standing:  # noqa: ARG002  as it stood then
        """Return how it stood."""
        return self.stood

    def calibrated(self, spectrum: Spectrum, serial: str) -> Spectrum:  # noqa: ARG002
        """Return the spectrum on the axis it was put on then."""
        return spectrum if self.axis is None else on_corrected_axis(spectrum, self.axis)

    def latest(self, serial: str, kind: Kind) -> CalibrationRecord | None:  # noqa: ARG002
        """Return the record its axis was by."""
        return self.axis


def library_files(folder: Path) -> Iterator[Path]:
    """Yield the files of libraries in a data folder, installed ones first."""
    yield from sorted(Station(folder).installed.glob("*/library.h5"))
    yield from sorted((folder / "libraries").glob("*.h5"))


class Workshop:
    """Puts together what identified a scan; everything is read once and shared.

    Parameters
    ----------
    evidence : EvidenceStore
        Where it was kept.
    libraries : sequence of Path
        Files of libraries to look among, besides those of this station.
    folder : Path, optional
        The station's data folder; by default the program's own.
    """

    def __init__(
        self,
        evidence: EvidenceStore,
        libraries: Sequence[Path] = (),
        folder: Path | None = None,
    ) -> None:
        self.evidence = evidence
        self.folder = folder or data_folder()
        self._open = ExitStack()
        self._places = self._candidates(libraries)
        self._libraries: dict[str, Library] = {}
        self._unreadable: list[str] = []
        self._engines: dict[tuple[str, str, str], Engine] = {}
        self._set_ups: dict[str, SetUp] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def made_with(self, scan: Scan) -> MadeWith:
        """Return what a scan's result came from.

        Raises
        ------
        EvidenceError
            When what was kept is missing or damaged.
        ReplayError
            When it was not kept, cannot be read, or is not what the scan's record names.
        """
        if not scan.made_with:
            raise ReplayError("what its result came from was not kept", scan.id, "scan it again")
        data = self.evidence.get(scan.made_with[0])
        try:
            made = self._read(parse_json(data, FORMAT))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ReplayError(
                f"what its result came from cannot be read ({error})",
                scan.id,
                "use the version of the program that wrote it",
            ) from error
        stated = (scan.original, scan.library_sha256, scan.policy_sha256, scan.pipeline_sha256)
        pipeline = made.set_up.pipeline.hash
        if stated != (made.origin.sha256, made.library, made.policy, pipeline):
            raise ReplayError(
                "what was kept with its result does not fit this program or the scan's record",
                scan.id,
                "use the version of the program that wrote it, and run 'spectra audit verify'",
            )
        return made

    def identifier(self, made: MadeWith, day: str) -> Identifier:
        """Return what identified then; `day` counts where no date of control lists was kept.

        Raises
        ------
        EvidenceError, PolicyError
            When the policy is missing or damaged.
        ReplayError
            When the library is not to be found.
        """
        return Identifier(
            self.engine(made.library, made.policy, made.set_up.pipeline),
            self.evidence,
            clock=lambda: made.date or day,
            hazards=made.set_up.hazards,
            control=made.set_up.control,
            standing=lambda _sha256: made.notes,
            calibrations=made.calibrations,
        )

    def engine(
        self, library: str | Library, policy: str | Policy, pipeline: PipelineSettings
    ) -> Engine:
        """Return the engine of a library and a policy, each named by its hash or given."""
        name = policy if isinstance(policy, str) else policy.hash
        sha256 = library if isinstance(library, str) else library.info.sha256
        wanted = (sha256, name, pipeline.hash)
        if wanted not in self._engines:
            rules = self._policy(policy) if isinstance(policy, str) else policy
            opened = self.library(library) if isinstance(library, str) else library
            if opened.info.pipeline != pipeline.hash:
                raise ReplayError(
                    "this library was made with another clean-up", str(opened.path), GIVE
                )
            self._engines[wanted] = Engine(opened, rules, pipeline)
        return self._engines[wanted]

    def library(self, sha256: str) -> Library:
        """Return the library of that hash, open.

        Raises
        ------
        ReplayError
            When it is neither given nor at this station.
        """
        while sha256 not in self._libraries:
            path = next(self._places, None)
            if path is None:
                others = "".join(f"; {words}" for words in self._unreadable)
                raise ReplayError(
                    f"the library {sha256[:16]} that was searched is not here{others}", "", GIVE
                )
            try:
                found = self._open.enter_context(Library(path))
            except (SpectraError, OSError) as error:
                self._unreadable.append(f"another one could not be opened ({error})")
                continue
            self._libraries.setdefault(found.info.sha256, found)
        return self._libraries[sha256]

    def _candidates(self, given: Sequence[Path]) -> Iterator[Path]:
        """Yield the files of libraries; the starter library is made only when it is needed.

        Which file is used is decided by its hash, so the program's own folder is looked at, too.
        """
        yield from given
        for home in dict.fromkeys((self.folder, data_folder())):
            yield from library_files(home)
        yield starter_library()

    def _policy(self, sha256: str) -> Policy:
        return read_policy(self.evidence.get(sha256), f"policy {sha256[:16]}")

    def _read(self, content: Mapping[str, Any]) -> MadeWith:
        origin, choice = content["origin"], content["choice"]
        laser = choice["laser_nm"]
        stood = content["standing"]
        return MadeWith(
            source=content["source"],
            origin=Origin(
                origin["file"],
                origin["sha256"],
                tuple(origin["assumptions"]),
                origin["emulated"],
                Asked(**origin["asked"]),
            ),
            choice=Choice(**{**choice, "laser_nm": None if laser is None else float(laser)}),
            place=content["place"],
            spectrum=content["spectrum"],
            library=content["library"]["sha256"],
            notes=tuple(content["library"]["notes"]),
            policy=content["policy"],
            date=content.get("examined_on") or content["control_on"],
            calibrations=AsItWas(Standing(**stood), self._axis(content["axis"])) if stood else None,
            set_up=self._set_up(content["set_up"]),
            figures=content["figures"],
        )

    def _axis(self, sha256: str) -> CalibrationRecord | None:
        if not sha256:
            return None
        return record_of(json.loads(self.evidence.get(sha256)))

    def _set_up(self, sha256: str) -> SetUp:
        if sha256 not in self._set_ups:
            content = parse_json(self.evidence.get(sha256), SETUP_FORMAT)
            self._set_ups[sha256] = SetUp(
                pipeline=PipelineSettings(**content["pipeline"]),
                hazards=tuple(Hazard(**one) for one in content["hazards"]),
                control=self._control(content["control"]),
                profiles=tuple(Profile(**one) for one in content["profiles"]),
                environment=content["environment"],
            )
        return self._set_ups[sha256]

    def _watch_list(self, sha256: str) -> list[Mapping[str, Any]]:
        if not sha256:
            return []
        if not self.evidence.path_of(sha256).exists():
            raise ReplayError(
                "the watch list that was asked is not here",
                "",
                "replay it at the station where it was scanned: watch lists are not exported",
            )
        return list(parse_json(self.evidence.get(sha256), WATCH_FORMAT)["watched"])

    def _control(self, content: Mapping[str, Any]) -> ControlSetup:
        sha256, kept = content["sha256"], content["lists"]
        data = self.evidence.get(kept) if kept else tables_of(sha256, self.folder)
        if data is None:
            raise ReplayError(
                f"the control lists {sha256[:16]} that were asked are not here",
                "",
                "install them again with 'spectra lists install'",
            )
        watched = tuple(map(_watched, self._watch_list(content["watched"])))
        return ControlSetup(
            tables_in(data, sha256),
            tuple(content["jurisdictions"]),
            watched,
            sha256,
            tuple(one.keys() for one in watched),
        )


def _watched(item: Mapping[str, Any]) -> Watched:
    since, until = item["since"], item["until"]
    days = {
        "since": date.fromisoformat(since),
        "until": date.fromisoformat(until) if until else None,
        "synonyms": tuple(item["synonyms"]),
    }
    return Watched(**{**item, **days})
