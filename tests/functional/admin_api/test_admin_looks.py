"""Whom an administrator looked at, and that the person sees it under "Who looked at my data"."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from xinglin.admin.looking import MOST_NOTED
from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.people.records import PersonRecord
from xinglin.people.service import PeopleService

pytestmark = pytest.mark.plugins("portal", "news")


@pytest.fixture
def nurse(hospital, clock):
    """Of whom there is a phone."""
    with hospital.session() as (session, audit):
        record = PersonRecord("20021", "何晓琳", wecom_userid="N10021", department="P")
        person = PeopleService(session, clock, audit).create(record)
        person.confirmed_at = clock.now()
        return person.public_id


@pytest.fixture
def looks(hospital):
    """What was looked at so far, as (kind, id, details)."""

    def read(kind):
        hospital.wsgi.registry.xinglin_recorder.flush()
        wanted = (AuditRecord.action == "page.view", AuditRecord.object_kind == kind)
        with hospital.site.database.read_session() as session:
            rows = session.scalars(select(AuditRecord).where(*wanted).order_by(AuditRecord.id))
            return [(row.object_id, json.loads(details_of(row, hospital.site.keyring))) for row in rows]

    return read


def test_who_was_found_sees_who_searched_and_as_what(hospital, tool, nurse, looks):
    tool.get("people?q=何晓琳")
    assert looks("person") == [(nurse, {})]
    assert looks("admin.list") == [("people", {"after": {"q": "何晓琳", "found": 1}})]
    page = hospital.phone_of("N10021").get("/me/looks").text
    row = page[page.index("查看了您的信息") :]
    assert row.index("周敏") < row.index("系统管理员") < row.index("录入了您的信息")


def test_a_search_that_finds_many_is_one_record_with_its_words(hospital, tool, clock, looks):
    with hospital.session() as (session, audit):
        people = PeopleService(session, clock, audit)
        for number in range(MOST_NOTED + 1):
            people.create(PersonRecord(f"3{number:04}", "欧阳静", department="P"))
    assert tool.get("people?q=欧阳&limit=5").json["total"] == MOST_NOTED + 1
    assert looks("person") == []
    assert looks("admin.list") == [("people", {"after": {"q": "欧阳", "found": MOST_NOTED + 1}})]


def test_whose_grants_are_shown_was_looked_at_once(tool, looks):
    holder = tool.person("单玉梅")
    tool.grant()
    tool.grant(object="notices", department_ids=[])
    before = len(looks("person"))
    found = tool.get("grants?q=单玉梅").json
    assert {grant["person"]["id"] for grant in found["grants"]} == {holder}
    assert looks("person")[before:] == [(holder, {})]
    assert looks("admin.list")[-1] == (
        "grants",
        {"after": {"q": "单玉梅", "state": "active", "found": found["total"]}},
    )


@pytest.mark.parametrize("way", ["audit?", "audit/export?reason=检查&"])
def test_whose_acts_the_auditor_reads_was_looked_at(auditor, nurse, looks, way):
    auditor.get(f"{way}action=login.*")
    assert looks("person") == []
    for asked in (f"object={nurse}", f"actor={nurse}", "actor=何晓琳"):
        assert auditor.get(f"{way}{asked}").status_int == 200
    assert looks("person") == [(nurse, {})] * 3
