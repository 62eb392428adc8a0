"""Distribution: who gets it, who may not, receipts, chasing once a day, and nothing of a closed document in messages."""

import pytest
from tests.unit.xinglin_documents.official_desk import desk as desk  # noqa: PLC0414 - a fixture

from xinglin.api.people import AudienceService, Department, Term
from xinglin.push.models import Delivery, Message
from xinglin_documents.models import Box, Entry, EntryState, Secrecy
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.flow.errors import ActRefused
from xinglin_documents.service.flow.values import Asked
from xinglin_documents.service.inbox.values import Tab, Wanted
from xinglin_documents.service.official.distributing import Recipients
from xinglin_documents.service.official.errors import OfficialRefused
from xinglin_documents.service.operations import Operation


def department(desk, code):
    return desk.hospital.session.query(Department).filter_by(code=code).one().id


def ids(desk, *numbers):
    return tuple(desk.hospital.person(number).id for number in numbers)


def issued(desk, **how):
    item = desk.signed(**how)
    desk.do(item, Operation.ISSUE_NUMBER)
    return item


def closed(desk, *numbers):
    """A secret document that only these may know."""
    hospital = desk.hospital
    audience = AudienceService(hospital.session, hospital.clock).store(
        [Term("person", one) for one in ids(desk, *numbers)]
    )
    item = issued(desk)
    item.secrecy, item.audience = Secrecy.SECRET, audience
    hospital.session.flush()
    return item


def to_read(desk, number, tab=Tab.TO_READ):
    inbox = desk.hospital.inbox(number)
    return inbox.counts()[tab], [line.item.id for line in inbox.page(Wanted(tab)).lines]


def told(desk, item):
    """Person ids by message, and all that was said."""
    query = desk.hospital.session.query(Message).filter_by(source_id=item.public_id, kind="documents.to_read")
    messages = query.order_by(Message.id).all()
    people = [
        {one.person_id for one in desk.hospital.session.query(Delivery).filter_by(message_id=message.id)}
        for message in messages
    ]
    return people, "".join(f"{one.title}{one.description}" for one in messages)


def test_departments_with_all_below_or_their_heads_and_persons(desk):
    item = issued(desk)
    paediatrics, obstetrics = department(desk, "P"), department(desk, "O")
    desk.distribution().distribute(item, Recipients((paediatrics,), (obstetrics,), ids(desk, "1001")))
    got = {line.name: {one.name for one in line.readers} for line in desk.receipts("1002").lines(item)}
    assert got == {"儿科": {"王丽", "曾静"}, "产科": {"朴恩雅"}, "": {"单玉梅"}}
    assert to_read(desk, "1004") == (1, [item.id])
    assert to_read(desk, "1005") == (0, [])
    assert told(desk, item)[0] == [set(ids(desk, "1001", "1002", "1003", "1004"))]


def test_sending_again_reaches_only_who_has_it_not(desk):
    item = issued(desk)
    obstetrics = department(desk, "O")
    desk.distribution().distribute(item, Recipients(heads_of=(obstetrics,)))
    sent = desk.distribution().distribute(item, Recipients((obstetrics,)))
    assert sent.reached == 1
    assert told(desk, item)[0] == [set(ids(desk, "1004")), set(ids(desk, "1005"))]
    entries = desk.hospital.session.query(Entry).filter_by(item_id=item.id, box=Box.TO_READ).all()
    assert sorted(one.person_id for one in entries) == sorted(ids(desk, "1004", "1005"))
    assert desk.distribution().distribute(item, Recipients((obstetrics,))).reached == 0


def test_of_a_closed_document_nobody_outside_its_audience_gets_anything(desk):
    item = closed(desk, "1004")
    sent = desk.distribution().distribute(
        item, Recipients((department(desk, "O"),), persons=ids(desk, "1003"))
    )
    assert (sent.reached, set(sent.left_out)) == (1, {"仇英", "曾静"})
    assert to_read(desk, "1005") == (0, [])
    people, said = told(desk, item)
    assert people == [set(ids(desk, "1004"))]
    for word in (item.title, item.number, "院感"):
        assert word not in said
    with pytest.raises(OfficialRefused, match="may know"):
        desk.distribution().distribute(item, Recipients(persons=ids(desk, "1005")))


