"""Scan with an analyser: the raw frame is kept as evidence before anything interprets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from devices.errors import DeviceError
from devices.frame import RawFrame
from devices.interface import Analyser, Settings
from devices.registry import open_analyser
from devices.sample import Sample
from devices.timing import REAL_TIME, Timing
from library.errors import SpectrumChoiceError
from library.starter import StarterMaterial, starter_materials
from matching.calibration.axis import CalibrationError
from matching.calibration.standards import POLYSTYRENE
from matching.spectrum import Acquisition, FloatArray, Spectrum, Step
from spectra_app.errors import AppError, JournalError
from spectra_app.services.calibrations import AXIS_CALIBRATED, Standing
from spectra_app.services.identify import Identified, Identifier, Origin, identify_spectrum

Progress = Callable[[float, str], None]
ShouldStop = Callable[[], bool]

EMPTY_VIAL = "empty glass vial"
QUICK = Settings(integration_time_ms=400.0, averages=3)
SHOWN_FIRST = (
    "amphetamine sulfate",
    "ephedrine hydrochloride",
    "paracetamol",
    "caffeine",
    "lactose",
    "acetone",
)


class AnalyserError(AppError):
    """The analyser could not be used; the words are the driver's own."""

    code = "analyser"


def as_app_error(error: DeviceError) -> AnalyserError:
    """Return a driver's error as one of the program's, with the same words."""
    return AnalyserError(error.what, error.where, error.remedy)


def emulated_samples() -> tuple[str, ...]:
    """Return the names of what can lie under the emulated laser, the telling ones first."""
    names = sorted({m.name for m in starter_materials() if len(m.bands) >= 5}, key=str.casefold)
    first = [name for name in SHOWN_FIRST if name in names]
    return (*first, EMPTY_VIAL, *(name for name in names if name not in first))


def emulated_sample(name: str) -> Sample:
    """Return an emulated sample of a material of the starter table.

    Raises
    ------
    SpectrumChoiceError
        When the table has no such material.
    """
    if name == EMPTY_VIAL:
        return Sample(strength=0.0, fluorescence=0.05, glass=0.5)
    chosen = max(
        (m for m in starter_materials() if m.name.casefold() == name.casefold()),
        key=lambda m: len(m.bands),
        default=None,
    )
    if chosen is None:
        raise SpectrumChoiceError(
            f"there is no emulated sample {name!r}",
            "",
            f"choose one of: {', '.join(emulated_samples()[:12])}, ...",
        )
    return Sample(bands=_bands(chosen), fluorescence=0.3, glass=0.05)


def _bands(material: StarterMaterial) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([(b.position_cm1, max(b.height, 0.5), 8.0) for b in material.bands])


def spectrum_of_frame(frame: RawFrame) -> Spectrum:
    """Make a spectrum of a raw frame: dark subtracted when there is one, axis in cm-1."""
    history: tuple[Step, ...] = ()
    intensity = frame.counts
    if frame.dark is not None:
        intensity = frame.counts - frame.dark
        history = (Step("dark subtracted"),)
    bad = [pixel for pixel in frame.bad_pixels if frame.active.start <= pixel < frame.active.stop]
    if bad:
        intensity = _bridged(intensity, bad)
        history = (*history, Step("bad pixels bridged", (("pixels", ", ".join(map(str, bad))),)))
    return Spectrum(
        frame.raman_shift_cm1(),
        intensity[frame.active],
        laser_nm=frame.laser_nm,
        acquisition=Acquisition(
            integration_time_ms=frame.integration_time_ms,
            averages=frame.averages,
            laser_power=frame.laser_power,
            detector_temperature_c=frame.temperature_c,
            instrument=frame.model,
            serial=frame.serial,
            detector=frame.detector,
            measured_at=frame.clock,
            saturation_counts=frame.saturation_counts,
            saturated="saturated" in frame.flags,
            emulated=frame.emulated,
        ),
        history=history,
    )


def _bridged(intensity: FloatArray, bad: list[int]) -> FloatArray:
    """Return `intensity` with the pixels that the instrument calls bad interpolated linearly."""
    good = np.setdiff1d(np.arange(intensity.size), bad)
    bridged = intensity.copy()
    bridged[bad] = np.interp(bad, good, intensity[good])
    return bridged


def measure(
    analyser: Analyser, settings: Settings, progress: Progress, should_stop: ShouldStop
) -> RawFrame:
    """Measure a dark and then the sample with one setting.

    Raises
    ------
    AnalyserError
        In the driver's words, whatever went wrong.
    """
    try:
        analyser.configure(settings)
        analyser.dark(lambda share, words: progress(0.4 * share, words), should_stop)
        return analyser.acquire(
            lambda share, words: progress(0.4 + 0.5 * share, words), should_stop
        )
    except DeviceError as error:
        raise as_app_error(error) from error


