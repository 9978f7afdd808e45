"""Emulated Ocean Binary Protocol spectrometers, on USB and on RS-232: one inside, two faces."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from devices.drivers.ocean_obp.models import MODELS, VENDOR_ID, ObpModel, model_row
from devices.emulators.bench import NO_FAULTS, Bench, Faults
from devices.emulators.bench_model import BenchModel, Geometry
from devices.emulators.ocean_obp_core import ObpInstrument
from devices.emulators.ocean_obp_memory import ObpMemory, blank, insane
from devices.emulators.wire import UsbIdentity, UsbStallError
from devices.errors import SettingsError
from devices.sample import Sample

__all__ = ["BENCHES", "MEMORIES", "MODELS", "ObpSerial", "ObpUsb", "emulator"]

SERIAL_LANE = 0
NONLINEARITY = [0.905, 1.1e-6, -9.5e-12, 1.6e-16]

_QEPRO_NM = (785.0, 0.19, -8e-6, 1e-9)
_FIGURES: dict[str, BenchModel] = {
    "qepro": BenchModel(
        model="Emulated QE Pro", detector="emulated back-thinned CCD, 1024 active pixels",
        laser_nm=785.0, wavelength_coefficients_nm=_QEPRO_NM, pixels=1024, resolution_cm1=9.0,
        adc_bits=18, electrons_per_count=1.4, offset_counts=1_500.0, read_noise_e=6.0,
        setpoint_c=-10.0, start_c=-8.5,
    ),
    "sts": BenchModel(
        model="Emulated STS", detector="emulated CMOS array", laser_nm=785.0,
        wavelength_coefficients_nm=(788.0, 0.172, -1.3e-5, 0.0), pixels=1024, resolution_cm1=18.0,
        adc_bits=14, electrons_per_count=8.0, offset_counts=1_500.0, read_noise_e=30.0,
        setpoint_c=28.0, start_c=25.0, cooling_time_s=300.0,
    ),
    "spark": BenchModel(
        model="Emulated Spark", detector="emulated CMOS array", laser_nm=785.0,
        wavelength_coefficients_nm=(788.0, 0.172, -1.3e-5, 0.0), pixels=1024, resolution_cm1=20.0,
        adc_bits=14, electrons_per_count=8.0, offset_counts=1_500.0, read_noise_e=30.0,
        setpoint_c=28.0, start_c=25.0, cooling_time_s=300.0,
    ),
    "ventana-785": BenchModel(
        model="Emulated Ventana 785", detector="emulated CCD", laser_nm=785.0,
        wavelength_coefficients_nm=(799.0, 0.158, -1.1e-5, 0.0), pixels=1024, resolution_cm1=10.0,
        offset_counts=1_000.0, setpoint_c=-5.0, start_c=-4.0,
    ),
    "hdx": BenchModel(
        model="Emulated HDX", detector="emulated back-thinned CCD", laser_nm=785.0,
        wavelength_coefficients_nm=(786.0, 0.092, -3.0e-6, 0.0), pixels=2068, resolution_cm1=12.0,
        offset_counts=1_000.0, read_noise_e=20.0, setpoint_c=28.0, start_c=25.0,
        cooling_time_s=300.0,
    ),
}  # fmt: skip
BENCHES: dict[str, BenchModel] = {
    key: replace(
        _FIGURES[key],
        pixels=row.pixels,
        full_counts=float(row.saturation),
        geometry=Geometry(row.active, row.electric_dark, row.wavelength_origin),
    )
    for key, row in MODELS.items()
}
"""Typical figures, not those of one instrument, on the pixels of each row."""

_SERIALS = {
    "qepro": b"EMULATED-QEP01",
    "sts": b"EMULATED-STS01",
    "spark": b"EMULATED-SPK01",
    "ventana-785": b"EMULATED-VEN01",
    "hdx": b"EMULATED-HDX01",
}
MEMORIES: dict[str, ObpMemory] = {
    key: ObpMemory(
        serial,
        list(BENCHES[key].wavelength_coefficients_nm),
        nonlinearity=list(NONLINEARITY),
        stray_light=[0.0005],
    )
    for key, serial in _SERIALS.items()
}


class ObpSerial:
    """The instrument on a serial line: a `SerialModel`."""

    def __init__(self, instrument: ObpInstrument) -> None:
        self.instrument = instrument

    @property
    def bench(self) -> Bench:
        """Its physics."""
        return self.instrument.bench

    @property
    def baud(self) -> int:
        """Speed in bits per second; a new one counts after the acknowledgement has gone out."""
        return self.instrument.baud

    def receive(self, data: bytes, at_s: float) -> None:
        """Take what the host sent."""
        self.instrument.receive(SERIAL_LANE, data, at_s)

    def send(self, at_s: float) -> bytes:
        """Return what it has to say."""
        waiting = self.instrument.frames(SERIAL_LANE, at_s)
        said = b"".join(waiting)
        waiting.clear()
        if self.instrument.baud_wanted is not None:
            self.instrument.baud = self.instrument.baud_wanted
            self.instrument.baud_wanted = None
        return said

    def next_s(self) -> float | None:
        """Return when it will say more by itself."""
        return self.instrument.next_s()


@dataclass(slots=True)
class _Reading:
    """What is left of the frame that the host is reading."""

    left: bytes = b""


class ObpUsb:
    """The instrument on USB: a `UsbModel` with pairs of bulk end points."""

    def __init__(self, instrument: ObpInstrument) -> None:
        self.instrument = instrument
        model = instrument.model
        self._answers_on = dict(model.endpoints)
        self._reading = {inward: _Reading() for _, inward in model.endpoints}
        self._identity = UsbIdentity(
            VENDOR_ID,
            model.product_id,
            manufacturer="Spectra (emulated)",
            product=f"{model.name} (emulated)",
            serial=instrument.memory.serial.decode("latin-1"),
            endpoints_out=tuple(outward for outward, _ in model.endpoints),
            endpoints_in=tuple(inward for _, inward in model.endpoints),
            packet_size=64,
        )

    @property
    def bench(self) -> Bench:
        """Its physics."""
        return self.instrument.bench

    @property
    def identity(self) -> UsbIdentity:
        """What it says when it is plugged in."""
        return self._identity

    def control_in(self, request: int, value: int, index: int, length: int, at_s: float) -> bytes:
        """Refuse: it knows no vendor requests."""
        raise UsbStallError(request, value, index, length, at_s)

    def control_out(self, request: int, value: int, index: int, data: bytes, at_s: float) -> None:
        """Refuse: it knows no vendor requests."""
        raise UsbStallError(request, value, index, data, at_s)

    def bulk_out(self, endpoint: int, data: bytes, at_s: float) -> None:
        """Take what the host sent."""
        self.instrument.receive(self._answers_on[endpoint], data, at_s)

    def bulk_in(self, endpoint: int, length: int, at_s: float) -> bytes | None:
        """Return up to `length` bytes of one frame, or None when there is none."""
        waiting: deque[bytes] = self.instrument.frames(endpoint, at_s)
        reading = self._reading[endpoint]
        if not reading.left and waiting:
            reading.left = waiting.popleft()
        if not reading.left:
            return None
        piece, reading.left = reading.left[:length], reading.left[length:]
        return piece

    def next_s(self, endpoint: int) -> float | None:
        """Return when `endpoint` will have bytes without being asked."""
        return self.instrument.next_s() if endpoint in self._reading else None


_MEMORY_STATES: dict[str, Callable[[ObpMemory], ObpMemory]] = {
    "programmed": copy.deepcopy,
    "blank": blank,
    "insane": insane,
}


def emulator(
    sample: Sample,
    seed: int,
    *,
    model: str = "qepro",
    faults: Faults = NO_FAULTS,
    wire: str = "usb",
    memory: str = "programmed",
    bench: Bench | None = None,
) -> ObpUsb | ObpSerial:
    """Return an emulated instrument.

    Parameters
    ----------
    sample : Sample
        What lies in front of it.
    seed : int
        Seed of all chance.
    model : str
        A key of `MODELS`.
    faults : Faults
        What goes wrong inside it.
    wire : str
        ``"usb"`` or ``"serial"``.
    memory : str
        ``"programmed"``, ``"blank"`` or ``"insane"``.
    bench : Bench, optional
        Physics shared with another emulator (a laser); a new bench when not given.

    Raises
    ------
    SettingsError
        When there is no such model, wire or state of memory.
    """
    row: ObpModel = model_row(model)
    if wire not in ("usb", "serial") or memory not in _MEMORY_STATES:
        raise SettingsError(f"no wire {wire!r} or memory {memory!r}", "emulator", "see its help")
    made = _MEMORY_STATES[memory](MEMORIES[model])
    shared = bench if bench is not None else Bench(BENCHES[model], sample, seed, faults)
    inside = ObpInstrument(row, made, shared)
    return ObpUsb(inside) if wire == "usb" else ObpSerial(inside)
