"""Spectra as they travel: counts, what the instrument says of them, and whether they are fresh.

Source: QE Pro data sheet 891-00000-000-05-201604, "get spectrum and metadata" (message 100928).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from devices.drivers.ocean_obp.models import METADATA_BYTES, ObpModel
from devices.errors import BadAnswerError, StaleDataError
from devices.frame import FloatArray


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a buffered spectrum says of itself.

    Parameters
    ----------
    count : int
        Number of the spectrum since the instrument was switched on.
    tick_us : int
        The instrument's clock in microseconds.
    integration_us : int
        Integration time of this spectrum.
    trigger : int
        Trigger mode.
    """

    count: int
    tick_us: int
    integration_us: int
    trigger: int


_METADATA = struct.Struct("<IQI2xB13x")


def pack_spectrum(model: ObpModel, counts: FloatArray, metadata: Metadata | None = None) -> bytes:
    """Return the payload of a spectrum: whole counts as `model` sends them."""
    body = np.asarray(counts).astype(f"<u{model.bytes_per_pixel}").tobytes()
    if metadata is None:
        return body
    head = (metadata.count, metadata.tick_us, metadata.integration_us, metadata.trigger)
    return _METADATA.pack(*head) + body


def unpack_spectrum(model: ObpModel, payload: bytes) -> tuple[FloatArray, Metadata | None]:
    """Return the counts, shape (pixels,), and the metadata when the model sends some.

    Raises
    ------
    BadAnswerError
        When bytes are missing or too many, or a count is more than the converter can give.
    """
    if len(payload) != model.spectrum_bytes:
        raise BadAnswerError(
            f"{len(payload)} of {model.spectrum_bytes} bytes of the spectrum came",
            "spectrum",
            "measure again; when it repeats, check that the right model is chosen",
        )
    metadata = None
    if model.buffered:
        metadata = Metadata(*_METADATA.unpack_from(payload))
        payload = payload[METADATA_BYTES:]
    whole = np.frombuffer(payload, dtype=f"<u{model.bytes_per_pixel}")
    if int(whole.max()) > model.full_scale:
        raise BadAnswerError(
            f"a count of {int(whole.max())} is more than the converter of a {model.name} gives",
            "spectrum",
            "measure again",
        )
    return whole.astype(np.float64), metadata


def check_fresh(metadata: Metadata, integration_us: int, last: Metadata | None) -> None:
    """Refuse a spectrum that is not the one asked for.

    Parameters
    ----------
    metadata : Metadata
        Of the spectrum that came.
    integration_us : int
        Integration time that was set.
    last : Metadata or None
        Of the spectrum before it in this session.

    Raises
    ------
    StaleDataError
        When it was taken with another integration time or trigger, or is not newer than `last`.
    """
    remedy = "measure again; the instrument's buffer is emptied before"
    if metadata.integration_us != integration_us:
        raise StaleDataError(
            f"the spectrum was taken with {metadata.integration_us} us, {integration_us} us were "
            "asked for",
            "spectrum",
            remedy,
        )
    if metadata.trigger != 0:
        raise StaleDataError(f"it was taken in trigger mode {metadata.trigger}", "spectrum", remedy)
    if last is None:
        return
    if metadata.count == last.count or metadata.tick_us <= last.tick_us:
        raise StaleDataError(
            f"spectrum {metadata.count} at {metadata.tick_us} us is not newer than spectrum "
            f"{last.count} at {last.tick_us} us",
            "spectrum",
            remedy,
        )
