"""`xinglin access …` as IT types it."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from xinglin.access.cli import access
from xinglin.audit.models import AuditRecord


@pytest.fixture
def xinglin(session, audit, clock):
    @contextmanager
    def working():
        yield session, audit

    settings = SimpleNamespace(zone=ZoneInfo("Asia/Shanghai"))
    context = SimpleNamespace(settings=settings, clock=clock, session=working)

    def run(*arguments):
        result = CliRunner().invoke(access, arguments, obj=context)
        return result.exit_code, result.output

    return run


def test_a_network_is_added_shown_and_removed(xinglin):
    assert "office (phone): 不限 open to every address" in xinglin("list")[1]
    assert xinglin("allow", "office", "10.1.2.3/8", "--note", "楼内")[0] == 0
    assert "10.0.0.0/8\t楼内\ttest 2026-11-23" in xinglin("list")[1]
    assert xinglin("remove", "office", "10.0.0.0/8")[0] == 0
    assert "office (phone): 不限" in xinglin("list")[1]


def test_listing_the_zones_is_recorded(xinglin, session):
    xinglin("list")
    assert session.query(AuditRecord).filter_by(action="access.list").count() == 1


def test_a_mistake_is_one_sentence(xinglin):
    code, output = xinglin("allow", "office", "ten")
    assert code == 1
    assert "Write it like 10.0.0.0/8" in output
    assert xinglin("allow", "kitchen", "10.0.0.0/8")[0] == 2


def test_the_way_in_is_opened_for_a_while_and_seen_in_the_list(xinglin, clock):
    code, output = xinglin("open", "--for", "60", "--group", "admin")
    assert code == 0
    assert "2026-11-23 10:00" in output
    shown = xinglin("list")[1]
    assert "应急开放 open in an emergency: admin, until 2026-11-23 10:00" in shown
    assert "emergency: phone" not in shown
    clock.advance(hours=1)
    assert "emergency" not in xinglin("list")[1]
    assert xinglin("open", "--for", "0")[0] == 1
