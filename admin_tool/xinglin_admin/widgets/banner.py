"""The red banner with a failure, its cure and a retry button; and the quiet bar with a notice."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from xinglin_admin.api.errors import ApiError
from xinglin_admin.failures import explain
from xinglin_admin.locale.texts import Texts
from xinglin_admin.theme import Tone
from xinglin_admin.widgets.button import button
from xinglin_admin.widgets.labels import label

_GOOD_NEWS_MILLISECONDS = 8000


class ErrorBanner(QFrame):
    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self.setObjectName("errorBanner")
        self._texts = texts
        self._retry: Callable[[], None] | None = None
        self._what = label(role="heading", name="errorWhat", is_wrapped=True)
        self._cure = label(name="errorCure", is_wrapped=True)
        self._button = button(texts.common.retry, "retryButton", self._on_retry)
        sentences = QVBoxLayout()
        sentences.setSpacing(2)
        sentences.addWidget(self._what)
        sentences.addWidget(self._cure)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 14, 10)
        row.addLayout(sentences, 1)
        row.addWidget(self._button)
        self.hide()

    def explain(self, error: ApiError, retry: Callable[[], None] | None) -> None:
        explanation = explain(error, self._texts.failures)
        self._what.setText(explanation.what)
        self._cure.setText(explanation.cure)
        self._retry = retry
        self._button.setVisible(retry is not None)
        self.show()

    def text(self) -> str:
        return f"{self._what.text()} {self._cure.text()}"

    def _on_retry(self) -> None:
        self.hide()
        if self._retry is not None:
            self._retry()


class NoticeBar(QFrame):
    """Good news goes away by itself; a warning stays until it is replaced or hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("noticeBar")
        self._label = label(name="noticeText", is_wrapped=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.addWidget(self._label)
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.timeout.connect(self.hide)
        self.hide()

    def say(self, text: str, tone: Tone = Tone.GOOD) -> None:
        self._label.setText(text)
        self.setProperty("tone", tone.value)
        self._clock.stop()
        if tone is Tone.GOOD:
            self._clock.start(_GOOD_NEWS_MILLISECONDS)
        for widget in (self, self._label):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self.show()
