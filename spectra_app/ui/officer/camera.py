"""Photos of a parcel with the computer's own camera, where the optional extra is installed.

Qt's camera module is not among the parts that Spectra needs (``pip install .[camera]``); it is
imported when a photo is asked for, never before. Without it, or without a camera, photos come
from files.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSize, Qt, QTemporaryDir, Signal, Slot
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from spectra_app.ui.look import Look
from spectra_app.ui.officer.extras import TALL

PICTURE = QSize(640, 400)


class Camera(QObject):
    """Gives the pictures of a camera as they come.

    Parameters
    ----------
    parent : QObject
        Whose life it shares.
    """

    framed = Signal(QImage)
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._parts: tuple[Any, ...] = ()
        self._folder: QTemporaryDir | None = None
        self._kept = 0

    def keep(self, image: QImage) -> Path | None:
        """Keep a photo until the program ends; None when the disk does not take it."""
        if self._folder is None:
            self._folder = QTemporaryDir()
        path = Path(self._folder.filePath(f"photo-{self._kept + 1}.png"))
        if not image.save(str(path)):
            return None
        self._kept += 1
        return path

    def begin(self) -> bool:
        """Begin to give pictures; returns whether there is a camera."""
        media: Any = _media()
        device = media.QMediaDevices.defaultVideoInput() if media is not None else None
        if device is None or device.isNull():
            return False
        camera, session = media.QCamera(device, self), media.QMediaCaptureSession(self)
        sink = media.QVideoSink(self)
        formats = device.videoFormats()
        if formats:
            camera.setCameraFormat(max(formats, key=lambda one: _pixels(one.resolution())))
        session.setCamera(camera)
        session.setVideoSink(sink)
        sink.videoFrameChanged.connect(lambda frame: self.framed.emit(frame.toImage()))
        camera.errorOccurred.connect(lambda _code, words: self.failed.emit(words))
        camera.start()
        self._parts = (camera, session, sink)
        return True

    def end(self) -> None:
        """Let go of the camera; its light goes out."""
        if self._parts:
            self._parts[0].stop()
            self._parts = ()


def _media() -> Any:
    """Return Qt's camera module; None where it is not installed, or the system lacks a part."""
    with suppress(ImportError):
        from PySide6 import QtMultimedia

        return QtMultimedia
    return None


def _pixels(size: QSize) -> int:
    return size.width() * size.height()


class Frame(QWidget):
    """Shows a picture as large as it goes."""

    def __init__(self) -> None:
        super().__init__()
        self.image = QImage()
        self.setMinimumSize(PICTURE)

    def show_image(self, image: QImage) -> None:
        """Show another picture."""
        self.image = image
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the picture in the middle."""
        if self.image.isNull():
            return
        size = self.image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        left = (self.width() - size.width()) // 2
        top = (self.height() - size.height()) // 2
        painter.drawImage(self.rect().adjusted(left, top, -left, -top), self.image)
        painter.end()


class CameraDialog(QDialog):
    """Takes photos one after the other until it is closed.

    Parameters
    ----------
    parent : QWidget
    look : Look
        Language and theme.
    camera : Camera
        A camera that gives pictures already.
    """

    taken = Signal(object)
    files_wanted = Signal()

    def __init__(self, parent: QWidget, look: Look, camera: Camera) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._look, self._camera = look, camera
        self.count = 0
        self.frame, self.line = Frame(), QLabel()
        self.line.setWordWrap(True)
        self.take, self.files, self.leave = QPushButton(), QPushButton(), QPushButton()
        self.take.setObjectName("primary")
        row = QHBoxLayout()
        for button in (self.leave, self.files, self.take):
            button.setMinimumHeight(TALL)
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.addWidget(self.frame, 1)
        column.addWidget(self.line)
        column.addLayout(row)
        self.take.setEnabled(False)
        self.take.clicked.connect(self._on_take)
        self.files.clicked.connect(self._on_files)
        self.leave.clicked.connect(self.accept)
        self.finished.connect(lambda _code: camera.end())
        camera.framed.connect(self._on_frame)
        camera.failed.connect(self._on_failed)
        look.tell(self.retell)

    def retell(self) -> None:
        """Say all texts."""
        say = self._look.say
        self.setWindowTitle(say("officer.photo_title"))
        self.take.setText(say("officer.camera_take"))
        self.files.setText(say("officer.camera_files"))
        self.leave.setText(say("officer.close"))
        self.frame.setAccessibleName(say("officer.camera_picture"))
        self.line.setText(say("officer.camera_count", count=self.count))

    @Slot(QImage)
    def _on_frame(self, image: QImage) -> None:
        self.frame.show_image(image)
        self.take.setEnabled(not image.isNull())

    @Slot(str)
    def _on_failed(self, words: str) -> None:
        self.take.setEnabled(False)
        self.line.setText(self._look.say("officer.camera_failed", words=words))

    @Slot()
    def _on_take(self) -> None:
        path = self._camera.keep(self.frame.image)
        if path is None:
            self.line.setText(self._look.say("officer.camera_not_kept"))
            return
        self.count += 1
        self.line.setText(self._look.say("officer.camera_count", count=self.count))
        self.taken.emit(path)

    @Slot()
    def _on_files(self) -> None:
        self.accept()
        self.files_wanted.emit()
