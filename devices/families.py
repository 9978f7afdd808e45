"""The families of analysers as rows of data, and what code belongs to each; nothing is opened here.

Drivers and emulators are imported when a row is used, so that a list of families costs nothing and
the program starts without a USB library.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from devices.emulators.bench_model import BenchModel
from devices.errors import ConfigurationError, UnknownFamilyError
from devices.parts import DetectorPart, LaserPart
from devices.timing import Timing

Parts = tuple[DetectorPart, LaserPart | None]
OpenParts = Callable[..., Parts]


class Wire(Enum):
    """How an analyser is connected."""

    NONE = "none"
    USB = "USB"
    SERIAL = "serial"
    EITHER = "USB or serial"


class LaserKind(Enum):
    """Where the laser is."""

    BUILT_IN = "built in"
    PAIRED = "a laser with a port of its own"


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a family, already bound to its row.

    Parameters
    ----------
    open_parts : callable (wire, timing, configuration) -> (detector, laser or None)
        The driver.
    emulator : callable (sample, seed, faults, serial, bench) -> SerialModel or UsbModel
        The emulated instrument on its wire.
    """

    open_parts: OpenParts
    emulator: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Family:
    """One row: a family or model of analysers that can be opened.

    Parameters
    ----------
    name : str
        What it is opened by.
    title : str
        What it is called on screen.
    wire : Wire
        How it is connected; NONE for the bench that stands for no product.
    laser : LaserKind
        Where its laser is.
    laser_nm : float
        Nominal excitation wavelength in nm; the instrument's own word counts.
    usb_ids : tuple of (int, int)
        Vendor and product ids that it is found by.
    code : callable
        Imports its driver and emulator.
    bench : BenchModel or None
        Figures of the bench of a row without a wire.
    standing : str
        What the driver was tried on, in words.
    """

    name: str
    title: str
    wire: Wire
    laser: LaserKind
    laser_nm: float
    usb_ids: tuple[tuple[int, int], ...] = ()
    code: Callable[[], Code] | None = None
    bench: BenchModel | None = None
    standing: str = "emulator and third-party drivers; no instrument"

    @property
    def emulated_only(self) -> bool:
        """Whether no real instrument can be behind it."""
        return self.code is None


def _check_papers(configuration: Any, kind: type) -> Any:
    """Return the papers of an instrument if they are of its kind; None for none.

    Raises
    ------
    ConfigurationError
        When they are those of another instrument: they would be left out in silence.
    """
    if configuration is None or configuration is EMULATED_PAPERS:
        return None
    if not isinstance(configuration, kind):
        raise ConfigurationError(
            "these papers belong to another kind of instrument", "", "leave --papers out"
        )
    return configuration


def _wasatch(model: str) -> Callable[[], Code]:
    def code() -> Code:
        from devices.drivers.wasatch.driver import open_parts
        from devices.emulators.wasatch import emulator

        def parts(wire: Any, timing: Timing, configuration: object) -> Parts:
            _check_papers(configuration, type(None))
            return open_parts(wire, timing)

        def emulate(sample: Any, seed: int, faults: Any, **_options: Any) -> Any:
            return emulator(sample, seed, model=model, faults=faults)

        return Code(parts, emulate)

    return code


def _obp(model: str) -> Callable[[], Code]:
    def code() -> Code:
        from devices.drivers.ocean_obp.configuration import ObpConfiguration
        from devices.drivers.ocean_obp.driver import open_parts
        from devices.emulators.ocean_obp import emulator

        def parts(wire: Any, timing: Timing, configuration: Any) -> Parts:
            given = _check_papers(configuration, ObpConfiguration)
            return open_parts(wire, timing, model=model, configuration=given)

        def emulate(sample: Any, seed: int, faults: Any, *, serial: bool, bench: Any) -> Any:
            wire = "serial" if serial else "usb"
            return emulator(sample, seed, model=model, faults=faults, wire=wire, bench=bench)

        return Code(parts, emulate)

    return code


def _ooi(model: str) -> Callable[[], Code]:
    def code() -> Code:
        from devices.drivers.ocean_ooi.driver import open_parts
        from devices.emulators.ocean_ooi import emulator

        def parts(wire: Any, timing: Timing, configuration: object) -> Parts:
            _check_papers(configuration, type(None))
            return open_parts(wire, timing, model=model)

        def emulate(sample: Any, seed: int, faults: Any, *, bench: Any, **_options: Any) -> Any:
            return emulator(sample, seed, model=model, faults=faults, bench=bench)

        return Code(parts, emulate)

    return code


