"""Bruker OPUS: read by brukeropus in the worker, checked and interpreted here.

A file holds several blocks: what was measured (single channels, interferograms) and what was made
of it. The Raman block ``ra`` is what the program is about; absorbance, transmittance and the like
come out with their kind, so that they can be converted but never taken for Raman. Interferograms
and phases are never read.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from library.errors import DamagedFileError, ReaderAnswerError
from library.formats import guarded
from library.formats.checks import check_curve
from library.formats.octets import refuse_other_columns
from library.formats.records import Mark, Parsed, Request, Source, Trace
from library.formats.text import EXPORT_AGAIN, clip
from matching.spectrum import Acquisition, FloatArray, Step

NAME = "Bruker OPUS"
MAGIC = b"\x0a\x0a\xfe\xfe"
HEADER = struct.Struct("<4sd3i")
ENTRY = struct.Struct("<3i")
STATUS = (
    0x3F0  # the bits of a block's type that are not 0 for parameters; data about data among them
)
POINTS = b"NPT\0"
PREFERRED = ("ra", "a", "t", "r", "km", "atr", "logr", "pas", "e", "pw", "arit", "aria", "sm", "rf")
UNITS = {"WN": "1/cm", "MI": "µm", "LGW": "log 1/cm", "MIN": "min", "PNT": "point"}
CHANNELS = {"sm": "single-channel sample spectrum", "rf": "single-channel reference spectrum"}
LASER_CM1 = (4_000.0, 66_000.0)  # 2500 nm to 150 nm


def sniff(source: Source) -> bool:
    """Tell whether the first four bytes are those of an OPUS file."""
    return source.data.startswith(MAGIC)


def parse(source: Source, request: Request) -> Parsed:
    """Read every spectrum of the file, the Raman one first."""
    refuse_other_columns(request, NAME)
    marks: frozenset[Mark] = frozenset({"truncated"} if _ends_early(source.data) else ())
    answer = guarded.ask("opus", source.data)
    try:
        blocks = list(_blocks(answer))
        parameters = {str(k): v for k, v in dict(answer.content["parameters"]).items()}  # type: ignore[call-overload]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ReaderAnswerError(
            f"the reader's answer is incomplete ({error})", "", guarded.OTHER_EXPORT
        ) from error
    if not blocks:
        raise DamagedFileError(
            "the file holds no spectrum, only interferograms or nothing at all", "", EXPORT_AGAIN
        )
    blocks.sort(key=lambda block: _rank(block[0]["key"]))
    several = len(blocks) > 1
    laser, notes = _laser(parameters)
    facts = _acquisition(parameters)
    traces = []
    for block, axis, intensity in blocks:
        check_curve(axis, intensity, f"block {block['key']!r}")
        traces.append(
            Trace(
                intensity=intensity,
                **_axis(block, axis),
                kind=_kind(block),
                name=block["key"] if several else None,
                laser_nm=laser if _base(block["key"]) == "ra" else None,
                acquisition=Acquisition(
                    **facts, measured_at=f"{block['date']} {block['time']}".strip() or None
                ),
                metadata=(
                    ("block", block["label"]),
                    *((key.upper(), str(value)) for key, value in parameters.items()),
                ),
                history=(Step("intensities read", (("block", block["key"]),)),),
                marks=marks,
            )
        )
    return Parsed(tuple(traces), tuple(notes))


def _directory(data: bytes) -> list[tuple[int, int, int]]:
    """Return the entries (type, bytes, start) of the file's list of blocks.

    Raises
    ------
    DamagedFileError
        There is none, or it has not as many entries as the header says.
    """
    if len(data) >= HEADER.size:
        _, _, start, most, stated = HEADER.unpack_from(data)
        if HEADER.size <= start <= len(data) - ENTRY.size and most > 0:
            room = data[start : start + most * ENTRY.size]
            whole = room[: len(room) // ENTRY.size * ENTRY.size]
            entries = list(takewhile(lambda entry: entry[2] > 0, ENTRY.iter_unpack(whole)))
            if len(entries) == stated:
                return [(kind, 4 * words, begin) for kind, words, begin in entries]
            raise DamagedFileError(
                f"the header states {stated} blocks; the list has {len(entries)}",
                "header",
                EXPORT_AGAIN,
            )
    raise DamagedFileError("its list of blocks is missing", "header", EXPORT_AGAIN)


def _ends_early(data: bytes) -> bool:
    """Tell whether a block lies beyond the file's end.

    Raises
    ------
    DamagedFileError
        The list of blocks is unusable, or a block states more points than the file has room for.
    """
    short = False
    for kind, size, begin in _directory(data):
        short = short or size < 0 or begin + size > len(data)
        if kind and not kind & STATUS:
            continue
        block = data[begin : begin + max(size, 0)]
        at = block.find(POINTS)
        if 0 <= at <= len(block) - 12:
            count = int.from_bytes(block[at + 8 : at + 12], "little", signed=True)
            if not 0 <= count <= len(data) // 2:
                raise DamagedFileError(
                    f"a block states {count:,} points", f"byte {begin + at}", EXPORT_AGAIN
                )
    return short


def _blocks(answer: guarded.Answer) -> Iterator[tuple[dict[str, Any], FloatArray, FloatArray]]:
    found: list[dict[str, Any]] = list(answer.content["blocks"])  # type: ignore[call-overload]
    if len(answer.arrays) != 2 * len(found):
        raise ValueError("blocks and arrays do not match")
    for at, block in enumerate(found):
        axis, curves = answer.arrays[2 * at], answer.arrays[2 * at + 1]
        texts = {key: str(block[key]) for key in ("key", "label", "unit", "date", "time")}
        count = int(block["curves"])
        if count < 1 or curves.size != count * axis.size:
            raise DamagedFileError(
                f"there are {curves.size:,} intensities for {axis.size:,} points of the axis",
                f"block {clip(texts['key'])!r}",
                EXPORT_AGAIN,
            )
        for curve in curves.reshape(count, axis.size):
            yield texts, axis, curve


def _base(key: str) -> str:
    """Return the kind of block: ``r`` of ``r_2``, ``sm`` of ``sm_2ch``."""
    return re.split(r"_", key, maxsplit=1)[0]


def _rank(key: str) -> int:
    base = _base(key)
    return PREFERRED.index(base) if base in PREFERRED else len(PREFERRED)


def _kind(block: dict[str, Any]) -> str:
    base = _base(block["key"])
    if base == "ra":
        return ""
    return CHANNELS.get(base) or f"{block['label'].strip() or base} spectrum"


def _axis(block: dict[str, Any], axis: FloatArray) -> dict[str, Any]:
    """Return the axis by what it is: a Raman block's wavenumbers are shifts."""
    unit = UNITS.get(block["unit"], block["unit"])
    if _base(block["key"]) == "ra" and unit == "1/cm":
        return {"shift_cm1": axis}
    return {"other_axis": axis, "other_unit": unit}


def _laser(parameters: dict[str, Any]) -> tuple[float | None, list[str]]:
    """Return the Raman laser's line in nm from its wavenumber (RLW); LWN is another laser."""
    stated = parameters.get("rlw")
    if not isinstance(stated, int | float) or not stated:
        return None, []
    low, high = LASER_CM1
    if not low <= stated <= high:
        return None, [
            f"The file states a Raman laser of {stated:g} cm-1, which none has: not taken."
        ]
    return 1e7 / stated, []


def _acquisition(parameters: dict[str, Any]) -> dict[str, Any]:
    power, scans = parameters.get("rlp"), parameters.get("nss")
    return {
        "laser_power": f"{power:g} mW" if isinstance(power, int | float) and power > 0 else None,
        "averages": int(scans) if isinstance(scans, int) and scans > 0 else None,
        "instrument": str(parameters.get("ins") or "") or None,
        "serial": str(parameters.get("srn") or "") or None,
        "detector": str(parameters.get("dtc") or "") or None,
    }
