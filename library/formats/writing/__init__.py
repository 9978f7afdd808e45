"""Writers: curves as they were read, with what is known about them, to open formats.

Each writer gives the bytes of a file, the same for the same curves; `write_export` puts them on
the disk, whole or not at all, and never over a file that this program did not export.
"""

from library.formats.writing.export import WRITERS, Target, write_export

__all__ = ["WRITERS", "Target", "write_export"]
