"""What a JCAMP-DX block says beside its table: numbers of the header, kind, unit, instrument."""

from __future__ import annotations

import re
from dataclasses import dataclass

from library.errors import AmbiguousAxisError, DamagedFileError
from library.formats.jcamp_axis import Header
from library.formats.jcamp_blocks import DATA_LABELS, Block
from library.formats.records import Metadata
from library.formats.text import EXPORT_AGAIN, clip, number
from matching.spectrum import MAX_POINTS, Acquisition, Technique

NUMERIC = ("FIRSTX", "LASTX", "FIRSTY", "MINX", "MAXX", "MINY", "MAXY", "DELTAX")
LASER_LABELS = frozenset(
    [
        "LASER",
        "LASERNM",
        "LASERLINE",
        "LASERWAVELENGTH",
        "LASERWAVELENGTHNM",
        "RAMANLASER",
        "EXCITATION",
        "EXCITATIONNM",
        "EXCITATIONLINE",
        "EXCITATIONLASER",
        "EXCITATIONWAVELENGTH",
        "RAMANLASERWAVELENGTH",
    ]
)
SAYS_NOTHING = frozenset({"", "SPECTRUM", "XYDATA", "XYPOINTS", "UNKNOWN", "OTHER", "LINK"})
WAVENUMBER = frozenset({"1/CM", "CM-1", "CM^-1", "CM⁻¹", "CM-¹", "WAVENUMBER", "WAVENUMBERS"})
NANOMETRES = frozenset({"NM", "NANOMETERS", "NANOMETER", "NANOMETRES", "NANOMETRE"})
PEAKS = ", as a table of peaks"
EXPORT_RECORD = "$SPECTRAEXPORT"  # see library.formats.exported
NOT_SCATTERED = re.compile(r"ABSORB|TRANSMI|REFLEC")

