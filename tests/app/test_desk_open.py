"""A broken library in use must not keep a good one from being opened."""

from __future__ import annotations

from spectra_app.services.desk import Desk


def test_a_good_library_opens_although_the_one_in_use_is_broken(small_library, tmp_path):
    broken = tmp_path / "broken.h5"
    broken.write_bytes(b"\x89HDF\r\n\x1a\n and nothing else")
    desk = Desk(broken, lambda _report, _path: None)
    assert desk.open(small_library)
