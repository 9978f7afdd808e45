"""What a station writes down about an Ocean OBP spectrometer, where its own word is not enough.

A small JSON file, every line of it optional::

    {"pixel_origin": 10, "laser_nm": 785.3, "detector_c": -15, "session_baud": 115200}
"""

from __future__ import annotations

import json
import math
from codecs import BOM_UTF8
from dataclasses import dataclass, fields

from devices.errors import ConfigurationError

MAX_BYTES = 10_000
SPEEDS = (9_600, 115_200, 460_800, 230_400, 57_600, 38_400, 19_200)
"""Speeds of a session, in the order in which a lost instrument is looked for.

At any of them an ended program may have left it, its laser on.
"""
LIMITS = {
    "pixel_origin": (-4096, 4096),
    "laser_nm": (200.0, 2000.0),
    "detector_c": (-100.0, 60.0),
}


@dataclass(frozen=True, slots=True)
class ObpConfiguration:
    """What differs from the data sheet, or is wanted; None leaves it as it is.

    Parameters
    ----------
    pixel_origin : int or None
        Index of the pixel where the wavelength polynomial's variable is 0, for an instrument that
        was calibrated otherwise than the data sheet says (see `ObpModel.wavelength_origin`).
    laser_nm : float or None
        Excitation wavelength of a built-in laser; else the model's nominal one.
    detector_c : float or None
        Temperature to cool the detector to.
    session_baud : int or None
        Speed of the serial line for this session, one of `SPEEDS` (at 9,600 baud a QE Pro spectrum
        takes 4.4 s). It is put back on closing and never saved in the instrument.

    Raises
    ------
    ConfigurationError
        When a figure is not possible.
    """

    pixel_origin: int | None = None
    laser_nm: float | None = None
    detector_c: float | None = None
    session_baud: int | None = None

    def __post_init__(self) -> None:
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            whole = isinstance(least, int)
            if value is None:
                continue
            plain = type(value) is int or (type(value) is float and math.isfinite(value))
            if not plain or (whole and type(value) is not int) or not least <= value <= most:
                kind = "a whole number" if whole else "a number"
                raise ConfigurationError(
                    f"{name} is {value!r}", "", f"give {kind} from {least:g} to {most:g}"
                )
        baud = self.session_baud
        if baud is not None and (type(baud) is not int or baud not in SPEEDS):
            speeds = ", ".join(map(str, sorted(SPEEDS)))
            raise ConfigurationError(f"session_baud is {baud!r}", "", f"give one of {speeds}")


def parse_configuration(data: bytes, name: str) -> ObpConfiguration:
    """Read the station's file.

    Raises
    ------
    ConfigurationError
        When it is no such file, or a figure is not possible.
    """
    known = ", ".join(field.name for field in fields(ObpConfiguration))
    try:
        text = data[: MAX_BYTES + 1].removeprefix(BOM_UTF8)  # editors on Windows put one
        content = json.loads(text, object_pairs_hook=_once_each)
        if not isinstance(content, dict) or len(data) > MAX_BYTES:
            raise TypeError("it is no JSON object")
        return ObpConfiguration(**content)
    except (ValueError, TypeError, RecursionError) as error:
        raise ConfigurationError(
            f"this is no configuration of an Ocean spectrometer ({error})",
            name,
            f"write a JSON object with any of: {known}",
        ) from error
    except ConfigurationError as error:
        raise ConfigurationError(error.what, name, error.remedy) from error


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse what is stated twice: which of the two holds is not for a program to choose."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands in it twice")
    return made
