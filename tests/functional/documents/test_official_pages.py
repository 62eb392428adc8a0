"""The document office at its pages: register, numbers, receipts, supervision; and its staff at theirs."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from tests.functional.paediatrics import HEAD, NURSE, OUTSIDER, settle_in

from xinglin.api.people import AudienceService, Department, Term
from xinglin.api.security import GrantService
from xinglin.audit.models import AuditRecord
from xinglin.auth.models import Administrator
from xinglin_documents.models import (
    Direction,
    DocumentNumber,
    Item,
    OfficialDocument,
    Secrecy,
    Series,
    Supervision,
)
from xinglin_documents.permissions import PERMISSIONS
from xinglin_documents.service.official.spelling import fold

pytestmark = pytest.mark.plugins("portal", "documents")
FORMULA = '=HYPERLINK("http://evil.example")'
PAGES = ("/documents/register", "/documents/register/numbers", "/documents/supervision?whose=office")


@pytest.fixture
def office(portal, clock):
    """The head of paediatrics keeps the register; a document from outside has come in."""
    with portal.session() as (session, audit):
        people = settle_in(session, clock, audit)
        administrator = Administrator(
            login="it", name="信息科", password_hash="x", totp_sealed=b"", created_at=clock.now()
        )
        session.add_all(
            [administrator, Series(key="yuanfa", title="院发", pattern="院发〔{year}〕{number}号")]
        )
        session.flush()
        permissions = {one.name: one for one in PERMISSIONS}
        grants = GrantService(session, clock, audit, permissions, ZoneInfo("Asia/Shanghai"))
        ward = session.scalars(select(Department.id).where(Department.code == "P")).one()
        grants.grant(
            administrator,
            people.by_wecom_userid(HEAD),
            "documents:office",
            department_ids=[ward],
            expires_at=clock.now() + timedelta(days=30),
        )
        enter(
            session,
            clock,
            "关于加强院感防控的通知",
            ward,
            origin=FORMULA,
            origin_number="赣卫医字〔2026〕18号",
        )
        secret = enter(session, clock, "涉密事项", ward, secrecy=Secrecy.SECRET)
        secret.audience = AudienceService(session, clock).store(
            [Term("person", people.by_wecom_userid(OUTSIDER).id)]
        )
        pharmacy = session.scalars(select(Department.id).where(Department.code == "O")).one()
        enter(session, clock, "药学部的文件", pharmacy)
    return portal


def enter(session, clock, title, department_id, *, secrecy=Secrecy.OPEN, **facts):
    now = clock.now()
    item = Item(
        external_id=title,
        title=title,
        department_id=department_id,
        secrecy=secrecy,
        started_at=now,
        changed_at=now,
    )
    session.add(item)
    session.flush()
    session.add(
        OfficialDocument(
            id=item.id,
            direction=Direction.INCOMING,
            registered_at=now,
            origin_folded=fold(facts.get("origin_number", "")),
            **facts,
        )
    )
    return item


def text(page):
    return page.html.find("main").get_text(" ", strip=True)


def button(page, path):
    return next(form for form in page.forms.values() if form.action.endswith(path))


def test_the_register_shows_its_departments_and_hides_what_is_closed(office):
    page = text(office.phone_of(HEAD).get("/documents/register"))
    assert "关于加强院感防控的通知" in page
    assert "涉密文件" in page
    assert "涉密事项" not in page
    assert "药学部的文件" not in page


@pytest.mark.parametrize("typed", ["赣卫医字[2026]18", "赣卫医字（２０２６）18号", "院感"])
def test_a_document_is_found_by_title_or_by_number_in_any_spelling(office, typed):
    page = text(office.phone_of(HEAD).get("/documents/register", {"q": typed}))
    assert "关于加强院感防控的通知" in page
    assert "涉密文件" not in page


def test_the_title_of_a_closed_document_finds_nothing(office):
    page = text(office.phone_of(HEAD).get("/documents/register", {"q": "涉密事项"}))
    assert "登记簿中没有这样的文件" in page


def test_who_keeps_no_register_sees_none(office):
    phone = office.phone_of(NURSE)
    for path in PAGES:
        assert phone.get(path, status="*").status_int in (403, 404), path


def test_the_register_leaves_as_a_table_without_formulas_and_on_record(office):
    response = office.phone_of(HEAD).get("/documents/register/export.csv", {"direction": "incoming"})
    assert response.content_type == "text/csv"
    assert f"\"'{FORMULA}".replace('"http', '""http').replace('")', '"")') in response.text
    assert "涉密事项" not in response.text
    with office.site.database.read_session() as session:
        actions = session.scalars(select(AuditRecord.action)).all()
    assert actions.count("documents.export_register") == 1


def test_a_number_is_reserved_and_voided_with_a_reason(office):
    phone = office.phone_of(HEAD)
    page = phone.get("/documents/register/numbers")
    form = button(page, "/register/numbers")
    form["reason"] = "院务会"
    page = form.submit().follow()
    assert "院务会" in text(page)
    void = button(page, "/void")
    void["reason"] = "会议取消"
    page = void.submit().follow()
    assert "已作废" in text(page)
    with office.site.database.read_session() as session:
        number = session.scalars(select(DocumentNumber)).one()
    assert (number.state, number.reason) == ("voided", "会议取消")
    assert "没有找到文号" in text(phone.get("/documents/register/numbers", {"q": "护(2026)1"}))


def official_page(office, phone):
    with office.site.database.read_session() as session:
        item = session.scalars(select(Item).where(Item.title == "关于加强院感防控的通知")).one()
    return phone.get(f"/documents/register/documents/{item.public_id}")


def test_the_office_sends_to_more_and_chases_once_a_day(office):
    phone = office.phone_of(HEAD)
    form = button(official_page(office, phone), "/distribute")
    form["persons"] = "王丽、P10051"
    assert "没有在职人员叫“P10051”" in text(form.submit(status=422))
    form["persons"] = "王丽"
    page = form.submit()
    assert "已补发 1 人" in page.text
    assert "王丽" in text(page)
    page = button(page, "/chase").submit()
    assert "已提醒 1 人" in page.text
    assert "今天已经提醒过" in button(page, "/chase").submit(status=409).text


def test_a_supervision_task_goes_to_its_owner_and_back(office, clock):
    phone, due = office.phone_of(HEAD), clock.now() + timedelta(days=3)
    form = button(official_page(office, phone), "/supervise")
    form["duty"], form["owner"], form["due"] = "整改手卫生", "王丽", f"{due:%Y-%m-%d}"
    assert "督办已下达" in form.submit().text
    nurse = office.phone_of(NURSE)
    page = nurse.get("/documents/supervision")
    assert "整改手卫生" in text(page)
    with office.site.database.read_session() as session:
        task = session.scalars(select(Supervision.public_id)).one()
    report = button(nurse.get(f"/documents/supervision/{task}"), "/report")
    report["text"] = "已整改"
    assert "反馈已提交给下达人" in report.submit().text
    assert office.phone_of(OUTSIDER).get(f"/documents/supervision/{task}", status="*").status_int == 404
    page = phone.get(f"/documents/supervision/{task}")
    close = button(page, "/close")
    assert "督办已办结" in close.submit().text
    assert "已办结" in text(nurse.get("/documents/supervision"))


def test_a_closed_document_has_no_page_for_an_office_outside_its_audience(office):
    with office.site.database.read_session() as session:
        closed = session.scalars(select(Item.public_id).where(Item.title == "涉密事项")).one()
    assert office.phone_of(HEAD).get(f"/documents/register/documents/{closed}", status="*").status_int == 404


def test_the_number_of_a_document_that_ended_unsealed_is_voided_with_one_tap(office):
    phone = office.phone_of(HEAD)
    form = button(phone.get("/documents/register/numbers"), "/register/numbers")
    form["reason"] = "留号"
    form.submit()
    with office.session() as (session, _audit):
        number = session.scalars(select(DocumentNumber)).one()
        item = session.scalars(select(Item).where(Item.title == "关于加强院感防控的通知")).one()
        number.item_id, number.state, item.number, item.status = item.id, "issued", number.text, "terminated"
    page = phone.get("/documents/register/numbers")
    assert "待作废" in text(page)
    done = button(page, "/void").submit().follow()
    assert "待作废" not in text(done)
    assert "文件未用印即已结束" in text(done)
