"""A window that somebody ends from outside closes in order: the laser is off first."""

import os
import signal

import pytest
from PySide6.QtCore import QEventLoop, QTimer

from spectra_app.ui.start import closed_politely


@pytest.mark.parametrize("request_", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_request_to_end_closes_the_window(qapp, request_):  # noqa: ARG001 (there is one)
    before = signal.getsignal(request_)
    if before is signal.SIG_IGN:
        pytest.skip("this request is ignored here")
    loop, closed = QEventLoop(), []

    def close():
        closed.append(request_)
        loop.quit()

    with closed_politely(close):
        QTimer.singleShot(0, lambda: os.kill(os.getpid(), request_))
        QTimer.singleShot(20_000, loop.quit)
        loop.exec()
    assert closed == [request_]
    assert signal.getsignal(request_) is before
