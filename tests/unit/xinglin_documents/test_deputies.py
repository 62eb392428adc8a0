"""Deputies: whose tasks somebody may do, through chains and loops, and who is told when."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select
from tests.unit.xinglin_documents.office import Office

from xinglin.api.people import PersonState
from xinglin.api.services import DomainError, NotFound
from xinglin.audit.models import AuditRecord
from xinglin_documents.models import Item, Secrecy
from xinglin_documents.service.time import chains
from xinglin_documents.service.time.chains import Deputyship
from xinglin_documents.service.time.deputies import Wish, passes_to
from xinglin_documents.service.time.telling import Teller

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def office(session, clock, audit):
    return Office(session, clock, audit)


def principals(office, person, at=None):
    found = office.deputies.principals_of(person.id, at or office.clock.now())
    return {key: one.processes for key, one in found.items()}


def test_a_chain_gives_the_last_the_tasks_of_all(office):
    ann, ben, cai, dan = office.persons("安宁", "白冰", "蔡晨", "丁丹")
    office.acts(ann, ben, ["leave", "purchase"])
    office.acts(ben, cai, ["leave"])
    assert principals(office, cai) == {ann.id: ("leave",), ben.id: ("leave",)}
    assert principals(office, ben) == {ann.id: ("leave", "purchase")}
    assert principals(office, dan) == {}
    now = office.clock.now()
    assert office.deputies.deputies_of(ann.id, now, "leave") == (cai.id,)
    assert office.deputies.deputies_of(ann.id, now, "purchase") == (ben.id,)
    assert office.deputies.deputies_of(ann.id, now, "seal") == (ann.id,)


def test_processes_that_no_link_shares_do_not_pass(office):
    ann, ben, cai = office.persons("安宁", "白冰", "蔡晨")
    office.acts(ann, ben, ["purchase"])
    office.acts(ben, cai, ["leave"])
    assert principals(office, cai) == {ben.id: ("leave",)}


def test_a_loop_ends(office):
    ann, ben = office.persons("安宁", "白冰")
    office.acts(ann, ben)
    office.acts(ben, ann)
    assert principals(office, ann) == {ben.id: ()}
    assert principals(office, ben) == {ann.id: ()}
    assert office.deputies.deputies_of(ann.id, office.clock.now(), "leave") == (ben.id,)


def test_a_period_has_a_first_and_a_last_moment(office):
    ann, ben = office.persons("安宁", "白冰")
    row = office.acts(ann, ben, starts=1, days=2)
    moment = timedelta(microseconds=1)
    assert principals(office, ben, row.starts_at - moment) == {}
    assert principals(office, ben, row.starts_at) == {ann.id: ()}
    assert principals(office, ben, row.ends_at - moment) == {ann.id: ()}
    assert principals(office, ben, row.ends_at) == {}


def test_who_left_or_is_shut_out_passes_nothing(office):
    ann, ben, cai = office.persons("安宁", "白冰", "蔡晨")
    office.acts(ann, ben)
    office.acts(ben, cai)
    office.people.change_state(ben, PersonState.DISABLED, "长期病假")
    now = office.clock.now()
    assert principals(office, cai) == {ben.id: ()}  # his own tasks, and not those that he was deputy for
    assert office.deputies.deputies_of(ann.id, now, "leave") == (ann.id,)
    office.people.change_state(ben, PersonState.LEFT, "离职")
    assert principals(office, cai) == {}


def test_asking_is_cheap(office, database):
    ann, ben, cai = office.persons("安宁", "白冰", "蔡晨")
    office.acts(ann, ben)
    said = []
    listen = lambda *arguments: said.append(arguments[2])  # noqa: E731
    event.listen(database.writer, "before_cursor_execute", listen)
    try:
        office.deputies.principals_of(cai.id, office.clock.now())
        assert len(said) == 1
        office.deputies.principals_of(ben.id, office.clock.now())
        assert len(said) == 3
    finally:
        event.remove(database.writer, "before_cursor_execute", listen)


def test_what_cannot_be_set_is_refused(office):
    ann, ben, gone = office.persons("安宁", "白冰", "戈非")
    office.people.change_state(gone, PersonState.LEFT, "离职")
    office.acts(ann, ben, days=3)
    for arguments, sentence in (
        ((ann, ann), "Nobody is her own deputy."),
        ((ann, gone), "This colleague cannot be a deputy."),
    ):
        with pytest.raises(DomainError) as refused:
            office.acts(*arguments)
        assert refused.value.message == sentence
    for options, sentence in (
        ({"days": 0}, "The period ends before it begins, or is over."),
        ({"starts": -3, "days": 1}, "The period ends before it begins, or is over."),
        ({"days": 400}, "A deputy is set for a year at most."),
        ({"starts": 2}, "${name} is deputy in a part of this period already."),
        ({"processes": ["dance"], "starts": 9}, "There is no such process (any more)."),
    ):
        with pytest.raises(DomainError) as refused:
            office.acts(ann, ben, **options)
        assert refused.value.message == sentence


def test_setting_and_revoking_are_in_the_trail(office):
    ann, ben, cai = office.persons("安宁", "白冰", "蔡晨")
    row = office.acts(ann, ben)
    with pytest.raises(NotFound):
        office.deputies.revoke(row.public_id, cai.id, is_manager=False)
    office.deputies.revoke(row.public_id, ann.id, is_manager=False)
    assert principals(office, ben) == {}
    with pytest.raises(NotFound):
        office.deputies.revoke(row.public_id, ann.id, is_manager=False)
    query = select(AuditRecord.action).where(AuditRecord.object_id == row.public_id).order_by(AuditRecord.id)
    recorded = list(office.session.scalars(query))
    assert recorded == ["documents.set_deputy", "documents.revoke_deputy"]


def test_who_gets_a_deputy_from_a_manager_is_told(office):
    ann, ben, boss = office.persons("安宁", "白冰", "主任")
    office.acts(ann, ben, by=boss)
    assert [title for title, _text in office.told(ann)] == ["主任已为您设置代理人：白冰"]


def test_the_deputy_is_told_once_what_waits_and_the_principal_what_was_done(office):
    ann, ben = office.persons("安宁", "白冰")
    row = office.acts(ann, ben, ["leave"], starts=1, days=1)
    secret = office.item(secrecy=Secrecy.SECRET, audience_id=office.audience(ann).id)
    for item in (None, None, secret, office.item("purchase")):
        office.task(ann, item)
    teller = Teller(office.session, office.clock, office.push, SHANGHAI)
    teller.tell()
    assert office.told(ben) == []
    office.clock.advance(days=1)
    teller.tell()
    teller.tell()
    until = row.ends_at.astimezone(SHANGHAI)
    assert office.told(ben) == [("您开始代理安宁的公文", f"现有待办 2 件，代理至 {until:%Y-%m-%d %H:%M}")]
    office.task(ann, state="done", done_at=office.clock.now(), acted_by_id=ben.id)
    office.clock.advance(days=1)
    teller.tell()
    teller.tell()
    assert office.told(ann) == [("白冰对您公文的代理已结束", "代理期间代您办理 1 件")]


def test_an_early_end_is_told_to_who_had_begun(office):
    ann, ben = office.persons("安宁", "白冰")
    row = office.acts(ann, ben)
    Teller(office.session, office.clock, office.push, SHANGHAI).tell()
    office.deputies.revoke(row.public_id, ann.id, is_manager=False)
    assert [title for title, _text in office.told(ben)][-1] == "您不再代理安宁的公文"


def test_a_closed_document_passes_only_within_its_audience(office):
    ann, ben, cai = office.persons("安宁", "白冰", "蔡晨")
    office.item(title="公开")
    office.item(title="秘密", secrecy=Secrecy.SECRET, audience_id=office.audience(ann, ben).id)
    office.item(title="机密无范围", secrecy=Secrecy.CONFIDENTIAL)

    def titles(person):
        return sorted(office.session.scalars(select(Item.title).where(passes_to(person.id))))

    assert titles(ben) == ["公开", "秘密"]
    assert titles(cai) == ["公开"]


def test_lists_show_both_sides(office):
    ann, ben, boss = office.persons("安宁", "白冰", "主任")
    office.acts(ann, ben, ["leave"], starts=1)
    mine, his = office.deputies.of_principal(ann.id), office.deputies.of_deputy(ben.id)
    assert mine == his
    assert mine == office.deputies.of_others(boss.id)
    assert [(one.principal_name, one.deputy_name, one.processes, one.is_running) for one in mine] == [
        ("安宁", "白冰", ("请假",), False)
    ]
    assert office.deputies.of_others(ann.id) == []
    assert Wish(1, 2, office.clock.now(), office.clock.now()).processes == ()


people = st.integers(1, 6)
links = st.lists(
    st.builds(Deputyship, people, people, st.sets(st.sampled_from("abc"), max_size=2).map(tuple)), max_size=14
)


def walked(person, links, key, seen=frozenset()):
    """The tasks that come to a person, by walking every chain."""
    found = set()
    for link in links:
        if link.deputy_id == person and link.covers(key) and link.principal_id not in seen | {person}:
            found |= {link.principal_id} | walked(link.principal_id, links, key, seen | {person})
    return found


@given(links, people, st.sampled_from("abcd"))
def test_chains_equal_a_walk_of_every_way(links, person, key):
    found = chains.principals_of(person, links)
    assert {one for one, ship in found.items() if ship.covers(key)} == walked(person, links, key) - {person}


@given(links, people, st.sampled_from("abcd"))
def test_who_is_told_may_also_act(links, person, key):
    for deputy in chains.deputies_of(person, links, key):
        assert deputy == person or chains.principals_of(deputy, links)[person].covers(key)
