"""The window on the real services: emulated analyser, evidence, identification, report."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from spectra_app.app import use_cases
from spectra_app.records.evidence import EvidenceStore
from spectra_app.services.libraries import build_library


@pytest.fixture
def real_window(make_shell, used_home):  # noqa: ARG001  the folder is made for the program
    """Return the workbench as the program opens it, with the starter library."""
    shell = make_shell(use_cases())
    shell.entrance.around.click()
    return shell.workbench


def test_an_emulated_scan_ends_in_a_lead_with_evidence_and_report(
    real_window, qtbot, used_home, tmp_path, monkeypatch
):
    real_window.bar.sample.setCurrentText("amphetamine sulfate")
    qtbot.keyClick(real_window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: not real_window.lane.busy, timeout=60_000)

    card = real_window.card
    assert card.headline.text == "Resembles amphetamine sulfate"
    assert card.lead.isVisible()
    assert card.emulated.isVisible()
    assert card.word.text == "CONTROLLED SUBSTANCE"
    receipts = EvidenceStore(used_home / "evidence").received().receipts
    check, *_others = receipts
    assert "polystyrene" in check.name  # the emulated analyser is checked before its first scan
    receipt = [one for one in receipts if one.kind == "raw frame"][-1]

    target = tmp_path / "report.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(target), ""))
    qtbot.keyClick(real_window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not real_window.lane.busy and target.is_file(), timeout=60_000)
    document = pypdfium2.PdfDocument(target)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    assert "PRESUMPTIVE" in text
    assert "EMULATED" in text
    assert receipt.sha256[:16] in text.replace("\r\n", "")


def test_real_scans_are_named_and_a_wrong_axis_is_not(
    real_window, qtbot, shared_data, tmp_path, monkeypatch
):
    library = tmp_path / "reference.h5"
    build_library(shared_data / "spectra/reference-785xs/manifest.csv", library)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a, **_k: (str(library), ""))
    qtbot.keyClick(real_window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not real_window.lane.busy, timeout=60_000)
    assert "79 measured" in real_window.library.text()

    def opened(name):
        real_window.open_files([Path(shared_data / "spectra" / name)])
        qtbot.waitUntil(lambda: not real_window.lane.busy, timeout=60_000)
        return real_window

    card = opened("queries-785x/caffeine.csv").card
    assert card.headline.text.casefold() == "caffeine"
    assert not card.lead.isVisible()
    card = opened("fleet-2019/wp-00368-532nm-axis-wrong.csv").card
    assert "Inconclusive" in card.headline.text
    assert "axis" in card.why.text()
