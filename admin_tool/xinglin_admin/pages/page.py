"""What all pages have: a heading, a busy bar, a banner for failures and one way to load things."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from xinglin_admin import background
from xinglin_admin.api.errors import ApiError, Conflict, NotFound, SessionEnded
from xinglin_admin.api.models import Role
from xinglin_admin.context import Context
from xinglin_admin.locale.texts import Texts
from xinglin_admin.widgets.banner import ErrorBanner, NoticeBar
from xinglin_admin.widgets.labels import label
from xinglin_admin.widgets.named import named

T = TypeVar("T")
_MARGIN = 24


class Page(QWidget):
    """``nav_name`` is the object name of the page's button in the side navigation."""

    nav_name: ClassVar[str]
    roles: ClassVar[frozenset[Role]]
    """Whose page it is; the portal refuses the others."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.banner = ErrorBanner(context.texts)
        self.notice = NoticeBar()
        self._busy = named("busyBar", QProgressBar(maximum=0, textVisible=False))
        self._running = 0
        self.actions_row = QHBoxLayout()
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(_MARGIN, _MARGIN - 6, _MARGIN, _MARGIN - 8)
        self.body.setSpacing(10)
        self._add_heading()
        for bar in (self.banner, self.notice):
            self.body.addWidget(bar)
        self._show_busy()

    @staticmethod
    def title(texts: Texts) -> str:
        raise NotImplementedError

    @staticmethod
    def subtitle(texts: Texts) -> str:
        raise NotImplementedError

    def refresh(self) -> None:
        """Load the page's content again (F5, and when the page is opened)."""
        raise NotImplementedError

    def focus_filter(self) -> None:
        """Put the cursor into the page's filter (Ctrl+F)."""
        raise NotImplementedError

    def suspend(self) -> None:
        """The session has ended: hide what stands in front of the window, keep its content."""

    def resume(self) -> None:
        """The same administrator is back."""

    def load(
        self, operation: Callable[[], T], show: Callable[[T], None], retry: Callable[[], None] | None = None
    ) -> None:
        """Run ``operation`` in the background; a failure is explained with a button that calls ``retry``."""

        def arrived(result: T) -> None:
            self._finished()
            self.banner.hide()
            show(result)

        def failed(error: ApiError) -> None:
            self._finished()
            is_outdated = isinstance(error, (Conflict, NotFound))
            self.explain(error, self.refresh if is_outdated else retry)

        self._running += 1
        self._show_busy()
        background.run(operation, owner=self).success(arrived).failure(failed)

    def explain(self, error: ApiError, retry: Callable[[], None] | None) -> None:
        if isinstance(error, SessionEnded):
            self.context.session.ended.emit(error.detail)
        else:
            self.banner.explain(error, retry)

    def _add_heading(self) -> None:
        texts = self.context.texts
        titles = QVBoxLayout()
        titles.setSpacing(2)
        titles.addWidget(label(self.title(texts), name="pageTitle"))
        titles.addWidget(label(self.subtitle(texts), name="pageSubtitle", is_wrapped=True))
        row = QHBoxLayout()
        row.addLayout(titles, 1)
        row.addLayout(self.actions_row)
        self.body.addLayout(row)
        self.body.addWidget(self._busy)

    def _finished(self) -> None:
        self._running -= 1
        self._show_busy()

    def _show_busy(self) -> None:
        """The bar keeps its place while it is empty, so that nothing jumps."""
        self._busy.setMaximum(0 if self._running else 1)
        self._busy.reset()
