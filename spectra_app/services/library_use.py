"""A library in use, which may go away and come back."""

from __future__ import annotations

from pathlib import Path

from library.errors import LibraryChangedError
from spectra_app.services.identify import Identifier
from spectra_app.services.session import open_identifier


class LibraryUse:
    """One library: opened when first needed, and again when it went away; from one thread.

    Parameters
    ----------
    path : Path or None
        Its file; None for the installed one.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._identifier: Identifier | None = None
        self._was = ""  # hash of the library that was let go of

    @property
    def identifier(self) -> Identifier:
        """Engine, evidence store and clock; opened when first asked for.

        A library that was written over or whose drive is gone is opened again each time it is asked
        for, until it is there once more.

        Raises
        ------
        LibraryError, InstalledError
            When it cannot be opened, or another one lies in its place.
        """
        if self._identifier is not None:
            try:
                self._identifier.engine.library.check_unchanged()
            except LibraryChangedError:
                self.let_go()
        if self._identifier is None:
            self._identifier = self._opened()
        return self._identifier

    def let_go(self) -> None:
        """Let go of its file until it is asked for again."""
        if self._identifier is not None:
            self._was = self._identifier.engine.library.info.sha256
            self._identifier.engine.library.close()
            self._identifier = None

    def _opened(self) -> Identifier:
        """Open it; one that was chosen by its file is never exchanged in silence."""
        fresh = open_identifier(self.path)
        library = fresh.engine.library
        if self.path is not None and self._was not in {"", library.info.sha256}:
            library.close()
            raise LibraryChangedError(
                "another library lies where the one in use lay",
                str(self.path),
                "put the old one back; or open this one, if it is the one to use",
            )
        return fresh
