"""Light and dark: colours, type sizes and the style sheet. Everything drawn takes its colours from here."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from xinglin_admin.stylesheet import stylesheet

FONT_FAMILIES = (
    "Microsoft YaHei UI",
    "PingFang SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
)
BODY_POINTS = 10.5
_MIDDLE_LIGHTNESS = 128


class Scheme(enum.StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Tone(enum.StrEnum):
    """What a colour says, whatever the scheme."""

    PLAIN = "plain"
    GOOD = "good"
    QUIET = "quiet"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True)
class Colours:
    """``tick`` is the picture in a ticked box, in the colour of ``on_accent``."""

    window: str
    surface: str
    side: str
    text: str
    quiet: str
    line: str
    accent: str
    on_accent: str
    accent_hover: str
    accent_soft: str
    bad: str
    bad_soft: str
    warning: str
    warning_soft: str
    quiet_soft: str
    tick: str

    def of_tone(self, tone: Tone) -> tuple[QColor, QColor]:
        """Ink and ground."""
        pairs = {
            Tone.PLAIN: (self.text, self.surface),
            Tone.GOOD: (self.accent, self.accent_soft),
            Tone.QUIET: (self.quiet, self.quiet_soft),
            Tone.WARNING: (self.warning, self.warning_soft),
            Tone.BAD: (self.bad, self.bad_soft),
        }
        ink, ground = pairs[tone]
        return QColor(ink), QColor(ground)


LIGHT = Colours(
    window="#f4f7f5",
    surface="#ffffff",
    side="#e9efec",
    text="#1b2521",
    quiet="#5b6b65",
    line="#d7dfdb",
    accent="#12705a",
    on_accent="#ffffff",
    accent_hover="#0d5a48",
    accent_soft="#dff1eb",
    bad="#b3261e",
    bad_soft="#fbe9e7",
    warning="#855400",
    warning_soft="#fdf0d5",
    quiet_soft="#e8edea",
    tick="tick-light.svg",
)
DARK = Colours(
    window="#141917",
    surface="#1c2320",
    side="#101513",
    text="#e3eae6",
    quiet="#9aaba4",
    line="#333d39",
    accent="#4fbd9d",
    on_accent="#06241b",
    accent_hover="#6bceb1",
    accent_soft="#1d3a32",
    bad="#f28b82",
    bad_soft="#3f2321",
    warning="#e8b95c",
    warning_soft="#3a3019",
    quiet_soft="#2a322f",
    tick="tick-dark.svg",
)


def colours_of(palette: QPalette) -> Colours:
    """The colours that `apply` put into ``palette``."""
    return DARK if palette.color(QPalette.ColorRole.Window).lightness() < _MIDDLE_LIGHTNESS else LIGHT


def apply(application: QApplication, scheme: Scheme) -> None:
    """Dress the whole application. Offscreen and X11 report no scheme of the system: those get the light one."""
    colours = DARK if _is_dark(scheme) else LIGHT
    application.setStyle("Fusion")
    font = QFont(list(FONT_FAMILIES))
    font.setPointSizeF(BODY_POINTS)
    application.setFont(font)
    application.setPalette(_palette(colours))
    application.setStyleSheet(stylesheet(colours))


def _is_dark(scheme: Scheme) -> bool:
    if scheme is Scheme.SYSTEM:
        return QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
    return scheme is Scheme.DARK


def _palette(colours: Colours) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for key, colour in {
        role.Window: colours.window,
        role.WindowText: colours.text,
        role.Base: colours.surface,
        role.AlternateBase: colours.window,
        role.Text: colours.text,
        role.Button: colours.surface,
        role.ButtonText: colours.text,
        role.PlaceholderText: colours.quiet,
        role.ToolTipBase: colours.surface,
        role.ToolTipText: colours.text,
        role.Highlight: colours.accent_soft,
        role.HighlightedText: colours.text,
        role.Accent: colours.accent,
        role.Link: colours.accent,
        role.Light: colours.surface,
        role.Mid: colours.line,
        role.Dark: colours.line,
    }.items():
        palette.setColor(key, QColor(colour))
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(colours.quiet))
    return palette
