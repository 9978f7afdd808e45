"""The tree that LabSpec 6 keeps a spectrum in, which its .l6s and its XML share.

Every node has a code of four bytes that says what it is. A spectrum is two axes, intensity and
spectral; what was set at the instrument are pairs of a label and a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from library.formats.checks import check_curve
from library.formats.octets import damaged
from library.formats.records import Metadata, Parsed, Trace
from library.formats.text import clip, number
from matching.spectrum import Acquisition, FloatArray, Step

AXES = (0x7A74D9D6, 0x7B697861)
TYPE, UNIT, NUMBERS = 0x6D707974, 0x7C696E75, 0x7D6CD4DB
TITLE, SETTINGS = 0x6C7469D9, 0x6C62D4D9
LABEL, VALUE, EXACT = 0x6D6D616E, 0x7D6C61DB, 0x08736F70
SPECTRAL, INTENSITY = "Spectr", "Intens"
SHIFT_UNITS = ("1/cm", "cm-1", "cm⁻¹")
LASERS_NM = (150.0, 2500.0)
NAMES_AGREE_NM = 5.0

Value = str | int | float | FloatArray | None


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """One node: its code, and a value or children."""

    code: int
    value: Value = None
    children: tuple[Node, ...] = ()

    def find(self, *codes: int) -> Node | None:
        """Return the first node along the path of `codes`, or None."""
        node: Node | None = self
        for code in codes:
            if node is None:
                return None
            node = next((child for child in node.children if child.code == code), None)
        return node

    def text(self, code: int) -> str:
        """Return the text or number under `code` as text, or an empty one."""
        found = self.find(code)
        value = None if found is None else found.value
        return "" if value is None or isinstance(value, np.ndarray) else str(value).strip()

    def numbers(self, code: int) -> FloatArray | None:
        """Return the array under `code`, or None."""
        found = self.find(code)
        value = None if found is None else found.value
        return value if isinstance(value, np.ndarray) else None


def axes(root: Node) -> tuple[Node, Node, tuple[Node, ...]]:
    """Return the axes of intensity and spectrum, and those of place or time.

    Raises
    ------
    DamagedFileError
        There is not one of each of the first two.
    """
    holder = root.find(*AXES)
    found = holder.children if holder is not None else ()
    intensity = [axis for axis in found if axis.text(TYPE) == INTENSITY]
    spectral = [axis for axis in found if axis.text(TYPE) == SPECTRAL]
    if len(intensity) != 1 or len(spectral) != 1:
        raise damaged(
            f"it has {len(intensity)} axes of intensity and {len(spectral)} spectral ones"
        )
    others = tuple(axis for axis in found if axis not in (*intensity, *spectral))
    return intensity[0], spectral[0], others


def parsed(root: Node, rows: Sequence[FloatArray], notes: Sequence[str] = ()) -> Parsed:
    """Return `rows`, each a spectrum over the tree's spectral axis, with all that is known.

    Raises
    ------
    DamagedFileError
        There is none, or axis and intensities do not fit.
    """
    intensity, spectral, others = axes(root)
    axis = spectral.numbers(NUMBERS)
    if axis is None or not rows:
        raise damaged("the spectral axis or the intensities are missing")
    settings = tuple(_settings(root))
    laser, more = _laser(root)
    unit = spectral.text(UNIT)
    title = root.text(TITLE)
    base: dict[str, Any] = {
        **_axis(axis, unit),
        "intensity_unit": intensity.text(UNIT),
        "laser_nm": laser,
        "acquisition": _acquisition(dict(settings)),
        "history": (Step("intensities read", (("unit", intensity.text(UNIT)),)),),
    }
    traces = []
    for at, row in enumerate(rows, 1):
        check_curve(axis, row, f"spectrum {at}" if len(rows) > 1 else "")
        place = (("spectrum", f"{at} of {len(rows)}"),) if len(rows) > 1 else ()
        traces.append(
            Trace(
                intensity=row,
                name=(title or "spectrum") if len(rows) > 1 else None,
                metadata=(*place, *((("Title", title),) if title else ()), *settings),
                **base,
            )
        )
    return Parsed(tuple(traces), (*notes, *more, *_places(others, len(rows))))


def _axis(axis: FloatArray, unit: str) -> dict[str, Any]:
    """Put the axis where its unit says; absolute wavenumbers and energies are no Raman shift."""
    if unit in SHIFT_UNITS:
        return {"shift_cm1": axis}
    if unit == "nm":
        return {"wavelength_nm": axis}
    return {"other_axis": axis, "other_unit": unit}


def _places(others: Sequence[Node], rows: int) -> Iterator[str]:
    """Yield a note where the axes of place or time are not those of `rows` spectra."""
    sizes = [len(numbers) for axis in others if (numbers := axis.numbers(NUMBERS)) is not None]
    expected = int(np.prod(sizes)) if sizes else 1
    if expected != rows:
        yield f"The file states {expected} places or times and holds {rows} spectra."


def _labelled(root: Node) -> Iterator[tuple[str, Node]]:
    holder = root.find(SETTINGS)
    for group in holder.children if holder is not None else ():
        for node in group.children:
            if node.text(LABEL):
                yield node.text(LABEL), node


def _settings(root: Node) -> Metadata:
    return tuple((label, node.text(VALUE)) for label, node in _labelled(root) if node.text(VALUE))


def _laser(root: Node) -> tuple[float | None, list[str]]:
    """Return the laser line in nm: the exact one, where it is the one that is named."""
    for label, node in _labelled(root):
        if label != "Laser (nm)":
            continue
        found = node.find(EXACT)
        exact = found.value if found is not None and isinstance(found.value, float) else None
        named = number(node.text(VALUE).removesuffix("nm"))
        low, high = LASERS_NM
        usable = [nm for nm in (exact, named) if nm is not None and low <= nm <= high]
        if not usable:
            return None, [f"The laser line {clip(node.text(VALUE))!r} is none in nm: not taken."]
        if len(usable) == 2 and abs(usable[0] - usable[1]) > NAMES_AGREE_NM:
            return None, [
                f"The laser is named {usable[1]:g} nm and set to {usable[0]:g} nm: not taken."
            ]
        return usable[0], []
    return None, []


def _acquisition(known: dict[str, str]) -> Acquisition:
    seconds = number(known.get("Acq. time (s)", ""))
    averages = number(known.get("Accumulations", ""))
    return Acquisition(
        integration_time_ms=seconds * 1000 if seconds is not None and seconds > 0 else None,
        averages=int(averages) if averages is not None and 1 <= averages <= 1e9 else None,
        laser_power=f"filter {known['ND Filter']}" if known.get("ND Filter") else None,
        detector_temperature_c=number(known.get("Detector temperature (°C)", "")),
        instrument=known.get("Instrument"),
        detector=known.get("Detector"),
        measured_at=known.get("Acquired") or known.get("Date"),
    )
