"""The header of a Galactic SPC file, new (0x4B, 0x4C) and old (0x4D), and what its codes mean.

Codes as in the published description of the format (Galactic Industries, 1997).
"""

from __future__ import annotations

from dataclasses import dataclass

from library.formats.octets import check_points, damaged, fields, words

NEW, NEW_BIG_ENDIAN, OLD = 0x4B, 0x4C, 0x4D
ZIP = b"PK\x03\x04"
NEW_BYTES, OLD_BYTES, SUB_BYTES = 512, 224, 32  # the old one is counted without its subheader

SHORT, MULTI, LABELLED, OWN_X, SHARED_X = 0x01, 0x04, 0x20, 0x40, 0x80
FLOATING = -128  # the exponent that says: not block-scaled integers

RAMAN_SHIFT, WAVENUMBER, NANOMETRE, MASS = 13, 1, 3, 9
X_UNITS = {
    0: "",
    1: "1/cm",
    2: "um",
    3: "nm",
    4: "s",
    5: "min",
    6: "Hz",
    7: "kHz",
    8: "MHz",
    9: "m/z",
    10: "ppm",
    11: "d",
    12: "a",
    13: "1/cm",
    14: "eV",
    15: "",
    16: "diode",
    17: "channel",
    18: "degrees",
    19: "degF",
    20: "degC",
    21: "K",
    22: "point",
    23: "ms",
    24: "us",
    25: "ns",
    26: "GHz",
    27: "cm",
    28: "m",
    29: "mm",
    30: "h",
    255: "",
}
Y_UNITS = {
    0: "",
    1: "interferogram",
    2: "absorbance",
    3: "Kubelka-Munk",
    4: "counts",
    5: "V",
    6: "degrees",
    7: "mA",
    8: "mm",
    9: "mV",
    10: "log(1/R)",
    11: "%",
    12: "intensity",
    13: "relative intensity",
    14: "energy",
    16: "dB",
    19: "degF",
    20: "degC",
    21: "K",
    22: "refractive index",
    23: "extinction coefficient",
    24: "real",
    25: "imaginary",
    26: "complex",
    128: "transmittance",
    129: "reflectance",
    130: "",
    131: "emission",
}
EXPERIMENTS = {
    1: "gas chromatogram",
    2: "chromatogram",
    3: "HPLC chromatogram",
    5: "near infrared spectrum",
    7: "UV-visible spectrum",
    8: "X-ray diffraction pattern",
    9: "mass spectrum",
    10: "magnetic resonance spectrum",
    12: "fluorescence spectrum",
    13: "atomic spectrum",
    14: "chromatogram of a diode array",
}
RAMAN_EXPERIMENT, LAST_EXPERIMENT = 11, 15
ABSORPTION = (2, 3, 10, 22, 23, 128, 129)  # what a Raman spectrum's ordinate never is


@dataclass(frozen=True, slots=True)
class Header:
    """What the header states; nothing in it is trusted before the file's length is asked.

    Parameters
    ----------
    order : str
        Byte order, as of `struct`.
    points : int
        Points of each curve, or the place of the directory (own X, several curves).
    curves : int or None
        None in old files, which do not say.
    log_at : int
        Where the log block begins; 0 without one.
    x_label, y_label, z_label : str
        Names of the axes that the file sets itself; empty otherwise.
    """

    order: str
    old: bool
    flags: int
    exponent: int
    points: int
    first: float
    last: float
    curves: int | None
    x_type: int
    y_type: int
    z_type: int
    experiment: int
    log_at: int
    source: str
    comment: str
    measured_at: str | None
    x_label: str
    y_label: str
    z_label: str

    @property
    def multi(self) -> bool:
        """Tell whether each curve has its own exponent."""
        return bool(self.flags & MULTI)

    @property
    def own_x(self) -> bool:
        """Tell whether each curve has its own axis."""
        return bool(self.flags & OWN_X) and not self.old

    @property
    def even(self) -> bool:
        """Tell whether the axis is the even one between first and last."""
        return self.old or not self.flags & (OWN_X | SHARED_X)

    @property
    def y_unit(self) -> str:
        """Unit or quantity of the ordinate."""
        return self.y_label or Y_UNITS.get(self.y_type, "")


