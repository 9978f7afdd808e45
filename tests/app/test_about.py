"""About: versions, hashes and licences are those of what runs, and can be copied."""

from __future__ import annotations

import hashlib
import json
import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

import resources
import spectra_app
from matching.errors import SpectrumError
from spectra_app.services.about import about, program_digest
from spectra_app.services.desk import desk_use_cases
from spectra_app.settings import data_folder

ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-3-Clause", "CC0-1.0", "LGPL-2.1-or-later", "LGPL-3.0-only", "MIT",
    "MIT-0", "MPL-2.0", "OFL-1.1", "PSF-2.0", "Zlib",
}  # fmt: skip


def licences():
    return json.loads(resources.path("licences.json").read_text(encoding="utf-8"))


def test_every_package_that_is_installed_with_the_program_has_its_licence_named(checkout):
    lock = (checkout / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([A-Za-z0-9_.-]+)==", lock, re.MULTILINE))
    assert set(licences()["packages"]) == locked


def test_licences_are_permissive_or_lgpl_or_mpl():
    named = [one for part in licences().values() for one in part.values()]
    words = {word for one in named for word in re.split(r" (?:AND|OR) ", one)}
    assert words - ALLOWED == set()


def test_the_digest_is_what_sha256sum_says_and_changes_with_one_byte(tmp_path):
    (tmp_path / "library" / "__pycache__").mkdir(parents=True)
    (tmp_path / "library" / "b.py").write_text("two")
    (tmp_path / "library" / "a.py").write_text("one")
    (tmp_path / "library" / "__pycache__" / "a.pyc").write_text("compiled")
    lines = "".join(
        f"{hashlib.sha256(text.encode()).hexdigest()}  library/{name}\n"
        for name, text in (("a.py", "one"), ("b.py", "two"))
    )
    assert program_digest(tmp_path) == hashlib.sha256(lines.encode()).hexdigest()
    (tmp_path / "library" / "b.py").write_text("two.")
    assert program_digest(tmp_path) != hashlib.sha256(lines.encode()).hexdigest()


def test_what_cannot_be_read_says_why_and_the_rest_is_there(spectra_home):
    def asked():
        raise SpectrumError("the library is gone", "/lib.h5", "install it again")

    found = about(asked)
    assert "the library is gone" in found.library[0][1]
    assert dict(found.versions)["program"] == spectra_app.__version__
    assert dict(found.lists)["UN 1961"] > "2020"
    assert found.folder == spectra_home


@pytest.mark.usefixtures("spectra_home")
def test_the_dialog_shows_and_copies_all_of_it(shell, qtbot):
    from spectra_app.ui.about import AboutDialog

    use_cases = desk_use_cases(None, lambda *_: None)
    dialog = AboutDialog(shell, shell.look, use_cases.about, shell.lane)
    dialog.show()
    assert "Looking" in dialog.text.toPlainText()
    qtbot.waitUntil(dialog.copy.isEnabled, timeout=60_000)
    shown = dialog.text.toPlainText()
    assert use_cases.library_title().split(",")[0] in shown
    assert program_digest() in shown
    shell.look.speak("ar")
    assert program_digest() in dialog.text.toPlainText()
    qtbot.keyClick(dialog.copy, Qt.Key.Key_Space)
    copied = QGuiApplication.clipboard().text()
    assert "LGPL-3.0-only" in copied
    assert str(data_folder()) in copied
    dialog.close()
