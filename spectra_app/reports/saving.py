"""Reports on disk: whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path as FilePath

from spectra_app.errors import AppError


def write_whole(content: bytes, path: FilePath) -> None:
    """Write to a temporary file beside `path` and move it into place, never over a device."""
    if path.exists() and not path.is_file():
        raise AppError(
            "this is a folder or a device, not a file", str(path), "give the name of a file"
        )
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise AppError(
            f"the report could not be written ({error.strerror or error})",
            str(path),
            "choose a folder that exists and that you may write to, with room left on the disk",
        ) from error
