"""The way of a word of thanks: what a vendor's first test may look like."""

from __future__ import annotations

import pytest

from xinglin.api.people import PeopleService
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.roles import ensure_standard
from xinglin.types import Event, JobContext
from xinglin_example import plugin, service

pytestmark = pytest.mark.plugins("portal", "example")
NURSE, DOCTOR = ("N10021", "王丽"), ("D10031", "曾文博")


@pytest.fixture
def colleagues(portal, clock):
    with portal.session() as (session, audit):
        ensure_standard(session)
        people = PeopleService(session, clock, audit)
        people.create_department(DepartmentRecord("H", "杏林医院"))
        for userid, name in (NURSE, DOCTOR):
            person = people.create(PersonRecord(userid[1:], name, wecom_userid=userid, department="H"))
            person.confirmed_at = clock.now()
    return portal


def test_thanks_reach_the_colleague_on_the_wall_and_on_the_phone(colleagues, simulator):
    form = colleagues.phone_of(NURSE[0]).get("/example").forms["form"]
    form["receiver"], form["text"] = "曾文博", "谢谢您昨晚替班"
    assert "谢谢您昨晚替班" in form.submit("say").follow().text
    colleagues.work()
    assert "谢谢您昨晚替班" in str(simulator.get("messages"))
    doctor = colleagues.phone_of(DOCTOR[0])
    assert 'x-badge">1<' in doctor.get("/").text
    doctor.get("/example")
    assert 'x-badge">1<' not in doctor.get("/").text


def test_an_unclear_name_sends_nothing(colleagues):
    form = colleagues.phone_of(NURSE[0]).get("/example").forms["form"]
    form["receiver"], form["text"] = "谁也不是", "谢谢"
    assert "没有找到唯一的一位同事" in form.submit("say", status=422).text


def test_the_wall_thanks_an_author_once_and_forgets_in_time(colleagues, clock):
    with colleagues.session() as (session, audit):
        author = PeopleService(session, clock, audit).by_wecom_userid(NURSE[0])
        for notice in ("notice-1", "notice-1", "notice-2"):  # told twice, and a second notice
            event = Event("news.published", notice, clock.now(), {"author": author.public_id})
            plugin.xinglin_on_event(event, session)
            session.flush()
        assert plugin.xinglin_health(session)[0].detail == "1 thanks on the wall"
        clock.advance(days=91)
        registry = colleagues.wsgi.registry
        found = JobContext(session, clock, audit, type("Worker", (), {"plugins": registry.xinglin_plugins}))
        service.clean(found)
        assert service.count(session) == 0
