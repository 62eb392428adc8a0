"""Journeys of the board: figures, the stuck step, export, baseline."""

from __future__ import annotations

import csv
import io
import json

import pytest
from openpyxl import Workbook
from tests.functional.documents.office import COLLEAGUE, FOLLOWER, MANAGER, fill, settle

from xinglin.api.people import Person
from xinglin_documents.models import Box, Entry, Item, Process

pytestmark = pytest.mark.plugins("portal", "documents")


@pytest.fixture
def hospital(portal, clock):
    return fill(settle(portal, clock), clock)


def rows_of(page, heading):
    """The rows of the table under a heading, by their first cell."""
    panel = next(one for one in page.html.select(".x-panel") if one.h2 and one.h2.text == heading)
    return {row.th.text: [cell.text for cell in row.select("td")] for row in panel.select("tbody tr")}


def test_the_board_shows_its_figures_and_what_they_mean(hospital):
    page = hospital.phone_of(MANAGER).get("/documents/board")
    assert len(rows_of(page, "按月")) == 12
    assert rows_of(page, "按流程").keys() == {"请假", "用印"}
    assert {"儿科", "药学部"} <= rows_of(page, "按科室").keys()
    assert page.html.select_one("#board")["hx-trigger"] == "every 30s"
    assert len(page.html.select("svg.b-chart")) == 3
    assert "撤回、终止的公文不计入" in page


def test_a_follower_sees_only_the_departments_of_the_grant(hospital):
    phone = hospital.phone_of(FOLLOWER)
    page = phone.get("/documents/board")
    assert rows_of(page, "按科室").keys() == {"儿科", "儿科一病区", "儿科二病区"}
    options = [one.text.strip() for one in page.html.select("select[name=department] option")]
    assert "药学部" not in options
    boss = hospital.phone_of(MANAGER).get("/documents/board")
    outside = next(
        one["value"]
        for one in boss.html.select("select[name=department] option")
        if one.text.strip() == "药学部"
    )
    phone.get(f"/documents/board?department={outside}", status=404)
    phone.get(f"/documents/board/stuck?department={outside}", status=404)
    phone.post("/documents/board/export", {"department": outside}, status=(400, 403, 404))


def test_the_way_goes_down_to_the_stuck_step_and_hides_what_is_secret(hospital):
    boss = hospital.phone_of(MANAGER)
    page = boss.get("/documents/board").click("用印")
    text = page.html.text
    assert "2 件" in text
    assert text.index("绝不可见的标题") < text.index("关于增购监护仪的请示")  # the longest holder first
    assert "等待：王丽" in text
    page = hospital.phone_of(FOLLOWER).get(
        "/documents/board/stuck", {"process": "seal", "step": "科主任审批"}
    )
    assert "等待：王丽" in page.html.text
    assert "关于增购监护仪的请示" not in page
    assert "绝不可见的标题" not in page
    assert "标题不对您公开" in page
    assert not page.html.select('a[href^="/documents/items/"]')


def test_a_title_shows_to_a_follower_who_has_to_do_with_the_document(hospital):
    with hospital.session() as (session, _audit):
        item = session.query(Item).filter_by(title="关于增购监护仪的请示").one()
        follower = session.query(Person).filter_by(wecom_userid=FOLLOWER).one()
        session.add(
            Entry(item_id=item.id, person_id=follower.id, box=Box.TO_READ, arrived_at=item.started_at)
        )
    page = hospital.phone_of(FOLLOWER).get("/documents/board/stuck", {"process": "seal"})
    assert "关于增购监护仪的请示" in page
    assert len(page.html.select('a[href^="/documents/items/"]')) == 1


def test_who_does_not_follow_sees_nothing(hospital):
    phone = hospital.phone_of(COLLEAGUE)
    for address in ("/documents/board", "/documents/board/stuck", "/documents/board/baseline"):
        phone.get(address, status=403)


def test_an_export_is_recorded_and_holds_no_formulas(hospital):
    with hospital.session() as (session, _audit):
        session.query(Process).filter_by(key="seal").one().title = "=HYPERLINK(1)"
    boss = hospital.phone_of(MANAGER)
    form = next(one for one in boss.get("/documents/board").forms.values() if one.action.endswith("/export"))
    answer = form.submit()
    assert answer.content_type == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert rows[0][0] == "类别"
    assert "'=HYPERLINK(1)" in [row[1] for row in rows]
    assert not [cell for row in rows for cell in row if cell.startswith("=")]
    with hospital.session() as (session, _audit):
        from xinglin.audit.models import AuditRecord

        assert session.query(AuditRecord).filter_by(action="documents.export_board").count() == 1


CSV = "月份,流程,科室,公文数,阅读率,用时中位数\n2025-10,,,100,30%,2880\n2025-11,请假,,40,25,\n"


def upload(boss, name, content):
    form = boss.get("/documents/board/baseline").forms["look"]
    fields = {key: form[key].value for key in ("csrf_token", "request_key")}
    return boss.post(form.action, fields, upload_files=[("file", name, content)], expect_errors=True)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_baseline_is_looked_at_then_taken_and_shown(hospital, encoding):
    boss = hospital.phone_of(MANAGER)
    page = upload(boss, "旧系统.csv", CSV.encode(encoding))
    assert "读出 2 行，尚未保存" in page
    assert "此前" not in boss.get("/documents/board")
    form = next(one for one in page.forms.values() if "table" in one.fields)
    assert "已导入 2 行" in form.submit()
    page = boss.get("/documents/board")
    assert "30.0 %" in rows_of(page, "按月")["此前 2025-10–2025-10"]
    assert page.html.select("svg .b-chart__base")


def test_a_workbook_is_read_as_people_see_it(hospital):
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    sheet.append(["月份", "阅读率"])
    from datetime import date

    sheet.append([date(2025, 11, 1), 0.3])
    sheet["B2"].number_format = "0%"
    book.save(out)
    page = upload(hospital.phone_of(MANAGER), "基线.xlsx", out.getvalue())
    assert "读出 1 行" in page
    assert "2025-11" in page.html.select_one(".b-table").text


def test_every_fault_of_a_baseline_is_named_at_once(hospital):
    text = "月份,流程,科室,阅读率,公文数\n2025年,跳舞,火星,300,1.5\n2025-11,,,30,\n2025-11,,,30,\n"
    page = upload(hospital.phone_of(MANAGER), "x.csv", text.encode())
    assert page.status_int == 422
    for sentence in ("月份请写作", "没有这个流程", "没有这个科室", "请填 0 到 100", "请填整数", "重复"):
        assert sentence in page


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"\xff\xfe\x00x"),
        ("a.xlsx", b"PK\x03\x04nonsense"),
        ("a.csv", b""),
    ],
)
def test_what_is_no_table_is_refused_with_a_cure(hospital, name, content):
    page = upload(hospital.phone_of(MANAGER), name, content)
    assert page.status_int == 422
    assert page.html.select(".x-notice_error")


def test_a_table_of_brackets_is_refused_with_a_sentence(hospital):
    phone = hospital.phone_of(MANAGER)
    page = phone.get("/documents/board/baseline")
    token = json.loads(page.html.body["hx-headers:inherited"])["X-CSRF-Token"]
    form = {"csrf_token": token, "table": "[" * 100_000, "source": "x"}
    assert "请重新上传" in phone.post("/documents/board/baseline", form, status=400).text