def test_a_closed_document_without_audience_goes_to_nobody(desk):
    item = issued(desk)
    item.secrecy = Secrecy.CONFIDENTIAL
    with pytest.raises(OfficialRefused, match="may know"):
        desk.distribution().distribute(item, Recipients(persons=ids(desk, "1005")))


def test_a_receipt_is_opened_then_signed_once_and_the_department_has_received(desk):
    item = issued(desk)
    desk.distribution().distribute(item, Recipients((department(desk, "O"),)))
    receipts = desk.receipts("1005")
    assert receipts.has_unopened(item.id)
    assert receipts.opened(item.id)
    assert not receipts.opened(item.id)
    assert receipts.awaits_signature(item.id)
    desk.hospital.clock.advance(minutes=5)
    receipts.sign(item)
    signed_at = desk.hospital.clock.now()
    desk.hospital.clock.advance(minutes=5)
    receipts.sign(item)
    line = desk.receipts("1002").lines(item)[0]
    facts = {one.name: (one.opened_at is not None, one.signed_at) for one in line.readers}
    assert facts == {"仇英": (True, signed_at), "朴恩雅": (False, None)}
    assert (line.received_at, line.opened, line.signed) == (signed_at, 1, 1)
    assert to_read(desk, "1005") == (0, [])
    assert to_read(desk, "1005", Tab.READ) == (1, [item.id])
    entry = desk.hospital.session.query(Entry).filter_by(
        item_id=item.id, box=Box.TO_READ, task="distribution"
    )
    assert {one.state for one in entry} == {EntryState.DONE, EntryState.OPEN}


def test_who_did_not_get_it_signs_for_nothing(desk):
    item = issued(desk)
    with pytest.raises(OfficialRefused, match="not distributed to you"):
        desk.receipts("1005").sign(item)


def test_the_unread_are_chased_once_a_day(desk):
    item = issued(desk)
    desk.distribution().distribute(item, Recipients((department(desk, "O"),)))
    desk.receipts("1004").opened(item.id)
    assert desk.receipts("1002").chase(item, "2026-11-24") == 1
    with pytest.raises(OfficialRefused, match="today already"):
        desk.receipts("1002").chase(item, "2026-11-24")
    assert desk.receipts("1002").chase(item, "2026-11-25") == 1
    assert told(desk, item)[0][1:] == [set(ids(desk, "1005"))] * 2
    desk.receipts("1005").opened(item.id)
    with pytest.raises(OfficialRefused, match="Everybody"):
        desk.receipts("1002").chase(item, "2026-11-26")


def test_distributing_as_an_operation_needs_somebody(desk):
    item = desk.signed()
    with pytest.raises(OfficialRefused, match="comes first"):
        desk.do(item, Operation.DISTRIBUTE, to=Recipients(persons=ids(desk, "1004")))
    with pytest.raises(OfficialRefused, match="Nobody is chosen"):
        desk.distribution().distribute(item, Recipients())


def test_an_open_document_with_an_audience_goes_to_its_audience_only(desk):
    hospital = desk.hospital
    audience = AudienceService(hospital.session, hospital.clock).store(
        [Term("person", one) for one in ids(desk, "1001", "1002", "1004")]
    )
    item = issued(desk, audience=audience)
    with pytest.raises(OfficialRefused) as refused:
        desk.distribution().distribute(item, Recipients(persons=ids(desk, "1005")))
    assert refused.value.message.mapping == {"names": "仇英"}
    sent = desk.distribution().distribute(item, Recipients(persons=ids(desk, "1004", "1005")))
    assert (sent.reached, sent.left_out) == (1, ("仇英",))
    flow = hospital.as_("1002")
    task = flow.show(item.public_id).entry.task
    for act in (Act.COPY, Act.CIRCULATE, Act.TRANSFER, Act.DELEGATE, Act.ADD_BEFORE):
        with pytest.raises(ActRefused) as stopped:
            flow.act(item.public_id, Asked(act, task=task, persons=ids(desk, "1005")))
        assert stopped.value.message.mapping == {"names": "仇英"}
    assert to_read(desk, "1005") == (0, [])
