"""Signing in: server, login name, password and one-time code."""

from __future__ import annotations

from PySide6.QtCore import QRegularExpression, Qt, QTimer, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from xinglin_admin import background
from xinglin_admin.api import errors
from xinglin_admin.api.client import Client
from xinglin_admin.api.models import Session
from xinglin_admin.locale import Language
from xinglin_admin.locale.texts import Texts
from xinglin_admin.theme import Tone
from xinglin_admin.widgets.banner import ErrorBanner, NoticeBar
from xinglin_admin.widgets.button import button
from xinglin_admin.widgets.emblem import emblem
from xinglin_admin.widgets.labels import label
from xinglin_admin.widgets.named import named

_CARD_WIDTH, _EMBLEM_SIZE = 440, 52
_SECOND = 1000
_CODE_LENGTH = 6
_LANGUAGE_NAMES = {Language.CHINESE: "中文", Language.ENGLISH: "English"}


class LoginPage(QWidget):
    """``signed_in`` carries the `Client` and its `Session`; ``language_chosen`` a `Language`."""

    signed_in = Signal(object, object)
    language_chosen = Signal(object)

    def __init__(self, texts: Texts, language: Language, server: str) -> None:
        super().__init__()
        self._texts = texts
        self._language = language
        self._client: Client | None = None
        self._wait_seconds = 0
        self.banner = ErrorBanner(texts)
        self.notice = NoticeBar()
        self._server = named("serverField", QLineEdit(server, placeholderText="https://portal.example.org"))
        self._login = named("loginField", QLineEdit(maxLength=64))
        self._password = named(
            "passwordField", QLineEdit(maxLength=256, echoMode=QLineEdit.EchoMode.Password)
        )
        self._code = _code_field(texts)
        self._button = button(texts.login.button, "loginButton", self.submit, role="primary")
        for field in (self._server, self._login, self._password, self._code):
            field.returnPressed.connect(self.submit)
        self._clock = QTimer(self, interval=_SECOND)
        self._clock.timeout.connect(self._count_down)
        self._lay_out()

    def submit(self) -> None:
        if not self._button.isEnabled():
            return
        self.notice.hide()
        self.banner.hide()
        login, password, code = self._login.text().strip(), self._password.text(), self._code.text()
        if not login or not password or len(code) != _CODE_LENGTH:
            self.notice.say(self._texts.login.complete_fields, Tone.WARNING)
            return
        try:
            client = self._client_for(self._server.text())
        except errors.UnusableAddress as error:
            self.banner.explain(error, None)
            return
        self._set_busy(is_busy=True)
        background.run(lambda: client.login(login, password, code), owner=self).success(
            lambda session: self._on_success(client, session)
        ).failure(self._on_failure)

    def ask_again(self, detail: str) -> None:
        """The session has ended: say so and keep server and login name."""
        self.notice.say(f"{detail} {self._texts.login.session_ended}", Tone.WARNING)
        self.focus_first_empty()

    def forget(self) -> None:
        """Signed out on purpose: the next login starts with nothing of this one."""
        self.end_session()
        self._login.clear()
        self.notice.hide()
        self.banner.hide()
        self.focus_first_empty()

    def end_session(self) -> None:
        """Tell the server without waiting for it: the token is forgotten here in any case."""
        if self._client is not None:
            background.run(self._client.logout, owner=self)
            self._client = None

    def focus_first_empty(self) -> None:
        for field in (self._server, self._login, self._password, self._code):
            if not field.text():
                field.setFocus()
                return

    def _client_for(self, server: str) -> Client:
        """The former client for the same server, so that open windows go on with the new token."""
        if self._client is None or self._client.server != server.strip().rstrip("/"):
            self.end_session()
            self._client = Client(server, self._language.http_name)
        return self._client

    def _on_success(self, client: Client, session: Session) -> None:
        self._set_busy(is_busy=False)
        self._password.clear()
        self._code.clear()
        self.signed_in.emit(client, session)

    def _on_failure(self, error: errors.ApiError) -> None:
        self._set_busy(is_busy=False)
        self._code.clear()
        is_refusal = isinstance(error, errors.Refusal)
        self.banner.explain(error, None if is_refusal else self._code_again)
        self._code.setFocus()
        if isinstance(error, errors.TooManyAttempts):
            self._wait_seconds = error.retry_after
            self._show_wait()
            self._clock.start()

    def _code_again(self) -> None:
        """A one-time code may have been used up by the lost attempt, so retrying needs a fresh one."""
        self._code.setFocus()

    def _count_down(self) -> None:
        self._wait_seconds -= 1
        if self._wait_seconds <= 0:
            self._clock.stop()
            self.banner.hide()
        self._show_wait()

    def _show_wait(self) -> None:
        words = self._texts.login
        waits = self._wait_seconds > 0
        self._button.setEnabled(not waits)
        self._button.setText(words.wait.format(seconds=self._wait_seconds) if waits else words.button)

    def _set_busy(self, *, is_busy: bool) -> None:
        self._button.setEnabled(not is_busy)
        self._button.setText(self._texts.login.signing_in if is_busy else self._texts.login.button)

    def _lay_out(self) -> None:
        words = self._texts.login
        card = QFrame()
        card.setProperty("role", "card")
        card.setFixedWidth(_CARD_WIDTH)
        column = QVBoxLayout(card)
        column.setContentsMargins(32, 28, 32, 28)
        column.setSpacing(5)
        for widget in (label(words.title, role="heading"), label(words.hint, role="quiet", is_wrapped=True)):
            column.addWidget(widget)
        column.addSpacing(6)
        column.addWidget(self.banner)
        column.addWidget(self.notice)
        fields = {
            words.server: self._server,
            words.login: self._login,
            words.password: self._password,
            words.code: self._code,
        }
        for title, field in fields.items():
            column.addSpacing(5)
            column.addWidget(_buddy(title, field))
            column.addWidget(field)
        column.addSpacing(14)
        column.addWidget(self._button)
        outside = QVBoxLayout(self)
        outside.addLayout(self._language_row())
        outside.addStretch(2)
        outside.addLayout(self._brand())
        outside.addSpacing(14)
        middle = (
            QHBoxLayout()
        )  # an alignment flag instead would cut wrapped sentences: it ignores their height
        middle.addStretch()
        middle.addWidget(card)
        middle.addStretch()
        outside.addLayout(middle)
        outside.addStretch(3)

    def _brand(self) -> QHBoxLayout:
        picture = QLabel()
        picture.setPixmap(emblem(_EMBLEM_SIZE, self.devicePixelRatioF()))
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(label(self._texts.common.application, name="pageTitle"))
        names.addWidget(label(self._texts.common.hospital_office, role="quiet"))
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addStretch()
        row.addWidget(picture)
        row.addLayout(names)
        row.addStretch()
        return row

    def _language_row(self) -> QHBoxLayout:
        box = named("languageBox", QComboBox())
        for language, name in _LANGUAGE_NAMES.items():
            box.addItem(name, language)
        box.setCurrentIndex(box.findData(self._language))
        box.activated.connect(lambda _index: self.language_chosen.emit(Language(box.currentData())))
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(label(self._texts.login.language, role="quiet"))
        row.addWidget(box)
        return row


def _code_field(texts: Texts) -> QLineEdit:
    field = named("codeField", QLineEdit(placeholderText=texts.login.code_hint, maxLength=_CODE_LENGTH))
    field.setValidator(QRegularExpressionValidator(QRegularExpression("[0-9]{0,6}"), field))
    field.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly | Qt.InputMethodHint.ImhSensitiveData)
    return field


def _buddy(title: str, field: QLineEdit) -> QLabel:
    """The label above a field, read out with it by screen readers."""
    above = label(title, role="small")
    above.setBuddy(field)
    field.setAccessibleName(title)
    return above
