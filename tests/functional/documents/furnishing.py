"""Rows for the lists of one person: something in each, the newest first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from tests.functional.paediatrics import HEAD, NURSE, settle_in

from xinglin.api.people import Department, Person
from xinglin_documents.models import Box, Entry, Item, Process, Urgency

TITLES = (
    "关于购置新生儿无创呼吸机两台的请示",
    "儿科二病区护理人员排班变更申请",
    "关于举办儿童哮喘健康讲座的请示",
)


def furnish(portal: Any, clock: Any, *, to_dos: int = 3) -> None:
    """Three colleagues of paediatrics; the head of it has things in every list, the newest first."""
    with portal.session() as (session, audit):
        settle_in(session, clock, audit)
        head, nurse = (
            session.scalars(select(Person).where(Person.wecom_userid == key)).one() for key in (HEAD, NURSE)
        )
        ward = session.scalars(select(Department).where(Department.code == "P1")).one()
        session.add_all(
            [
                Process(key="request", title="请示呈批", title_en="Request"),
                Process(key="roster", title="排班变更", title_en="Roster change"),
            ]
        )
        for number in range(to_dos):
            item = make_item(session, clock, nurse, ward, number)
            enter(session, item, head, Box.TO_DO, clock.now() - timedelta(minutes=12 + 47 * number), number)
        outside = make_item(
            session, clock, nurse, ward, 900, source="weaver", title="关于做好冬季传染病防控工作的通知"
        )
        enter(session, outside, head, Box.TO_DO, clock.now() - timedelta(days=3), 900)
        read = make_item(session, clock, nurse, ward, 901, title="关于印发《护理查对制度》的通知")
        enter(session, read, head, Box.TO_READ, clock.now() - timedelta(hours=5), 901)
        own = make_item(session, clock, head, ward, 902, title="外出进修申请(单玉梅,复旦大学附属儿科医院)")
        enter(session, own, head, Box.STARTED, clock.now() - timedelta(days=1), 902)


def make_item(session: Any, clock: Any, starter: Person, ward: Department, number: int, **given: Any) -> Item:
    process = ("request", "请示呈批") if number % 3 != 1 else ("roster", "排班变更")
    facts = {
        "title": TITLES[number % 3],
        "source": "xinglin",
        "urgency": (Urgency.MOST_URGENT, Urgency.NORMAL, Urgency.URGENT)[number % 3],
    } | given
    item = Item(
        external_id=f"x{number}",
        process_key=process[0],
        process_title=process[1],
        starter_id=starter.id,
        starter_name=starter.name,
        department_id=ward.id,
        step="职能部门会签",
        started_at=clock.now() - timedelta(days=1, hours=2),
        changed_at=clock.now(),
        **facts,
    )
    session.add(item)
    session.flush()
    return item


def enter(session: Any, item: Item, person: Person, box: Box, arrived_at: Any, number: int) -> Entry:
    entry = Entry(
        item_id=item.id,
        person_id=person.id,
        box=box,
        task="3" if box is Box.TO_DO else "",
        node="offices" if box is Box.TO_DO else "",
        step="职能部门会签" if box is Box.TO_DO else "",
        sender_name=item.starter_name,
        is_batchable=number % 3 == 1 or number % 3 == 2,
        arrived_at=arrived_at,
        due_at=arrived_at + timedelta(hours=4) if number % 2 == 0 else None,
        read_at=None if number % 2 == 0 else arrived_at,
    )
    session.add(entry)
    session.flush()
    return entry
