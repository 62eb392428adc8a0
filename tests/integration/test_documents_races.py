"""Two hands at once, on real threads: one acts, the other is told by whom; nothing happens twice."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from sqlalchemy import func, select
from tests.unit.xinglin_documents.flow_hospital import Hospital, sign

from xinglin.api.people import Person
from xinglin.api.services import DomainError
from xinglin.audit.service import Actor, AuditTrail
from xinglin.push.models import Message
from xinglin_documents.models import Entry, EntryState, FlowEvent, Instance, Item, ItemStatus
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import SignMode
from xinglin_documents.service.flow.errors import TaskGone
from xinglin_documents.service.flow.values import Asked
from xinglin_documents.service.inbox.values import Tab, Wanted


class Town:
    """A hospital whose visits are transactions of their own."""

    def __init__(self, database, clock, keyring, folder):
        self.database, self.clock, self.keyring, self.folder = database, clock, keyring, folder
        self.definitions, self.numbers = None, {}

    def visit(self, work):
        with self.database.session() as session:
            audit = AuditTrail(session, Actor.system("test"), self.clock, self.keyring)
            hospital = Hospital(session, self.clock, audit, self.keyring, self.folder)
            if self.definitions is None:
                hospital.settle_in()
                self.definitions = hospital.definitions
            else:
                hospital.definitions = self.definitions
                persons = session.scalars(select(Person))
                hospital.persons = {person.staff_no: person for person in persons}
            return work(hospital)

    def at_once(self, *works):
        """Each in its thread and transaction; what they said, in order: a result or the error."""
        start, said = threading.Barrier(len(works)), [None] * len(works)

        def run(number, work):
            start.wait(timeout=30)
            try:
                said[number] = self.visit(work)
            except DomainError as error:
                said[number] = error

        threads = [threading.Thread(target=run, args=(number, work)) for number, work in enumerate(works)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        assert not any(thread.is_alive() for thread in threads)
        return said


@pytest.fixture
def town(database, clock, keyring, tmp_path):
    made = Town(database, clock, keyring, tmp_path)
    made.visit(lambda _hospital: None)
    return made


def approves(number, public_id, task=""):
    return lambda hospital: hospital.as_(number).act(public_id, Asked(Act.APPROVE, task)) and "done"


def begin(town, *nodes):
    def start(hospital):
        if "race" not in hospital.definitions.known:
            hospital.make("race", *nodes)
        return hospital.start(key="race").public_id

    return town.visit(start)


def test_of_two_who_may_one_approves_and_the_other_hears_of_it(town):
    public_id = begin(town, sign("any", "1003", "1004", mode=SignMode.ANY), sign("end", "1001"))
    said = town.at_once(approves("1003", public_id), approves("1004", public_id))
    refused = [one for one in said if one != "done"]
    assert len(refused) == 1
    assert refused[0].message.interpolate().startswith("Already handled by ")
    assert refused[0].status == 409
    _check_history(town, public_id, ["start", "approve"])


def test_one_hand_on_two_phones_approves_once(town):
    public_id = begin(town, sign("head", "1002"), sign("end", "1001"))
    task = town.visit(lambda hospital: hospital.as_("1002").show(public_id).entry.task)
    said = town.at_once(*(approves("1002", public_id, task) for _phone in range(4)))
    assert Counter(str(one) == "done" for one in said) == {True: 1, False: 3}
    assert {one.message.interpolate()[:21] for one in said if one != "done"} == {"Already handled by 王丽"}
    _check_history(town, public_id, ["start", "approve"])


def test_all_signers_at_once_are_all_counted(town):
    public_id = begin(town, sign("all", "1001", "1002", "1003", "1004", mode=SignMode.ALL))
    numbers = ("1001", "1002", "1003", "1004")
    said = town.at_once(*(approves(number, public_id) for number in numbers))
    assert said == ["done"] * 4
    _check_history(town, public_id, ["start", *["approve"] * 4])
    assert town.visit(lambda hospital: hospital.session.scalar(select(Item.status))) == ItemStatus.COMPLETED


def test_approved_and_withdrawn_at_once_it_is_one_of_the_two(town):
    public_id = begin(town, sign("head", "1002"), sign("end", "1001"))

    def withdraw(hospital):
        return hospital.as_("1005").act(public_id, Asked(Act.WITHDRAW)) and "done"

    said = town.at_once(approves("1002", public_id), withdraw)
    assert Counter(one == "done" for one in said) == {True: 1, False: 1}


def test_two_batches_over_the_same_documents_do_not_wait_for_each_other(town):
    node = sign("any", "1003", "1004", mode=SignMode.ANY, is_batchable=True)
    public_ids = [begin(town, node) for _number in range(12)]

    def batch(number, is_reversed):
        def work(hospital):
            lines = hospital.inbox(number, 100).page(Wanted(Tab.TO_DO)).lines
            keys = [line.entry.id for line in lines]
            results = hospital.as_(number).batch(keys[::-1] if is_reversed else keys, "同意")
            return sum(not one.problem for one in results)

        return work

    said = town.at_once(batch("1003", False), batch("1004", True))
    assert sum(said) == len(public_ids)
    for public_id in public_ids:
        _check_history(town, public_id, ["start", "approve"])


def _check_history(town, public_id, acts):
    def look(hospital):
        session = hospital.session
        instance = session.scalars(select(Instance).where(Instance.public_id == public_id)).one()
        events = session.scalars(
            select(FlowEvent).where(FlowEvent.instance_id == instance.id).order_by(FlowEvent.sequence)
        ).all()
        assert [event.act for event in events] == acts
        assert [event.sequence for event in events] == list(range(1, len(acts) + 1))
        query = select(func.count(Entry.id)).where(
            Entry.item_id == instance.id, Entry.state == EntryState.OPEN
        )
        open_entries = session.scalar(query.where(Entry.box == "to_do"))
        state = instance.state
        waiting = sum(
            task["state"] == "open" for run in state["runs"].values() for task in run["tasks"].values()
        )
        assert open_entries == (waiting if state["status"] == "running" else 0)
        keys = session.scalars(select(Message.dedupe_key)).all()
        assert len(keys) == len(set(keys))

    town.visit(look)


@pytest.mark.parametrize("backend", ["postgresql"])
def test_who_looked_before_the_other_acted_hears_who_was_first(town):
    """Also when the document has ended by it: what the page had read is read anew under the lock."""
    public_id = begin(town, sign("any", "1003", "1004", mode=SignMode.ANY))

    def come_late(hospital):
        service = hospital.as_("1004")
        task = service.show(public_id).entry.task
        town.visit(approves("1003", public_id))
        with pytest.raises(TaskGone) as refused:
            service.act(public_id, Asked(Act.APPROVE, task))
        with pytest.raises(TaskGone):
            service.act(public_id, Asked(Act.APPROVE))
        return refused.value.message.interpolate()

    assert town.visit(come_late).startswith("Already handled by 曾静 at ")
    _check_history(town, public_id, ["start", "approve"])
