"""The B&W Tek BTC100-S and BTC110-S as the detector of a modular analyser.

The instrument has no laser, no temperature, no serial number and no axis on its line: the laser is
another part with a port of its own, and the rest comes from the station's configuration record.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

from devices.drivers.bwtek import protocol
from devices.drivers.bwtek.configuration import BwtekConfiguration
from devices.drivers.bwtek.line import Line
from devices.errors import (
    BadAnswerError,
    DeviceError,
    NotConnectedError,
    SettingsError,
    StaleDataError,
)
from devices.parts import DetectorFacts, Exposure, LaserPart
from devices.timing import Timing
from devices.transports.base import ByteStream

SCANS: Final = ("auto", "ascii", "binary")
MARGIN_S: Final = 2.0
ALIGNING_MS: Final = (50, 400)  # time of the exposures that are asked for the alignment, in turn


class BwtekDetector:
    """A `devices.parts.DetectorPart` over a serial line.

    Parameters
    ----------
    stream : ByteStream
        The port; its speed is searched for.
    timing : Timing
        Its time.
    configuration : BwtekConfiguration
        What the instrument's papers say.
    scan : str
        ``"ascii"`` (1.3 s at 115200 baud), ``"binary"`` (0.2 s) or ``"auto"``: binary when one
        ASCII scan beside a binary one shows which of its 2049 values are the 2048 pixels, else
        ASCII.

    Raises
    ------
    TransportTimeoutError, WrongDeviceError
        When no such instrument is found on the port.
    BadAnswerError
        When ``"binary"`` is wanted and the alignment stays unclear; it is never guessed.
    """

    def __init__(
        self,
        stream: ByteStream,
        timing: Timing,
        configuration: BwtekConfiguration,
        scan: str = "auto",
    ) -> None:
        if scan not in SCANS:
            raise SettingsError(f"no scan is called {scan!r}", "scan", "choose auto")
        self._timing, self._line = timing, Line(stream, timing)
        self._integration_ms = int(protocol.INTEGRATION_MS.lowest)
        self._mode = ""
        self._skip: int | None = None
        self._started_s: float | None = None
        self._before: frozenset[str] = frozenset()  # hashes of what the exposure before may be
        self._closed = False
        self._line.find()
        self._configure()
        if scan != "ascii":
            self._skip = self._asked_alignment()
        if scan == "binary" and self._skip is None:
            raise BadAnswerError(
                "it cannot be told which of the 2049 values of a binary scan are the pixels",
                self._line.where,
                "put something with sharp lines in front of it and connect again, or use ASCII",
            )
        self._facts = _facts(configuration, self._line.baud, self._skip)

    @property
    def facts(self) -> DetectorFacts:
        """See `DetectorPart.facts`."""
        return self._facts

    def set_integration_time(self, milliseconds: float) -> float:
        """Set the time of one exposure; the echo of the whole command is its read-back.

        Raises
        ------
        SettingsError
            When it is outside 50 to 65000 ms.
        """
        limits = protocol.INTEGRATION_MS
        if not limits.hold(milliseconds):
            raise SettingsError(
                f"the integration time {milliseconds!r} is outside {limits.lowest:g} to "
                f"{limits.highest:g} ms",
                "integration_time_ms",
                "choose a value inside these limits",
            )
        self._ready()
        whole_ms = round(milliseconds)
        self._line.command("I", whole_ms)
        self._integration_ms = whole_ms
        return float(whole_ms)

    def start(self) -> None:
        """See `DetectorPart.start`."""
        self._ready()
        self._begin("a" if self._skip is None else "b")

    def fetch(self, timeout_s: float) -> Exposure:
        """See `DetectorPart.fetch`; waits as long as the exposure and its bytes need, if longer."""
        self._check_open()
        if self._started_s is None:
            raise StaleDataError("no exposure was started", self._line.where, "measure again")
        values = self._values(timeout_s)
        facts = [("scan", "ascii" if self._mode == "a" else "binary")]
        if self._mode == "b":
            values = values[1:] if self._skip else values[:-1]
            facts.append(("binary value left out", "the first" if self._skip else "the last"))
        self._check_fresh(values)
        return Exposure(values.astype(np.float64), tuple(facts))

    def cancel(self) -> None:
        """See `DetectorPart.cancel`: resets the instrument; the next start sets it up anew."""
        if not self._closed:
            self._line.interrupt()
            self._line.in_step = False

    def temperature_c(self) -> float | None:
        """Return None: its line gives no temperature."""
        return None

    def close(self) -> None:
        """Let it go; a running exposure is stopped, so that it can be opened again at once."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._started_s is not None:
                self._line.interrupt()
        except DeviceError:
            return  # gone already: there is nothing to stop
        finally:
            self._line.close()

    def _configure(self) -> None:
        """Set all that an earlier program or a reset may have left otherwise."""
        self._line.command("A", 1)
        self._line.command("I", self._integration_ms)
        self._mode = ""
        self._started_s = None

    def _ready(self) -> None:
        """Bring the line in step and the instrument to its settings after anything unexpected."""
        self._check_open()
        if self._line.in_step and self._started_s is None:
            return
        # Twice: an instrument that does not stop may be waiting for its next frame to begin.
        left_s = self._exposure_left_s() + self._integration_ms / 1000.0
        self._line.resynchronise(left_s + self._scan_s())
        self._configure()

    def _begin(self, mode: str) -> None:
        if self._mode != mode:
            self._line.command(mode)
            self._mode = mode
        self._line.command("S")
        self._started_s = self._timing.now()

    def _values(self, timeout_s: float) -> protocol.IntArray:
        """Return the values of the running scan: 2048 from ASCII, 2049 from binary."""
        patience_s = max(timeout_s, self._exposure_left_s() + self._scan_s())
        where = self._line.where
        if self._mode == "a":
            data = self._line.collect(
                _ascii_length, patience_s, "an ASCII scan", protocol.ASCII_BYTES
            )
            values = protocol.counts_from_ascii(data, where)
        else:
            data = self._line.collect(
                protocol.binary_length, patience_s, "a binary scan", protocol.BINARY_BYTES_MOST
            )
            values = protocol.values_from_binary(data, where)
        self._started_s = None
        return values

    def _check_fresh(self, counts: protocol.IntArray) -> None:
        """Refuse what no detector with noise can give: equal pixels, or the same counts again.

        Full pixels are equal in truth.
        """
        if int(counts.min()) >= protocol.HIGHEST_COUNT:
            return
        if int(counts.min()) == int(counts.max()):
            raise BadAnswerError(
                f"flat: all {counts.size} pixels read {int(counts[0])}",
                self._line.where,
                "shorten the integration time if it is swamped with light, else have it serviced",
            )
        before, self._before = self._before, _hashes(counts)
        if before & self._before:
            raise StaleDataError(
                "the counts are those of the exposure before, to the last digit",
                self._line.where,
                "measure again",
            )

    def _asked_alignment(self) -> int | None:
        """Return what stands before pixel 0 in a binary scan; None when it stays unclear."""
        wanted_ms = self._integration_ms
        skip = None
        for milliseconds in ALIGNING_MS:
            self.set_integration_time(milliseconds)
            self._begin("a")
            reference = self._values(0.0)
            self._begin("b")
            values = self._values(0.0)
            self._before = _hashes(values[1:], values[:-1])
            skip = protocol.align(values, reference)
            if skip is not None:
                break
        self.set_integration_time(wanted_ms)
        return skip

    def _exposure_left_s(self) -> float:
        if self._started_s is None:
            return 0.0
        gone_s = self._timing.now() - self._started_s
        return max(0.0, self._integration_ms / 1000.0 - gone_s)

    def _scan_s(self) -> float:
        longest = protocol.ASCII_BYTES if self._mode == "a" else protocol.BINARY_BYTES_MOST
        return MARGIN_S + self._line.bytes_s(longest)

    def _check_open(self) -> None:
        if self._closed:
            raise NotConnectedError("the spectrometer is closed", self._line.where, "open it again")


