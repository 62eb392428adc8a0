"""The main window: the login page, and after it the shell with the pages."""

from __future__ import annotations

from PySide6.QtGui import QAction, QCloseEvent, QIcon, QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget

from xinglin_admin import theme
from xinglin_admin.api.client import Client
from xinglin_admin.api.models import Session
from xinglin_admin.context import Context, SessionEvents
from xinglin_admin.locale import Language, texts_for
from xinglin_admin.pages.login import LoginPage
from xinglin_admin.settings import Settings
from xinglin_admin.shell import Shell
from xinglin_admin.theme import Scheme
from xinglin_admin.widgets.emblem import emblem

_SIZE = (1100, 720)
_LEAST_SIZE = (900, 600)
_ICON_SIZE = 64


class MainWindow(QMainWindow):
    def __init__(self, settings: Settings, language: Language, server: str) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self._settings = settings
        self._language = language
        self._server = server
        self._shell: Shell | None = None
        self._stack = QStackedWidget()
        self.setCentralWidget(self._stack)
        self.setWindowIcon(QIcon(emblem(_ICON_SIZE)))
        self.setMinimumSize(*_LEAST_SIZE)
        self.resize(*_SIZE)
        self.restoreGeometry(settings.layout("window"))
        self._add_shortcuts()
        self._login = self._new_login_page()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802  (Qt)
        self._settings.keep_layout("window", self.saveGeometry())
        self._sign_out()
        super().closeEvent(event)

    def _new_login_page(self) -> LoginPage:
        texts = texts_for(self._language)
        self.setWindowTitle(texts.common.application)
        page = LoginPage(texts, self._language, self._server)
        page.signed_in.connect(self._on_signed_in)
        page.language_chosen.connect(self._on_language)
        self._stack.addWidget(page)
        self._stack.setCurrentWidget(page)
        page.focus_first_empty()
        return page

    def _on_language(self, language: Language) -> None:
        self._language = self._settings.language = language
        self._drop_shell()
        old = self._login
        old.end_session()
        self._login = self._new_login_page()
        self._stack.removeWidget(old)
        old.deleteLater()

    def _on_signed_in(self, client: Client, session: Session) -> None:
        self._server = self._settings.server = client.server
        shell = self._shell
        if shell and shell.context.client is client and shell.context.administrator == session.administrator:
            self._stack.setCurrentWidget(shell)
        else:
            self._drop_shell()
            shell = self._shell = self._new_shell(client, session)
        shell.resume()

    def _new_shell(self, client: Client, session: Session) -> Shell:
        events = SessionEvents(self)
        events.ended.connect(self._on_session_ended)
        context = Context(client, texts_for(self._language), self._settings, session.administrator, events)
        shell = Shell(context)
        shell.sign_out.connect(self._sign_out)
        shell.scheme_chosen.connect(self._on_scheme)
        self._stack.addWidget(shell)
        self._stack.setCurrentWidget(shell)
        return shell

    def _on_session_ended(self, detail: str) -> None:
        """Several answers may say so at once: the first one counts."""
        if self._shell is None or self._stack.currentWidget() is not self._shell:
            return
        self._shell.suspend()
        self._stack.setCurrentWidget(self._login)
        self._login.ask_again(detail)

    def _sign_out(self) -> None:
        self._drop_shell()
        self._stack.setCurrentWidget(self._login)
        self._login.forget()

    def _drop_shell(self) -> None:
        if self._shell is not None:
            self._shell.suspend()
            self._stack.removeWidget(self._shell)
            self._shell.deleteLater()
            self._shell = None

    def _on_scheme(self, scheme: Scheme) -> None:
        self._settings.scheme = scheme
        application = QApplication.instance()
        if isinstance(application, QApplication):
            theme.apply(application, scheme)

    def _add_shortcuts(self) -> None:
        refresh = QAction(self, shortcut=QKeySequence(QKeySequence.StandardKey.Refresh))
        refresh.triggered.connect(lambda: self._with_page(is_refresh=True))
        find = QAction(self, shortcut=QKeySequence(QKeySequence.StandardKey.Find))
        find.triggered.connect(lambda: self._with_page(is_refresh=False))
        self.addActions([refresh, find])

    def _with_page(self, *, is_refresh: bool) -> None:
        if self._shell is None or self._stack.currentWidget() is not self._shell:
            return
        page = self._shell.page()
        if is_refresh:
            page.refresh()
        else:
            page.focus_filter()
