"""Light, dark, high contrast: colours as data, palette, style sheet, icons and fonts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

import resources
from spectra_app.reports.fonts_qt import load_fonts
from spectra_app.wording import ALARMS, Style

ThemeName = Literal["light", "dark", "contrast"]
ThemeChoice = Literal["light", "dark", "contrast", "system"]

BASE_POINTS = 11.0
SERIES = {
    "light": ("#14181D", "#0072B2", "#B44A00", "#00735A", "#9C3F77", "#6B5300", "#3E5C9A"),
    "dark": ("#F2F4F6", "#56B4E9", "#E69F00", "#00C08B", "#E59BC5", "#F0E442", "#FF8A5B"),
    "contrast": ("#FFFFFF", "#56B4E9", "#FFB000", "#00E0A0", "#FF9FD0", "#FFF04D", "#FF8A5B"),
}
"""Colours of several curves: Okabe and Ito's, darkened or lightened until text can be read."""
VERDICT_POINTS = 28.0


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of one theme, by the names used in ``resources/styles``."""

    name: ThemeName
    colours: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.colours[name]

    def alarm(self, level: str) -> str:
        """Return the colour of an alarm level in this theme."""
        return self.pick(ALARMS[level])

    def series(self, place: int) -> str:
        """Return the colour of the curve at a place; they come again after the last."""
        colours = SERIES[self.name]
        return colours[place % len(colours)]

    def pick(self, style: Style) -> str:
        """Return which of the two colours of a style is made for the ground of this theme."""
        return style.light if self.name == "light" else style.dark


@cache
def load_theme(name: ThemeName) -> Theme:
    """Return the theme `name` as stored in ``resources/styles``."""
    text = resources.path(f"styles/{name}.json").read_text(encoding="utf-8")
    return Theme(name, json.loads(text))


def theme_of(name: str) -> ThemeChoice:
    """Return the choice that is called `name`; the computer's own when there is none."""
    choices: tuple[ThemeChoice, ...] = get_args(ThemeChoice)
    return next((choice for choice in choices if choice == name), "system")


def resolve(choice: ThemeChoice) -> ThemeName:
    """Return the theme that `choice` means on this desktop; light when the desktop does not say."""
    if choice != "system":
        return choice
    dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return "dark" if dark else "light"


def style_sheet(theme: Theme) -> str:
    """Return the style sheet with the colours of `theme` filled in."""
    text = resources.path("styles/spectra.qss").read_text(encoding="utf-8")
    tick = "light" if theme.name == "light" else "dark"
    for name, file in (("down", "down"), ("up", "up"), ("tick", f"tick-{tick}")):
        text = text.replace(f"@@{name}", resources.path(f"icons/{file}.svg").as_posix())
    for name in sorted(theme.colours, key=len, reverse=True):
        text = text.replace(f"@{name}", theme.colours[name])
    return text


def palette(theme: Theme) -> QPalette:
    """Return the palette of `theme`; disabled text has its own colour."""
    role = QPalette.ColorRole
    pairs = {
        role.Window: "window", role.WindowText: "text", role.Base: "surface",
        role.AlternateBase: "alternate", role.Text: "text", role.Button: "surface",
        role.ButtonText: "text", role.ToolTipBase: "surface", role.ToolTipText: "text",
        role.Highlight: "accent", role.HighlightedText: "on_accent", role.Link: "accent",
        role.PlaceholderText: "muted", role.Mid: "border",
    }  # fmt: skip
    result = QPalette()
    for key, name in pairs.items():
        result.setColor(key, QColor(theme[name]))
    for key in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, key, QColor(theme["disabled"]))
    return result


def use_fonts(app: QApplication) -> None:
    """Use the shipped font at the base size; a machine without fonts still shows text."""
    font = QFont(load_fonts())
    font.setPointSizeF(BASE_POINTS)
    app.setFont(font)


def sized(font: QFont, points: float, *, bold: bool = False) -> QFont:
    """Return `font` in another size (points) and weight."""
    result = QFont(font)
    result.setPointSizeF(points)
    result.setBold(bold)
    return result


def icon(name: str, theme: Theme, colour: str = "text") -> QIcon:
    """Return the icon `name` in the named colour of `theme`, and greyed for disabled."""
    result = QIcon()
    result.addPixmap(_svg_pixmap(name, theme[colour]), QIcon.Mode.Normal)
    result.addPixmap(_svg_pixmap(name, theme["disabled"]), QIcon.Mode.Disabled)
    result.addPixmap(_svg_pixmap(name, theme["on_accent"]), QIcon.Mode.Selected)
    return result


def banner_style(theme: Theme) -> str:
    """Return the style of the banner that says EMULATED."""
    return (
        f"background: {theme['emulated']}; color: {theme['on_emulated']};"
        "padding: 6px; border-radius: 4px; font-weight: 700; font-size: 12pt;"
    )


def program_icon() -> QIcon:
    """Return the icon of the program itself."""
    return QIcon(_svg_pixmap("spectra", "#000000", 128))


def _svg_pixmap(name: str, colour: str, side: int = 48) -> QPixmap:
    source = resources.path(f"icons/{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(source.replace("#000000", colour).encode()))
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    return pixmap
