"""The story: one notice, written by a sub-administrator, reaches 1,632 phones less the excluded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from PIL import Image
from PySide6.QtCore import QDate
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.e2e.desktop import at_the_desk, grant
from tests.e2e.stack import Stack
from tests.unit.xinglin_admin.screen import Screen

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

NURSE, NURSE_NAME = "N10021", "王丽"
HEAD_NURSE, HEAD_NURSE_NAME = "N10011", "单玉梅"
EXCLUDED = "T10022"
UNLICENSED = 4
GIVER = 4
"""The column of the tool's table that names who gave a grant."""
TITLE = "台风红色预警:今晚停车场与门诊安排"
SHORT_TITLE = "台风红色预警"
ACTS = {
    ("grant.create", "系统管理员"),
    ("session.begin", NURSE_NAME),
    ("notice.publish", HEAD_NURSE_NAME),
    ("push.enqueue", HEAD_NURSE_NAME),
    ("notice.read", NURSE_NAME),
    ("notice.remind", HEAD_NURSE_NAME),
}
ACTS_OF_MACHINES = {"push.call", "plugin.disable", "plugin.enable", "config.change"}
NEXT_YEAR = QDate(2099, 12, 31)


def open_portal(page: Page, stack: Stack, userid: str) -> FrameLocator:
    """From the workbench of this person's phone; the frame is the WeCom web view."""
    page.goto(f"{stack.wecom}/phone/{userid}")
    page.get_by_role("tab", name="工作台").click()
    page.get_by_test_id("workbench-app").click()
    return page.frame_locator("[data-testid=webview]")


def control(stack: Stack, path: str, /, **query: Any) -> Any:
    answer = requests.get(f"{stack.wecom}/_control/{path}", params=query, timeout=60)
    answer.raise_for_status()
    return answer.json()


def eventually(page: Page, condition: Callable[[], bool], *, seconds: float = 20) -> None:
    """Let the page live until the condition holds."""
    for _ in range(int(seconds * 10)):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not happen in time")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "停车场.jpg"
    Image.effect_mandelbrot((1200, 800), (-2, -1.3, 1, 1.3), 60).convert("RGB").save(path)
    return path


def test_first_light(story: Story) -> None:
    story.grant_the_column()
    story.log_in_silently()
    reached = story.write_and_publish()
    story.everybody_has_a_card(reached)
    story.read_it()
    story.see_who_has_read_and_remind_once()
    story.switch_the_module_off_and_on()
    story.find_it_all_in_the_audit_trail()


