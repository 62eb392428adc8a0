"""A small hospital with documents under way, for the journeys of deputies, calendar and board."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from tests.functional.paediatrics import HEAD, NURSE, OUTSIDER, settle_in

from xinglin.api.people import AudienceService, Department, Term
from xinglin.api.security import GrantService
from xinglin.auth.models import Administrator
from xinglin_documents.models import Box, Entry, EntryState, Item, ItemStatus, Process, Secrecy
from xinglin_documents.permissions import PERMISSIONS

MANAGER, FOLLOWER, COLLEAGUE = HEAD, OUTSIDER, NURSE


def settle(portal, clock):
    """The head of paediatrics manages and follows everything; the pharmacist follows paediatrics only."""
    with portal.session() as (session, audit):
        people = settle_in(session, clock, audit)
        administrator = Administrator(
            login="it", name="信息科", password_hash="x", totp_sealed=b"", created_at=clock.now()
        )
        session.add_all(
            [administrator, Process(key="leave", title="请假"), Process(key="seal", title="用印")]
        )
        session.flush()
        known = {one.name: one for one in PERMISSIONS}
        grants = GrantService(session, clock, audit, known, ZoneInfo("Asia/Shanghai"))
        codes = {one.code: one.id for one in session.scalars(select(Department))}
        end = clock.now() + timedelta(days=90)
        for holder, permission, departments in (
            (HEAD, "documents:manage", []),
            (HEAD, "documents:follow", [codes["H"]]),
            (OUTSIDER, "documents:follow", [codes["P"]]),
        ):
            person = people.by_wecom_userid(holder)
            grants.grant(administrator, person, permission, department_ids=departments, expires_at=end)
    return portal


def fill(portal, clock, months=12):
    """Documents of a year; two run: an open one at the nurse, and a secret one at the head."""
    with portal.session() as (session, _audit):
        codes = {one.code: one.id for one in session.scalars(select(Department))}
        people = settled(session)
        now = clock.now()
        for number in range(months * 12):
            started = now - timedelta(days=30 * months * (number + 1) / (months * 12), hours=number % 7)
            took = timedelta(hours=3 + (number * 7) % 50)
            process = ("leave", "请假") if number % 3 else ("seal", "用印")
            item = Item(
                external_id=f"old{number}",
                process_key=process[0],
                process_title=process[1],
                title=f"第{number}号申请",
                department_id=codes[("P", "P1", "P2", "O")[number % 4]],
                status=ItemStatus.COMPLETED if started + took < now else ItemStatus.RUNNING,
                started_at=started,
                changed_at=started,
                ended_at=started + took if started + took < now else None,
                working_minutes=int(took.total_seconds() / 60 / 3) if started + took < now else None,
            )
            session.add(item)
            session.flush()
            read = started + timedelta(hours=(number * 11) % 90 + 1)
            done = item.status == ItemStatus.COMPLETED
            session.add(
                Entry(
                    item_id=item.id,
                    person_id=people[NURSE].id,
                    box=Box.TO_DO if done else Box.TO_READ,
                    state=EntryState.DONE if done else EntryState.OPEN,
                    task=str(number),
                    arrived_at=started,
                    due_at=started + timedelta(days=1),
                    read_at=read if read < now and number % 5 else None,
                    done_at=item.ended_at,
                )
            )
        running(session, codes, people, clock)
    return portal


def settled(session):
    from xinglin.api.people import Person

    return {one.wecom_userid: one for one in session.scalars(select(Person))}


def running(session, codes, people, clock):
    now = clock.now()
    audience = AudienceService(session, clock).store([Term("person", people[HEAD].id)])
    for title, holder, secrecy, days in (
        ("关于增购监护仪的请示", NURSE, Secrecy.OPEN, 3),
        ("绝不可见的标题", HEAD, Secrecy.SECRET, 9),
    ):
        item = Item(
            external_id=title,
            process_key="seal",
            process_title="用印",
            title=title,
            department_id=codes["P"],
            secrecy=secrecy,
            audience_id=audience.id if secrecy.is_closed else None,
            started_at=now - timedelta(days=days),
            changed_at=now,
        )
        session.add(item)
        session.flush()
        session.add(
            Entry(
                item_id=item.id,
                person_id=people[holder].id,
                box=Box.TO_DO,
                task="1",
                node="head",
                step="科主任审批",
                arrived_at=now - timedelta(days=days),
                due_at=now - timedelta(days=1),
            )
        )
