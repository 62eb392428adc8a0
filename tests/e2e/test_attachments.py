"""The story: a notice with a file that breaks off and goes on, and with one that carries a virus."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QDate
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.e2e.desktop import at_the_desk, grant
from tests.e2e.stack import Stack
from tests.e2e.test_first_light import HEAD_NURSE, HEAD_NURSE_NAME, NURSE, open_portal
from tests.integration import clamd_engine

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

TITLE = "关于春节值班安排的通知"
CLEAN = "2026年春节值班安排（儿科一病区、儿科二病区、新生儿科）最终版_Final_Version_For_All_Departments.txt"
INFECTED = "体检表.txt"
LEAST_TAP = 44
FITS = "document.documentElement.scrollWidth <= window.innerWidth"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    clean, infected = tmp_path / CLEAN, tmp_path / INFECTED
    clean.write_text("初一 王丽\n" * 200_000, encoding="utf-8")
    infected.write_bytes(clamd_engine.EICAR)
    return [clean, infected]


@pytest.fixture
def granted(scanned: Stack, qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Stack:
    with at_the_desk(scanned, qtbot, qapp, tmp_path) as screen:
        grant(screen, "10011", "发布通知", "通知公告", "护理部", QDate(2099, 12, 31))
        screen.until(lambda: HEAD_NURSE_NAME in screen.column("grantTable"))
    return scanned


def test_attachments(
    granted: Stack, new_phone: Callable[..., Page], shoot: Callable[[Page, str], None], files: list[Path]
) -> None:
    head, nurse = new_phone(), new_phone()
    begin_to_write(head, granted)
    broken = break_the_connection(head)
    add(head, files)
    head.get_by_text("网络中断").first.wait_for()
    shoot(head, "attachments-lost")
    listed = head.locator("#attachments")
    listed.get_by_text(CLEAN).wait_for()
    listed.get_by_text(re.compile("发现病毒（Eicar")).wait_for()
    listed.get_by_text("检查中").first.wait_for(state="hidden")
    assert len(broken) == 2, "the connection was never lost"
    assert head.get_by_label("标题").input_value() == TITLE, "what was typed meanwhile is gone"
    assert head.evaluate(FITS)
    head.get_by_role("button", name="添加附件").evaluate("button => button.scrollIntoView({block: 'center'})")
    shoot(head, "attachments-write")
    publish(head)

    article = read(nurse, granted)
    assert nurse.get_by_text(INFECTED).count() == 0
    assert nurse.evaluate(FITS)
    link = nurse.get_by_role("link", name=re.compile("^2026年春节值班安排"))
    box = link.bounding_box()
    assert box is not None
    assert box["height"] >= LEAST_TAP
    shoot(nurse, "attachments-article")
    small(nurse, granted)
    nurse.goto(article)
    link.scroll_into_view_if_needed()
    assert nurse.evaluate(FITS)
    assert link.locator(".n-file").evaluate("name => name.scrollWidth <= name.clientWidth + 1")
    shoot(nurse, "attachments-article-320")
    link.click()
    nurse.wait_for_url("**/files/*")
    write_on_a_small_phone(head, granted, files, shoot)


def write_on_a_small_phone(
    head: Page, granted: Stack, files: list[Path], shoot: Callable[[Page, str], None]
) -> None:
    """Large text at 320 pixels: a file that is taken, and one that is refused, by keyboard alone."""
    begin_to_write(head, granted)
    address = head.url
    small(head, granted)
    head.goto(address)
    add(head, [files[0], Path(__file__)])
    refused = head.locator(".x-upload__row")
    close = refused.get_by_role("button", name=re.compile("^关闭"))
    close.wait_for()
    head.locator("#attachments").get_by_text(CLEAN).wait_for()
    refused.get_by_text("不允许上传").wait_for()
    assert refused.get_by_role("button").count() == 1, "what was refused is offered to be sent again"
    for button in head.locator(".x-upload button:visible, #attachments button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= LEAST_TAP
    assert head.evaluate(FITS)
    refused.scroll_into_view_if_needed()
    shoot(head, "attachments-write-320")
    close.press("Enter")
    assert refused.count() == 0
    assert head.get_by_role("button", name="添加附件").evaluate("button => button === document.activeElement")


def begin_to_write(head: Page, stack: Stack, author: str = HEAD_NURSE, title: str = TITLE) -> None:
    """A draft with a title that is not saved yet."""
    open_portal(head, stack, author).get_by_role("link", name="写通知").wait_for()
    head.goto(f"{stack.portal}/news/write")
    head.get_by_role("button", name="开始撰写").click()
    head.get_by_label("标题").fill(title)
    head.locator(".ql-editor").fill("值班安排见附件。")


def break_the_connection(page: Page) -> list[str]:
    """The second piece is lost, and the question where to go on, too."""
    lost: list[str] = []
    arrived: list[str] = []

    def handle(route: Route) -> None:
        if arrived and len(lost) < 2:
            lost.append(route.request.method)
            route.abort("connectionreset")
        else:
            arrived.append(route.request.method)
            route.continue_()

    page.route(re.compile(r"/files/uploads/[^/]+$"), handle)
    return lost


def add(page: Page, files: list[Path]) -> None:
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="添加附件").press("Enter")
    chosen.value.set_files(files)


def publish(head: Page) -> None:
    head.get_by_role("button", name="下一步").click()
    head.get_by_label("全院", exact=True).check()
    head.get_by_role("button", name="下一步").click()
    head.get_by_role("button", name=re.compile("发布给")).click()
    head.get_by_text("已发布").first.wait_for()


def read(nurse: Page, stack: Stack) -> str:
    """The address of the notice on the nurse's phone."""
    open_portal(nurse, stack, NURSE).get_by_role("link", name="通知").first.wait_for()
    nurse.goto(f"{stack.portal}/news")
    nurse.get_by_role("link", name=re.compile(TITLE)).click()
    nurse.get_by_text("附件", exact=True).wait_for()
    return nurse.url


def small(page: Page, stack: Stack) -> None:
    """A small phone with large text."""
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{stack.portal}/me")
    page.get_by_role("switch", name=re.compile("大字")).check()
    page.locator("html.large-text").wait_for()
