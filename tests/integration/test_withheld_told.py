"""EICAR through the real clamd: the one who uploaded it is told in WeCom, once, and the message leads to the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from sqlalchemy import select
from tests.conftest import log_in
from tests.integration.clamd_engine import EICAR, Engine, running

from xinglin.audit.models import AuditRecord
from xinglin.files.service import FileStore
from xinglin.kernel.db import Database
from xinglin.people.models import Person
from xinglin.push.models import Message
from xinglin.testing.portal import Portal
from xinglin.testing.simulator import Simulator


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with running() as engine:
        yield engine


@pytest.fixture
def portal(
    make_portal: Callable[..., Portal], database: Database, simulator: Simulator, engine: Engine
) -> Portal:
    return make_portal(
        database=database, plugins=("portal", "news"), simulator=simulator, clamd=engine.address
    )


def save(portal: Portal, content: bytes, uploaded_by: str | None = None) -> str:
    site = portal.site
    with portal.session() as (session, _audit):
        owner = uploaded_by or session.scalars(select(Person.public_id)).one()
        store = FileStore.of(site.settings, site.keyring, session, site.clock)
        stored = store.save_attachment("通知.txt", BytesIO(content), plugin="news", uploaded_by=owner)
        return stored.public_id


def test_who_uploaded_a_virus_is_told_once(portal: Portal, simulator: Simulator) -> None:
    nurse = log_in(portal, wecom_userid="1001", is_reachable=True)
    public_id, clean = save(portal, EICAR), save(portal, b"hello")
    portal.work()
    portal.work()
    with portal.site.database.read_session() as session:
        message = session.scalars(select(Message)).one()
        found = select(AuditRecord.object_id).where(AuditRecord.action == "file.infected")
        assert list(session.scalars(found)) == [public_id]
    assert (message.title, message.path) == ("您的文件已被隔离：通知.txt", f"/files/{public_id}")
    assert simulator.get("log")["counts"].get("message/send") == 1
    assert "此文件中发现病毒" in nurse.get(message.path).text
    assert nurse.get(f"/files/{clean}/content").body == b"hello"


def test_a_file_of_nobody_we_know_is_withheld_all_the_same(portal: Portal) -> None:
    nurse = log_in(portal)
    public_id = save(portal, EICAR, uploaded_by="gone")
    portal.work()
    with portal.site.database.read_session() as session:
        assert session.scalars(select(Message)).all() == []
        assert session.scalars(
            select(AuditRecord).where(
                AuditRecord.action == "file.infected", AuditRecord.object_id == public_id
            )
        ).one()
    nurse.get(f"/files/{public_id}", status=404)
