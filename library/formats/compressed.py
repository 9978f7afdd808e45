"""A file that was packed with gzip, as archives keep text exports: its content, with a limit."""

from __future__ import annotations

import gzip
import io
import zlib

from library.errors import DamagedFileError, FileTooLargeError

MAGIC = b"\x1f\x8b\x08"
MAX_UNPACKED_BYTES = 64_000_000  # twice the longest text that is read


def unpacked(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return the content of `data` and what was done, or `data` itself when it is not packed.

    Raises
    ------
    DamagedFileError
        The packed file ends early or its check sum is wrong.
    FileTooLargeError
        It would unpack to more than any text that is read.
    """
    if not data.startswith(MAGIC):
        return data, ()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            content = packed.read(MAX_UNPACKED_BYTES + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise DamagedFileError(
            f"the file is packed with gzip and cannot be unpacked ({error})",
            "",
            "copy the file again",
        ) from error
    if len(content) > MAX_UNPACKED_BYTES:
        raise FileTooLargeError(
            f"the file unpacks to more than {MAX_UNPACKED_BYTES:,} bytes",
            "",
            "unpack it and check that it is a spectrum and not a map or a log",
        )
    return content, ("The file is packed with gzip; its content was read.",)
