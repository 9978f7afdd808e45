"""Errors of files and libraries; the tree continues the one in `matching.errors`.

SpectraError
├── FileError                  a file that cannot be taken in
│   ├── EmptyFileError         nothing in it
│   ├── UnknownFormatError     no reader recognises the content
│   │   └── ForeignFormatError known by name, but not read here; says what to export instead
│   ├── UnsupportedFormError   recognised and sound, but of a form that is not read
│   ├── DamagedFileError       recognised, but truncated, inconsistent or not numeric
│   ├── PartialFileError       recognised, but it ends early; what is left can be asked for
│   ├── SplitFileError         one of several files that belong together
│   ├── NotRamanError          a sound file of something that is not a Raman spectrum
│   ├── FileTooLargeError      more bytes or points than a spectrum can have
│   ├── AmbiguousProfileError  more than one import profile recognises it
│   ├── AmbiguousAxisError     the unit or order of the axis cannot be told
│   ├── LaserMissingError      a wavelength axis without the laser line
│   ├── ReaderError            a third-party reader in its own process gave no usable answer
│   │   ├── ReaderStartError   the process could not be started
│   │   ├── ReaderTimeoutError it took too long and was stopped
│   │   ├── ReaderMemoryError  it asked for more memory than it may have
│   │   ├── ReaderCrashedError it ended in the middle of the file
│   │   └── ReaderAnswerError  what it gave is not a spectrum
│   ├── ColumnMissingError     the column asked for is not in the file
│   ├── ManySpectraError       more spectra than are made entries unasked
│   └── SpectrumChoiceError    the spectrum asked for is not in the file
├── ExportError                a curve cannot be written to the file or format asked for
├── ProfileError               an import profile that cannot be used
├── ManifestError              a manifest row or column that cannot be used
├── SeveralFaultsError         several rows or files that cannot be used, each said
├── WatchListError             a station's watch list that cannot be used
├── ListPackError              a file of control lists that is none, or is cut off
├── LibraryError               a library that cannot be used
│   ├── LibraryDamagedError    hashes or shapes do not agree
│   ├── LibraryChangedError    somebody wrote over it while it was open
│   ├── LibraryBombError       it declares more than it holds, or things no library has
│   ├── LibraryVersionError    written by a newer program
│   ├── LibraryBusyError       another program is writing it
│   ├── EntryMissingError      the entry asked for is not in it
│   ├── EntryStatusError       an entry cannot have this status
│   ├── EntryVersionError      an entry cannot be this version of another
│   ├── ReplicatesError        spectra that cannot be replicates of one entry
│   └── OriginalMissingError   the file an entry was made from is not kept, or altered
├── PackageError               a package that cannot be used (exit code 4, but for the first)
│   ├── NotAPackageError       something else
│   ├── PackagePartialError    it ends early
│   ├── PackageTrailingError   something follows its end
│   ├── PackageBombError       compressed, or it declares more than a package can hold
│   ├── PackagePathError       a member would be written somewhere else
│   ├── PackageMembersError    members missing, added, renamed or given twice
│   ├── PackageLayoutError     what lies between the members is not as it must be
│   ├── PackageAlteredError    a member is not the one that was signed
│   └── PackageManifestError   the manifest does not describe what is in the package
├── MergeConflictError         libraries that contradict each other, and nobody decided
├── MergeDecisionError         a decision about a merge that cannot be followed
├── KeyFileError               a key file or passphrase that cannot be used
└── TrustError                 something signed that is not to be trusted (exit code 4)
    ├── NotCanonicalError      what was signed is not in the one form it can have
    ├── WrongPurposeError      signed for another purpose
    ├── NoTrustedKeysError     this station trusts no key yet
    ├── UnknownKeyError        signed with a key that is not trusted
    ├── KeyRoleError           signed with a key that may not sign this
    ├── KeyNotValidError       signed with a key before or after its time
    ├── RevokedKeyError        signed with a key that was revoked
    ├── BadSignatureError      the signature is not one over this content
    ├── TooFewSignaturesError  fewer persons signed than are needed
    ├── SamePersonError        one person signed twice
    ├── RollbackError          older than what was seen before
    ├── ExpiredError           past its date
    ├── ClockError             the clock of this computer is behind
    ├── NewerProgramError      made for a newer program
    ├── RootError              a list of trusted keys that cannot follow the one in force
    └── TrustStoreError        the station's own list of trusted keys was altered
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


class UnsupportedFormError(FileError):
    """The format is recognised and the file may be sound, but its data are of a form not read."""

    code = "unsupported_form"


class ForeignFormatError(UnknownFormatError):
    """The content is known by name but not read; the remedy says what to export instead."""

    code = "foreign_format"


class DamagedFileError(FileError):
    """The format is recognised, but the content is truncated, inconsistent or not numeric."""

    code = "damaged_file"


class PartialFileError(FileError):
    """The file ends early; what is left of it can be asked for."""

    code = "partial_file"


class SplitFileError(FileError):
    """The file is one of several that belong together; alone it is no spectrum."""

    code = "split_file"


class NotRamanError(FileError):
    """The file is sound but holds something that is not a Raman spectrum."""

    code = "not_raman"


class FileTooLargeError(FileError):
    """The file holds more bytes or points than a spectrum can have."""

    code = "file_too_large"


class AmbiguousAxisError(FileError):
    """The unit or order of the axis cannot be told."""

    code = "ambiguous_axis"


class AmbiguousProfileError(FileError):
    """More than one of the station's import profiles recognises the file."""

    code = "ambiguous_profile"


