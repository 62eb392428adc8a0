"""Drafts: one for each process, nothing of one window is lost to another, nobody else sees them or their files."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import func, select
from tests.unit.xinglin_documents.filling_hospital import Hospital

from xinglin.api.files import FileRefused, FileState, StoredFile
from xinglin.api.services import DomainError, NotFound
from xinglin_documents.models import Box, Draft, DraftFile, Entry, EntryState, Secrecy
from xinglin_documents.service.forms.drafts import LONGEST_DRAFT, DraftChanged, draft_files_rule


@pytest.fixture
def hospital(session, clock, audit, keyring, tmp_path):
    return Hospital.build(session, clock, audit, keyring, tmp_path)


def count(hospital, table):
    return hospital.session.scalar(select(func.count()).select_from(table))


def test_what_was_typed_is_there_again(hospital):
    drafts = hospital.drafts()
    place = drafts.place("new-purchase")
    drafts.save(place, {"title": "雾化"}, known="")
    hospital.clock.advance(seconds=5)
    saved = drafts.save(place, {"title": "雾化器"}, known=drafts.find(place).saved_at.isoformat())
    hospital.session.expire_all()
    assert hospital.drafts().find(place).values["form"] == {"title": "雾化器"}
    assert saved.saved_at == hospital.clock.now()
    assert [process.key for _draft, process in drafts.mine()] == ["purchase"]
    assert count(hospital, Draft) == 1
    assert hospital.drafts("10021").find(place) is None


def test_two_windows_do_not_overwrite_each_other(hospital):
    drafts = hospital.drafts()
    place = drafts.place("new-purchase")
    first = drafts.save(place, {"title": "一"}, known="").saved_at.isoformat()
    hospital.clock.advance(seconds=1)
    drafts.save(place, {"title": "二"}, known=first)
    for known in (first, ""):
        with pytest.raises(DraftChanged) as refused:
            drafts.save(place, {"title": "三"}, known=known)
        assert refused.value.draft.values["form"] == {"title": "二"}
    drafts.save(place, {"title": "三"}, known=None)
    assert drafts.find(place).values["form"] == {"title": "三"}


def test_a_draft_has_an_end(hospital):
    drafts = hospital.drafts()
    with pytest.raises(DomainError) as refused:
        drafts.save(drafts.place("new-purchase"), {}, size=LONGEST_DRAFT + 1)
    assert refused.value.status == 413


@pytest.mark.parametrize("address", ["new-nothing", "task-1", "task-x", "task-" + "9" * 40, "leave", ""])
def test_no_draft_of_what_is_not_there(hospital, address):
    with pytest.raises(NotFound):
        hospital.drafts().place(address)


def test_only_the_approver_keeps_a_draft_of_a_task(hospital):
    instance = hospital.running({})
    entry = Entry(
        item_id=instance.id,
        person_id=hospital.person().id,
        box=Box.TO_DO,
        task="1",
        arrived_at=hospital.clock.now(),
    )
    hospital.session.add(entry)
    hospital.session.flush()
    address = f"task-{entry.id}"
    place = hospital.drafts().place(address)
    hospital.drafts().save(place, {"opinion": "同意，先试用。"})
    assert hospital.drafts().find(place).values["form"]["opinion"] == "同意，先试用。"
    with pytest.raises(NotFound):
        hospital.drafts("10021").place(address)
    entry.state = EntryState.DONE
    hospital.session.flush()
    with pytest.raises(NotFound):
        hospital.drafts().place(address)


def test_files_stay_with_the_document_and_go_with_the_draft(hospital):
    drafts = hospital.drafts()
    place = drafts.place("new-purchase")
    first, second = hospital.upload(), hospital.upload(name="论证.txt")
    for one in (first, second, first):
        drafts.attach(place, "quotes", one.public_id, most=2)
    assert [one.name for one in drafts.files(place)["quotes"]] == ["报价.txt", "论证.txt"]
    with pytest.raises(FileRefused):
        drafts.attach(place, "quotes", hospital.upload().public_id, most=2)
    drafts.detach(place, second.public_id)
    drafts.finish(place)
    assert hospital.session.get(StoredFile, first.id) is not None
    assert count(hospital, DraftFile) == 0
    drafts.attach(place, "quotes", first.public_id, most=2)
    drafts.discard(place)
    drafts.discard(place)
    hospital.session.flush()
    assert count(hospital, Draft) == 0
    assert hospital.session.get(StoredFile, first.id) is None


def test_a_file_in_quarantine_stays_there(hospital):
    drafts = hospital.drafts()
    place = drafts.place("new-purchase")
    stored = drafts.attach(place, "quotes", hospital.upload().public_id, most=2)
    stored.state = FileState.INFECTED
    drafts.discard(place)
    hospital.session.flush()
    assert hospital.session.get(StoredFile, stored.id) is not None


def test_adding_a_file_first_does_not_look_like_another_window(hospital):
    drafts = hospital.drafts()
    place = drafts.place("new-purchase")
    drafts.attach(place, "quotes", hospital.upload().public_id, most=2)
    hospital.clock.advance(seconds=9)
    assert drafts.save(place, {"title": "雾化器"}, known="").values["form"] == {"title": "雾化器"}


def test_the_uploads_of_others_cannot_be_taken(hospital):
    foreign = hospital.upload("10021")
    drafts = hospital.drafts()
    with pytest.raises(FileRefused):
        drafts.attach(drafts.place("new-purchase"), "quotes", foreign.public_id, most=2)
    theirs = hospital.drafts("10021")
    theirs.attach(theirs.place("new-purchase"), "quotes", foreign.public_id, most=2)
    readers = {
        staff_no: draft_files_rule(
            SimpleNamespace(
                db=hospital.session,
                identity=SimpleNamespace(kind="person", id=hospital.person(staff_no).id),
            ),
            foreign,
        )
        for staff_no in ("10011", "10021")
    }
    assert readers == {"10011": False, "10021": True}
    assert not draft_files_rule(SimpleNamespace(db=hospital.session, identity=None), foreign)


def task_of(hospital, instance, staff_no="10011", task="1", node="head"):
    entry = Entry(
        item_id=instance.id,
        person_id=hospital.person(staff_no).id,
        box=Box.TO_DO,
        task=task,
        node=node,
        arrived_at=hospital.clock.now(),
    )
    hospital.session.add(entry)
    hospital.session.flush()
    return entry


def test_only_a_deputy_of_whose_task_it_is_has_a_draft_of_it(hospital):
    instance = hospital.running({})
    address = f"task-{task_of(hospital, instance).id}"
    head, other = hospital.person("10011").id, hospital.person("20001").id
    for principals in ({}, {other: ()}, {head: ("leave",)}):
        with pytest.raises(NotFound):
            hospital.drafts("10021", principals).place(address)
    assert hospital.drafts("10021", {head: ()}).place(address).entry_id is not None
    instance.item.secrecy = Secrecy.SECRET
    hospital.session.flush()
    with pytest.raises(NotFound):
        hospital.drafts("10021", {head: ()}).place(address)


def test_what_was_begun_at_a_step_is_taken_up_when_the_task_comes_again(hospital):
    instance, drafts = hospital.running({}), hospital.drafts()
    first = task_of(hospital, instance)
    begun = drafts.place(f"task-{first.id}")
    drafts.save(begun, {"answer": "拟同意"})
    drafts.attach(begun, "quotes", hospital.upload().public_id, most=2)
    first.state = EntryState.DONE
    again = drafts.place(f"task-{task_of(hospital, instance, task='2').id}")
    elsewhere = drafts.place(f"task-{task_of(hospital, instance, task='3', node='offices').id}")
    assert drafts.find(again).values["form"] == {"answer": "拟同意"}
    assert drafts.find(elsewhere) is None
    drafts.save(again, {"answer": "同意"})
    assert [one.name for one in drafts.files(again)["quotes"]] == ["报价.txt"]
    assert count(hospital, Draft) == 1
    drafts.finish(again)
    assert count(hospital, Draft) == 0


def test_two_open_tasks_at_a_step_do_not_share_a_draft(hospital):
    instance = hospital.running({})
    mine, hers = task_of(hospital, instance), task_of(hospital, instance, "20001", "2")
    drafts = hospital.drafts(principals={hospital.person("20001").id: ()})
    drafts.save(drafts.place(f"task-{mine.id}"), {"answer": "我的"})
    assert drafts.find(drafts.place(f"task-{hers.id}")) is None
