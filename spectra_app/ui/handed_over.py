"""What is dropped on the window or pasted into it: files, or a spectrum as text."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QTemporaryDir


class HandedOver:
    """Makes files of what is dropped or pasted; pasted text lives in a folder of this session.

    A spectrum pasted from a spreadsheet goes the way of every file from there on: its bytes are
    kept as evidence, and columns that are unclear are asked for.
    """

    def __init__(self) -> None:
        self._folder: QTemporaryDir | None = None
        self._count = 0

    def files(self, data: QMimeData) -> list[Path]:
        """Return the files of this computer in `data`; else its text as one, when it has lines."""
        urls = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        text = data.text()
        if urls or text.count("\n") < 1:
            return urls
        if self._folder is None:
            self._folder = QTemporaryDir()
        self._count += 1
        path = Path(self._folder.filePath(f"pasted-{self._count}.txt"))
        path.write_text(text, encoding="utf-8", newline="")
        return [path]
