"""The apricot blossom of Xinglin (杏林, the apricot grove), drawn so that it is sharp at every size."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

_PETALS = 5
_PETAL = "#f2a38c"
_HEART = "#c8553d"


def emblem(size: int, ratio: float = 1.0) -> QPixmap:
    """``size`` in device-independent pixels."""
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.translate(QPointF(size / 2, size / 2))
    painter.setBrush(QColor(_PETAL))
    for _petal in range(_PETALS):
        painter.drawEllipse(QRectF(-0.19 * size, -0.49 * size, 0.38 * size, 0.42 * size))
        painter.rotate(360 / _PETALS)
    painter.setBrush(QColor(_HEART))
    painter.drawEllipse(QRectF(-0.12 * size, -0.12 * size, 0.24 * size, 0.24 * size))
    painter.end()
    return pixmap
