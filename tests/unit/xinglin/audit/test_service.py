"""Records are written in the transaction of the act; whoever changes them afterwards is found."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import Actor, AuditTrail, details_of
from xinglin.audit.verify import BadRecord, count, verify
from xinglin.crypto.service import Keyring, SealBroken
from xinglin.kernel.db import Database, Session
from xinglin.testing.clock import FrozenClock
from xinglin.wecom.models import WeComPause

LI = Actor("person", "p-1", "李护士", session_id="s-1", ip="10.0.0.8", request_id="r-1")


def bad_records(session: Session, keyring: Keyring) -> list[BadRecord]:
    session.flush()
    session.expunge_all()
    return [found for found in verify(session, keyring) if isinstance(found, BadRecord)]


@pytest.fixture
def trail(audit: AuditTrail, session: Session) -> AuditTrail:
    """A trail of three acts of Nurse Li, already in the database."""
    acting = audit.acting_as(LI)
    acting.record("grant.create", "grant", 7, after={"permission": "news:publish"})
    acting.record("grant.change", "grant", 7, before={"until": None}, after={"until": "2026-12-31"})
    acting.record("grant.revoke", "grant", 8, result="denied")
    session.flush()
    return acting


def test_a_record_says_who_when_from_where_what(
    trail: AuditTrail, session: Session, clock: FrozenClock, keyring: Keyring
) -> None:
    row = session.scalars(select(AuditRecord).where(AuditRecord.action == "grant.change")).one()
    session.refresh(row)
    assert (row.actor_kind, row.actor_id, row.actor_name) == ("person", "p-1", "李护士")
    assert (row.session_id, row.ip, row.request_id) == ("s-1", "10.0.0.8", "r-1")
    assert (row.at, row.object_kind, row.object_id, row.result) == (clock.now(), "grant", "7", "ok")
    assert json.loads(details_of(row, keyring)) == {
        "before": {"until": None},
        "after": {"until": "2026-12-31"},
    }


def test_an_untouched_trail_is_well(trail: AuditTrail, session: Session, keyring: Keyring) -> None:
    assert bad_records(session, keyring) == []
    assert count(session) == 3


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", datetime(2026, 11, 22, tzinfo=UTC)),
        ("actor_kind", "system"),
        ("actor_id", "p-2"),
        ("actor_name", "王护士"),
        ("session_id", ""),
        ("ip", "10.0.0.9"),
        ("request_id", "r-2"),
        ("action", "grant.revoke"),
        ("object_kind", "notice"),
        ("object_id", "9"),
        ("result", "denied"),
        ("details", b""),
        ("event_id", "0" * 32),
        ("mac", "0" * 64),
        ("key_id", "0" * 16),
    ],
)
def test_an_edited_column_is_found(
    trail: AuditTrail, session: Session, keyring: Keyring, column: str, value: object
) -> None:
    edited = session.scalars(select(AuditRecord.id).where(AuditRecord.action == "grant.change")).one()
    session.execute(update(AuditRecord).where(AuditRecord.id == edited).values({column: value}))
    assert [record.id for record in bad_records(session, keyring)] == [edited]


def test_a_forged_row_is_found(trail: AuditTrail, session: Session, keyring: Keyring) -> None:
    first = session.scalars(select(AuditRecord).order_by(AuditRecord.id)).first()
    assert first is not None
    columns = [
        column.name for column in AuditRecord.__table__.columns if column.name not in ("id", "event_id")
    ]
    names = ", ".join(columns)
    session.execute(
        text(
            f"INSERT INTO core_audit_record (event_id, {names}) SELECT 'forged', {names} FROM core_audit_record WHERE id = :id"
        ),
        {"id": first.id},
    )
    bad = bad_records(session, keyring)
    assert [record.event_id for record in bad] == ["forged"]
    assert "was not written by the portal" in bad[0].reason


def test_a_mac_cannot_be_taken_from_another_row(
    trail: AuditTrail, session: Session, keyring: Keyring
) -> None:
    first, second, _third = session.scalars(select(AuditRecord).order_by(AuditRecord.id)).all()
    second.mac = first.mac
    assert [record.id for record in bad_records(session, keyring)] == [second.id]


def test_under_another_key_every_row_is_bad_and_says_so(
    trail: AuditTrail, session: Session, keyring: Keyring, tmp_path: Path
) -> None:
    bad = bad_records(session, Keyring.create(tmp_path))
    assert len(bad) == 3
    assert f"was written under the key {keyring.key_id}" in bad[0].reason


def test_a_time_given_in_shanghai_is_the_same_moment_for_the_mac(session: Session, keyring: Keyring) -> None:
    shanghai = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    AuditTrail(session, LI, FrozenClock(shanghai), keyring).record("session.begin")
    assert bad_records(session, keyring) == []
    at = session.scalars(select(AuditRecord.at)).one()
    assert (at, at.tzinfo) == (shanghai, UTC)


def test_a_record_vanishes_with_the_act(database: Database, clock: FrozenClock, keyring: Keyring) -> None:
    def act() -> None:
        with database.session() as session:
            AuditTrail(session, LI, clock, keyring).record("grant.create", "grant", 1)
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(AuditRecord)) == 0


def test_details_are_sealed_to_their_event(trail: AuditTrail, session: Session, keyring: Keyring) -> None:
    one, other = session.scalars(select(AuditRecord).order_by(AuditRecord.id).limit(2)).all()
    assert b"news:publish" not in one.details
    one.details = other.details
    with pytest.raises(SealBroken):
        details_of(one, keyring)


def test_values_that_json_does_not_know_are_written_as_words(
    audit: AuditTrail, session: Session, keyring: Keyring
) -> None:
    audit.record(
        "grant.create", after={"until": datetime(2026, 12, 31, tzinfo=UTC), "name": '引号" \\ \u0000'}
    )
    assert bad_records(session, keyring) == []
    details = json.loads(details_of(session.scalars(select(AuditRecord)).one(), keyring))
    assert details == {"after": {"until": "2026-12-31 00:00:00+00:00", "name": '引号" \\ \u0000'}}


def test_an_act_done_once_is_recorded_once(
    audit: AuditTrail, session: Session, clock: FrozenClock, keyring: Keyring
) -> None:
    def pause(reason: str) -> bool:
        return audit.acting_as(LI).insert_once(
            WeComPause, "pause.begin", "api", "send", api="send", until=clock.now(), reason=reason
        )

    assert (pause("first"), pause("second")) == (True, False)
    assert [(row.reason, row.strikes) for row in session.scalars(select(WeComPause))] == [("first", 0)]
    records = session.scalars(select(AuditRecord)).all()
    assert [(row.actor_id, row.action, row.object_id) for row in records] == [("p-1", "pause.begin", "send")]
    assert bad_records(session, keyring) == []
