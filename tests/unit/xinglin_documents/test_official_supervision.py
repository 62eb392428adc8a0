"""Supervision tasks: set, reported, sent back, closed by another, late ones counted and reminded of once a day."""

from datetime import timedelta

import pytest
from tests.unit.xinglin_documents.flow_hospital import ZONE
from tests.unit.xinglin_documents.official_desk import WHOLE
from tests.unit.xinglin_documents.official_desk import desk as desk  # noqa: PLC0414 - a fixture

from xinglin.api.people import AudienceService, Term
from xinglin.api.services import NotFound
from xinglin.push.models import Delivery, Message
from xinglin_documents.models import Item, Secrecy, Supervision, SupervisionState
from xinglin_documents.service.official.errors import OfficialRefused
from xinglin_documents.service.official.reach import Reach
from xinglin_documents.service.official.reminding import remind

OWNER = "1005"


@pytest.fixture
def office(desk):
    return desk.supervision("1002", WHOLE)


def audience(desk, *numbers):
    service = AudienceService(desk.hospital.session, desk.hospital.clock)
    return service.store([Term("person", desk.hospital.person(number).id) for number in numbers])


@pytest.fixture
def task(desk, office):
    hospital = desk.hospital
    item = desk.start()
    item.secrecy, item.audience = Secrecy.SECRET, audience(desk, "1002", OWNER)
    local = hospital.clock.now().astimezone(ZONE) + timedelta(days=3)
    due_at = local.replace(hour=18, minute=0, second=0, microsecond=0)
    return office.split(item, "七日内完成产科手卫生整改", hospital.person(OWNER).id, due_at)


def messages(desk, task):
    query = desk.hospital.session.query(Message).filter_by(source_id=task.public_id).order_by(Message.id)
    return [
        (
            one.title,
            {row.person_id for row in desk.hospital.session.query(Delivery).filter_by(message_id=one.id)},
        )
        for one in query
    ]


def wait_until(desk, task, days, hour):
    """So many days from the due day (18:00), at that local hour."""
    local = task.due_at.astimezone(ZONE).replace(hour=hour) + timedelta(days=days)
    desk.hospital.clock.advance(seconds=(local - desk.hospital.clock.now()).total_seconds())


def run_reminder(desk):
    hospital = desk.hospital
    return remind(hospital.session, hospital.clock, hospital.push, ZONE)


def test_its_owner_reports_and_somebody_else_closes(desk, office, task):
    owner = desk.supervision(OWNER)
    assert [one.row.public_id for one in owner.mine().tasks] == [task.public_id]
    with pytest.raises(OfficialRefused, match="no report"):
        office.close(task)
    owner.report(task, "已整改")
    with pytest.raises(OfficialRefused, match="nobody closes her own"):
        owner.close(task)
    office.send_back(task, "请附照片")
    assert (task.state, task.remark, task.reported_at) == (SupervisionState.OPEN, "请附照片", None)
    owner.report(task, "已整改，照片在院感科")
    office.close(task, "同意办结")
    assert (task.state, task.remark, task.closed_by_id) == (
        SupervisionState.CLOSED,
        "同意办结",
        desk.hospital.person("1002").id,
    )
    with pytest.raises(OfficialRefused, match="closed already"):
        owner.report(task, "再报")


def test_messages_say_nothing_of_the_task(desk, task):
    desk.supervision(OWNER).report(task, "手卫生已整改")
    said = messages(desk, task)
    assert [people for _title, people in said] == [
        {desk.hospital.person(OWNER).id},
        {desk.hospital.person("1002").id},
    ]
    assert not any("手卫生" in title for title, _people in said)


def test_words_of_the_task_are_sealed_in_the_database(desk, task):
    row = (
        desk.hospital.session.connection()
        .exec_driver_sql("SELECT duty FROM documents_supervision")
        .scalar_one()
    )
    assert "手卫生".encode() not in bytes(row)


