"""Light and dark: readable colours, complete style sheet, a switch that repaints."""

from __future__ import annotations

import re

import pytest

from spectra_app.ui.fitted import FittedLabel
from spectra_app.ui.theme import load_theme, style_sheet
from spectra_app.wording import ALARMS

THEMES = ["light", "dark"]


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Contrast ratio of WCAG 2."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", THEMES)
def test_text_has_the_contrast_that_was_promised(name):
    theme = load_theme(name)
    for ground in ("surface", "window", "alternate", "hover"):
        assert contrast(theme["text"], theme[ground]) >= 7.0
        assert contrast(theme["muted"], theme[ground]) >= 4.5
    assert contrast(theme["on_accent"], theme["accent"]) >= 4.5
    assert contrast(theme["on_emulated"], theme["emulated"]) >= 7.0
    assert contrast(theme["reference"], theme["surface"]) >= 4.5


@pytest.mark.parametrize("name", THEMES)
def test_shapes_and_markers_stand_out(name):
    theme = load_theme(name)
    for level in ALARMS:
        assert contrast(theme.alarm(level), theme["surface"]) >= 3.0
    for mark in ("query", "reference", "unexplained"):
        assert contrast(theme[mark], theme["surface"]) >= 3.0


@pytest.mark.parametrize("name", THEMES)
def test_the_style_sheet_has_every_colour_filled_in(name):
    sheet = style_sheet(load_theme(name))
    body = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    assert "@" not in body


def test_the_switch_repaints_the_window_and_back(window, qtbot):
    look = window.look

    def ground():
        qtbot.waitUntil(window.updatesEnabled)  # nothing is painted until all of it is styled
        picture = window.grab().toImage()
        return picture.pixelColor(picture.width() // 2, picture.height() - 60).lightness()

    look.dress("light")
    light = ground()
    look.dress("dark")
    dark = ground()
    look.dress("light")
    assert light > 200
    assert dark < 60
    assert ground() == light


@pytest.mark.usefixtures("window")
def test_long_names_shrink_and_then_break_but_are_never_cut(qtbot):
    label = FittedLabel(28, 17, 3)
    qtbot.addWidget(label)
    label.resize(380, 10)
    label.set_text("Amphetamine")
    assert label.font().pointSizeF() == 28
    label.set_text(
        "N,N-Diethyl-2-[2-(4-isopropoxybenzyl)-5-nitro-1H-benzimidazol-1-yl]ethan-1-amine"
    )
    assert 17 <= label.font().pointSizeF() < 28
    label.set_text("X" * 200)
    assert label.height() >= 4 * label.fontMetrics().height()
