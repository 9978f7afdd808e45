"""What every reader takes and gives: frozen records without I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from matching.errors import SpectraError
from matching.spectrum import Spectrum

Column = Literal["processed", "raw", "raw-dark"]
Metadata = tuple[tuple[str, str], ...]


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
    """

    name: str | None
    index: int
    spectrum: Spectrum
    metadata: Metadata = ()


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
    """What the caller asked for: a column (None: the vendor's own) and a laser line in nm."""

    column: Column | None = None
    laser_nm: float | None = None


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

    `sniff` answers from the content alone and never raises; `parse` raises a SpectraError whose
    place is a line or column (the caller adds the file).
    """

    name: str
    sniff: Callable[[Source], bool]
    parse: Callable[[Source, Request], ReadResult]
