"""What every reader takes and gives: frozen records without I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from matching.errors import SpectraError
from matching.spectrum import Acquisition, FloatArray, Spectrum, Step, Technique

Column = Literal["processed", "raw", "raw-dark"]
Mark = Literal["truncated", "resampled", "missing values"]
Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False, slots=True)
class Trace:
    """One curve as a file holds it: its own axes and order, nothing converted or left out.

    Parameters
    ----------
    intensity : ndarray, shape (n,)
        Ordinates in the order of the file; NaN only with the mark ``missing values``.
    shift_cm1, wavelength_nm : ndarray of shape (n,) or None
        Raman shift and wavelength, where the file holds or defines them.
    other_axis : ndarray of shape (n,) or None
        The axis when it is neither of the two; `other_unit` is its unit (``1/cm`` of an infrared
        spectrum, ``ppm``, ``s``, ``pixel``, or empty when the file does not say).
    doubt : str
        Why nobody can tell what `other_axis` is, in words, where there is more to say than that
        the file does not state its unit.
    intensity_unit : str
        As the file states it.
    kind : str
        What the file says it is, where that is not a Raman spectrum (``infrared spectrum``);
        empty otherwise.
    name : str or None
        Name inside a file that holds several; None where the file names none.
    laser_nm : float or None
        Laser line the file states.
    acquisition : Acquisition
        How it was measured.
    history : tuple of Step
        What the vendor's program and the reader did so far.
    metadata : tuple of (str, str)
        What the file says about it, as written there.
    marks : frozenset of str
        ``truncated``: the file ends early; ``resampled``: the exporting program interpolated it;
        ``missing values``: some ordinates are not known.
    first_line : int or None
        1-based line of the first row of a text file, for messages.
    """

    intensity: FloatArray
    shift_cm1: FloatArray | None = None
    wavelength_nm: FloatArray | None = None
    other_axis: FloatArray | None = None
    other_unit: str = ""
    doubt: str = ""
    intensity_unit: str = ""
    kind: str = ""
    name: str | None = None
    laser_nm: float | None = None
    technique: Technique = "Raman"
    acquisition: Acquisition = field(default_factory=Acquisition)
    history: tuple[Step, ...] = ()
    metadata: Metadata = ()
    marks: frozenset[Mark] = frozenset()
    first_line: int | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a reader found in a file: its curves in order, and what had to be assumed."""

    traces: tuple[Trace, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TraceFile:
    """All curves of one file, before anything was made of them (see `ReadResult`)."""

    format: str
    traces: tuple[Trace, ...]
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedSpectrum:
    """One spectrum of a file.

    Parameters
    ----------
    name : str or None
        Name inside a file that holds several spectra; None where the file names none.
    index : int
        1-based position among the spectra of the same name.
    spectrum : Spectrum
        Axis in cm-1, intensity, and how both came about.
    metadata : tuple of (str, str)
        What the file says about it, as written there.
    marks : frozenset of str
        As `Trace.marks`.
    """

    name: str | None
    index: int
    spectrum: Spectrum
    metadata: Metadata = ()
    marks: frozenset[Mark] = frozenset()


@dataclass(frozen=True, slots=True)
class ReadResult:
    """All spectra of one file.

    Parameters
    ----------
    format : str
        Name of the format recognised.
    spectra : tuple of NamedSpectrum
        In the order of the file; never empty.
    assumptions : tuple of str
        Sentences on everything that was taken for granted, left out or converted.
    """

    format: str
    spectra: tuple[NamedSpectrum, ...]
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What the caller asked for.

    Parameters
    ----------
    column : {"processed", "raw", "raw-dark"} or None
        Which intensities; None takes the vendor's own.
    laser_nm : float or None
        Laser line in nm; wins over the file's.
    partial : bool
        Whether what is left of a truncated file is wanted.
    """

    column: Column | None = None
    laser_nm: float | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A file's bytes and, where they are text, its lines without line ends.

    Parameters
    ----------
    data : bytes
        The file as it is.
    lines : tuple of str
        Decoded lines; empty when the bytes are not text.
    ends_with_newline : bool
        Whether the last line is closed, which a truncated file's often is not.
    refusal : SpectraError or None
        Why the bytes are not text.
    assumptions : tuple of str
        What decoding took for granted.
    """

    data: bytes
    lines: tuple[str, ...]
    ends_with_newline: bool = True
    refusal: SpectraError | None = None
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """One row of the registry: a family's name, its test by content, and its parser.

    `sniff` answers from the content alone and never raises; `parse` looks at the request's column
    only and raises a SpectraError whose place is a line, column or byte (the caller adds the file).
    """

    name: str
    sniff: Callable[[Source], bool]
    parse: Callable[[Source, Request], Parsed]
