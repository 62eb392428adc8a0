"""Draws a cell in the colour of its tone: the state as a pill, other columns as coloured text."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from xinglin_admin.models.rows import TONE_ROLE, AnyIndex
from xinglin_admin.theme import Tone, colours_of

_PADDING, _PILL_PADDING, _PILL_HEIGHT = 11, 10, 22


class ToneDelegate(QStyledItemDelegate):
    """Coloured text."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: AnyIndex) -> None:  # noqa: N802  (Qt)
        super().initStyleOption(option, index)
        tone = index.data(TONE_ROLE)
        if tone in (None, Tone.PLAIN):
            return
        ink, _ground = colours_of(option.palette).of_tone(Tone(tone))
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
            option.palette.setColor(role, ink)


class PillDelegate(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        self.initStyleOption(option, index)
        text, option.text = option.text, ""
        option.widget.style().drawControl(
            QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget
        )
        colours = colours_of(option.palette)
        ink, ground = colours.of_tone(Tone(index.data(TONE_ROLE)))
        if option.state & QStyle.StateFlag.State_Selected:
            ground = QColor(colours.surface)
        width = option.fontMetrics.horizontalAdvance(text) + 2 * _PILL_PADDING
        top = option.rect.center().y() - _PILL_HEIGHT / 2 + 0.5
        pill = QRectF(option.rect.left() + _PADDING, top, width, _PILL_HEIGHT)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(pill, _PILL_HEIGHT / 2, _PILL_HEIGHT / 2)
        painter.setPen(ink)
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()
