"""The signed-in view: side navigation on the left, the chosen page on the right."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from xinglin_admin.context import Context
from xinglin_admin.pages import PAGES
from xinglin_admin.pages.page import Page
from xinglin_admin.theme import Scheme
from xinglin_admin.widgets.button import button
from xinglin_admin.widgets.emblem import emblem
from xinglin_admin.widgets.labels import label
from xinglin_admin.widgets.named import named

_SIDE_WIDTH, _EMBLEM_SIZE = 196, 28


class Shell(QWidget):
    """``sign_out`` is what the administrator wants; the end of a session is told by ``context.session``."""

    sign_out = Signal()
    scheme_chosen = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self._pages = QStackedWidget()
        self._side = named("sideBar", QWidget())
        self._side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._side.setFixedWidth(_SIDE_WIDTH)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._side)
        row.addWidget(self._pages, 1)
        self._fill_side()

    def page(self) -> Page:
        page = self._pages.currentWidget()
        if not isinstance(page, Page):
            message = f"{type(page).__name__} in pages.PAGES is no Page"
            raise TypeError(message)
        return page

    def suspend(self) -> None:
        for page in self._all_pages():
            page.suspend()

    def resume(self) -> None:
        self.page().refresh()
        for page in self._all_pages():
            page.resume()

    def _all_pages(self) -> list[Page]:
        return [
            page for page in map(self._pages.widget, range(self._pages.count())) if isinstance(page, Page)
        ]

    def _fill_side(self) -> None:
        column = QVBoxLayout(self._side)
        column.setContentsMargins(12, 16, 12, 14)
        column.setSpacing(4)
        column.addLayout(self._brand())
        column.addSpacing(14)
        for kind in self._kinds():
            column.addWidget(self._nav_button(kind))
        column.addStretch()
        common = self.context.texts.common
        column.addWidget(label(common.theme, role="small"))
        column.addWidget(self._theme_box())
        column.addSpacing(12)
        column.addWidget(label(self.context.administrator.name, role="heading", name="administratorName"))
        role = self.context.texts.roles.name_of(self.context.administrator.role)
        column.addWidget(label(f"{self.context.administrator.login} · {role}", role="small", name="roleName"))
        column.addWidget(button(common.sign_out, "signOutButton", self.sign_out.emit))

    def _kinds(self) -> list[type[Page]]:
        """What this administrator may not do is not shown."""
        return [kind for kind in PAGES if self.context.administrator.role in kind.roles]

    def _brand(self) -> QHBoxLayout:
        picture = named("brandPicture", QLabel())
        picture.setPixmap(emblem(_EMBLEM_SIZE, self.devicePixelRatioF()))
        row = QHBoxLayout()
        row.setContentsMargins(6, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(picture)
        row.addWidget(label(self.context.texts.common.application, role="heading", name="brandName"), 1)
        return row

    def _nav_button(self, kind: type[Page]) -> QPushButton:
        page = kind(self.context)
        self._pages.addWidget(page)
        opener = button(kind.title(self.context.texts), kind.nav_name, lambda: self._go(page))
        opener.setCheckable(True)
        opener.setAutoExclusive(True)
        opener.setChecked(self._pages.count() == 1)
        return opener

    def _go(self, page: Page) -> None:
        self._pages.setCurrentWidget(page)
        page.refresh()

    def _theme_box(self) -> QComboBox:
        common = self.context.texts.common
        box = named("themeBox", QComboBox())
        for title, scheme in (
            (common.theme_system, Scheme.SYSTEM),
            (common.theme_light, Scheme.LIGHT),
            (common.theme_dark, Scheme.DARK),
        ):
            box.addItem(title, scheme)
        box.setCurrentIndex(box.findData(self.context.settings.scheme))
        box.activated.connect(lambda _index: self.scheme_chosen.emit(Scheme(box.currentData())))
        return box