def test_others_do_not_find_it(desk, task):
    with pytest.raises(NotFound):
        desk.supervision("1003").find(task.public_id)
    with pytest.raises(NotFound):
        desk.supervision("1003").of_office()
    assert desk.supervision(OWNER).find(task.public_id) is task


def test_an_office_sets_tasks_of_its_own_departments_only(desk):
    hospital = desk.hospital
    other = Reach(True, frozenset({hospital.person("1004").memberships[0].department_id}))
    due_at = hospital.clock.now() + timedelta(days=1)
    with pytest.raises(OfficialRefused, match="Another office"):
        desk.supervision("1004", other).split(desk.start(), "整改", hospital.person(OWNER).id, due_at)
    assert hospital.session.query(Supervision).count() == 0


def test_late_ones_come_first_and_are_counted(desk, office, task):
    hospital = desk.hospital
    later = office.split(
        desk.start(), "写总结", hospital.person(OWNER).id, hospital.clock.now() + timedelta(days=30)
    )
    hospital.clock.advance(days=4)
    page = office.of_office()
    assert [(one.row.id, one.is_late) for one in page.tasks] == [(task.id, True), (later.id, False)]
    assert (page.count, page.late, page.waiting) == (2, 1, 0)
    desk.supervision(OWNER).report(task, "迟了")
    assert (office.of_office().late, office.of_office().waiting) == (0, 1)


def test_reminders_go_once_a_day_by_daylight_and_tell_the_office_when_late(desk, task):
    owner, setter = desk.hospital.person(OWNER).id, desk.hospital.person("1002").id
    moments = ((-1, 9, 0), (-1, 19, 1), (-1, 20, 0), (0, 2, 0), (0, 9, 1), (1, 2, 0), (1, 9, 1), (1, 10, 0))
    for days, hour, reminded in moments:
        wait_until(desk, task, days, hour)
        assert run_reminder(desk) == reminded, (days, hour)
    assert messages(desk, task)[1:] == [
        ("督办任务即将到期", {owner}),
        ("督办任务即将到期", {owner}),
        ("督办任务已逾期", {owner, setter}),
    ]


def test_a_task_needs_words_a_colleague_and_time(desk, office):
    hospital, item = desk.hospital, desk.start()
    now, owner = hospital.clock.now(), hospital.person(OWNER).id
    for duty, person, due_at, words in (
        (" ", owner, now + timedelta(days=1), "characters"),
        ("整改", 999_999, now + timedelta(days=1), "does not work here"),
        ("整改", owner, now, "past"),
    ):
        with pytest.raises(OfficialRefused, match=words):
            office.split(item, duty, person, due_at)


def test_an_office_outside_the_audience_of_a_closed_document_sees_none_of_its_tasks(desk, task):
    outside = desk.supervision("1004", WHOLE)
    assert (outside.of_office().tasks, outside.of_office().count) == ([], 0)
    assert outside.may_decide(task) is False
    with pytest.raises(NotFound):
        outside.find(task.public_id)
    desk.hospital.session.get_one(Item, task.item_id).secrecy = Secrecy.OPEN
    desk.hospital.session.flush()
    assert [one.row.id for one in outside.of_office().tasks] == [task.id]
    assert outside.may_decide(task) is True


@pytest.mark.parametrize("secrecy", [Secrecy.SECRET, Secrecy.INTERNAL])
def test_nobody_outside_the_audience_is_given_a_task_of_a_document(desk, office, secrecy):
    hospital = desk.hospital
    item = desk.start(secrecy=secrecy, audience=audience(desk, OWNER, "1001"))
    due_at = hospital.clock.now() + timedelta(days=1)
    with pytest.raises(OfficialRefused) as refused:
        office.split(item, "整改", hospital.person("1004").id, due_at)
    assert refused.value.message.mapping == {"names": hospital.person("1004").name}
    assert hospital.session.query(Supervision).count() == 0
    assert office.split(item, "整改", hospital.person(OWNER).id, due_at).owner_id == hospital.person(OWNER).id
