"""The Qt binding itself: a fault in it ends the program without a word, so it is tested first."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtGui import QPen


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_calls_into_qt_do_not_use_up_none():
    """PySide6 6.12.0 dropped a reference to None with every call: death after some thousand."""
    pen = QPen()
    before = sys.getrefcount(None)
    for _ in range(500):
        pen.setCosmetic(True)
    assert sys.getrefcount(None) > before - 250