def plausible(data: bytes) -> bool:
    """Tell whether `data` begins with a header whose codes and sizes can be those of an SPC file.

    The signature is one byte, so the codes have to be known ones and the numbers sensible.
    """
    if len(data) < OLD_BYTES + SUB_BYTES or data[1] not in (NEW, NEW_BIG_ENDIAN, OLD):
        return False
    if data.startswith(ZIP):  # workbooks and archives: its K is the K of a new header
        return False
    if data[1] == OLD:
        _, _, exponent, points, _, _, x_type, y_type = fields(data, "<BBhfffBB", 0, "header")
        return (
            x_type in X_UNITS
            and y_type in Y_UNITS
            and -128 <= exponent <= 128
            and bool(0 < points < 1e9 and points == int(points))
        )
    order = ">" if data[1] == NEW_BIG_ENDIAN else "<"
    if len(data) < NEW_BYTES or data[2] > LAST_EXPERIMENT:
        return False
    (curves,) = fields(data, order + "I", 24, "header")
    return data[28] in X_UNITS and data[29] in Y_UNITS and (curves > 0 or not data[0] & MULTI)


def read_header(data: bytes) -> Header:
    """Return the header of `data`.

    Raises
    ------
    DamagedFileError
        It is cut off, or states a number of points that no curve has.
    """
    return _old_header(data) if data[1] == OLD else _new_header(data)


def _new_header(data: bytes) -> Header:
    order = ">" if data[1] == NEW_BIG_ENDIAN else "<"
    flags, _, experiment, exponent, points, first, last, curves = fields(
        data, order + "BBBbIddI", 0, "header"
    )
    x_type, y_type, z_type, _, date = fields(data, order + "BBBBI", 28, "header")
    (log_at,) = fields(data, order + "I", 248, "header")
    if not flags & OWN_X:
        check_points(points, 4)
    if 0 < log_at < NEW_BYTES:
        raise damaged(f"the log is said to begin at byte {log_at}, inside the header", 248)
    names = [*(words(part) for part in data[218:248].split(b"\0")), "", "", ""]
    x_label, y_label, z_label = names[:3] if flags & LABELLED else ("", "", "")
    return Header(
        order=order,
        old=False,
        flags=flags,
        exponent=exponent,
        points=points,
        first=first,
        last=last,
        curves=max(curves, 1),
        x_type=x_type,
        y_type=y_type,
        z_type=z_type,
        experiment=experiment,
        log_at=log_at,
        source=words(data[45:54]),
        comment=words(data[88:218]),
        measured_at=_date(date >> 20, date >> 16 & 15, date >> 11 & 31, date >> 6 & 31, date & 63),
        x_label=x_label,
        y_label=y_label,
        z_label=z_label,
    )


def _old_header(data: bytes) -> Header:
    flags, _, exponent, points, first, last, x_type, y_type = fields(data, "<BBhfffBB", 0, "header")
    year, month, day, hour, minute = fields(data, "<HBBBB", 18, "header")
    return Header(
        order="<",
        old=True,
        flags=flags & (SHORT | MULTI | LABELLED),
        exponent=FLOATING if exponent == -FLOATING else exponent,
        points=check_points(int(points), 4),
        first=first,
        last=last,
        curves=None if flags & MULTI else 1,
        x_type=x_type,
        y_type=y_type,
        z_type=0,
        experiment=0,
        log_at=0,
        source="",
        comment=words(data[64:194]),
        measured_at=_date(year, month, day, hour, minute),
        x_label="",
        y_label="",
        z_label="",
    )


def _date(year: int, month: int, day: int, hour: int, minute: int) -> str | None:
    """Return the local time the header states, or None where it states none."""
    if not (1900 <= year <= 2200 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    if hour > 23 or minute > 59:
        return None
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}"


def stated_kind(header: Header) -> str:
    """Return what the header says the curve is where that is no Raman spectrum; else empty."""
    if header.y_type == 1:
        return "interferogram"
    if header.x_type == RAMAN_SHIFT or header.experiment == RAMAN_EXPERIMENT:
        return ""
    if header.experiment in EXPERIMENTS:
        return EXPERIMENTS[header.experiment]
    if header.x_type == MASS:
        return "mass spectrum"
    if header.y_type in ABSORPTION:
        region = "infrared " if header.x_type == WAVENUMBER else ""
        return f"{region}spectrum of {Y_UNITS[header.y_type]}"
    return ""
