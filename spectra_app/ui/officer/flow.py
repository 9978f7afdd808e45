"""What the officer's screen does: number, scan, verdict, file and next; nothing blocks it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, Signal, Slot

from spectra_app.records.identification import Alarm
from spectra_app.records.kinds import Scan
from spectra_app.services.cases.papers import Chosen, read_pictures
from spectra_app.services.cases.parcels import Added, Filed, ParcelNumber, file_parcel
from spectra_app.services.cases.sent_back import sent_back_to_me
from spectra_app.services.control import highest
from spectra_app.services.identify import Identified
from spectra_app.services.instrument_state import CheckResult, PlanName, ScanWish
from spectra_app.services.office import Office, Session
from spectra_app.services.scanning import Scanned
from spectra_app.ui.analyser_desk import AnalyserDesk
from spectra_app.ui.lane import Job
from spectra_app.ui.look import Look
from spectra_app.ui.officer.camera import Camera, CameraDialog
from spectra_app.ui.officer.declared_line import DeclaredLine
from spectra_app.ui.officer.extras import NoteDialog, WhyDialog, ask_photos
from spectra_app.ui.officer.screen import OfficerScreen
from spectra_app.ui.pages import ProblemDialog
from spectra_app.ui.records_desk import RecordsDesk
from spectra_app.ui.sound import Sound

BEFORE = frozenset({"officer.begin", "officer.no_analyser"})
PLANS: dict[str, PlanName] = {"longer": "long"}


@dataclass(eq=False, slots=True)
class Parcel:
    """The parcel before the officer: its scans so far, all entered in the records.

    `photos`, read when they were chosen, and `note` wait for the parcel's case, which is found or
    opened when it is filed.
    """

    scans: list[Scan] = field(default_factory=list)
    photos: list[tuple[bytes, str]] = field(default_factory=list)
    note: str = ""
    shown: Identified | None = None
    waiting: int = 0
    reading: int = 0
    filing: bool = False

    @property
    def busy(self) -> bool:
        """Whether it is being filed or compared with what was declared."""
        return self.filing or self.waiting > 0


def graver(scans: Sequence[Scan], shown: Alarm) -> Scan | None:
    """Return the gravest of a parcel's scans, where that is graver than the verdict shown."""
    gravest = highest((shown, *(cast("Alarm", one.alarm) for one in scans)))
    return next((one for one in scans if one.alarm == gravest != shown), None)


