"""Saving what is on the screen: ask for a name, write beside the painting thread, say how it went.

Tables (`tables.py`) and figures (`plot_export.py`) share this door.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from spectra_app.reports.texts import without_isolates
from spectra_app.services.exports import write_file
from spectra_app.ui.lane import Job, Lane
from spectra_app.ui.look import Look
from spectra_app.ui.pages import ProblemDialog

Saved = Callable[[Path], None]
_NO_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


def ask_path(parent: QWidget, title: str, proposal: str, kinds: Mapping[str, str]) -> Path | None:
    """Ask where to save; the name gets the suffix of the kind chosen when it has none of them.

    Parameters
    ----------
    parent : QWidget
        Owner of the dialog.
    title, proposal : str
        What the dialog says, and the name it offers (without suffix).
    kinds : mapping of str to str
        Words of a kind of file by its suffix, ``{".csv": "Table"}``; the first is offered.
    """
    filters = {f"{without_isolates(words)} (*{suffix})": suffix for suffix, words in kinds.items()}
    first = next(iter(kinds))
    name, chosen = QFileDialog.getSaveFileName(
        parent, title, f"{file_name(proposal)}{first}", ";;".join(filters)
    )
    if not name:
        return None
    path = Path(name)
    if path.suffix.lower() in kinds:
        return path
    return path.with_name(f"{path.name}{filters.get(chosen, first)}")


def file_name(words: str) -> str:
    """Return words as the name of a file on any system."""
    return _NO_NAME.sub("-", without_isolates(words)).strip(" .-")[:80]


def save_bytes(
    parent: QWidget,
    look: Look,
    lane: Lane,
    path: Path,
    *,
    make: Callable[[], bytes],
    saved: Saved,
) -> Job:
    """Make a file's bytes and write them on the lane; trouble is said in a dialog.

    `saved` is called with the path when the file is on the disk.
    """

    def ended(job: Job) -> None:
        if job.error is not None:
            ProblemDialog(parent, look, "examine.not_saved", job.error, job.details).open()
        elif not job.stopped:
            saved(job.result)

    job = Job(f"Writing {path.name}", lambda _tell, _stop: write_file(path, make()), ended)
    lane.submit(job)
    return job
