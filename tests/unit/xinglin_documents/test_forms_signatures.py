"""A signature stands for form, files and act as they were; whatever is changed behind it is named. And phrases."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from tests.unit.xinglin_documents.filling_hospital import Hospital, signed

from xinglin.api.files import FileRefused, FileState
from xinglin.api.services import DomainError
from xinglin_documents.models import FlowEvent, Instance, InstanceFile, Phrase, Signature
from xinglin_documents.service.forms.phrases import MOST_OWN
from xinglin_documents.service.forms.signatures import MOST_BYTES


@pytest.fixture
def hospital(session, clock, audit, keyring, tmp_path):
    return Hospital.build(session, clock, audit, keyring, tmp_path)


@pytest.fixture
def act(hospital):
    """A purchase that was started, then approved and signed."""
    instance = hospital.running({"title": "雾化器", "total": "2400.10"})
    hospital.event(instance, 1, {"title": "雾化器", "total": "2400.10"}, opinion="")
    attach(hospital, instance)
    hospital.clock.advance(minutes=5)
    event = hospital.event(instance, 2)
    service = hospital.signatures()
    service.sign(event, signed(), service.digest_of(event))
    return event


def attach(hospital, instance):
    hospital.session.add(
        InstanceFile(
            instance_id=instance.id,
            file=hospital.upload(),
            field="quotes",
            position=1,
            added_by_id=hospital.person().id,
            added_at=hospital.clock.now(),
        )
    )
    hospital.session.flush()


def test_a_signature_holds_through_what_later_steps_do(hospital, act):
    assert hospital.signatures().verify(act) == ""
    instance = hospital.session.get(Instance, act.instance_id)
    hospital.clock.advance(minutes=5)
    hospital.event(instance, 3, {"total": "2300.00"})
    instance.values = {**instance.values, "total": "2300.00"}
    attach(hospital, instance)
    hospital.session.expire_all()
    assert hospital.signatures().verify(act) == ""


def change(hospital, table, **values):
    hospital.session.execute(update(table).values(**values))
    hospital.session.expire_all()


def test_a_changed_form_is_named(hospital, act):
    hospital.session.get(Instance, act.instance_id).values = {"title": "雾化器", "total": "9.00"}
    hospital.session.flush()
    assert "form was changed" in hospital.signatures().verify(act)


def test_a_changed_attachment_is_named(hospital, act):
    line = hospital.session.scalars(select(InstanceFile)).one()
    line.file.sha256 = "0" * 64
    hospital.session.flush()
    assert "attachments were changed" in hospital.signatures().verify(act)


def test_a_changed_opinion_is_named(hospital, act):
    act.opinion = "不同意。"
    hospital.session.flush()
    assert "opinion or the act" in hospital.signatures().verify(act)


def test_a_signature_moved_to_another_act_is_found(hospital, act):
    instance = hospital.session.get(Instance, act.instance_id)
    other = hospital.event(instance, 3)
    change(hospital, Signature, event_id=other.id)
    assert "does not belong to this act" in hospital.signatures().verify(other)
    assert "not there any more" in hospital.signatures().verify(act)


def test_an_exchanged_picture_is_found(hospital, act):
    signature = hospital.signatures().of(act)
    signature.file.sha256 = "0" * 64
    hospital.session.flush()
    assert "does not belong" in hospital.signatures().verify(act)
    signature.file.state = FileState.REMOVED
    hospital.session.flush()
    assert "not there any more" in hospital.signatures().verify(act)


def test_the_same_parts_with_another_digest_are_found(hospital, act):
    change(hospital, Signature, digest="0" * 64)
    assert "changed itself" in hospital.signatures().verify(act)


@pytest.mark.parametrize("picture", [signed(is_blank=True), b"no picture", b"x" * (MOST_BYTES + 1)])
def test_what_is_no_signature_is_refused(hospital, picture):
    instance = hospital.running({})
    event = hospital.event(instance, 1, {})
    service = hospital.signatures()
    with pytest.raises(FileRefused):
        service.sign(event, picture, service.digest_of(event))
    assert hospital.session.scalars(select(FlowEvent)).one().id == event.id


def test_ones_own_phrases_come_first_in_ones_own_order(hospital):
    hospital.session.add_all([Phrase(text="同意。", position=1), Phrase(text="已阅。", position=2)])
    phrases = hospital.phrases()
    first, second = phrases.add("请药学部核实。"), phrases.add("已阅。")
    assert phrases.add("已阅。").id == second.id
    phrases.move_up(second.id)
    phrases.move_up(second.id)
    assert phrases.offered() == ["已阅。", "请药学部核实。", "同意。"]
    hospital.phrases("10021").remove(first.id)
    phrases.remove(second.id)
    assert phrases.offered() == ["请药学部核实。", "同意。", "已阅。"]


def test_phrases_have_an_end(hospital):
    phrases = hospital.phrases()
    for number in range(MOST_OWN):
        phrases.add(f"意见 {number}")
    with pytest.raises(DomainError):
        phrases.add("一条太多")
