"""The background idiom."""

from __future__ import annotations

import threading
from typing import Any

from PySide6.QtCore import QObject, QThread
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from xinglin_admin import background
from xinglin_admin.api.errors import ApiError, ServerFault


def test_operation_runs_elsewhere_and_the_result_arrives_on_the_ui_thread(qtbot: QtBot) -> None:
    owner = QObject()
    seen: list[Any] = []
    here = QThread.currentThread()
    background.run(threading.get_ident, owner=owner).success(
        lambda worker: seen.append((worker, QThread.currentThread()))
    )
    qtbot.waitUntil(lambda: bool(seen))
    assert seen[0][0] != threading.get_ident()
    assert seen[0][1] is here


def test_failure_is_delivered_as_the_error_that_was_raised(qtbot: QtBot) -> None:
    owner = QObject()
    seen: list[Any] = []

    def fail() -> None:
        raise ServerFault(503)

    background.run(fail, owner=owner).failure(seen.append)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen[0].status == 503


def test_answer_for_a_deleted_widget_is_dropped(qtbot: QtBot) -> None:
    widget, gate = QWidget(), threading.Event()
    seen: list[bool] = []
    background.run(lambda: gate.wait(5), owner=widget).success(seen.append)
    with qtbot.waitSignal(widget.destroyed):
        widget.deleteLater()
    gate.set()
    owner = QObject()
    later: list[bool] = []
    assert background.finish(2000)
    background.run(lambda: True, owner=owner).success(later.append)
    qtbot.waitUntil(lambda: later == [True])
    assert seen == []


def test_defect_is_reported_and_does_not_leave_the_page_waiting(qtbot: QtBot) -> None:
    owner = QObject()
    seen: list[Any] = []

    def stumble() -> None:
        raise KeyError("a defect of the tool")

    with qtbot.captureExceptions() as exceptions:
        background.run(stumble, owner=owner).failure(seen.append)
        qtbot.waitUntil(lambda: bool(seen))
    assert isinstance(seen[0], background.ToolDefect)
    assert isinstance(seen[0], ApiError)
    assert [kind for kind, _value, _trace in exceptions] == [KeyError]
