"""A disk that is full, and manifests that could name a substance wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from library.errors import LibraryError, ManifestError
from library.files import write_whole
from library.manifest import read_manifest


def test_a_failure_of_hdf5_to_close_is_told_in_one_line(tmp_path: Path) -> None:
    def fails(_path: Path) -> None:
        raise RuntimeError("file write failed: errno = 28\n, filename = 'x'")

    with pytest.raises(LibraryError) as caught:
        write_whole(tmp_path / "r.h5", fails)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("header", ["file,name,name", "file,file,name"])
def test_a_repeated_column_is_refused(tmp_path: Path, header: str) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(f"{header}\na.csv,acetone,ethanol\n", encoding="utf-8")
    with pytest.raises(ManifestError, match="more than once"):
        read_manifest(manifest)
