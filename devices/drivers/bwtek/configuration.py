"""What the station writes down about a B&W Tek spectrometer, because its line does not say it.

The line gives neither serial number nor axis. The parameter file that came with the instrument
does (``coefs_a0=...``), and so does the head of every file that BWSpec or BWRam exported
(``coefs_a0;...``, with the decimal comma of the station's country). Both are read here, strictly.
"""

from __future__ import annotations

import math
import re
from codecs import BOM_UTF8
from dataclasses import dataclass

from devices.drivers.bwtek.protocol import PIXELS
from devices.errors import ConfigurationError
from devices.frame import wavelength_axis
from devices.parts import AxisSource, StatedAxis

MAX_BYTES = 4_000_000
LASER_NM = (200.0, 2000.0)
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:[.,]\d{1,20})?(?:[eE][+-]?\d{1,3})?\Z", re.ASCII)
_COEFFICIENTS = ("coefs_a0", "coefs_a1", "coefs_a2", "coefs_a3")
_READ = frozenset(
    (*_COEFFICIENTS, "laser_wavelength", "pixel_num", "model", "c_code", "xaxis_data_reverse")
)
_REMEDY = "take the parameter file that came with this instrument"


@dataclass(frozen=True, slots=True)
class BwtekConfiguration:
    """The papers of one instrument.

    Parameters
    ----------
    model, serial : str
        What is printed on it; empty when nobody wrote it down.
    coefficients_nm : tuple of float
        Polynomial of the wavelength in nm over the pixel, lowest order first; empty for none.
    laser_nm : float or None
        Excitation wavelength in nm that the papers name; None when they name none.
    source : str
        Where this comes from (name of the file, who wrote it down).

    Raises
    ------
    ConfigurationError
        When the polynomial does not give wavelengths that rise over the pixels, or the excitation
        wavelength is impossible.
    """

    model: str = ""
    serial: str = ""
    coefficients_nm: tuple[float, ...] = ()
    laser_nm: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if self.coefficients_nm:
            _check_axis(self.coefficients_nm, self.source)
        if self.laser_nm is not None and not LASER_NM[0] <= self.laser_nm <= LASER_NM[1]:
            raise ConfigurationError(
                f"a laser wavelength of {self.laser_nm!r} nm is not possible", self.source, _REMEDY
            )

    @property
    def axis(self) -> StatedAxis:
        """The axis as the papers state it."""
        if not self.coefficients_nm:
            return StatedAxis()
        return StatedAxis(self.coefficients_nm, 0, AxisSource.CONFIGURATION)


def parse_parameters(data: bytes, source: str, *, serial: str = "") -> BwtekConfiguration:
    """Return what a parameter file, or the head of an exported scan, says about its instrument.

    Parameters
    ----------
    data : bytes
        Content of the file.
    source : str
        Its name, for messages and for the record.
    serial : str
        What is printed on the instrument; the ``c_code`` of the file when empty.

    Raises
    ------
    ConfigurationError
        When a coefficient is missing, given twice or no number, the file is for another number of
        pixels, turns the pixels round, or states an axis or a laser that cannot be.
    """
    if len(data) > MAX_BYTES:
        raise ConfigurationError(
            f"it has more than {MAX_BYTES} bytes, no parameter file has", source, _REMEDY
        )
    values = _fields(data.removeprefix(BOM_UTF8).decode("latin-1"), source)
    missing = [name for name in _COEFFICIENTS if name not in values]
    if missing:
        raise ConfigurationError(f"{', '.join(missing)} is missing", source, _REMEDY)
    pixels = values.get("pixel_num")
    if pixels is not None and pixels != str(PIXELS):
        raise ConfigurationError(
            f"it is for {pixels!r} pixels, the instrument has {PIXELS}", source, _REMEDY
        )
    if values.get("xaxis_data_reverse", "0") != "0":
        raise ConfigurationError(
            "it turns the order of the pixels round, which is not supported", source, _REMEDY
        )
    laser = _number(values.get("laser_wavelength", "0") or "0", "laser_wavelength", source)
    return BwtekConfiguration(
        model=values.get("model", ""),
        serial=serial or values.get("c_code", ""),
        coefficients_nm=tuple(_number(values[name], name, source) for name in _COEFFICIENTS),
        laser_nm=laser or None,  # 0 is how these files say that they do not know
        source=source,
    )


def _fields(text: str, source: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=" if "=" in line.partition(";")[0] else ";")
        if not separator or name.strip() not in _READ:
            if name.strip() == "Pixel":  # the counts of an exported scan begin
                break
            continue
        if name.strip() in found:
            raise ConfigurationError(f"{name.strip()} is given twice", source, _REMEDY)
        found[name.strip()] = value.strip()
    return found


def _number(text: str, name: str, source: str) -> float:
    if not _NUMBER.match(text):
        raise ConfigurationError(f"{name} is {text[:40]!r}, no number", source, _REMEDY)
    return float(text.replace(",", "."))


def _check_axis(coefficients_nm: tuple[float, ...], source: str) -> None:
    if not all(math.isfinite(value) for value in coefficients_nm):
        raise ConfigurationError("a coefficient is not finite", source, _REMEDY)
    axis = wavelength_axis(coefficients_nm, PIXELS)
    rises = bool((axis[1:] > axis[:-1]).all())
    if not rises or not 100.0 <= axis[0] <= axis[-1] <= 5000.0:
        raise ConfigurationError(
            f"the axis runs from {axis[0]:.6g} to {axis[-1]:.6g} nm and does not rise as one must",
            source,
            _REMEDY,
        )
