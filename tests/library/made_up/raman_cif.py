"""Raman spectra in CIF, as the Raman Open Database writes them."""

from __future__ import annotations

import numpy as np


def curve(points=30):
    """Return an axis in cm-1 and whole counts."""
    axis = np.round(100.0 + 12.345 * np.arange(points), 3)
    return axis, np.round(400 * np.exp(-(((axis - 250) / 30.0) ** 2))) + 7


def rod(axis, y, *, laser="532", method="experimental", name="1000001", extra="", rows=None):
    """Return one block with a spectrum; `rows` replaces the rows of numbers."""
    lines = rows if rows is not None else [f"{a:.3f} {b:g}" for a, b in zip(axis, y, strict=True)]
    return (
        f"# This file is available in a database\n#\ndata_{name}\nloop_\n_publ_author_name\n"
        "'O''Neill, M.'\n\"Smith, J.\"\n_publ_section_title\n;\n A title with loop_ and _tags\n"
        " 'in it\n;\n_chemical_name_mineral   Quartz # a remark\n"
        f"_raman_determination.method {method}\n"
        f"_raman_measurement_device.excitation_laser_wavelength {laser}\n"
        "_raman_measurement_device.power_on_sample 60\n"
        f"_raman_measurement.integration_time 300\n{extra}"
        "loop_\n_raman_spectrum.raman_shift\n_raman_spectrum.intensity\n" + "\n".join(lines) + "\n"
    )


def by_reader():
    """Return sound Raman files by the name of their reader."""
    one = rod(*curve())
    return {"CIF with Raman spectra": [one.encode(), (one + rod(*curve(), name="2")).encode()]}