class LaserMissingError(FileError):
    """The axis is a wavelength and the file does not state the laser line."""

    code = "laser_missing"


class ReaderError(FileError):
    """A third-party reader, in its own process, gave no usable answer."""

    code = "reader_failed"


class ReaderStartError(ReaderError):
    """The reader's process could not be started."""

    code = "reader_start"


class ReaderTimeoutError(ReaderError):
    """The reader took longer than the file's size allows and was stopped."""

    code = "reader_timeout"


class ReaderMemoryError(ReaderError):
    """The reader asked for more memory than the file's size allows."""

    code = "reader_memory"


class ReaderCrashedError(ReaderError):
    """The reader's process ended in the middle of the file."""

    code = "reader_crashed"


class ReaderAnswerError(ReaderError):
    """What the reader gave back is not what it should be."""

    code = "reader_answer"


class ColumnMissingError(FileError):
    """The column asked for is not in the file; it is never replaced by another."""

    code = "column_missing"


class SpectrumChoiceError(FileError):
    """The spectrum asked for is not in the file."""

    code = "spectrum_missing"


class ExportError(SpectraError):
    """A curve cannot be written to the file or in the format asked for."""

    code = "export_refused"


class ProfileError(SpectraError):
    """An import profile cannot be used, or cannot be kept."""

    code = "bad_profile"


class ManySpectraError(FileError):
    """A file holds more spectra than are made entries unasked."""

    code = "many_spectra"


class SeveralFaultsError(SpectraError):
    """Several rows of a manifest, or files, cannot be used; each is said."""

    code = "several_faults"


class ManifestError(SpectraError):
    """A manifest row or column cannot be used."""

    code = "bad_manifest"


class WatchListError(SpectraError):
    """A station's watch list cannot be used."""

    code = "bad_watch_list"


class ListPackError(SpectraError):
    """A file of control lists is none, is cut off, or does not say what it holds."""

    code = "not_control_lists"


class LibraryError(SpectraError):
    """A library cannot be used."""

    code = "library_unusable"


class LibraryDamagedError(LibraryError):
    """Hashes, shapes or required fields of the library do not agree."""

    code = "library_damaged"


class LibraryVersionError(LibraryError):
    """The library was written by a newer program."""

    code = "library_version"


class LibraryChangedError(LibraryError):
    """The file of a library in use was written over where it lay."""

    code = "library_changed"


class LibraryBombError(LibraryError):
    """The HDF5 file declares more than it holds, or holds things no library has."""

    code = "library_bomb"


