"""What a station keeps about packages: trusted keys, installed libraries, the one in use, acts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from spectra_app.errors import InstalledError
from spectra_app.records.durable import locked, make_folders, replace_whole, sync_folder
from spectra_app.records.journal import Journal
from spectra_app.settings import data_folder, made

DONE, BACK = "installed", "rolled back"  # acts that choose the library in use
ASK_AGAIN = "install the newest package again, or go back with 'spectra library rollback'"


@dataclass(frozen=True, slots=True)
class Active:
    """The library in use: which release, where it lies, and the act that chose it.

    Parameters
    ----------
    folder : str
        Name of its folder under ``libraries/installed``.
    name, version, sequence, expires : str, str, int, str
        As in its manifest.
    library_sha256, manifest_sha256 : str
        Of the library's records and of the manifest.
    journal : str
        Hash of the act in the journal.
    """

    folder: str
    name: str
    version: str
    sequence: int
    expires: str
    library_sha256: str
    manifest_sha256: str
    journal: str


class Station:
    """Where things lie.

    Parameters
    ----------
    folder : Path, optional
        The data folder; by default the program's own.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or data_folder()
        self.trust_path = self.folder / "trust" / "trust.json"
        self.installed = self.folder / "libraries" / "installed"
        self.pointer = self.folder / "libraries" / "active.json"
        self.journal = Journal(self.folder / "libraries" / "journal.jsonl")

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the station: one install, rollback or change of keys at a time."""
        make_folders(self.installed)
        make_folders(self.trust_path.parent)
        with locked(made(self.folder / "locks") / "packages"):
            yield

    def active(self) -> Active | None:
        """Return the library in use; None while only the starter library is there.

        Raises
        ------
        InstalledError
            When the pointer cannot be read, or is gone although something was installed: another
            library is never taken in its place.
        """
        try:
            active = Active(**json.loads(self.pointer.read_bytes()))
            if Path(active.folder).name != active.folder:
                raise ValueError("not a folder of installed libraries")
        except FileNotFoundError:
            if not any(act.act in {DONE, BACK} for act in self.journal.acts()):
                return None
            raise InstalledError(
                "which library is installed is not known any more", str(self.pointer), ASK_AGAIN
            ) from None
        except (OSError, ValueError, TypeError) as error:
            raise InstalledError(
                f"which library is installed cannot be read ({error})",
                str(self.pointer),
                ASK_AGAIN,
            ) from error
        return active

    def activate(self, active: Active) -> None:
        """Make a library the one in use; a crash leaves the old one or the new one in use."""
        text = json.dumps(asdict(active), sort_keys=True, indent=1) + "\n"
        replace_whole(self.pointer, text.encode())
        sync_folder(self.pointer.parent)

    def library_path(self, active: Active) -> Path:
        """Return the file of an installed library."""
        return self.installed / active.folder / "library.h5"


def now_utc() -> datetime:
    """Return the time of the computer's clock."""
    return datetime.now(UTC)
