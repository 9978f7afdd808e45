"""Errors of the program itself, and the exit codes of the command line.

SpectraError
└── AppError
    ├── EvidenceError      evidence could not be stored, or is not what its hash says
    ├── DisplayError       the window or the report renderer cannot start here
    └── SettingsError      the settings folder cannot be used
"""

from __future__ import annotations

from matching.errors import SpectraError

EXIT_OK = 0
EXIT_ARGUMENTS = 2
EXIT_REFUSED = 3
EXIT_INTEGRITY = 4


class AppError(SpectraError):
    """An error of the program's own parts."""

    code = "program"


class EvidenceError(AppError):
    """Evidence could not be stored, or is not what its hash says."""

    code = "evidence"


class DisplayError(AppError):
    """The window or the report renderer cannot start here."""

    code = "display"


class SettingsError(AppError):
    """The settings folder cannot be used."""

    code = "settings"
