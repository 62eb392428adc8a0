"""What the clock does with late tasks: each step once, also after a crash and beside a second worker."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.unit.xinglin_documents.office import Office

from xinglin.api.services import DomainError
from xinglin_documents.models import Definition as DefinitionRow
from xinglin_documents.models import EntryState, Instance, ItemStatus, Process
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import (
    ApproverKind,
    Approvers,
    Deadline,
    Definition,
    SignNode,
    WhenLate,
)
from xinglin_documents.service.time.checking import DeadlineChecker
from xinglin_documents.service.time.deadlines import Stage
from xinglin_documents.service.time.working import WorkingTime, spans_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKING = WorkingTime(spans_of("08:00-12:00 14:00-17:30"), SHANGHAI, {})
WHOLE = Deadline(
    60,
    remind_before=30,
    escalate_after=30,
    escalate_to=(Approvers(ApproverKind.SUPERIOR),),
    act_after=60,
    act=WhenLate.JUMP,
    jump_to="end",
)


class Flow:
    """Stands for the flow: notes what the clock commands, and refuses when it is told to."""

    def __init__(self):
        self.commands, self.refuses = [], False

    def by_clock(self, item, command):
        if self.refuses:
            raise DomainError("no")
        self.commands.append((item, command))

    def persons(self, instance, rules):
        return (77,)


class Fixture:
    def __init__(self, session, clock, audit, deadline):
        self.office, self.clock = Office(session, clock, audit), clock
        self.flow = Flow()
        node = SignNode("head", "科主任", deadline=deadline)
        self.definition = Definition("leave", 1, "请假", (node,))
        process = session.query(Process).filter_by(key="leave").one()
        row = DefinitionRow(process_id=process.id, version=1, source="", digest="", created_at=clock.now())
        session.add(row)
        session.flush()
        self.person = self.office.person("安宁")
        self.item = self.office.item()
        self.office.instance(self.item, row.id)
        due = WORKING.after(clock.now(), 60)
        self.entry = self.office.task(self.person, self.item, due_at=due)
        self.checker = DeadlineChecker(session, clock, WORKING, self, self.flow)

    def of(self, instance):
        return self.definition

    def acts(self):
        return [command.act for _item, command in self.flow.commands]


@pytest.fixture
def late(session, clock, audit):
    assert clock.now() == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 09:00 in the hospital
    return Fixture(session, clock, audit, WHOLE)


def test_each_step_comes_once_and_in_its_time(late):
    for minutes, acts in (
        (29, []),
        (1, [Act.REMIND]),
        (30, []),
        (30, [Act.ESCALATE]),
        (29, []),
        (1, [Act.TIME_OUT]),
        (6000, []),
    ):
        late.clock.advance(minutes=minutes)
        late.flow.commands.clear()
        late.checker.check()
        late.checker.check()
        assert late.acts() == acts
    assert late.entry.reminded == Stage.OVER


def test_commands_carry_what_the_engine_needs(late):
    late.clock.advance(minutes=90)
    late.checker.check()
    late.clock.advance(minutes=30)
    late.checker.check()
    (item, escalate), (_item, over) = late.flow.commands
    assert (item, escalate.task, escalate.persons, escalate.actor) == (
        late.item.public_id,
        int(late.entry.task),
        (77,),
        0,
    )
    assert (over.outcome, over.to) == (WhenLate.JUMP, "end")


def test_a_refusal_is_not_repeated_and_the_next_step_comes(late):
    late.flow.refuses = True
    late.clock.advance(minutes=90)
    assert late.checker.check() == 1
    assert late.checker.check() == 0
    late.flow.refuses = False
    late.clock.advance(minutes=30)
    late.checker.check()
    assert late.acts() == [Act.TIME_OUT]


@pytest.mark.parametrize(("field", "value"), [("state", EntryState.DONE), ("state", EntryState.WAITING)])
def test_what_does_not_wait_is_left_alone(late, field, value):
    setattr(late.entry, field, value)
    late.clock.advance(days=9)
    assert late.checker.check() == 0


def test_a_suspended_document_is_left_alone(late):
    late.item.status = ItemStatus.SUSPENDED
    late.clock.advance(days=9)
    assert late.checker.check() == 0


def test_a_deadline_without_steps_is_looked_at_once(session, clock, audit):
    plain = Fixture(session, clock, audit, Deadline(60))
    clock.advance(days=9)
    assert plain.checker.check() == 0
    assert plain.entry.reminded == Stage.OVER


@pytest.mark.parametrize("what", ["itself", "its parent"])
def test_a_document_in_other_hands_waits_for_the_next_minute(database, clock, audit, session, what):
    if database.is_sqlite:
        pytest.skip("SQLite has one writer, which the worker is when it checks")
    held = Fixture(session, clock, audit, WHOLE)
    child = session.get(Instance, held.item.id)
    whole = held.office.item()
    child.parent_id = held.office.instance(whole, child.definition_id).id
    session.commit()
    clock.advance(minutes=30)
    with database.session() as other:
        other.get(Instance, child.id if what == "itself" else child.parent_id, with_for_update=True)
        assert held.checker.check() == 0
    session.rollback()
    assert held.checker.check() == 1
