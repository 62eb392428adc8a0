"""The story of trust: a virus is held, a forged record is named, a key is changed, a backup comes back; people notice nothing."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QDate
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.e2e.desktop import at_the_desk, grant
from tests.e2e.stack import Stack
from tests.e2e.test_attachments import add, begin_to_write, publish
from tests.e2e.test_first_light import NURSE, open_portal
from tests.integration.clamd_engine import EICAR
from tests.integration.documents import docx

if TYPE_CHECKING:
    from playwright.sync_api import Page

AUTHOR, AUTHOR_NO, AUTHOR_NAME, DEPARTMENT = "A10042", "10042", "覃海峰", "医务部"
TITLE = "关于病历书写规范的通知"
CLEAN, INFECTED = "病历书写规范.docx", "模板下载.txt"
FIRST_PAGE = "第 1 页，共 1 页"
FORGE = "UPDATE core_audit_record SET actor_name = ? WHERE id = ?"
PUBLISHED = "SELECT id FROM core_audit_record WHERE action = 'notice.publish' AND actor_name = ?"
GUARDS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'core_audit_record'"


def test_trust(story: Story) -> None:
    story.publish_a_clean_file_and_one_with_a_virus()
    story.read_the_clean_one(story.stack.portal)
    story.find_the_other_in_quarantine()
    story.name_a_forged_record()
    story.change_the_key()
    story.read_the_clean_one(story.stack.portal)
    story.bring_a_backup_back()


@dataclass
class Story:
    """Two phones, the computer of the security administrator, and the machine itself."""

    stack: Stack
    shoot: Callable[[Page, str], None]
    files: list[Path]
    author: Page
    nurse: Page
    guard: Page
    empty: Path
    notice: str = ""

    def publish_a_clean_file_and_one_with_a_virus(self) -> None:
        """The real clamd looks at both; the author sees at once which of them readers will never get."""
        begin_to_write(self.author, self.stack, AUTHOR, TITLE)
        add(self.author, self.files)
        listed = self.author.locator("#attachments")
        listed.get_by_text(CLEAN).wait_for()
        listed.get_by_text(re.compile("发现病毒（Eicar")).wait_for()
        listed.get_by_text("检查中").first.wait_for(state="hidden")
        publish(self.author)

    def read_the_clean_one(self, portal: str) -> None:
        """The document is pages on the phone, each with the reader's name; the infected file is not there at all."""
        if not self.notice:
            open_portal(self.nurse, self.stack, NURSE).get_by_role("link", name="通知").first.wait_for()
            self.nurse.goto(f"{portal}/news")
            self.nurse.get_by_role("link", name=re.compile(TITLE)).click()
            self.nurse.get_by_text("附件", exact=True).wait_for()
            self.notice = self.nurse.url.removeprefix(portal)
        self.nurse.goto(portal + self.notice)
        assert self.nurse.get_by_text(INFECTED).count() == 0
        self.nurse.get_by_role("link", name=re.compile("^病历书写规范")).click()
        page = self.nurse.get_by_alt_text(FIRST_PAGE)
        page.wait_for()
        page.evaluate("image => image.decode()")
        assert page.evaluate("image => image.naturalWidth") > 0
        self.shoot(self.nurse, "trust-document")

    def find_the_other_in_quarantine(self) -> None:
        """The security administrator sees what was found, where it came from, and may decide."""
        page = self.guard
        page.goto(f"{self.stack.portal}/login/break-glass")
        page.get_by_label("登录名").fill("guard")
        page.get_by_label("密码", exact=True).fill(self.stack.password)
        page.get_by_label("动态验证码").fill(self.stack.run("demo", "--code", "--login", "guard").strip())
        page.get_by_role("button", name="登录", exact=True).click()
        page.get_by_role("link", name="隔离区").click()
        held = page.get_by_role("listitem").filter(has_text=INFECTED)
        held.filter(has_text="Eicar").filter(has_text=AUTHOR_NAME).wait_for()
        self.shoot(page, "trust-quarantine")

    def name_a_forged_record(self) -> None:
        """Somebody with the password of the database makes another person the author."""
        assert " 0 bad" in self.stack.run("audit", "verify")
        with self.unguarded() as database:
            (record,) = database.execute(PUBLISHED, (AUTHOR_NAME,)).fetchone()
            database.execute(FORGE, ("别人", record))
        found = self.stack.tried("audit", "verify")
        assert found.returncode == 1, found.stdout
        assert re.search(rf"\b{record}\b", found.stdout), found.stdout
        with self.unguarded() as database:
            database.execute(FORGE, (AUTHOR_NAME, record))
        assert " 0 bad" in self.stack.run("audit", "verify")

    @contextmanager
    def unguarded(self) -> Iterator[sqlite3.Connection]:
        """The database as its owner can change it, past the triggers that refuse."""
        with closing(sqlite3.connect(self.stack.folder / "xinglin.db", timeout=60)) as database, database:
            triggers = database.execute(GUARDS).fetchall()
            assert triggers
            for name, _sql in triggers:
                database.execute(f'DROP TRIGGER "{name}"')
            yield database
            for _name, sql in triggers:
                database.execute(sql)

    def change_the_key(self) -> None:
        """A new data key, and everything sealed under the old one sealed anew, while the portal runs."""
        self.stack.run("crypto", "rotate")
        assert self.stack.tried("crypto", "status").returncode == 1, "nothing lay under the older key"
        self.stack.run("crypto", "rekey")
        assert "key 2" in self.stack.run("crypto", "status")
        assert " 0 bad" in self.stack.run("audit", "verify")

    def bring_a_backup_back(self) -> None:
        """A backup taken while people work, restored into an empty place, serves the same pages to the same phone."""
        self.stack.run("backup", "run")
        assert "whole" in self.stack.run("backup", "verify")
        other = self.stack.beside(self.empty)
        assert "every row and file compared" in other.run("backup", "restore")
        assert " 0 bad" in other.run("audit", "verify")
        other.start("serve")
        try:
            self.read_the_clean_one(other.portal)  # a session by cookie came back, too
        finally:
            other.stop()
        self.stack.run("backup", "drill")


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    clean, infected = tmp_path / CLEAN, tmp_path / INFECTED
    clean.write_bytes(docx(["病历应当客观、真实、准确、及时、完整、规范。"]))
    infected.write_bytes(EICAR)
    return [clean, infected]


@pytest.fixture
def story(
    scanned: Stack,
    new_phone: Callable[..., Page],
    shoot: Callable[[Page, str], None],
    files: list[Path],
    qtbot: QtBot,
    qapp: QApplication,
    tmp_path: Path,
) -> Story:
    with at_the_desk(scanned, qtbot, qapp, tmp_path) as screen:
        grant(screen, AUTHOR_NO, "发布通知", "通知公告", DEPARTMENT, QDate(2099, 12, 31))
        screen.until(lambda: AUTHOR_NAME in screen.column("grantTable"))
    empty = tmp_path / "restored"
    empty.mkdir()
    return Story(scanned, shoot, files, new_phone(), new_phone(), new_phone(), empty)
