"""What the workbench does with the spectra chosen: preview of a clean-up, peaks, several together.

Nothing here reaches a result: what is worked out is drawn, listed or saved as a preview.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction

from matching.errors import QueryError
from matching.peak_table import assigned, peak_table, reference_bands_cm1
from matching.recipe import Cooked, Recipe, as_identified, cook
from matching.spectrum import FloatArray, Spectrum
from spectra_app.records.identification import Comparison
from spectra_app.reports.texts import without_isolates
from spectra_app.services.preview import TARGETS, write_cooked
from spectra_app.ui.lane import Job, Lane
from spectra_app.ui.look import Look
from spectra_app.ui.pages import ProblemDialog
from spectra_app.ui.saving import ask_path
from spectra_app.ui.scans import ScanEntry, ScanList
from spectra_app.ui.technician.centre import Centre
from spectra_app.ui.technician.cleanup_panel import CleanupPanel
from spectra_app.ui.technician.curves import Shown
from spectra_app.ui.technician.peaks_panel import Peak, PeaksPanel
from spectra_app.ui.technician.recipe_edits import RecipeEdits
from spectra_app.ui.technician.spectra_plot import SpectraPlot
from spectra_app.ui.technician.sums import Newest

WITHIN_CM1 = 8.0
"""How far a peak may lie from the band of a reference that is named beside it."""
Cooks = list[tuple[Cooked | None, str]]


@dataclass(frozen=True, eq=False, slots=True)
class _Answer:
    """What one preview came to: each spectrum cleaned or why not, and the peaks of the first."""

    cooked: Cooks
    peaks: tuple[Peak, ...]


class Examination(QObject):
    """Keeps plot, clean-up and peaks in step with the spectra chosen.

    Parameters
    ----------
    look : Look
        Language.
    lane : Lane
        Where files are written.
    scans : ScanList
        The spectra opened.
    centre : Centre
        The plots.
    comparison : callable () -> Comparison or None
        The candidate chosen, as it compares with the scan chosen.
    """

    def __init__(
        self,
        look: Look,
        lane: Lane,
        *,
        scans: ScanList,
        centre: Centre,
        comparison: Callable[[], Comparison | None],
    ) -> None:
        super().__init__(centre)
        self._look, self._lane = look, lane
        self._scans, self._centre, self._comparison = scans, centre, comparison
        self.edits = RecipeEdits(self)
        self.sums = Newest(self)
        self.shown: tuple[Shown, ...] = ()
        self.peaks: tuple[Peak, ...] = ()
        self.panel: CleanupPanel | None = None
        self.table: PeaksPanel | None = None
        self.save = QAction(self)
        self.save.triggered.connect(self.ask_save)
        self._done: tuple[Cooked | None, str] = (None, "")
        self.edits.changed.connect(self.work)
        scans.chosen.connect(self._on_chosen)
        scans.ticked.connect(self._on_ticked)
        centre.made.connect(self._on_plot)
        centre.more.menu().addAction(self.save)
        centre.switched.connect(self.work)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        self.save.setText(self._look.say("examine.save_spectrum"))
        self._show()

    # --- the parts, made when they are first seen -----------------------------------------------

    def make_panel(self) -> CleanupPanel:
        """Return the panel of the clean-up."""
        self.panel = CleanupPanel(self._look, self._lane, self.edits)
        self.panel.before_wanted.connect(self._on_before)
        self.panel.files.menu().addAction(self.save)
        self._tell_origin()
        self.work()
        return self.panel

    def make_table(self) -> PeaksPanel:
        """Return the table of peaks."""
        self.table = PeaksPanel(self._look, self._lane)
        self.table.chosen.connect(self._on_peak)
        self.work()
        return self.table

    @Slot(object)
    def _on_plot(self, plot: SpectraPlot) -> None:
        plot.mark_chosen.connect(self._on_mark)
        plot.tools.clean.toggled.connect(self._show_before)

    @property
    def wanted(self) -> bool:
        """Whether anything shows what would be worked out."""
        return self._centre.shows_several or self.panel is not None or self.table is not None

    # --- what is chosen -------------------------------------------------------------------------

    @Slot(object)
    def _on_chosen(self, entry: ScanEntry) -> None:
        del entry
        self._tell_origin()
        self.work()

    @Slot()
    def _on_ticked(self) -> None:
        """Draw the spectra ticked; two or more are wanted together."""
        if len(self._scans.together) > 1 and not self._centre.shows_several:
            self._show_together()
        else:
            self.work()

    def _show_together(self) -> None:
        """Show the plot of several spectra, overlaid unless another layout is shown."""
        if not self._centre.shows_several:
            self._centre.show_view("overlay")

    def _tell_origin(self) -> None:
        entry = self._scans.current
        made = entry.identified.made_with if entry and entry.identified else None
        own = as_identified(made.pipeline) if made is not None else as_identified()
        if self.panel is not None:
            self.panel.show_origin(own, made.policy.version if made is not None else "")
        if not self.edits.stack.count():
            self.edits.begin(own)

    # --- working it out -------------------------------------------------------------------------

    @Slot()
    def work(self) -> None:
        """Work the preview out anew; of several wishes the newest counts."""
        if not self.wanted:
            return
        kept = {one.key: one.cooked for one in self.shown}
        entries = self._scans.together
        places = {id(entry): place for place, entry in enumerate(self._scans.entries)}
        shown = []
        for entry in entries:
            spectrum = entry.drawable
            if spectrum is not None:
                name = without_isolates(entry.shown_title(self._look))
                place = places[id(entry)]
                shown.append(Shown(id(entry), name, spectrum, kept.get(id(entry)), place))
        if not shown:
            self._take((), _Answer([], ()))
            return
        spectra, recipe = [one.spectrum for one in shown], self.edits.recipe
        references = self._references(entries)
        self.sums.want(
            "Cleaning",
            partial(_worked, spectra, recipe, references),
            partial(self._on_worked, tuple(shown)),
        )

    def _references(self, entries: Sequence[ScanEntry]) -> list[tuple[str, FloatArray, FloatArray]]:
        """Return name, axis and curve of what the peaks of the first spectrum are held against."""
        found = []
        comparison = self._comparison()
        if comparison is not None and entries and entries[0] is self._scans.current:
            axis, curve = comparison.raman_shift_cm1, comparison.reference
            found.append((comparison.reference_name, axis, curve))
        for entry in entries[1:]:
            spectrum = entry.drawable
            if entry.state == "reference" and spectrum is not None:
                found.append((entry.title, spectrum.raman_shift_cm1, spectrum.intensity))
        return found

    def _on_worked(self, shown: tuple[Shown, ...], job: Job) -> None:
        if job.error is not None:
            self._take(shown, _Answer([(None, job.error.what)] * len(shown), ()))
        elif not job.stopped:
            self._take(shown, job.result)

    def _take(self, shown: Sequence[Shown], answer: _Answer) -> None:
        self.shown = tuple(
            replace(one, cooked=cooked)
            for one, (cooked, _why) in zip(shown, answer.cooked, strict=True)
        )
        self.peaks = answer.peaks
        self._done = answer.cooked[0] if answer.cooked else (None, "")
        self._show()

    # --- showing it -----------------------------------------------------------------------------

    def _show(self) -> None:
        """Show what was worked out, in every part that is there."""
        names = [one.name for one in self.shown]
        if self.table is not None:
            self.table.show_peaks(names[0] if names else "", self.peaks)
        if self.panel is not None:
            self.panel.show_done(*self._words())
        self.save.setEnabled(bool(self.shown) and self.shown[0].cooked is not None)
        if self._centre.shows_several:
            plot = self._centre.several
            plot.show_spectra(self.shown)
            chosen = self.table.chosen_cm1() if self.table is not None else None
            marks = [peak.row.position_cm1 for peak in self.peaks] if self.table else []
            plot.show_marks(marks, chosen)
            clean = plot.tools.manner.clean and bool(self.shown)
            plot.say_note(self._look.say("examine.preview_note") if clean else "")

    def _words(self) -> tuple[str]:
        cooked, why = self._done
        say = self._look.say
        if cooked is None:
            return (say("examine.not_cleaned", words=why) if why else "",)
        done = say(
            "examine.cleaned", spikes=cooked.spikes, noise=f"{cooked.noise:.3g}",
            width=f"{cooked.smoothed_cm1:.1f}",
        )  # fmt: skip
        return (done,)

    @Slot(bool)
    def _on_before(self, before: bool) -> None:
        """Show the spectra as measured, or as cleaned."""
        self._show_together()
        self._centre.several.tools.clean.setChecked(not before)

    @Slot(bool)
    def _show_before(self, clean: bool) -> None:
        if self.panel is not None:
            blocked = self.panel.before.blockSignals(True)
            self.panel.before.setChecked(not clean)
            self.panel.before.blockSignals(blocked)
        self._show()

    @Slot(float)
    def _on_peak(self, position_cm1: float) -> None:
        """Show in the plot the peak chosen in the table."""
        self._show_together()
        marks = [peak.row.position_cm1 for peak in self.peaks]
        self._centre.several.show_marks(marks, position_cm1)

    @Slot(float)
    def _on_mark(self, position_cm1: float) -> None:
        """Choose in the table the peak clicked on in the plot."""
        if self.table is not None:
            self.table.choose(position_cm1)

    # --- saving ---------------------------------------------------------------------------------

    @Slot()
    def ask_save(self) -> None:
        """Ask where to save the first spectrum as it is after the clean-up."""
        if not self.shown or self.shown[0].cooked is None:
            return
        first, cooked, say = self.shown[0], self.shown[0].cooked, self._look.say
        kinds = {suffix: say(f"examine.kind{suffix.replace('.', '_')}") for suffix in TARGETS}
        path = ask_path(self._centre, say("examine.save_spectrum"), Path(first.name).stem, kinds)
        if path is None:
            return
        entry = next((one for one in self._scans.entries if id(one) == first.key), None)
        made = entry.identified.made_with if entry and entry.identified else None
        source = made.origin.sha256 if made is not None else ""
        recipe, target = self.edits.recipe, path

        def task(_tell: object, _stop: object) -> Path:
            return write_cooked(
                target, first.name, first.spectrum, cooked=cooked, recipe=recipe, source=source
            )

        self._lane.submit(Job(f"Writing {path.name}", task, self._on_saved))

    def _on_saved(self, job: Job) -> None:
        if job.error is not None:
            parent = self._centre.window()
            ProblemDialog(parent, self._look, "examine.not_saved", job.error, job.details).open()
        elif not job.stopped and self.panel is not None:
            self.panel.show_done(self._look.say("examine.saved", path=str(job.result)))

    def forget(self) -> None:
        """Show nothing, and begin with the usual clean-up again: nothing is left to undo."""
        self.sums.drop()
        self.edits.stack.clear()
        self._tell_origin()
        self._take((), _Answer([], ()))

    def end(self) -> None:
        """Work nothing out any more."""
        self.sums.end()


def _worked(
    spectra: Sequence[Spectrum],
    recipe: Recipe,
    references: Sequence[tuple[str, FloatArray, FloatArray]],
) -> _Answer:
    """Clean every spectrum, and list the peaks of the first; runs beside the painting thread."""
    cooked: Cooks = []
    for spectrum in spectra:
        try:
            cooked.append((cook(spectrum, recipe), ""))
        except QueryError as error:
            cooked.append((None, error.what))
    first = cooked[0][0]
    if first is None or not first.upright:
        return _Answer(cooked, ())
    bands = [(name, reference_bands_cm1(axis, curve)) for name, axis, curve in references]
    rows = peak_table(first.values, first.first, first.noise)
    peaks = tuple(Peak(row, assigned(row.position_cm1, bands, WITHIN_CM1)) for row in rows)
    return _Answer(cooked, peaks)
