"""What can lie under an emulated laser: the materials of the starter table, and an empty vial."""

from __future__ import annotations

import numpy as np

from devices.frame import FloatArray
from devices.sample import Sample
from library.errors import SpectrumChoiceError
from library.starter import StarterMaterial, starter_materials

EMPTY_VIAL = "empty glass vial"
SHOWN_FIRST = (
    "amphetamine sulfate",
    "ephedrine hydrochloride",
    "paracetamol",
    "caffeine",
    "lactose",
    "acetone",
)


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


def _bands(material: StarterMaterial) -> FloatArray:
    return np.array([(b.position_cm1, max(b.height, 0.5), 8.0) for b in material.bands])
