"""Errors of the program itself, and the exit codes of the command line.

SpectraError
└── AppError
    ├── EvidenceError      evidence could not be stored, or is not what its hash says
    ├── DisplayError       the window or the report renderer cannot start here
    ├── SettingsError      the settings folder cannot be used
    ├── JournalError       a journal of acts was altered
    ├── LedgerError        the station's ledger cannot be read or written, or does not hold
    │   ├── RecordError        a record is not there, or not as it was taken to be
    │   ├── AlteredError       a record or entry is not what the audit chain says of it
    │   ├── BrokenBackupError  a backup that does not hold
    │   └── SwappedError       a password's hash is not the one that was recorded
    ├── CaseError          a case, item or scan does not allow that
    ├── IdentifierError    a parcel's, container's or seal's number is none
    ├── ForbiddenError     the user may not do that
    │   └── LogInError         name or password is wrong, or it is too early to try again
    ├── PasswordError      a password that may not be used
    ├── IncompleteReportError  a report that lacks what ISO/IEC 17025 asks for
    ├── SigningError       a certificate that cannot sign, or a file that could not be signed
    ├── ReplayError        a result cannot be computed again: something it came from is gone
    ├── DemoError          demonstration and evidence may not be mixed
    ├── InstalledError     the installed library is not the one that was installed
    ├── NotConfirmedError  nobody agreed to what needs agreement
    └── ReleaseError       a library that may not be released as it is
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


class JournalError(AppError):
    """A journal of acts was altered."""

    code = "journal_altered"


class LedgerError(AppError):
    """The station's ledger cannot be read or written, or its chain does not hold."""

    code = "ledger"


class RecordError(LedgerError):
    """A record is not there, or has changed since it was looked at."""

    code = "record"


class AlteredError(LedgerError):
    """A record is not what the audit chain says of it, or the chain itself was altered."""

    code = "record_altered"


class BrokenBackupError(LedgerError):
    """What is in a backup is not what was written."""

    code = "backup_broken"


class CaseError(AppError):
    """A case, item or scan does not allow that: closed, filed already, in somebody else's hands."""

    code = "case"


class IdentifierError(AppError):
    """A number of a parcel, waybill, container or seal is none, or its check digit is wrong."""

    code = "identifier"


class SwappedError(LedgerError):
    """A password's hash is not the one that was recorded."""

    code = "password_swapped"


class ForbiddenError(AppError):
    """The user may not do that."""

    code = "forbidden"


class LogInError(ForbiddenError):
    """Name or password is wrong, or it is too early to try again."""

    code = "log_in"


class PasswordError(AppError):
    """A password that is too short, or easily guessed."""

    code = "password"


class IncompleteReportError(AppError):
    """A report lacks items that ISO/IEC 17025 asks for.

    `missing` are what, which clause asks for it, and what to do, one for each item.
    """

    code = "report_incomplete"
    missing: tuple[tuple[str, str, str], ...] = ()


class SigningError(AppError):
    """A certificate cannot be used for signing, or the file could not be signed."""

    code = "signing"


class ReplayError(AppError):
    """A result cannot be computed again, because something it came from is not there any more."""

    code = "replay"


class DemoError(AppError):
    """Demonstration and evidence may not be mixed."""

    code = "demo"


class InstalledError(AppError):
    """The installed library is missing, or not the one that was installed."""

    code = "installed_library"


class NotConfirmedError(AppError):
    """Nobody agreed to what needs agreement."""

    code = "not_confirmed"


class ReleaseError(AppError):
    """A library may not be released as it is."""

    code = "not_releasable"
