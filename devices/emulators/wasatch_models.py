"""Emulated Wasatch Photonics analysers as data: figures, identity and contents of the memory.

The figures are typical, those of no real unit. Names of models and serial numbers say that they
are emulated.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace

from devices.drivers.wasatch.eeprom import (
    HARDWARE_EVEN_ODD,
    INTERLOCK_FEEDBACK,
    INVERT_X,
    Eeprom,
    Field,
    layout,
)
from devices.drivers.wasatch.opcodes import ARM, FX2, FX2_INGAAS, PAGE_BYTES
from devices.emulators.bench_model import BenchModel

MEMORY_PAGES = 16
BLANK_PAGE = b"\xff" * PAGE_BYTES


@dataclass(frozen=True, slots=True)
class WasatchModel:
    """One emulated unit.

    Parameters
    ----------
    bench : BenchModel
        Its optics, detector and laser; what it really is.
    memory : Eeprom or None
        What its memory says, right or wrong; None for a memory never written to.
    product_id : int
        USB product id.
    firmware : tuple of int
        Four numbers, highest first.
    fpga : str
        Seven characters.
    battery_percent : float or None
        Charge when switched on, or None without a battery.
    wired_backwards : bool
        Whether the detector sends its last pixel first.
    """

    bench: BenchModel
    memory: Eeprom | None
    product_id: int
    firmware: tuple[int, int, int, int] = (10, 0, 0, 49)
    fpga: str = "026-007"
    battery_percent: float | None = None
    wired_backwards: bool = False

    @property
    def arm(self) -> bool:
        """Whether it has an ARM board (X and XS series)."""
        return self.product_id == ARM


def pack(memory: Eeprom | None) -> tuple[bytes, ...]:
    """Return the pages of a memory; the driver never writes one, so this is here."""
    pages = [bytearray(BLANK_PAGE) for _ in range(MEMORY_PAGES)]
    if memory is None:
        return tuple(bytes(page) for page in pages)
    for page in pages[:8]:
        page[:] = bytes(PAGE_BYTES)
    for field in layout(memory.format, memory.subformat, with_password=bool(memory.laser_password)):
        _write(pages[field.page], field, getattr(memory, field.name))
    return tuple(bytes(page) for page in pages)


def _write(page: bytearray, field: Field, value: object) -> None:
    if isinstance(value, str):
        values: tuple[object, ...] = (value.encode("ascii", "replace"),)
    else:
        values = value if isinstance(value, tuple) else (value,)
    struct.pack_into("<" + field.code, page, field.offset, *values)


_MEMORY_785 = Eeprom(
    format=15,
    model="EMULATED 785",
    serial="EMULATED-FX2",
    baud=300,
    has_cooling=1,
    has_laser=1,
    feature_mask=INTERLOCK_FEEDBACK,
    slit_um=25,
    startup_integration_ms=100,
    startup_temperature_c=10,
    gain=1.9,
    gain_odd=1.9,
    wavelength_nm=(801.947387695, 0.141202107072, -5.95459096e-6, -8.243807e-9),
    celsius_to_dac=(4102.951171875, -143.09309387207, -0.487925797700882),
    highest_temperature_c=20,
    lowest_temperature_c=10,
    adc_to_celsius=(61.4234504699707, -0.0112123396247625, -8.00000009348878e-07),
    thermistor_r298=10000,
    thermistor_beta=3450,
    calibration_date="08/10/2021",
    calibrated_by="EMU",
    detector="S16011 emulated",
    active_pixels=1024,
    laser_warm_up_s=2,
    active_rows=64,
    actual_pixels=1044,
    roi_horizontal=(0, 1023),
    roi_vertical=(0, 63, 0, 63, 0, 63),
    laser_power=(0.0, 0.22, 0.0, 0.0),
    highest_power_mw=450.0,
    lowest_power_mw=5.0,
    excitation_nm=785.05,
    lowest_integration_ms=3,
    highest_integration_ms=60000,
    resolution_cm1=6.0,
    user_text="emulated, no real instrument",
    subformat=1,
    intensity_order=5,
    intensity_log10=(-0.2455, -6.3266e-4, 1.55898e-6, -1.127315e-9, 7.362e-13, 0.0),
)
PARTS = _MEMORY_785
"""What the parts of a unit are calibrated to whose memory says nothing."""
_MEMORY_XS = replace(
    _MEMORY_785,
    format=16,
    model="EMULATED XS 785",
    serial="EMULATED-XS",
    has_cooling=0,
    has_battery=1,
    feature_mask=0,
    wavelength_nm=(786.5, 0.0905, -3.1e-6, -1.2e-10),
    detector="IMX385 emulated",
    active_pixels=1952,
    active_rows=1080,
    actual_pixels=1952,
    laser_warm_up_s=1,
    roi_horizontal=(12, 1936),
    roi_vertical=(8, 1080, 0, 0, 0, 0),
    highest_power_mw=100.0,
    laser_power=(0.0, 1.0, 0.0, 0.0),
    excitation_nm=785.0,
    lowest_integration_ms=10,
    highest_integration_ms=10000,
    laser_watchdog_s=10,
    detector_timeout_s=600,
    power_timeout_s=900,
    resolution_cm1=9.0,
    subformat=0,
)
_MEMORY_1064 = replace(
    _MEMORY_785,
    model="EMULATED 1064",
    serial="EMULATED-INGAAS",
    feature_mask=INTERLOCK_FEEDBACK | HARDWARE_EVEN_ODD,
    startup_temperature_c=-15,
    lowest_temperature_c=-20,
    highest_temperature_c=0,
    wavelength_nm=(1080.0, 0.575, -6.0e-5, 0.0),
    detector="InGaAs emulated",
    active_pixels=512,
    actual_pixels=512,
    roi_horizontal=(0, 511),
    excitation_nm=1064.0,
    subformat=0,
)
_MEMORY_2048 = replace(
    _MEMORY_785,
    model="EMULATED 785 2K",
    serial="EMULATED-FX2-2K",
    wavelength_nm=(795.0, 0.0925, -5.2e-6, 0.0),
    detector="S11510 emulated",
    active_pixels=2048,
    actual_pixels=2068,
    roi_horizontal=(0, 2047),
    subformat=0,
)


def _bench(memory: Eeprom, **figures: float) -> BenchModel:
    return BenchModel(
        model=f"{memory.model} (emulated)",
        detector=memory.detector,
        laser_nm=memory.excitation_nm,
        wavelength_coefficients_nm=memory.stated_axis_nm,
        pixels=memory.active_pixels,
        resolution_cm1=memory.resolution_cm1,
        setpoint_c=float(memory.startup_temperature_c),
        start_c=figures.pop("start_c", memory.startup_temperature_c + 1.0),
        laser_delay_s=figures.pop("laser_delay_s", 0.0),
        **figures,  # type: ignore[arg-type]
    )


_FX2 = WasatchModel(_bench(_MEMORY_785), _MEMORY_785, FX2)
_XS = WasatchModel(
    _bench(
        _MEMORY_XS,
        start_c=25.0,
        laser_delay_s=3.0,
        offset_counts=250.0,
        edge_cm1=220.0,
        read_noise_e=20.0,
        drift_nm=0.03,
        dark_e_per_s=1.0,  # a small sensor that is not cooled: 32 e-/s at 25 degrees
    ),
    _MEMORY_XS,
    ARM,
    firmware=(1, 0, 79, 5),
    fpga="01.4.32",
    battery_percent=80.0,
)
_INGAAS = WasatchModel(
    _bench(_MEMORY_1064, qe_half_nm=1650.0, read_noise_e=300.0, dark_e_per_s=4000.0),
    _MEMORY_1064,
    FX2_INGAAS,
)
_NAN = (math.nan,) * 4
_FALLING = (945.0, -0.141, 0.0, 0.0)

MODELS: dict[str, WasatchModel] = {
    "wasatch-785": _FX2,
    "wasatch-785-xs": _XS,
    "wasatch-785-2048": WasatchModel(_bench(_MEMORY_2048), _MEMORY_2048, FX2),
    "wasatch-1064": _INGAAS,
    "wasatch-785-memory-blank": replace(_FX2, memory=None),
    "wasatch-785-xs-memory-blank": replace(_XS, memory=None),
    "wasatch-785-memory-nan": replace(
        _FX2, memory=replace(_MEMORY_785, wavelength_nm=_NAN, excitation_nm=math.nan)
    ),
    "wasatch-785-excitation-0": replace(_FX2, memory=replace(_MEMORY_785, excitation_nm=0.0)),
    "wasatch-785-reversed": replace(_FX2, memory=replace(_MEMORY_785, wavelength_nm=_FALLING)),
    "wasatch-785-inverted": replace(
        _FX2,
        memory=replace(_MEMORY_785, feature_mask=INTERLOCK_FEEDBACK | INVERT_X),
        wired_backwards=True,
    ),
    "wasatch-785-bad-pixels": replace(
        _FX2, memory=replace(_MEMORY_785, bad_pixel_places=(203, 512, 1500) + (-1,) * 12)
    ),
    # 4 cm-1 at the middle of the axis: a moved first coefficient, as a knock leaves it.
    "wasatch-785-axis-off": replace(
        _FX2,
        memory=replace(
            _MEMORY_785,
            wavelength_nm=(801.947387695 + 0.301, *_MEMORY_785.wavelength_nm[1:]),
        ),
    ),
}