@dataclass
class Story:
    """Two phones and a desk; each step is a sentence of the issue."""

    stack: Stack
    shoot: Callable[[Page, str], None]
    picture: Path
    nurse: Page
    head: Page
    desk: Callable[[], AbstractContextManager[Screen]]

    def grant_the_column(self) -> None:
        """0. The administrator grants the head nurse the column for her department, until a date."""
        with self.desk() as screen:
            grant(screen, "10011", "发布通知", "通知公告", "护理部", NEXT_YEAR)
            screen.until(lambda: HEAD_NURSE_NAME in screen.column("grantTable"))
            assert set(screen.column("grantTable", GIVER)) == {"系统管理员"}
            screen.press("navModules")
            screen.until(lambda: len(screen.column("modulesTable")) >= 3)

    def log_in_silently(self) -> None:
        """1. A nurse opens the portal from her workbench."""
        portal = open_portal(self.nurse, self.stack, NURSE)
        portal.get_by_text(re.compile(f"{NURSE_NAME}$")).first.wait_for()
        self.shoot(self.nurse, "nurse-home")

    def write_and_publish(self) -> int:
        """2. The head nurse writes a notice with a picture for all but one department; whom it reaches, she is told."""
        own = open_portal(self.head, self.stack, HEAD_NURSE)
        own.get_by_role("link", name="写通知").click()
        own.get_by_role("link", name="新建通知").click()
        own.get_by_role("button", name="开始撰写").click()
        own.get_by_label("标题").fill(TITLE)
        own.locator(".ql-editor").fill("今晚 20:00 起停车场封闭,门诊延后至明早 9:00。")
        own.locator("input[type=file]").set_input_files(self.picture)
        self.shoot(self.head, "write")
        own.get_by_role("button", name="下一步").click()
        own.get_by_label("全院", exact=True).check()
        leave_out = own.locator("details:has(input[name=exclude])").filter(has_text="科室").first
        leave_out.locator("summary").click()
        leave_out.get_by_label("检验科", exact=True).check()
        own.locator("#live").get_by_text("排除 · 检验科").wait_for()
        self.shoot(self.head, "audience")
        own.get_by_role("button", name="下一步").click()
        button = own.get_by_role("button", name=re.compile("发布给"))
        button.wait_for()
        reached = int(re.sub(r"\D", "", button.inner_text()))
        self.shoot(self.head, "publish")
        button.click()
        return reached

    def everybody_has_a_card(self, reached: int) -> None:
        """3. Two calls, all but the excluded and those whom WeCom refuses for want of a licence."""
        eventually(
            self.head, lambda: control(self.stack, "delivered", title=TITLE)["users"] == reached - UNLICENSED
        )
        sent = control(self.stack, "log", path="message/send")["entries"]
        assert len([call for call in sent if SHORT_TITLE in json.dumps(call, ensure_ascii=False)]) == 2
        assert control(self.stack, "messages", userid=EXCLUDED)["messages"] == []

    def read_it(self) -> None:
        """The nurse taps the card and is on that notice; the list marks it read."""
        self.nurse.goto(f"{self.stack.wecom}/phone/{NURSE}")
        self.nurse.get_by_test_id("conversation-app").click()
        self.shoot(self.nurse, "card")
        self.nurse.get_by_test_id("card").filter(has_text=SHORT_TITLE).click()
        article = self.nurse.frame_locator("[data-testid=webview]")
        article.get_by_role("heading", name=re.compile(SHORT_TITLE)).first.wait_for()
        self.shoot(self.nurse, "article")
        article.get_by_role("link", name="返回").click()
        row = article.get_by_role("listitem").filter(has_text=SHORT_TITLE)
        row.wait_for()
        assert row.get_by_role("link", description="未读").count() == 0
        self.shoot(self.nurse, "list")

    def see_who_has_read_and_remind_once(self) -> None:
        """The author sees the reader with her department, and may remind the unread once."""
        own = self.head.frame_locator("[data-testid=webview]")
        own.get_by_role("link", name=re.compile("^已读")).first.click()
        own.get_by_role("listitem").filter(has_text="产一病区").filter(has_text=NURSE_NAME).wait_for()
        self.shoot(self.head, "readers")
        self.head.on("dialog", lambda dialog: dialog.accept())
        own.get_by_role("button", name=re.compile("提醒未读")).click()
        own.get_by_text(re.compile(f"{HEAD_NURSE_NAME} 于 .* 提醒了")).wait_for()
        assert own.get_by_role("button", name=re.compile("提醒未读")).count() == 0

    def switch_the_module_off_and_on(self) -> None:
        """4. Off and restarted: menu and pages are gone, the data is not; on again, all is back."""
        self.restart_with("disable")
        portal = open_portal(self.nurse, self.stack, NURSE)
        portal.get_by_text(re.compile(f"{NURSE_NAME}$")).first.wait_for()
        assert portal.get_by_role("link", name="通知").count() == 0
        self.head.goto(f"{self.stack.portal}/news")
        self.head.get_by_text("没有这个页面").wait_for()
        self.restart_with("enable")
        portal = open_portal(self.nurse, self.stack, NURSE)
        portal.get_by_role("link", name="通知").first.click()
        portal.get_by_role("link", name=re.compile(SHORT_TITLE)).wait_for()

    def restart_with(self, change: str) -> None:
        self.stack.run("plugins", change, "news")
        self.stack.stop()
        self.stack.start()

    def find_it_all_in_the_audit_trail(self) -> None:
        """5. Every act above is there under the name of who did it, and every record is as it was written."""
        assert " 0 bad" in self.stack.run("audit", "verify")
        shown = self.stack.run("audit", "show", "--json", "--limit", "9999")
        records = [json.loads(line) for line in shown.splitlines()]
        done = {(record["action"], record["actor_name"]) for record in records}
        assert done >= ACTS
        assert {action for action, _name in done} >= ACTS_OF_MACHINES


@pytest.fixture
def story(
    stack: Stack,
    new_phone: Callable[..., Page],
    shoot: Callable[[Page, str], None],
    picture: Path,
    qtbot: QtBot,
    qapp: QApplication,
    tmp_path: Path,
) -> Story:
    desk = partial(at_the_desk, stack, qtbot, qapp, tmp_path)
    return Story(stack, shoot, picture, new_phone(), new_phone(), desk)