_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_LASER = re.compile(r"([0-9]{1,9}(?:[.,][0-9]{1,9})?)[ ]?(nm|1/cm|cm-1)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Nature:
    """What a block says it is.

    Parameters
    ----------
    kind : str
        What it is when it is not a Raman spectrum, as written; empty otherwise.
    axis : {"shift", "wavelength", "other"}
        What its abscissae are.
    unit : str
        Their unit as written.
    technique : {"Raman", "SERS"}
        How it was excited.
    notes : tuple of str
        What was concluded.
    """

    kind: str
    axis: str
    unit: str
    technique: Technique
    notes: tuple[str, ...] = ()


def nature_of(block: Block, *, peaks: bool) -> Nature:
    """Return what a block says it is; `peaks` when its table lists peaks and is no curve."""
    said = block.text("DATATYPE").partition("\n")[0].strip()
    unit = block.text("XUNITS").partition("\n")[0].strip()
    plain = re.sub(r"[^A-Z]", "", said.upper())
    sers = "SERS" in plain or "SURFACEENHANCED" in plain
    raman = ("RAMAN" in plain or sers) and "INTERFEROGRAM" not in plain
    kind = "" if raman or plain in SAYS_NOTHING else said
    if peaks:
        kind = f"{said or 'a spectrum'}{PEAKS}"
    technique: Technique = "SERS" if sers else "Raman"
    axis, notes = _axis(unit, raman=raman, silent=not raman and not kind)
    ordinate = block.text("YUNITS")
    if raman and not kind and NOT_SCATTERED.search(ordinate.upper()):
        notes.append(f"The file calls itself {said!r} and its ordinate {clip(ordinate)!r}.")
    return Nature(kind, axis, unit, technique, tuple(notes))


def _axis(unit: str, *, raman: bool, silent: bool) -> tuple[str, list[str]]:
    """Return what the axis is; wavenumbers are Raman shifts only where the file says Raman."""
    plain = re.sub(r"\s", "", unit.upper())
    bare = re.sub(r"^WAVELENGTH[/,]?\(?|\)$", "", plain)
    if plain in NANOMETRES or bare in NANOMETRES:
        return "wavelength", []
    shift = "RAMAN" in plain and "NM" not in plain
    if (raman or silent) and shift:
        return "shift", []
    inside = re.sub(r"^(?:WAVENUMBERS?|RAMANSHIFT|SHIFT)[/,]?\(?|\)$", "", plain) or plain
    if raman and inside in WAVENUMBER:
        return "shift", [
            f"The axis is called {clip(unit)!r}; as the file says it is a Raman spectrum, it was "
            "taken as Raman shift in cm-1."
        ]
    return "other", []


def decimal_comma(block: Block) -> bool:
    """Tell whether the block's numbers have decimal commas.

    Raises
    ------
    AmbiguousAxisError
        The commas may stand between thousands.
    """
    numbers = [block.text(label) for label in NUMERIC]
    commas = [text for text in numbers if _COMMA.fullmatch(text)]
    if not commas:
        return False
    if any("." in text for text in numbers) or all(_THOUSANDS.fullmatch(text) for text in commas):
        raise AmbiguousAxisError(
            f"the comma in {clip(commas[0])!r} may be a decimal mark or stand between thousands",
            f"block of line {block.line}",
            "export with decimal points",
        )
    return True


def header_of(block: Block) -> tuple[Header, list[str]]:
    """Return the numbers that describe the table, and which could not be taken.

    Raises
    ------
    DamagedFileError
        A factor or a number of points that no table has.
    """
    notes: list[str] = []
    values = {label: _taken(block, label, notes) for label in NUMERIC}
    header = Header(
        first_x=values["FIRSTX"],
        last_x=values["LASTX"],
        delta_x=values["DELTAX"],
        first_y=values["FIRSTY"],
        points=_points(block),
        factor_x=_factor(block, "XFACTOR"),
        factor_y=_factor(block, "YFACTOR"),
    )
    return header, notes


def _taken(block: Block, label: str, notes: list[str]) -> float | None:
    text = block.text(label)
    value = number(text) if text else None
    if text and value is None:
        notes.append(f"The header's {label} is {clip(text)!r}, not a number: not taken.")
    return value


def _factor(block: Block, label: str) -> float:
    text = block.text(label)
    value = number(text) if text else 1.0
    if not value:
        raise DamagedFileError(
            f"{label} is {clip(text)!r}", f"block of line {block.line}", EXPORT_AGAIN
        )
    return value


def _points(block: Block) -> int | None:
    text = block.text("NPOINTS")
    if not text:
        return None
    value = number(text)
    if value is None or value != int(value) or not 1 <= value <= MAX_POINTS:
        raise DamagedFileError(
            f"NPOINTS is {clip(text)!r}, which no spectrum has",
            f"block of line {block.line}",
            EXPORT_AGAIN,
        )
    return int(value)


def metadata_of(block: Block) -> Metadata:
    """Return what the block and those around it say, as written, comments last."""
    own = {record.label for record in block.records}
    around = [r for r in block.outer if r.label not in own | {"TITLE", "DATATYPE", "BLOCKS"}]
    told = [r for r in (*block.records, *around) if r.label not in DATA_LABELS | {EXPORT_RECORD}]
    pairs = [(r.written, r.value) for r in told]
    return (*pairs, *(("$$", text) for text in block.comments))


def laser_of(block: Block) -> float | None:
    """Return the laser line in nm where a label of the block is one and its value a number."""
    for label, value in block.first.items():
        found = _LASER.fullmatch(value) if label.lstrip("$.") in LASER_LABELS else None
        if found:
            line = float(found[1].replace(",", "."))
            line = 1e7 / line if (found[2] or "nm").lower() != "nm" and line else line
            return line if 150.0 <= line <= 2500.0 else None
    return None


def acquisition_of(block: Block) -> Acquisition:
    """Return how it was measured, as far as standard labels say."""
    when = block.text("LONGDATE") or " ".join(
        filter(None, (block.text("DATE"), block.text("TIME")))
    )
    averages = number(block.text(".AVERAGES", "AVERAGES", ".SCANS"))
    whole = averages is not None and averages == int(averages) and 1 <= averages <= 1e9
    return Acquisition(
        averages=int(averages) if averages is not None and whole else None,
        instrument=block.text("SPECTROMETERDATASYSTEM", "SPECTROMETER").replace("\n", " ") or None,
        measured_at=when.replace("\n", " ") or None,
    )
