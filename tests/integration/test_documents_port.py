"""One port, three sources: our own engine, an e-cology and an EKP keep the same promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from tests.integration.oa_office import LEADER
from tests.unit.xinglin_documents.flow_hospital import Hospital

from xinglin.api.services import DomainError, NotFound
from xinglin_documents.models import BUILT_IN, Item, Process
from xinglin_documents.service.flow.source import BuiltIn
from xinglin_documents.service.forms.directory import Directory
from xinglin_documents.service.forms.schema import FormNeeds
from xinglin_documents.service.port import Capability, DocumentSource, SourceAct, SourceBox, Wish

OPINION = "同意，请抓紧办理。"
CONFLICT = 409


@dataclass
class World:
    """A source with to-dos of one person. `session` reads items; `template` can be started with `values`."""

    source: DocumentSource
    person: int
    session: Any
    template: str = ""

    def item(self, external_id):
        query = select(Item).where(Item.source == self.source.name, Item.external_id == external_id)
        return self.session.scalars(query).one()

    def to_dos(self):
        return list(self.source.list(self.person, SourceBox.TO_DO, page=1))

    def count(self, box=SourceBox.TO_DO):
        return self.source.counts(self.person).get(box)


@pytest.fixture
def built_in(session, clock, audit, keyring, tmp_path):
    hospital = Hospital(session, clock, audit, keyring, tmp_path)
    hospital.settle_in()
    for subject in ("购置新生儿暖箱", "增设夜间门诊"):
        hospital.start(values={"subject": subject, "amount": "120000"})
        hospital.tick()
    numbers = {person.id: number for number, person in hospital.persons.items()}
    source = BuiltIn(
        session,
        lambda person: hospital.as_(numbers[person]),
        lambda person: hospital.inbox(numbers[person]),
        lambda _person: session.scalars(select(Process)).all(),
        hospital.definitions,
        hospital.files,
        FormNeeds("zh_CN", clock.now().tzinfo, Directory(session, hospital.people, "zh_CN")),
    )
    return World(source, hospital.person("1002").id, session, "request")


def behind(request, oa):
    side = request.getfixturevalue("side")
    side.settings = {"oa": oa}
    side.of(LEADER).refresh()
    return World(side.source(), side.person(LEADER), request.getfixturevalue("session"), "12")


@pytest.fixture(params=[BUILT_IN, "weaver", "landray"])
def world(request, database):
    return (
        request.getfixturevalue("built_in") if request.param == BUILT_IN else behind(request, request.param)
    )


def test_it_is_named_as_its_items_are(world):
    assert {world.item(line.external_id).source for line in world.to_dos()} == {world.source.name}


def test_a_list_is_as_long_as_its_count(world):
    boxes = world.source.counts(world.person)
    assert boxes[SourceBox.TO_DO] > 1
    for box, count in boxes.items():
        assert len(world.source.list(world.person, box, page=1)) == count
    assert world.source.list(world.person, SourceBox.TO_DO, page=2) == []


def test_words_narrow_a_list(world):
    first = world.to_dos()[0]
    found = world.source.list(world.person, SourceBox.TO_DO, page=1, query=first.title)
    assert [line.external_id for line in found] == [first.external_id]
    assert world.source.list(world.person, SourceBox.TO_DO, page=1, query="没有这样的公文") == []


def test_a_document_is_what_its_line_said(world):
    for line in world.to_dos():
        shown = world.source.show(world.person, world.item(line.external_id))
        assert (shown.external_id, shown.title) == (line.external_id, line.title)
        assert (shown.node, shown.starter_name) == (line.node, line.starter_name)
        assert {SourceAct.APPROVE, SourceAct.RETURN} <= {action.act for action in shown.actions}


@pytest.mark.parametrize("act", [SourceAct.APPROVE, SourceAct.RETURN])
def test_what_was_done_waits_no_more_and_is_not_done_twice(world, act):
    line, before = world.to_dos()[0], world.source.counts(world.person)
    item = world.item(line.external_id)
    wish = Wish(act, world.source.show(world.person, item).node, OPINION)
    world.source.act(world.person, item, wish)
    assert world.count() == before[SourceBox.TO_DO] - 1
    assert line.external_id not in {one.external_id for one in world.to_dos()}
    if SourceBox.DONE in before:
        assert world.count(SourceBox.DONE) == before[SourceBox.DONE] + 1
    shown = world.source.show(world.person, item)
    assert not {SourceAct.APPROVE, SourceAct.RETURN} & {action.act for action in shown.actions}
    if Capability.FORM in world.source.capabilities:
        assert shown.history[-1].opinion == OPINION
    with pytest.raises(DomainError) as refused:
        world.source.act(world.person, item, wish)
    assert refused.value.status == CONFLICT
    assert world.count() == before[SourceBox.TO_DO] - 1


def test_an_act_seen_at_another_step_is_refused(world):
    item = world.item(world.to_dos()[0].external_id)
    before = world.count()
    with pytest.raises(DomainError) as refused:
        world.source.act(world.person, item, Wish(SourceAct.APPROVE, "another step", OPINION))
    assert refused.value.status == CONFLICT
    assert world.count() == before


def test_what_can_be_created_is_among_ones_own_and_what_cannot_says_so(world):
    source, person = world.source, world.person
    if Capability.CREATE not in source.capabilities:
        with pytest.raises(NotFound):
            source.create(person, "12", "差旅费", {})
        return
    assert world.template in {one.key for one in source.templates(person)}
    with pytest.raises(NotFound):
        source.new_form(person, "99999")
    form = source.new_form(person, world.template)
    values = {field.key: "3" for field in form.fields if field.is_editable}
    before = world.count(SourceBox.STARTED)
    made = source.create(person, world.template, "赴市里开会", values)
    assert world.count(SourceBox.STARTED) == before + 1
    assert made in {line.external_id for line in source.list(person, SourceBox.STARTED, page=1)}


def test_our_own_also_marks_read_sends_on_comments_and_withdraws(built_in):
    """What an EKP does not know and an e-cology tests of its own show."""
    source, head = built_in.source, built_in.person
    item = built_in.item(built_in.to_dos()[0].external_id)
    starter = item.starter_id
    source.act(head, item, Wish(SourceAct.FORWARD, "", "请了解", persons=(starter,)))
    assert source.counts(starter)[SourceBox.TO_READ] == 1
    source.act(starter, item, Wish(SourceAct.MARK_READ, ""))
    assert source.counts(starter) | {SourceBox.STARTED: 0} == {
        SourceBox.TO_DO: 0,
        SourceBox.DONE: 0,
        SourceBox.TO_READ: 0,
        SourceBox.READ: 1,
        SourceBox.STARTED: 0,
    }
    source.act(head, item, Wish(SourceAct.COMMENT, "", "已电话沟通"))
    assert source.show(head, item).history[-1].opinion == "已电话沟通"
    source.act(starter, item, Wish(SourceAct.WITHDRAW, ""))
    assert built_in.count() == 1


def test_what_the_form_of_the_page_would_refuse_the_port_refuses(built_in):
    source = built_in.source
    with pytest.raises(DomainError, match="金额"):
        source.create(built_in.person, "request", "", {"subject": "暖箱", "amount": "很多"})
    with pytest.raises(NotFound):
        source.create(built_in.person, "no such process", "", {})
    made = source.create(built_in.person, "request", "", {"subject": "暖箱", "answer": "自己批复"})
    shown = source.show(built_in.person, built_in.item(made))
    assert {field.key: field.display for field in shown.fields}["answer"] == ""
