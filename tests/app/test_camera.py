"""Photos with the computer's camera: what it sees, taken one after the other, kept for filing."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QImage

from spectra_app.services.cases.papers import read_picture
from spectra_app.ui.look import Look
from spectra_app.ui.officer.camera import Camera, CameraDialog

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def camera():
    parent = QObject()
    yield Camera(parent)
    parent.deleteLater()


@pytest.fixture
def dialog(qtbot, camera):
    """Return the dialog over a camera whose pictures the test makes itself."""
    from PySide6.QtWidgets import QWidget

    parent = QWidget()
    qtbot.addWidget(parent)
    shown = CameraDialog(parent, Look(), camera)
    shown.open()
    yield shown
    parent.close()


def picture(colour=Qt.GlobalColor.red):
    image = QImage(320, 200, QImage.Format.Format_RGB32)
    image.fill(colour)
    return image


def test_nothing_can_be_taken_before_the_camera_gives_a_picture(dialog, camera):
    assert not dialog.take.isEnabled()
    camera.framed.emit(picture())
    assert dialog.take.isEnabled()


def test_photos_are_what_was_seen_and_can_be_filed(dialog, camera, qtbot):
    taken = []
    dialog.taken.connect(taken.append)
    for colour in (Qt.GlobalColor.red, Qt.GlobalColor.blue):
        camera.framed.emit(picture(colour))
        qtbot.mouseClick(dialog.take, LEFT)
    assert "2" in dialog.line.text()
    assert len(set(taken)) == 2
    assert QImage(str(taken[1])).pixelColor(5, 5).blue() == 255
    data, name = read_picture(taken[0])
    assert data.startswith(b"\x89PNG")
    assert name == "photo-1.png"


def test_a_camera_that_fails_is_told_with_the_way_out(dialog, camera, qtbot):
    camera.framed.emit(picture())
    camera.failed.emit("in use by another program")
    assert "in use by another program" in dialog.line.text()
    assert not dialog.take.isEnabled()
    with qtbot.waitSignal(dialog.files_wanted):
        qtbot.mouseClick(dialog.files, LEFT)
