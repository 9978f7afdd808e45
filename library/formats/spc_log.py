"""The log block of a Galactic SPC file: free text that is metadata and never fails a spectrum."""

from __future__ import annotations

import re
import struct

from library.formats.assemble import Facts
from library.formats.records import Metadata
from library.formats.spc_header import Header
from library.formats.text import clip, number
from matching.spectrum import Acquisition

MAX_LOG_BYTES, MAX_LOG_LINES = 200_000, 2_000
LASER_LIMITS_NM = (150.0, 2500.0)

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NM = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*nm")
_TIME = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*(ms|s)\b")
_COUNT = re.compile(r"(?:[A-Za-z ]+:\s*)?([0-9]{1,9})\s*")

# LabSpec, Kaiser HoloGRAMS, Aramis: numbers in nm by their names or by their programs' habit.
_LASER_KEYS = ("LASER (NM)", "Laser (nm)", "Laser_Wavelength", "Laser Wavelength", "EXCIT_LINE")


def read_log(data: bytes, header: Header) -> Metadata:
    """Return the lines of the log as (key, value); a line without '=' has the key ``log``.

    Whatever is wrong with the block, an empty or shorter log is the answer.
    """
    if not header.log_at or header.log_at + 64 > len(data):
        return ()
    size, _, text_at = struct.unpack_from(header.order + "III", data, header.log_at)
    stop = min(len(data), header.log_at + max(size, 0))
    start = header.log_at + text_at
    if not header.log_at + 64 <= start < stop:
        return ()
    raw = data[start : min(stop, start + MAX_LOG_BYTES)].rstrip(b"\0 ")
    text = _UNPRINTABLE.sub("", raw.decode("cp1252", errors="replace").replace("\r", "\n"))
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return tuple(_pair(line) for line in lines[:MAX_LOG_LINES])


def _pair(line: str) -> tuple[str, str]:
    key, equals, value = line.partition("=")
    return (key.strip(), value.strip()) if equals and key.strip() else ("log", line)


def written_by_wire(header: Header, log: Metadata) -> bool:
    """Tell whether Renishaw's WiRE wrote the file: its name in the header, or its own log keys."""
    keys = {key for key, _ in log}
    return header.source.startswith("WiRE") or (
        "Measurement_type" in keys and bool(keys & {"XListType", "Grating_grooves"})
    )


def stated_laser(log: Metadata, notes: list[str]) -> float | None:
    """Return the laser line in nm that the log states, or None; what is absurd is noted."""
    facts = Facts(log)
    found = next((text for key in _LASER_KEYS if (text := facts.text(key))), None)
    value = number(found) if found else None
    if value is None:
        # WiRE names the laser: 'Laser: 785 nm edge', '457nm_Raman'.
        found = found or facts.text("Laser", "LASER")
        match = _NM.search(found or "")
        value = number(match[1]) if match else None
    if value is None:
        return None
    if not LASER_LIMITS_NM[0] <= value <= LASER_LIMITS_NM[1]:
        notes.append(f"The log states the laser line {clip(found or '')!r}: not taken.")
        return None
    return value


def stated_acquisition(header: Header, log: Metadata) -> Acquisition:
    """Return how the curve was measured, as far as the log says it with a unit."""
    facts = Facts(log)
    count = _COUNT.fullmatch(facts.text("Accumulations", "ACCUMULATIONS") or "")
    comment = facts.text("COMMENT") or ""
    return Acquisition(
        integration_time_ms=_time(facts),
        averages=int(count[1]) or None if count else None,
        laser_power=(facts.text("Laser_power") or "").rpartition(":")[2].strip() or None,
        instrument=facts.text("INSTRUMENT", "Instrument"),
        serial=facts.text("Serial_number", "SERIAL NUMBER"),
        detector=facts.text("DETECTOR"),
        measured_at=header.measured_at or facts.text("DATE", "Acquisition_Date_Time"),
        saturated="detector saturated: yes" in comment.lower(),
    )


def _time(facts: Facts) -> float | None:
    seconds = number(facts.text("ACQ. TIME (S)") or "")
    if seconds is not None and seconds > 0:
        return seconds * 1000.0
    match = _TIME.search(facts.text("Exposure_time") or "")
    value = number(match[1]) if match else None
    if match is None or not value:
        return None
    return value * (1000.0 if match[2] == "s" else 1.0)