class PackageError(SpectraError):
    """A package cannot be used."""

    code = "package_unusable"


class NotAPackageError(PackageError):
    """The file is something else."""

    code = "not_a_package"


class PackagePartialError(PackageError):
    """The package ends early."""

    code = "package_partial"


class PackageTrailingError(PackageError):
    """Something follows the end of the package."""

    code = "package_trailing"


class PackageBombError(PackageError):
    """The file is compressed, or declares more than a package can hold."""

    code = "package_bomb"


class PackagePathError(PackageError):
    """A member of the package would be written somewhere else, or is no plain file."""

    code = "package_path"


class PackageMembersError(PackageError):
    """Members are missing, added, renamed, given twice or in another order."""

    code = "package_members"


class PackageLayoutError(PackageError):
    """What lies between the members is not in the one form that it can have."""

    code = "package_layout"


class PackageAlteredError(PackageError):
    """A member is not the one that was signed."""

    code = "package_altered"


class PackageManifestError(PackageError):
    """The manifest is none of a package, or does not describe what is in it."""

    code = "package_manifest"


class LibraryBusyError(LibraryError):
    """Another program is writing the library."""

    code = "library_busy"


class EntryMissingError(LibraryError):
    """The entry asked for is not in the library."""

    code = "entry_missing"


class EntryStatusError(LibraryError):
    """An entry cannot have this status."""

    code = "entry_status"


class EntryVersionError(LibraryError):
    """An entry cannot be this version of another."""

    code = "entry_version"


class ReplicatesError(LibraryError):
    """Spectra cannot be replicates of one entry."""

    code = "replicates_differ"


class OriginalMissingError(LibraryError):
    """The file an entry was made from is not kept with the library, or not as it was."""

    code = "original_missing"


class MergeConflictError(SpectraError):
    """Libraries contradict each other, and nobody decided what is right."""

    code = "merge_conflicts"


class MergeDecisionError(SpectraError):
    """A decision about a merge cannot be followed."""

    code = "merge_decision"


class KeyFileError(SpectraError):
    """A key file, or the passphrase that opens it, cannot be used."""

    code = "key_unusable"


class TrustError(SpectraError):
    """Something signed is not to be trusted."""

    code = "not_trusted"


class NotCanonicalError(TrustError):
    """What was signed is not in the one form that the same content can have."""

    code = "not_canonical"


class WrongPurposeError(TrustError):
    """It was signed for another purpose."""

    code = "wrong_purpose"


class NoTrustedKeysError(TrustError):
    """No key is trusted on this station yet."""

    code = "no_trusted_keys"


class UnknownKeyError(TrustError):
    """It was signed with a key that is not trusted here."""

    code = "unknown_key"


class KeyRoleError(TrustError):
    """It was signed with a trusted key that may not sign this."""

    code = "key_role"


class KeyNotValidError(TrustError):
    """It was signed with a key before or after the time the key is valid."""

    code = "key_not_valid"


class RevokedKeyError(TrustError):
    """It was signed with a key that was revoked."""

    code = "key_revoked"


class BadSignatureError(TrustError):
    """A signature was not made over this content."""

    code = "bad_signature"


class TooFewSignaturesError(TrustError):
    """Fewer persons signed than are needed."""

    code = "too_few_signatures"


class SamePersonError(TrustError):
    """There are enough signatures, but one person made several of them."""

    code = "same_person"


class RollbackError(TrustError):
    """It is older than what this station has seen before."""

    code = "rolled_back"


class ExpiredError(TrustError):
    """It is past its date; a newer one may be held back."""

    code = "expired"


class ClockError(TrustError):
    """The clock of this computer is behind, so that no date can be judged."""

    code = "clock_behind"


class NewerProgramError(TrustError):
    """It was made for a newer program."""

    code = "newer_program"


class RootError(TrustError):
    """A list of trusted keys is not sound, or cannot follow the one in force."""

    code = "bad_root"


class TrustStoreError(TrustError):
    """The station's own record of trusted keys cannot be read or was altered."""

    code = "trust_store"
