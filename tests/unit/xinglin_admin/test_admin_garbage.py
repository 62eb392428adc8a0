"""Who frees the garbage of windows."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from xinglin_admin.garbage import collected_here


class Page(QWidget):
    """A page that refers to itself, as every page with handlers does."""

    def __init__(self, freed: list[int]) -> None:
        super().__init__()
        self.me = self
        weakref.finalize(self, lambda: freed.append(threading.get_ident()))


def test_another_thread_frees_no_widget_and_the_ui_thread_does(qtbot: QtBot) -> None:
    freed: list[int] = []
    allocated: list[list[int]] = []
    with collected_here():
        Page(freed)
        busy = threading.Thread(target=lambda: allocated.extend([number] for number in range(200_000)))
        busy.start()
        busy.join()
        assert freed == []
        qtbot.waitUntil(lambda: freed == [threading.get_ident()])


def test_python_collects_again_afterwards(qapp: QApplication) -> None:
    gc.enable()
    with collected_here():
        assert not gc.isenabled()
    assert gc.isenabled()