class OfficerFlow(QObject):
    """Connects the screen with analyser and records.

    Parameters
    ----------
    screen : OfficerScreen
    analyser : AnalyserDesk
    records : RecordsDesk
    look : Look
    """

    panel_wanted = Signal()

    def __init__(
        self, screen: OfficerScreen, analyser: AnalyserDesk, records: RecordsDesk, look: Look
    ) -> None:
        super().__init__(screen)
        self.screen, self._analyser, self._records, self._look = screen, analyser, records, look
        self.parcel = Parcel()
        self._job: Job | None = None
        self._began_s = 0.0
        self.declared = DeclaredLine(screen.item, records, look)
        self.sound, self.camera = Sound(self, look), Camera(self)
        screen.scan_wanted.connect(self.scan)
        screen.again_wanted.connect(self.scan_again)
        screen.stop_wanted.connect(self.stop)
        screen.file_wanted.connect(self.file)
        screen.item.entered.connect(self._on_number)
        screen.message.acted.connect(self._on_action)
        analyser.shown.connect(self._on_analyser)
        analyser.seen.connect(screen.show_live)
        analyser.progressed.connect(self._on_progress)
        screen.item.photo_wanted.connect(self.add_photos)
        screen.item.note_wanted.connect(self.add_note)
        screen.why_wanted.connect(self.show_why)
        look.retold.connect(self._offer)
        records.changed.connect(self._on_person)
        self._person = self._whose()
        self._look_for_sent_back()
        self._offer()

    # --- what the officer does --------------------------------------------------------------------

    @Slot()
    def scan(self) -> None:
        """Scan what lies before the analyser."""
        self._scan("")

    @Slot(str)
    def scan_again(self, aim: str) -> None:
        """Scan another spot, the packaging alone, or longer: a second look at the same parcel."""
        self._scan(aim)

    @Slot()
    def check(self) -> None:
        """Check the analyser with polystyrene: the first act of a shift."""
        if self._job is None and self._analyser.state.connected:
            self._began_s = time.monotonic()
            self._job = self._analyser.check(self._on_checked)
            self.screen.show_message("officer.checking", emulated=self._analyser.state.emulated)
            self.screen.show_busy(stoppable=True)

    @Slot()
    def identify_kept(self) -> None:
        """Identify the scan that was kept when the library was gone; no laser is used."""
        if self._job is None and not self.parcel.filing:
            self._job = self._analyser.identify_kept(self._on_scanned)
            self.screen.show_message("officer.identifying")
            self.screen.show_busy(stoppable=False)

    @Slot()
    def stop(self) -> None:
        """Laser off, and give up what runs."""
        self._analyser.stop()
        self.screen.show_message("officer.stopping")

    @Slot()
    def file(self) -> None:
        """File all scans of this parcel and make ready for the next."""
        here = self.screen.item.parcel
        if here is None or not self.parcel.scans or self.parcel.busy or self.parcel.reading:
            self.screen.item.number.setFocus()
            self.screen.item.read()
            return
        self.parcel.filing = True
        self._offer()
        about = ParcelNumber(here.number, here.mode, here.declared)
        scans, added = tuple(self.parcel.scans), Added(tuple(self.parcel.photos), self.parcel.note)

        def act(office: Office, session: Session) -> Filed:
            return file_parcel(office, session, about, scans, added)

        self._records.ask("Filing", act, self._of_parcel(self._on_filed))

    @Slot()
    def add_photos(self) -> None:
        """Take pictures with the camera where there is one, else from files; filed as evidence."""
        if not self.camera.begin():
            self.add_photo_files()
            return
        dialog = CameraDialog(self.screen, self._look, self.camera)
        dialog.taken.connect(lambda path: self._on_photos((path,)))
        dialog.files_wanted.connect(self.add_photo_files)
        dialog.open()

    @Slot()
    def add_photo_files(self) -> None:
        """Add pictures from files."""
        self._on_photos(ask_photos(self.screen, self._look))

    def _on_photos(self, paths: Sequence[Path]) -> None:
        """Read them now: the card they lie on may be gone when the parcel is filed."""
        if not paths:
            return
        self.parcel.reading += 1
        self._offer()

        def act(_office: Office, _session: Session) -> Chosen:
            return read_pictures(paths)

        self._records.ask("Reading pictures", act, self._of_parcel(self._on_read))

    def _on_read(self, job: Job) -> None:
        self.parcel.reading -= 1
        error, chosen = job.error, job.result
        if error is None:
            self.parcel.photos += chosen.pictures
            error = chosen.refused
        if error is not None:
            ProblemDialog(self.screen, self._look, "officer.no_photo", error, job.details).open()
        self._tell_added()
        self._offer()

    @Slot()
    def add_note(self) -> None:
        """Write a note, or change the one that was written."""
        dialog = NoteDialog(self.screen, self._look, self.parcel.note)
        dialog.noted.connect(self._on_note)
        dialog.open()

    @Slot(str)
    def _on_note(self, text: str) -> None:
        self.parcel.note = text
        self._tell_added()

    @Slot()
    def show_why(self) -> None:
        """Show the comparison behind the verdict."""
        if self.parcel.shown is not None:
            WhyDialog(self.screen, self._look, self.parcel.shown).open()

    def _tell_added(self) -> None:
        self.screen.item.show_added(len(self.parcel.photos), noted=bool(self.parcel.note))

    # --- what happens -----------------------------------------------------------------------------

    def _whose(self) -> str:
        user = self._records.standing.user
        return user.id if user is not None else ""

    @Slot()
    def _on_person(self) -> None:
        """Begin anew for somebody else: nobody files, or is shown, the parcel of another person.

        Its scans stand in the records, as scans that were not filed.
        """
        if self._whose() == self._person:
            return
        before, self._person = self._person, self._whose()
        self._look_for_sent_back()
        if before:
            if self._job is not None:
                self._analyser.stop()
            self._job = None
            self._begin_parcel()
            self.screen.show_message("officer.begin")
            self._offer()

    def _look_for_sent_back(self) -> None:
        """Look which reports of who is here a supervisor did not sign, and show why."""
        person = self._person
        self.screen.message.show_back(())

        def ended(job: Job) -> None:
            if person == self._person and job.error is None:
                self.screen.message.show_back(job.result)

        if person:
            self._records.ask("Looking for reports that were sent back", sent_back_to_me, ended)

    def _begin_parcel(self) -> None:
        self.parcel = Parcel()
        self.screen.item.begin()
        self.screen.card.forget()
        self.declared.clear()
        self._tell_added()
        self.screen.plot.show_message("bench.no_spectrum")

    def _scan(self, aim: str) -> None:
        if self._job is not None or self.parcel.filing:
            return
        if self.screen.item.parcel is None and not self.screen.item.read():
            self.screen.show_message("officer.need_number")
            self.screen.item.number.setFocus()
            return
        if not self._analyser.state.connected:
            self._on_action("connect")
            return
        wish = ScanWish(PLANS.get(aim, "auto"), sample=self._analyser.sample, for_parcel=True)
        self._began_s = time.monotonic()
        self._job = self._analyser.scan(wish, self._on_scanned)
        self.screen.show_message(
            f"officer.scanning_{aim or 'first'}", emulated=self._analyser.state.emulated
        )
        self.screen.show_busy(stoppable=True)

    def _of_parcel(self, then: Callable[[Job], None]) -> Callable[[Job], None]:
        """Return `then`, called only while the parcel is still the one of now."""
        parcel = self.parcel

        def ended(job: Job) -> None:
            if parcel is self.parcel:
                then(job)

        return ended

    def _on_scanned(self, job: Job) -> None:
        if job is not self._job:  # of somebody who has gone
            return
        self._job = None
        if job.stopped:
            self.screen.show_message("officer.stopped")
        elif job.error is not None:
            waits = job.error.code == "unidentified"
            key, action = ("unidentified", "identify") if waits else ("failed", "again")
            self.screen.show_message(f"officer.{key}", error=job.error, action=action)
        else:
            scanned: Scanned = job.result
            self.parcel.shown = scanned.found
            self.screen.show_found(scanned.found)
            self.sound.play(scanned.found.record.alarm)
            self._keep(scanned)
        self._offer()

    def _keep(self, scanned: Scanned) -> None:
        """Count a scan to this parcel; it stands in the records already, filed or not."""
        if scanned.entered is not None:
            self.parcel.scans.append(scanned.entered)
            self.screen.item.show_scanned(len(self.parcel.scans))
        self.screen.item.show_graver(graver(self.parcel.scans, scanned.found.record.alarm))
        self.parcel.waiting += 1
        parcel = self.parcel

        def compared() -> None:
            parcel.waiting -= 1
            self._offer()

        self.declared.compare(scanned.found.record, compared)

    def _on_checked(self, job: Job) -> None:
        if job is not self._job:
            return
        self._job = None
        found: CheckResult | None = job.result
        if job.stopped:
            self.screen.show_message("officer.stopped")
        elif found is None:
            self.screen.show_message("officer.failed", error=job.error, action="check")
        elif found.passed:
            offset = f"{found.offset_cm1 or 0.0:+.1f}"
            self.screen.show_message("officer.check_passed", offset=offset)
        else:
            key = "officer.check_failed" if found.judged else "officer.check_unjudged"
            reasons = f"{'; '.join(found.reasons)}."
            self.screen.show_message(key, action="check", reasons=reasons)
        self._offer()

    def _on_filed(self, job: Job) -> None:
        self.parcel.filing = False
        if job.error is not None:
            self.screen.show_message("officer.not_filed", error=job.error, action="file")
            self._offer()
            return
        filed: Filed = job.result
        self._begin_parcel()
        self._look_for_sent_back()
        self.screen.show_message(
            "officer.filed", item=filed.item.id, count=len(filed.scans),
            emulated=filed.case.emulated,
        )  # fmt: skip
        self._offer()

    @Slot()
    def _on_number(self) -> None:
        self._offer()
        if not self.parcel.scans and self._job is None:
            emulated = self._analyser.state.emulated
            self.screen.show_message("officer.number_known", emulated=emulated)
        self.screen.scan.setFocus()

    @Slot(str)
    def _on_action(self, action: str) -> None:
        {
            "connect": self.panel_wanted.emit,
            "check": self.check,
            "again": self.scan,
            "identify": self.identify_kept,
            "file": self.file,
        }[action]()

    @Slot(object)
    def _on_analyser(self, state: object) -> None:
        del state
        self.screen.show_laser(self._analyser.state)
        self._offer()

    @Slot(object, float)
    def _on_progress(self, job: Job, fraction: float) -> None:
        if job is not self._job:
            return
        spent = time.monotonic() - self._began_s
        left = ""
        if 0.05 <= fraction < 1.0:
            seconds = max(1, math.ceil(spent * (1.0 - fraction) / fraction))
            left = self._look.say("officer.left", seconds=seconds)
        self.screen.message.show_progress(fraction, left)
        self.screen.message.show_laser(self._analyser.state.laser)

    @Slot()
    def _offer(self) -> None:
        """Offer what can be done now."""
        if self._job is not None:
            return
        busy = self.parcel.busy
        fileable = bool(self.parcel.scans) and not busy and not self.parcel.reading
        self.screen.show_ready(scannable=not busy, fileable=fileable)
        if not self.parcel.scans and self.screen.item.parcel is None and not busy:
            self._tell_what_is_missing()

    def _tell_what_is_missing(self) -> None:
        """Say what has to be done before the first parcel, with its action as a button."""
        state, message = self._analyser.state, self.screen.message
        if message.key == "officer.filed":  # where it was filed stays to be read
            unchecked = "" if state.calibration == "ok" else "check"
            message.offer(unchecked if state.connected else "connect")
        elif not state.connected:
            self.screen.show_message("officer.no_analyser", action="connect")
        elif state.calibration != "ok" and message.key in BEFORE:
            self.screen.show_message("officer.unchecked", action="check", emulated=state.emulated)
        elif state.calibration == "ok" and message.key in {
            "officer.no_analyser",
            "officer.unchecked",
        }:
            self.screen.show_message("officer.begin", emulated=state.emulated)
