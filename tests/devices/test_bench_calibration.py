"""What the bench injects is what the calibration finds: two independent sides of one physics."""

import dataclasses

import numpy as np
import pytest

from devices.emulators import samples
from devices.emulators.bench import Bench
from devices.emulators.bench_model import Truth
from devices.emulators.physics import wavenumber_cm1
from matching.calibration import standards
from matching.calibration.axis import Measured, StatedAxis
from matching.calibration.fit import fit_axis
from matching.calibration.lines import find_lines

SCANS = (
    (samples.NEON, standards.NEON, 0.2),
    (samples.POLYSTYRENE, standards.POLYSTYRENE, 1.5),
    (samples.CYCLOHEXANE, standards.CYCLOHEXANE, 1.5),
)


def calibrated(model, seed):
    """Return the fit of the axis, and the true shift of each pixel while it was measured."""
    bench = Bench(model, samples.NEON, seed)
    bench.laser(on=True)
    bench.advance_to(60.0)
    stated = StatedAxis(model.axis_cm1, model.laser_nm)
    measured = []
    for sample, standard, seconds in SCANS:
        bench.sample = sample
        bench.begin(seconds)
        bench.advance_to(bench.time_s + seconds)
        counts, _clipped = bench.taken()
        lines = find_lines(counts, saturation_counts=model.saturation_counts)
        measured.append(Measured(standard, lines))
    true = wavenumber_cm1(model.true_laser_nm) - wavenumber_cm1(model.true_nm)
    return fit_axis(stated, measured), stated, true


ERRORS = {
    "none": Truth(),
    "laser": Truth(laser_error_nm=0.16),
    "dispersion": Truth(dispersion_error_nm=(0.2, -2e-4, 8e-8)),
    "both": Truth(laser_error_nm=-0.25, dispersion_error_nm=(-0.1, 1.5e-4)),
}


@pytest.mark.parametrize("error", ERRORS)
def test_injected_errors_are_found_again(quiet_model, error):
    """Within 0.5 cm-1 rms between the outermost lines used; beyond them nothing is known."""
    model = dataclasses.replace(quiet_model, truth=ERRORS[error])
    fit, stated, true = calibrated(model, seed=5)
    assert fit.holds, fit.refusals
    shifts = fit.correction.shifts(stated)
    used = [row.pixel for row in fit.lines if row.use == "used"]
    inside = slice(int(min(used)), int(max(used)) + 1)
    left = shifts[inside] - true[inside]
    assert np.sqrt(np.mean(left**2)) < 0.5
    laser = float(wavenumber_cm1(model.true_laser_nm) - wavenumber_cm1(model.laser_nm))
    assert fit.correction.laser_error_cm1 == pytest.approx(laser, abs=0.5)
