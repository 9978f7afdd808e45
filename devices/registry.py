"""Families and models of analysers as rows of data, and the one door that opens them."""

from __future__ import annotations

from dataclasses import dataclass

from devices.composed import ComposedAnalyser
from devices.emulators.bench import Bench
from devices.emulators.bench_model import BenchModel
from devices.emulators.direct import bench_parts
from devices.errors import SampleError, SettingsError, UnknownFamilyError
from devices.interface import Analyser
from devices.sample import Sample
from devices.timing import REAL_TIME, Timing

MAX_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Family:
    """One row: a family or model of analysers that can be opened.

    Parameters
    ----------
    name : str
        What it is opened by.
    title : str
        What it is called on screen.
    laser_nm : float
        Excitation wavelength in nm.
    emulated : bool
        True when there is no real instrument behind it.
    bench : BenchModel
        Figures of the emulated instrument.
    """

    name: str
    title: str
    laser_nm: float
    emulated: bool
    bench: BenchModel


def _emulated(name: str, bench: BenchModel) -> Family:
    return Family(name, bench.model, bench.laser_nm, emulated=True, bench=bench)


FAMILIES: tuple[Family, ...] = (
    _emulated(
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
    _emulated(
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
)


def families() -> tuple[str, ...]:
    """Return the names that `open_analyser` knows."""
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


def open_analyser(
    name: str,
    *,
    sample: Sample | None = None,
    seed: int = 0,
    timing: Timing = REAL_TIME,
) -> Analyser:
    """Open an analyser of the family `name`.

    Parameters
    ----------
    name : str
        One of `families`.
    sample : Sample or None
        What an emulated analyser has in front of it; needed for one, as it measures nothing real.
    seed : int
        Seed of its noise, 0 to 2**63 - 1; kept in the frame as part of the firmware text.
    timing : Timing
        Time; one that is stepped makes an emulated analyser measure without waiting.

    Raises
    ------
    UnknownFamilyError
        When there is no such family.
    SampleError, SettingsError
        When the sample is missing or impossible, or the seed is.
    """
    row = family(name)
    if sample is None:
        raise SampleError(
            "an emulated analyser has nothing to measure", row.title, "choose a sample"
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise SettingsError(f"the seed {seed!r} is not possible", row.title, "choose 0 or above")
    detector, laser = bench_parts(Bench(row.bench, sample, seed), timing, seed)
    return ComposedAnalyser(detector, laser, family=row.name, emulated=True, timing=timing)
