"""The use cases a window is given: one frozen record of callables, made by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spectra_app.services.identify import Identified
from spectra_app.services.instrument import Instrument
from spectra_app.services.instrument_choice import Choices
from spectra_app.services.instrument_state import CheckResult, MeasuredStandard, ScanWish
from spectra_app.services.scanning import Scanned

if TYPE_CHECKING:
    from library.formats import Column
    from spectra_app.services.about import About
    from spectra_app.services.batch import Source
    from spectra_app.services.batch_rows import BatchNews
    from spectra_app.services.cases.laser_book import Measurer
    from spectra_app.services.comparing import FittedSet, Pair, Study
    from spectra_app.services.evaluate import Evaluation, Plan
    from spectra_app.services.evaluate.queries import Steps

Progress = Callable[[float, str], None]
ShouldStop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class AnalyserUse:
    """What the window can do with an analyser.

    Parameters
    ----------
    instrument : Instrument
        The one in use; its orders return at once.
    look : callable () -> Choices
        List what can be chosen; waits for the system.
    scan : callable (ScanWish, Progress, ShouldStop) -> Scanned
        Measure with the connected one and identify it.
    check : callable (Progress, ShouldStop) -> CheckResult
        Check the connected one with polystyrene.
    measure : callable (str, Progress, ShouldStop) -> MeasuredStandard, optional
        Measure a named standard, lamp or glass with the connected one; nothing is judged.
    identify_kept : callable () -> Scanned, optional
        Identify the scan that was kept when the library was gone; no laser is used.
    """

    instrument: Instrument
    look: Callable[[], Choices]
    scan: Callable[[ScanWish, Progress, ShouldStop], Scanned]
    check: Callable[[Progress, ShouldStop], CheckResult]
    measure: Callable[[str, Progress, ShouldStop], MeasuredStandard] | None = None
    identify_kept: Callable[[], Scanned] | None = None


@dataclass(frozen=True, slots=True)
class StudyUse:
    """What the window can ask about a result it has.

    Parameters
    ----------
    study : callable (Identified) -> Study
        Examine it again for what its record does not hold.
    pair : callable (Study, int, int) -> Pair
        Two of its candidates, by their places, against each other.
    trial : callable (Study, entries) -> FittedSet
        Fit components that somebody chose.
    """

    study: Callable[[Identified], Study]
    pair: Callable[[Study, int, int], Pair]
    trial: Callable[[Study, Sequence[str]], FittedSet]


@dataclass(frozen=True, slots=True)
class ManyUse:
    """Work on many scans, done step by step on a library of its own, so that others may go first.

    Parameters
    ----------
    results_for : callable (Source) -> Path
        Where the results of a batch go unless somebody says otherwise.
    batch : callable (Source, Path, column) -> generator of BatchNews
        Identify a folder, a manifest or files; the results go into a file. The column is what is
        taken from files that hold several; None lets the file decide.
    evaluate : callable (Path, Path or None, Plan, column) -> steps of an Evaluation
        Measure on the scans of a manifest, with a library or the one in use.
    write_evaluation : callable (Evaluation, Path) -> tuple of Path
        Write every answer into a folder.
    write_validation : callable (Evaluation, Path) -> None
        Write the validation report as PDF.
    """

    results_for: Callable[[Source], Path]
    batch: Callable[[Source, Path, Column | None], Generator[BatchNews, None, None]]
    evaluate: Callable[[Path, Path | None, Plan, Column | None], Steps[Evaluation]]
    write_evaluation: Callable[[Evaluation, Path], tuple[Path, ...]]
    write_validation: Callable[[Evaluation, Path], None]


@dataclass(frozen=True, slots=True)
class UseCases:
    """Everything the window can ask the program to do.

    The callables are called from one worker thread, one at a time, never from the thread that
    paints; they raise `matching.errors.SpectraError` with words for a person.

    Parameters
    ----------
    identify_file : callable (Path) -> tuple of Identified
        Read a file, keep it as evidence, identify every spectrum in it.
    scan_emulated : callable (str, Progress, ShouldStop) -> Identified
        Measure a named sample with the emulated analyser and identify it. Progress is told as a
        fraction 0-1 and a sentence; the work asks `ShouldStop` whether to give up.
    emulated_samples : tuple of str
        Names that `scan_emulated` accepts.
    write_report : callable (Identified, Path) -> None
        Write the PDF report.
    library_title : callable () -> str
        Name, version and size of the library in use, on one line.
    library_note : callable () -> str
        What the reader must know about that library before trusting an answer from it.
    open_library : callable (Path) -> str
        Use another library from now on; returns its title.
    leave_library : callable () -> str, optional
        Use the library that the program began with again; returns its title.
    work_out_limits : callable (Identified, Progress, ShouldStop) -> Identified, optional
        Work out what a scan could not have seen. Stopped, it returns what it has; called with that
        again, it goes on from there.
    analyser : AnalyserUse, optional
        Connected analysers; `look`, `scan` and `check` are called on the lane like the others.
    study : StudyUse, optional
        A result looked at more closely.
    many : ManyUse, optional
        Batches and evaluations.
    about : callable () -> About, optional
        Gather versions, hashes and licences of what runs here.
    measurer : Measurer, optional
        To be told who is logged in, so that what is measured is entered as theirs.
    """

    identify_file: Callable[[Path], tuple[Identified, ...]]
    scan_emulated: Callable[[str, Progress, ShouldStop], Identified]
    emulated_samples: tuple[str, ...]
    write_report: Callable[[Identified, Path], None]
    library_title: Callable[[], str]
    library_note: Callable[[], str]
    open_library: Callable[[Path], str]
    leave_library: Callable[[], str] | None = None
    work_out_limits: Callable[[Identified, Progress, ShouldStop], Identified] | None = None
    analyser: AnalyserUse | None = None
    study: StudyUse | None = None
    many: ManyUse | None = None
    about: Callable[[], About] | None = None
    measurer: Measurer | None = None
