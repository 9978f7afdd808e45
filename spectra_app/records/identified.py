"""Read an identification back from the JSON bytes that are kept of it."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

from spectra_app.errors import RecordError
from spectra_app.records.identification import Identification

_FIGURES = {"candidates": ("score", "explains", "missing", "shift_cm1")}
_OF_SCAN = ("snr", "fluorescence_ratio")


def read_identification(data: bytes) -> Identification:
    """Return the identification in `data`; figures that could not be computed are NaN again.

    Raises
    ------
    RecordError
        When it is none of this version.
    """
    try:
        content = json.loads(data)
        return msgspec.convert(_with_nan(content), Identification)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecordError(
            f"a result cannot be read ({error})", "", "use the version of the program that wrote it"
        ) from error


def _with_nan(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content with NaN where JSON has null for a figure."""
    for place, names in _FIGURES.items():
        for row in content[place]:
            row.update({name: math.nan for name in names if row[name] is None})
    quality = content["quality"]
    if quality is not None:
        quality.update({name: math.nan for name in _OF_SCAN if quality[name] is None})
    return content
