"""A sealer that stops raises the alarm within two minutes, and what it seals late is marked."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from tests.unit.xinglin.audit.conftest import Site

from xinglin.audit import sealing
from xinglin.audit.health import Watch, health
from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.testing.databases import settle


def is_well(site: Site) -> bool:
    with site.database.read_session() as session:
        (check,) = health(session, site.clock)
    assert check.is_well or "worker" in check.cure
    return check.is_well


def actions(site: Site) -> list[str]:
    return [row[0] for row in site.ask("SELECT action FROM core_audit_record ORDER BY id")][6:]


def test_a_record_that_waits_for_two_minutes_is_no_longer_well(site: Site) -> None:
    assert is_well(site)
    site.act("waiting")
    site.clock.advance(seconds=119)
    assert is_well(site)
    site.clock.advance(seconds=2)
    assert not is_well(site)
    settle(site.database)
    sealing.run_once(site)
    site.seal()
    assert is_well(site)


def test_a_quiet_time_without_a_seal_is_no_longer_well(site: Site) -> None:
    site.clock.advance(minutes=11)
    assert is_well(site)
    site.clock.advance(minutes=2)
    assert not is_well(site)


def test_the_watch_says_once_that_sealing_stopped_and_once_that_it_goes_on(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch(site)
    watch.look()
    site.act("waiting")
    for _ in range(8):
        site.clock.advance(seconds=30)
        watch.look()
    assert actions(site) == ["notice.save", "audit.sealing_stopped"]
    assert caplog.text.count("audit records are not sealed since") == 1
    site.seal()
    site.seal()
    watch.look()
    watch.look()
    assert actions(site)[2:] == ["audit.sealed_late", "audit.sealing_resumed"]
    assert site.bad() == []


def test_what_was_sealed_late_is_marked_with_its_seals(site: Site) -> None:
    site.act("waiting")
    site.clock.advance(minutes=5)
    site.seal()
    with site.database.read_session() as session:
        marked = session.scalars(select(AuditRecord).where(AuditRecord.action == "audit.sealed_late")).one()
        after = json.loads(details_of(marked, site.keyring))["after"]
    assert (after["first_seal"], after["last_seal"], marked.result) == (4, 4, "error")
    site.seal()
    assert actions(site) == ["notice.save", "audit.sealed_late"]
    assert site.bad() == []


def test_a_quiet_night_marks_nothing(site: Site) -> None:
    for _ in range(10):
        site.clock.advance(minutes=10)
        sealing.run_once(site)
    assert actions(site) == []