def scan(
    analyser: Analyser,
    identifier: Identifier,
    *,
    label: str,
    settings: Settings,
    progress: Progress,
    should_stop: ShouldStop,
    top: int = 10,
) -> tuple[Identified, RawFrame]:
    """Measure, keep the frame as evidence, then identify; returns the result and the frame."""
    frame = measure(analyser, settings, progress, should_stop)
    sha256 = identifier.keep(frame.to_bytes(), kind="raw frame", name=f"{label}.frame.json")
    progress(0.92, "identifying")
    spectrum, standing = calibrated(spectrum_of_frame(frame), identifier)
    against = (f"{standing.words}.",) if standing and standing.reason else ()
    origin = Origin(
        file=label,
        sha256=sha256,
        assumptions=(*_remarks(frame), *_axis_remark(spectrum), *against),
        emulated=frame.emulated,
        calibration=standing,
    )
    found = identify_spectrum(spectrum, origin, identifier, top)
    progress(1.0, "done")
    return found, frame


def _axis_remark(spectrum: Spectrum) -> tuple[str, ...]:
    """Return which record of calibration the axis is by; nothing for an axis as it was stated."""
    steps = (step for step in spectrum.history if step.name == AXIS_CALIBRATED)
    return tuple(f"axis by calibration record {dict(s.settings)['record'][:16]}" for s in steps)


def calibrated(spectrum: Spectrum, identifier: Identifier) -> tuple[Spectrum, Standing | None]:
    """Return an analyser's scan on its calibrated axis, and how the analyser stands.

    An axis that cannot be corrected (the analyser states another than the one calibrated, or the
    records were altered) stays as it is, and the analyser has failed.
    """
    kept = identifier.calibrations
    if kept is None:
        return spectrum, None
    serial = spectrum.acquisition.serial or ""
    try:
        return kept.calibrated(spectrum, serial), kept.standing(serial, identifier.clock())
    except (CalibrationError, JournalError) as error:
        return spectrum, Standing("failed", f"analyser {serial}: {error}")


def _remarks(frame: RawFrame) -> tuple[str, ...]:
    remarks = []
    if frame.dark is None:
        remarks.append("no dark was subtracted")
    if "partial" in frame.flags:
        remarks.append("partial: the scan was stopped early")
    return tuple(remarks)


def scan_emulated(
    sample: str,
    identifier: Identifier,
    *,
    family_name: str = "emulated-785-handheld",
    seed: int = 7,
    settings: Settings | None = None,
    progress: Progress = lambda _share, _words: None,
    should_stop: ShouldStop = lambda: False,
    timing: Timing | None = None,
) -> Identified:
    """Scan a named emulated sample; see `scan`. A stepped `timing` does without waiting."""
    label = f"emulated scan of {sample}"
    analyser_timing = timing or replace(REAL_TIME, utc=identifier.clock)
    try:
        analyser = open_analyser(
            family_name,
            sample=emulated_sample(sample),
            seed=seed,
            timing=analyser_timing,
        )
    except DeviceError as error:
        raise as_app_error(error) from error
    with analyser:
        checked_first(analyser.info.serial, family_name, identifier, seed, analyser_timing)
        found, _ = scan(
            analyser,
            identifier,
            label=label,
            settings=settings or QUICK,
            progress=progress,
            should_stop=should_stop,
        )
    return found


def checked_first(
    serial: str, family_name: str, identifier: Identifier, seed: int, timing: Timing
) -> None:
    """Check an emulated analyser with emulated polystyrene, unless its last check still counts.

    Only for demonstrations: a person puts the standard before a real analyser.
    """
    from spectra_app.services.calibration import Circumstances, check_axis, scan_of_frame

    kept = identifier.calibrations
    if kept is None or kept.standing(serial, identifier.clock()).reason is None:
        return
    bands = [(line.position, max(line.strength, 0.05), 8.0) for line in POLYSTYRENE.lines]
    standard = Sample(bands=np.array(bands), fluorescence=0.05)
    with open_analyser(family_name, sample=standard, seed=seed, timing=timing) as analyser:
        frame = measure(
            analyser,
            Settings(integration_time_ms=100.0, averages=2),
            lambda _share, _words: None,
            lambda: False,
        )
    identifier.keep(frame.to_bytes(), kind="raw frame", name="emulated polystyrene.frame.json")
    check_axis(
        scan_of_frame(frame, POLYSTYRENE.name, "emulated polystyrene"),
        kept,
        Circumstances(identifier.clock(), operator="demonstration"),
    )
