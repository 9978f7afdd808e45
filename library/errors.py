"""Errors of files and libraries; the tree continues the one in `matching.errors`.

SpectraError
├── FileError                  a file that cannot be taken in
│   ├── EmptyFileError         nothing in it
│   ├── UnknownFormatError     no reader recognises the content
│   ├── DamagedFileError       recognised, but truncated, inconsistent or not numeric
│   ├── PartialFileError       recognised, but it ends early; what is left can be asked for
│   ├── NotRamanError          a sound file of something that is not a Raman spectrum
│   ├── FileTooLargeError      more bytes or points than a spectrum can have
│   ├── AmbiguousAxisError     the unit or order of the axis cannot be told
│   ├── LaserMissingError      a wavelength axis without the laser line
│   ├── ColumnMissingError     the column asked for is not in the file
│   └── SpectrumChoiceError    the spectrum asked for is not in the file
├── ManifestError              a manifest row or column that cannot be used
└── LibraryError               a library that cannot be used
    ├── LibraryDamagedError    hashes or shapes do not agree
    └── LibraryVersionError    written by a newer program
"""

from __future__ import annotations

from matching.errors import SpectraError


class FileError(SpectraError):
    """A file cannot be taken in."""

    code = "unreadable_file"


class EmptyFileError(FileError):
    """The file is empty."""

    code = "empty_file"


class UnknownFormatError(FileError):
    """No reader recognises the content."""

    code = "unknown_format"


class DamagedFileError(FileError):
    """The format is recognised, but the content is truncated, inconsistent or not numeric."""

    code = "damaged_file"


class PartialFileError(FileError):
    """The file ends early; what is left of it can be asked for."""

    code = "partial_file"


class NotRamanError(FileError):
    """The file is sound but holds something that is not a Raman spectrum."""

    code = "not_raman"


class FileTooLargeError(FileError):
    """The file holds more bytes or points than a spectrum can have."""

    code = "file_too_large"


class AmbiguousAxisError(FileError):
    """The unit or order of the axis cannot be told."""

    code = "ambiguous_axis"


class LaserMissingError(FileError):
    """The axis is a wavelength and the file does not state the laser line."""

    code = "laser_missing"


class ColumnMissingError(FileError):
    """The column asked for is not in the file; it is never replaced by another."""

    code = "column_missing"


class SpectrumChoiceError(FileError):
    """The spectrum asked for is not in the file."""

    code = "spectrum_missing"


class ManifestError(SpectraError):
    """A manifest row or column cannot be used."""

    code = "bad_manifest"


class LibraryError(SpectraError):
    """A library cannot be used."""

    code = "library_unusable"


class LibraryDamagedError(LibraryError):
    """Hashes, shapes or required fields of the library do not agree."""

    code = "library_damaged"


class LibraryVersionError(LibraryError):
    """The library was written by a newer program."""

    code = "library_version"
