"""How people find the pages of documents: the menu, the list under the inbox, and a new site's first look."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.functional.paediatrics import HEAD, NURSE, OUTSIDER, settle_in

from xinglin.api.security import GrantService
from xinglin.auth.models import Administrator
from xinglin_documents.permissions import PERMISSIONS

pytestmark = pytest.mark.plugins("portal", "documents")
EVERYBODY = {"代理人": "/documents/deputies", "督办任务": "/documents/supervision"}
OFFICE = {"公文登记簿": "/documents/register"}
MANAGER = {"流程管理": "/documents/processes", "工作日历": "/documents/calendar"}
FOLLOWER = {"公文看板": "/documents/board"}


@pytest.fixture
def hospital(portal, clock):
    """A clerk of the office, a head who manages and follows, and a nurse without a grant."""
    with portal.session() as (session, audit):
        people = settle_in(session, clock, audit)
        administrator = Administrator(
            login="it", name="信息科", password_hash="x", totp_sealed=b"", created_at=clock.now()
        )
        session.add(administrator)
        session.flush()
        known = {one.name: one for one in PERMISSIONS}
        grants = GrantService(session, clock, audit, known, ZoneInfo("Asia/Shanghai"))
        end = clock.now() + timedelta(days=30)
        for holder, permission in ((OUTSIDER, "office"), (HEAD, "manage"), (HEAD, "follow")):
            departments = [people.by_wecom_userid(holder).memberships[0].department_id]
            grants.grant(
                administrator,
                people.by_wecom_userid(holder),
                f"documents:{permission}",
                department_ids=[] if permission == "manage" else departments,
                expires_at=end,
            )
    return portal


@pytest.mark.parametrize(
    ("who", "ways"),
    [(NURSE, EVERYBODY), (OUTSIDER, EVERYBODY | OFFICE), (HEAD, EVERYBODY | FOLLOWER | MANAGER)],
)
def test_under_the_inbox_stands_what_she_may_open_and_it_opens(hospital, who, ways):
    phone = hospital.phone_of(who)
    links = phone.get("/documents").html.select("#d-ways a")
    assert {link.select_one(".x-row__title").text: link["href"] for link in links} == ways
    for address in ways.values():
        phone.get(address, status=200)


def test_authors_find_their_pages_at_home_and_others_do_not(hospital):
    assert "公文登记簿" in hospital.phone_of(OUTSIDER).get("/")
    head = hospital.phone_of(HEAD).get("/")
    assert "公文看板" in head
    assert "流程管理" in head
    assert "公文登记簿" not in head
    nurse = hospital.phone_of(NURSE).get("/")
    assert "公文看板" not in nurse
    assert "流程管理" not in nurse


def test_a_new_site_shows_the_shipped_processes_at_the_very_first_look(hospital):
    phone = hospital.phone_of(NURSE)
    titles = [tile.text for tile in phone.get("/documents/new").html.select(".x-tile")]
    assert len(titles) == len(set(titles)) >= 8
    assert {"请假", "请示呈批"} <= set(titles)
    assert phone.get("/documents/new").html.select(".x-tile") != []
    phone.get("/documents/new/request", status=200)
