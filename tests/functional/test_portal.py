"""The shell as a person and an inspector see it: what is noted, what goes over the wire, what is set."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from sqlalchemy import select
from tests.conftest import log_in
from webob import Request

from xinglin.audit.models import AuditRecord
from xinglin.people.models import Person
from xinglin.push.models import MutedKind, QuietHours
from xinglin.testing.portal import Portal

FIRST_SCREEN_BYTES = 200 * 1024


def views_of(portal: Portal) -> list[tuple[str, str]]:
    portal.wsgi.registry.xinglin_recorder.flush()
    with portal.session() as (session, _audit):
        rows = session.scalars(select(AuditRecord).where(AuditRecord.action == "page.view")).all()
        return [(row.actor_name, row.object_kind) for row in rows]


def test_every_page_that_a_person_reads_is_noted(portal: Portal) -> None:
    browser = log_in(portal)
    for path in ("/", "/me", "/news", "/news/mine"):
        browser.get(path)
    browser.get("/nothing", expect_errors=True)
    assert views_of(portal) == [
        ("李护士", name) for name in ("portal.home", "portal.me", "news.list", "news.mine")
    ]


def test_the_first_screen_is_small_on_the_wire(portal: Portal) -> None:
    browser = log_in(portal)
    home = browser.get("/")
    paths = set(re.findall(r"/static/[^\"'#]+", home.text))
    assert paths
    total = len(home.body)
    for path in paths:
        answer = Request.blank(path, headers={"Accept-Encoding": "gzip"}).get_response(portal.wsgi)
        assert answer.content_encoding == "gzip" or len(answer.body) < 4096, path
        total += len(answer.body)
    assert total < FIRST_SCREEN_BYTES


@pytest.mark.parametrize("path", ["/%ff", "/news/%ff", "/me/%ff"])
def test_an_unreadable_address_is_refused_with_a_sentence(portal: Portal, path: str) -> None:
    token = log_in(portal).cookies["xinglin_session"].strip('"')
    asked = Request.blank("/", headers={"Cookie": f"xinglin_session={token}"})
    asked.environ["PATH_INFO"] = unquote(path, encoding="latin-1")
    answer = asked.get_response(portal.wsgi)
    assert answer.status_int in (400, 404)
    assert "请" in answer.text


def test_what_a_person_sets_is_kept(portal: Portal) -> None:
    browser = log_in(portal)
    display = browser.get("/me").forms[0]
    display["large_text"] = True
    display["locale"] = "en"
    assert 'class="large-text"' in display.submit().follow().text
    notifications = browser.get("/me").forms[1]
    notifications.set("kind", False, 0)
    notifications["quiet_from"], notifications["quiet_to"] = "22:00", "06:30"
    page = notifications.submit().follow()
    assert 'value="22:00"' in page.text
    with portal.session() as (session, _audit):
        assert session.scalars(select(Person.locale)).all() == ["en"]
        assert session.scalars(select(MutedKind.kind)).all() == ["news.notice"]
        hours = session.execute(select(QuietHours.starts_minute, QuietHours.ends_minute)).one()
        assert tuple(hours) == (22 * 60, 6 * 60 + 30)


def test_half_of_the_quiet_hours_is_refused(portal: Portal) -> None:
    form = log_in(portal).get("/me").forms[1]
    form["quiet_from"] = "22:00"
    assert "免打扰" in form.submit(expect_errors=True).text
