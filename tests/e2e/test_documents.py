"""The story: a request goes through many hands and comes back once; a document of the hospital is issued and signed for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from PySide6.QtCore import QDate
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.e2e.desktop import at_the_desk, grant
from tests.e2e.documents_cast import (
    ACTS,
    AFFAIRS,
    AFFAIRS_NAME,
    CLERK,
    DEPUTY,
    DEPUTY_NAME,
    DOCTOR,
    FINANCE,
    FINANCE_NAME,
    GRANTS,
    LEADER,
    NURSING,
    NURSING_NAME,
    OFFICE_HEAD,
    VICE,
    VICE_NAME,
    WARD_HEAD,
)
from tests.e2e.documents_phones import Phones
from tests.e2e.stack import Stack
from tests.e2e.test_first_light import eventually, open_portal
from tests.integration.documents import docx

if TYPE_CHECKING:
    from playwright.sync_api import Page

REQUEST = "关于增配产科胎心监护仪的请示"
OUTGOING = "关于做好冬季院感防控工作的通知"
REPAIR = "产一病区心电监护仪无法开机维修"
PAPER = "胎心监护仪配置论证.docx"
NEXT_YEAR = QDate(2099, 12, 31)
REPAIR_FLOW = 11
BOARD_SECONDS = 75
"""The board counts anew after half a minute, and draws itself every half minute."""


def test_documents(story: Story) -> None:
    story.open_the_board()
    story.choose_a_deputy()
    story.start_an_urgent_request()
    story.sign_and_return_in_the_middle()
    story.submit_again_straight_to_who_returned_it()
    story.let_the_deputy_sign()
    story.carry_the_request_to_its_end()
    story.issue_a_document_of_the_hospital()
    story.sign_for_it()
    story.approve_what_the_oa_sent()
    story.see_the_board_move()
    story.look_at_the_office_on_a_small_phone()
    story.find_it_all_in_the_audit_trail()


@dataclass
class Story(Phones):
    """A dozen phones and more; each step is a sentence of the issue."""

    was: dict[str, int] = field(default_factory=dict)
    request: str = ""
    outgoing: str = ""

    def choose_a_deputy(self) -> None:
        """The head of nursing is away today: three taps from her own page."""
        page = self.at(NURSING, "/me")
        page.get_by_role("link", name="代理人").click()
        page.get_by_label("查找同事").press_sequentially(DEPUTY_NAME)
        eventually(page, lambda: page.locator("#choices input").count() == 1)
        page.get_by_role("radio", name=re.compile(DEPUTY_NAME)).check()
        page.get_by_role("radio", name="仅今天").check()
        self.shoot(page, "documents-deputies")
        page.get_by_role("button", name=re.compile("设为代理人")).click()
        page.get_by_text("代理中").first.wait_for()

    def start_an_urgent_request(self) -> None:
        """A form with a file and three signers, sent from a doctor's phone."""
        page = self.at(DOCTOR, "/documents")
        page.get_by_role("link", name="发起", exact=True).click()
        self.shoot(page, "documents-new")
        page.get_by_role("link", name="请示呈批", exact=True).click()
        page.get_by_label("请示事项").fill(REQUEST)
        page.get_by_label("事项类别").select_option("医疗业务")
        page.get_by_label("请示内容").fill("产科现有胎心监护仪 6 台，高峰时段不足，拟增配 2 台。")
        page.get_by_label("涉及金额").fill("46000")
        for name in (FINANCE_NAME, AFFAIRS_NAME, NURSING_NAME):
            page.get_by_label("会签人").press_sequentially(name)
            page.locator(".d-people__row").filter(has_text=name).first.click()
        with page.expect_file_chooser() as chosen:
            page.get_by_role("button", name="添加文件").click()
        chosen.value.set_files(self.paper)
        page.get_by_role("link", name=re.compile(PAPER)).wait_for()
        page.get_by_label("紧急程度").select_option("加急")
        page.get_by_text(re.compile("^草稿已自动保存")).wait_for()
        self.shoot(page, "documents-start")
        page.get_by_role("button", name="提交", exact=True).click()
        page.get_by_role("heading", name=REQUEST).wait_for()
        self.request = page.url.partition("?")[0].removeprefix(self.stack.portal)
        page.get_by_text("加急", exact=True).first.wait_for()
        self.shoot(page, "documents-started")

    def sign_and_return_in_the_middle(self) -> None:
        """The head of department approves; of three signers one approves, one returns it to the doctor."""
        self.approve(self.card(WARD_HEAD, REQUEST), "同意上报。")
        self.counts_equal_lists(WARD_HEAD)
        self.approve(self.card(FINANCE, REQUEST), "经费可列支。")
        page = self.card(AFFAIRS, REQUEST)
        self.shoot(page, "documents-to-do")
        page.get_by_role("button", name="退回", exact=True).click()
        page.get_by_label("重新提交后直接回到我这里").check()
        page.get_by_role("radio", name="发起人").check()
        page.locator("#opinion").fill("请补充近三个月的使用率。")
        self.shoot(page, "documents-return")
        page.get_by_role("button", name="退回", exact=True).click()
        page.get_by_text("已退回。").wait_for()
        self.counts_equal_lists(AFFAIRS)

    def submit_again_straight_to_who_returned_it(self) -> None:
        """Who approved is not asked again; who returned it has it back at once."""
        page = self.card(DOCTOR, REQUEST)
        page.locator(".d-stand").get_by_text("请补充近三个月的使用率。").wait_for()
        page.get_by_label("请示内容").fill("近三个月使用率 96%，高峰时段不足，拟增配 2 台。")
        self.shoot(page, "documents-returned")
        page.get_by_role("button", name="重新提交").click()
        page.get_by_text("已重新提交。").wait_for()
        self.counts_equal_lists(DOCTOR)
        page = self.at(FINANCE, "/documents")
        assert page.get_by_role("link", name=re.compile(REQUEST)).count() == 0, "she is asked a second time"
        page = self.at(AFFAIRS, "/documents")
        page.get_by_role("link", name=re.compile(REQUEST)).click()
        page.get_by_text("近三个月使用率 96%").wait_for()
        self.approve(page, "同意。")

    def let_the_deputy_sign(self) -> None:
        """The card is on the deputy's phone, opens this document, and changes on the phone of the absent head."""
        self.look_at_it_on_a_small_phone()
        page = self.card(DEPUTY, REQUEST)
        assert page.url.partition("?")[0] == self.stack.portal + self.request
        page.get_by_text(re.compile(f"代 {NURSING_NAME}")).first.wait_for()
        self.shoot(page, "documents-deputy")
        self.approve(page, "同意，护理部配合培训。")
        self.counts_equal_lists(DEPUTY)
        self.says_handled(NURSING, REQUEST, DEPUTY_NAME)
        page = self.at(NURSING, self.request)
        step = page.get_by_role("listitem").filter(has_text=DEPUTY_NAME).filter(has_text=f"代 {NURSING_NAME}")
        step.first.wait_for()
        self.counts_equal_lists(NURSING)

    def carry_the_request_to_its_end(self) -> None:
        """The office, a vice president who must say why, and the clerk who reads it; the doctor is told."""
        self.approve(self.card(OFFICE_HEAD, REQUEST), "")
        self.approve(self.card(VICE, REQUEST), "同意增配。")
        page = self.card(CLERK, REQUEST)
        page.get_by_role("button", name="已阅").click()
        self.counts_equal_lists(CLERK)
        page = self.card(DOCTOR, REQUEST)
        page.get_by_text("已办结").first.wait_for()
        self.shoot(page, "documents-completed")
        self.counts_equal_lists(DOCTOR)

    def issue_a_document_of_the_hospital(self) -> None:
        """From the draft to the archive: signed by hand, numbered, with its red head, sealed, distributed."""
        page = self.at(CLERK, "/documents/new/outgoing")
        page.get_by_label("文件标题").fill(OUTGOING)
        page.get_by_label("文种").select_option("通知")
        page.get_by_label("主送").fill("各科室、各院区")
        page.get_by_label("正文", exact=True).fill(
            "各科室：\n为做好冬季院感防控工作，请落实手卫生与环境消毒。"
        )
        page.get_by_role("radio", name="全院").check()
        page.get_by_role("button", name="提交", exact=True).click()
        page.get_by_role("heading", name=OUTGOING).wait_for()
        self.outgoing = page.url.partition("?")[0].removeprefix(self.stack.portal)
        self.approve(self.card(OFFICE_HEAD, OUTGOING), "格式已核。")
        page = self.at(OFFICE_HEAD, self.outgoing)
        page.get_by_label("分管院领导").press_sequentially(VICE_NAME)
        page.locator(".d-people__row").filter(has_text=VICE_NAME).first.click()
        self.approve(page, "已核稿。")
        self.approve(self.card(VICE, OUTGOING), "同意。")
        self.sign_by_hand(self.card(LEADER, OUTGOING))
        self.operate_to_the_end()

    def operate_to_the_end(self) -> None:
        """Number, red head, seal, distribution, archive: each by who holds the step."""
        page = self.card(CLERK, OUTGOING)
        page.get_by_role("button", name="编号", exact=True).click()
        page.get_by_text(re.compile(r"院发〔\d{4}〕\d+号")).first.wait_for()
        self.shoot(page, "documents-number")
        self.approve(page, "")
        page = self.at(CLERK, self.outgoing)
        page.get_by_role("button", name="套红", exact=True).click()
        eventually(page, lambda: self.is_there(page, "正式文件"), seconds=90)
        self.shoot(page, "documents-red-head")
        self.approve(page, "")
        page = self.card(OFFICE_HEAD, OUTGOING)
        page.get_by_role("button", name="用印锁定").click()
        page.get_by_text("PDF，已用印锁定").wait_for()
        self.approve(page, "")
        page = self.at(CLERK, self.outgoing)
        page.get_by_label("产一病区", exact=True).check()
        self.shoot(page, "documents-distribute")
        page.get_by_role("button", name="分发", exact=True).click()
        page.get_by_text("已分发").first.wait_for()
        self.approve(page, "")
        page = self.card(CLERK, OUTGOING)
        page.get_by_role("button", name="归档", exact=True).click()
        page.get_by_text("办结时自动归档").wait_for()
        self.approve(page, "")
        page = self.at(CLERK, self.outgoing)
        page.get_by_text("已办结").first.wait_for()
        self.shoot(page, "documents-archived")
        self.counts_equal_lists(CLERK)

    def sign_for_it(self) -> None:
        """The head of the ward opens the final document and signs for it."""
        page = self.card(WARD_HEAD, OUTGOING)
        page.get_by_role("button", name="签收").click()
        self.shoot(page, "documents-signed-for")
        page.get_by_role("button", name="签收").wait_for(state="detached")
        page.get_by_role("link", name=re.compile("正式文件")).click()
        drawn = page.get_by_alt_text(re.compile("^第 1 页"))
        drawn.wait_for()
        drawn.evaluate("image => image.decode()")
        self.shoot(page, "documents-final")
        self.counts_equal_lists(WARD_HEAD)

    def approve_what_the_oa_sent(self) -> None:
        """The hospital's OA lays a to-do on a desk: it is in the same inbox at once, and approved there."""
        values = {"sb": "心电监护仪", "gz": "无法开机", "cd": "加急"}
        self.oa("requests", flow=REPAIR_FLOW, title=REPAIR, creator=DOCTOR, values=values)
        page = self.card(WARD_HEAD, REPAIR)
        page.get_by_text("无法开机").first.wait_for()
        self.shoot(page, "documents-oa")
        self.approve(page, "请尽快维修。")
        answer = requests.get(f"{self.stack.oa}/_control/state", timeout=60).json()
        (kept,) = [one for one in answer["requests"] if one["title"] == REPAIR]
        assert kept["waits_for"] == [AFFAIRS]
        assert kept["logs"][-1]["who"] == WARD_HEAD
        self.counts_equal_lists(WARD_HEAD)

    def open_the_board(self) -> None:
        """A leader lays a phone with the board on his desk."""
        open_portal(self.board, self.stack, LEADER).get_by_role("link", name="公文看板").wait_for()
        self.board.goto(f"{self.stack.portal}/documents/board")
        self.was = self.figures()

    def see_the_board_move(self) -> None:
        """It has drawn itself anew: one request more, and one outgoing document."""
        wanted = {kind: self.was.get(kind, 0) + 1 for kind in ("请示呈批", "发文")}
        eventually(self.board, lambda: wanted.items() <= self.figures().items(), seconds=BOARD_SECONDS)
        self.shoot(self.board, "documents-board")

    def figures(self) -> dict[str, int]:
        """How many documents of each type the board counts."""
        rows = self.board.get_by_role("region", name="流程").locator("tbody tr").all()
        return {
            row.locator("th").inner_text().strip(): int(row.locator("td").first.inner_text()) for row in rows
        }

    def oa(self, what: str, **body: Any) -> None:
        requests.post(f"{self.stack.oa}/_control/{what}", json=body, timeout=60).raise_for_status()

    def look_at_it_on_a_small_phone(self) -> None:
        """320 pixels with large text: nothing stands out at the side."""
        page = self.small(NURSING)
        for path, name in (
            ("/documents", "inbox"),
            (self.request, "document"),
            (f"{self.request}/return", "return"),
            ("/documents/new/request", "start"),
            ("/documents/deputies", "deputies"),
        ):
            self.look(page, path, name)

    def look_at_the_office_on_a_small_phone(self) -> None:
        """The same for the pages of the office and of those who lead."""
        self.look(self.small(LEADER), "/documents/board", "board")
        page = self.small(CLERK)
        self.look(page, "/documents/register", "register")
        self.look(page, self.outgoing, "outgoing")

    def find_it_all_in_the_audit_trail(self) -> None:
        """Every act above is there under the name of who did it, and every record is as it was written."""
        assert " 0 bad" in self.stack.run("audit", "verify")
        shown = self.stack.run("audit", "show", "--json", "--limit", "9999")
        records = [json.loads(line) for line in shown.splitlines()]
        assert {(record["action"], record["actor_name"]) for record in records} >= ACTS


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    path = tmp_path / PAPER
    path.write_bytes(docx(["近三个月胎心监护仪使用率论证。"]))
    return path


@pytest.fixture
def story(
    stack: Stack,
    new_phone: Callable[..., Page],
    shoot: Callable[[Page, str], None],
    paper: Path,
    qtbot: QtBot,
    qapp: QApplication,
    tmp_path: Path,
) -> Story:
    with at_the_desk(stack, qtbot, qapp, tmp_path) as screen:
        for staff_no, name, permission, department in GRANTS:
            grant(screen, staff_no, permission, "", department, NEXT_YEAR)
            screen.until(lambda name=name: name in screen.column("grantTable"))  # type: ignore[misc]
    return Story(stack, new_phone, shoot, paper, new_phone())