def _bwtek(model: str) -> Callable[[], Code]:
    def code() -> Code:
        from devices.drivers.bwtek.configuration import BwtekConfiguration
        from devices.drivers.bwtek.driver import open_parts
        from devices.emulators.bwtek import configuration as papers_of
        from devices.emulators.bwtek import emulator

        def parts(wire: Any, timing: Timing, configuration: Any) -> Parts:
            if configuration is EMULATED_PAPERS:
                configuration = papers_of(model)
            given = _check_papers(configuration, BwtekConfiguration)
            return open_parts(wire, timing, configuration=given)

        def emulate(sample: Any, seed: int, faults: Any, *, bench: Any, **_options: Any) -> Any:
            return emulator(sample, seed, model=model, faults=faults, bench=bench)

        return Code(parts, emulate)

    return code


EMULATED_PAPERS = object()
"""Stands for the configuration record that belongs to an emulated instrument."""


def _bench(name: str, bench: BenchModel) -> Family:
    return Family(
        name,
        bench.model,
        Wire.NONE,
        LaserKind.BUILT_IN,
        bench.laser_nm,
        bench=bench,
        standing="a bench that stands for no product",
    )


def _usb(name: str, title: str, ids: tuple[int, int], code: Any, **more: Any) -> Family:
    given = {"wire": Wire.USB, "laser": LaserKind.PAIRED, "laser_nm": 785.0, **more}
    return Family(name, title, usb_ids=(ids,), code=code, **given)


_OWN = {"laser": LaserKind.BUILT_IN}
_EITHER = {"wire": Wire.EITHER}

FAMILIES: tuple[Family, ...] = (
    _bench(
        "emulated-785",
        BenchModel(
            model="Emulated 785 nm analyser",
            detector="emulated cooled silicon array",
            laser_nm=785.0,
            wavelength_coefficients_nm=(793.0, 0.0925, -5.2e-6),
            pixels=2048,
            resolution_cm1=10.0,
        ),
    ),
    _bench(
        "emulated-785-handheld",
        BenchModel(
            model="Emulated 785 nm handheld",
            detector="emulated uncooled silicon array",
            laser_nm=785.0,
            wavelength_coefficients_nm=(795.0, 0.178, -1.7e-5),
            pixels=1024,
            resolution_cm1=14.0,
            edge_cm1=220.0,
            read_noise_e=20.0,
            dark_e_per_s=12.0,
            drift_nm=0.04,
            setpoint_c=28.0,
            start_c=25.0,
            cooling_time_s=300.0,
        ),
    ),
    _usb("wasatch-785", "Wasatch WP-785 (FX2)", (0x24AA, 0x1000), _wasatch("wasatch-785"), **_OWN),
    _usb(
        "wasatch-785-xs",
        "Wasatch XS 785 (ARM)",
        (0x24AA, 0x4000),
        _wasatch("wasatch-785-xs"),
        **_OWN,
    ),
    _usb(
        "wasatch-1064",
        "Wasatch WP-1064 (InGaAs)",
        (0x24AA, 0x2000),
        _wasatch("wasatch-1064"),
        laser=LaserKind.BUILT_IN,
        laser_nm=1064.0,
    ),
    _usb(
        "ocean-ventana-785",
        "Ocean Ventana 785",
        (0x2457, 0x5000),
        _obp("ventana-785"),
        **_OWN,
        **_EITHER,
    ),
    _usb("ocean-qepro", "Ocean QE Pro with a laser", (0x2457, 0x4004), _obp("qepro"), **_EITHER),
    _usb("ocean-sts", "Ocean STS with a laser", (0x2457, 0x4000), _obp("sts"), **_EITHER),
    _usb("ocean-hdx", "Ocean HDX with a laser", (0x2457, 0x2003), _obp("hdx"), **_EITHER),
    _usb(
        "ocean-usb2000plus",
        "Ocean USB2000+ or Flame-S with a laser",
        (0x2457, 0x101E),
        _ooi("USB2000+"),
    ),
    _usb(
        "ocean-usb4000",
        "Ocean USB4000 or Flame-T with a laser",
        (0x2457, 0x1022),
        _ooi("USB4000"),
    ),
    _usb(
        "ocean-maya2000pro",
        "Ocean Maya2000 Pro with a laser",
        (0x2457, 0x102A),
        _ooi("Maya2000Pro"),
    ),
    Family(
        "bwtek-btc110",
        "B&W Tek BTC110-S with a laser",
        Wire.SERIAL,
        LaserKind.PAIRED,
        785.0,
        code=_bwtek("BTC110-S"),
    ),
    Family(
        "bwtek-btc100",
        "B&W Tek BTC100-S with a laser",
        Wire.SERIAL,
        LaserKind.PAIRED,
        785.0,
        code=_bwtek("BTC100-S"),
    ),
)


def families() -> tuple[str, ...]:
    """Return the names of the rows."""
    return tuple(row.name for row in FAMILIES)


def family(name: str) -> Family:
    """Return the row called `name`.

    Raises
    ------
    UnknownFamilyError
        When there is none.
    """
    for row in FAMILIES:
        if row.name == name:
            return row
    raise UnknownFamilyError(
        f"no family of analysers is called {name!r}", "", f"choose one of {', '.join(families())}"
    )