def _hashes(*counts: protocol.IntArray) -> frozenset[str]:
    return frozenset(hashlib.sha256(one.tobytes()).hexdigest() for one in counts)


def _ascii_length(data: bytes) -> int | None:
    """Return the length of an ASCII scan once it is there; a NUL too early ends it, too short."""
    end = data.find(b"\0")
    if end >= 0:
        return end + 1
    return protocol.ASCII_BYTES if len(data) >= protocol.ASCII_BYTES else None


def _facts(configuration: BwtekConfiguration, baud: int, skip: int | None) -> DetectorFacts:
    said = [("speed of the line", f"{baud} baud"), ("checksum on the line", "none")]
    if skip is None:
        said.append(("kind of scan", "ascii"))
    else:
        said.append(
            ("kind of scan", f"binary, without the {'first' if skip else 'last'} of 2049 values")
        )
    if configuration.laser_nm is not None:
        said.append(("laser wavelength in the papers", f"{configuration.laser_nm:g} nm"))
    said.append(("papers", configuration.source or "none"))
    return DetectorFacts(
        model=configuration.model,
        serial=configuration.serial,
        firmware="",
        detector="",
        pixels=protocol.PIXELS,
        active_pixels=(0, protocol.PIXELS),
        integration_time_ms=protocol.INTEGRATION_MS,
        saturation_counts=float(protocol.HIGHEST_COUNT),
        axis=configuration.axis,
        reads_temperature=False,
        facts=tuple(said),
    )


def open_parts(
    wire: ByteStream,
    timing: Timing,
    *,
    configuration: BwtekConfiguration | None = None,
    scan: str = "auto",
) -> tuple[BwtekDetector, LaserPart | None]:
    """Return the parts of the instrument on `wire`: a detector, and no laser.

    Parameters
    ----------
    wire : ByteStream
        The port that a person chose.
    timing : Timing
        Its time.
    configuration : BwtekConfiguration or None
        What its papers say; without them it has no axis, no serial number and no laser line.
    scan : str
        See `BwtekDetector`.

    Raises
    ------
    TransportTimeoutError, WrongDeviceError, BadAnswerError
        See `BwtekDetector`.
    """
    return BwtekDetector(wire, timing, configuration or BwtekConfiguration(), scan), None
