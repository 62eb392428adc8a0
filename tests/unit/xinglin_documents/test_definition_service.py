"""Versions of processes in the database: put in, edited by IT, published, compared, and documents moved between them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from xinglin.api.people import PeopleService
from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.roles import ensure_standard
from xinglin_documents.models import BUILT_IN, DefinitionState, Instance, Item, ItemStatus, Process
from xinglin_documents.models import Definition as Version
from xinglin_documents.service.definitions import DefinitionFaults, DefinitionService, ensure_shipped
from xinglin_documents.service.definitions import shipped as shipping
from xinglin_documents.service.definitions.comparing import LineKind, compare
from xinglin_documents.service.definitions.editing import EditingService
from xinglin_documents.service.definitions.errors import (
    DraftChanged,
    NothingToPublish,
    NotLive,
    ProcessExists,
    ProcessMissing,
    ReasonMissing,
    TextTooLarge,
)
from xinglin_documents.service.definitions.migrating import MigrationService
from xinglin_documents.service.definitions.versions import digest_of
from xinglin_documents.service.engine.errors import Refused
from xinglin_documents.service.engine.state import Block, Finished, Run, State

TEXT = """\
process: trip
title: {title}
form:
  - {{field: place, title: 地点}}
steps:
  - step: head
    title: 科室负责人
    by: head
"""
MORE = """\
  - step: which
    title: 去向
    kind: branch
    paths:
      - path: far
        title: 远
        when: {field: place, filled: yes}
        steps: [{step: president, title: 院长, by: managers}]
      - {path: near, title: 近}
"""


class Fixture:
    """The services of one request, and a hand that writes running documents."""

    def __init__(self, session, clock, audit):
        self.session, self.clock, self.audit = session, clock, audit
        self.definitions = DefinitionService(session, clock, audit)
        self.editing = EditingService(session, clock, audit, self.definitions, "查志远")
        self.moved = []
        self.migration = MigrationService(session, audit, self.definitions, self.editing, self, 7)

    def lock(self, item_ids):
        return {key: self.session.get(Instance, key) for key in item_ids}

    def perform(self, instance, command, definition):
        if instance.item.public_id in getattr(self, "refused", ()):
            raise Refused("no")
        self.moved.append((instance.item.public_id, command.act, definition.version))

    def published(self, text=None, key="trip"):
        """Publish another text of the process and return its version."""
        text = text or TEXT.format(title="出差")
        process = self.session.scalar(select(Process).where(Process.key == key)) or self.editing.create(
            key, "出差"
        )
        self.editing.save(process, text, based_on=self.editing.edited(process).digest)
        return self.editing.publish(process, digest=digest_of(text), reason="试")

    def document(self, version, state, status=ItemStatus.RUNNING):
        now = self.clock.now()
        number = self.session.scalar(select(func.count()).select_from(Item)) + 1
        item = Item(
            source=BUILT_IN,
            external_id=str(number),
            title=f"出差{number}",
            process_key="trip",
            status=status,
            started_at=now,
            changed_at=now,
        )
        self.session.add(Instance(item=item, definition_id=version.id, state=state.to_json(), values={}))
        self.session.flush()
        return item

    def records(self, action):
        return self.session.scalars(select(AuditRecord).where(AuditRecord.action == action)).all()


@pytest.fixture
def it(session, clock, audit):
    return Fixture(session, clock, audit)


def waits(*nodes, finished=()):
    return State(
        starter=1,
        runs={key: Run(key, 1) for key in nodes},
        finished={key: Finished(key, [1], [1]) for key in finished},
    )


def test_shipped_processes_are_put_in_once_and_can_be_started(it, session, clock, audit):
    assert ensure_shipped(session, clock, audit) == 10
    assert ensure_shipped(session, clock, audit) == 0
    assert session.scalar(select(func.count()).select_from(Version)) == 10
    assert it.definitions.live("leave").title == "请假"
    assert len(it.records("documents.publish_process")) == 10


def test_what_it_has_edited_is_never_overwritten_and_news_come_as_a_draft(
    it, session, clock, audit, monkeypatch
):
    ensure_shipped(session, clock, audit)
    own = it.definitions.live("leave")
    newer = next(one for one in shipping.shipped() if one.definition.key == "leave")
    text = newer.text.replace("title: 请假\n", "title: 请假申请\n", 1)
    release = shipping.Shipped(text, digest_of(text), newer.definition)
    monkeypatch.setattr(shipping, "shipped", lambda: (release,))
    for _again in range(2):
        assert ensure_shipped(session, clock, audit) == 0
    process = it.editing.find("leave")
    assert it.definitions.live("leave") == own
    assert it.editing.draft_of(process).source == text
    assert len(it.editing.versions(process)) == 2
    assert len(it.records("documents.propose_process")) == 1
    it.editing.discard(process)
    ensure_shipped(session, clock, audit)
    mine = text.replace("请假申请", "请休假")
    it.editing.save(process, mine, based_on=it.editing.edited(process).digest)
    ensure_shipped(session, clock, audit)
    assert it.editing.draft_of(process).source == mine, "a draft of IT is left alone"


def test_a_new_process_can_be_started_once_it_is_published(it):
    process = it.editing.create("trip", "出差")
    with pytest.raises(ProcessMissing):
        it.definitions.live("trip")
    with pytest.raises(ProcessExists):
        it.editing.create("trip", "出差")
    draft = it.editing.draft_of(process)
    it.editing.publish(process, digest=draft.digest, reason="启用")
    assert it.definitions.live("trip").version == 1


def test_publishing_retires_the_old_version_and_is_recorded_with_its_digest(it, keyring):
    first = it.published()
    second = it.published(TEXT.format(title="因公出差"))
    assert (first.state, second.state, second.version) == (DefinitionState.RETIRED, DefinitionState.LIVE, 2)
    assert it.definitions.live("trip").title == "因公出差"
    assert it.editing.find("trip").title == "因公出差"
    details = details_of(it.records("documents.publish_process")[-1], keyring)
    assert second.digest in details
    assert first.digest in details
    assert "试" in details


def test_a_running_document_stays_on_its_version(it):
    first = it.published()
    item = it.document(first, waits("head"))
    it.published(TEXT.format(title="因公出差"))
    instance = it.session.get(Instance, item.id)
    assert it.definitions.of(instance).version == 1
    assert it.definitions.of(instance).title == "出差"


def test_a_faulty_draft_is_kept_but_not_published(it):
    it.published()
    process, text = it.editing.find("trip"), "process: trip\ntitle: 出差\nsteps: 3"
    draft = it.editing.save(process, text, based_on=it.editing.edited(process).digest)
    assert it.editing.edited(process).source == text
    with pytest.raises(DefinitionFaults) as caught:
        it.editing.publish(process, digest=draft.digest, reason="试")
    assert len(caught.value.faults) == 3
    assert it.definitions.live("trip").version == 1


def test_two_editors_do_not_overwrite_each_other(it):
    it.published()
    process = it.editing.find("trip")
    opened = it.editing.edited(process).digest
    it.editing.save(process, TEXT.format(title="甲"), based_on=opened)
    with pytest.raises(DraftChanged):
        it.editing.save(process, TEXT.format(title="乙"), based_on=opened)
    assert "甲" in it.editing.draft_of(process).source


def test_only_the_draft_that_was_looked_at_is_published_and_only_with_a_reason(it):
    it.published()
    process = it.editing.find("trip")
    with pytest.raises(NothingToPublish):
        it.editing.publish(process, digest=it.editing.live_of(process).digest, reason="试")
    draft = it.editing.save(process, TEXT.format(title="甲"), based_on=it.editing.edited(process).digest)
    with pytest.raises(ReasonMissing):
        it.editing.publish(process, digest=draft.digest, reason=" ")
    with pytest.raises(DraftChanged):
        it.editing.publish(process, digest="0" * 64, reason="试")


def test_the_text_of_another_process_is_refused(it):
    it.published()
    checked = it.editing.check(
        it.editing.find("trip"), TEXT.format(title="出差").replace("process: trip", "process: leave")
    )
    assert [fault.cure.interpolate() for fault in checked.faults] == ["Write “process: trip”."]


def test_a_department_that_does_not_exist_is_found_in_the_database(it, session, clock, audit):
    people = PeopleService(session, clock, audit)
    people.create_department(DepartmentRecord("H", "医院"))
    it.published()
    text = TEXT.format(title="出差").replace("by: head", "by: [{head: H}, {head: X}, {post: 院长}]")
    checked = it.editing.check(it.editing.find("trip"), text)
    assert [fault.cause.interpolate() for fault in checked.faults] == [
        "There is no department with the code “X”."
    ]
    assert [fault.cause.interpolate() for fault in checked.warnings] == ["Nobody holds the post “院长” now."]


def test_a_text_without_end_is_not_even_kept_as_draft(it):
    it.published()
    process = it.editing.find("trip")
    with pytest.raises(TextTooLarge):
        it.editing.save(process, "x" * 200_000, based_on=it.editing.edited(process).digest)


def test_who_may_start_is_as_the_definition_says(it, session, clock, audit):
    ensure_standard(session)
    people = PeopleService(session, clock, audit)
    for code, name, above in (("H", "医院", ""), ("D062", "院办", "H"), ("W", "病区", "H")):
        people.create_department(DepartmentRecord(code, name, above or None))
    clerk = people.create(PersonRecord("1", "吕思佳", department="D062", position="秘书"))
    head = people.create(PersonRecord("2", "乐静", department="D062", leads=("D062",)))
    nurse = people.create(PersonRecord("3", "王丽", department="W", position="秘书", roles=("nurse",)))
    ensure_shipped(session, clock, audit)
    keys = {
        person.name: {one.key for one in it.definitions.startable(person.id)}
        for person in (clerk, head, nurse)
    }
    assert "incoming" in keys["吕思佳"]
    assert "incoming" in keys["乐静"]
    assert keys["王丽"] == keys["乐静"] - {"incoming"}
    assert [one.key for one in it.definitions.startable(clerk.id)][:3] == ["outgoing", "incoming", "request"]
    it.editing.arrange(it.editing.find("leave"), is_active=False, sort_order=1)
    assert not it.definitions.may_start("leave", nurse.id)
    with pytest.raises(ProcessMissing):
        it.definitions.live("leave")


def test_the_list_of_it_counts_what_runs_by_version(it):
    first = it.published()
    it.document(first, waits("head"))
    it.document(first, waits("head"), ItemStatus.SUSPENDED)
    it.document(first, waits(), ItemStatus.COMPLETED)
    second = it.published(TEXT.format(title="因公出差"))
    it.document(second, waits("head"))
    (line,) = it.editing.overview()
    assert (line.live, line.draft, dict(line.running)) == (2, None, {1: 2, 2: 1})


def test_a_preview_names_what_does_not_fit_and_only_the_rest_is_moved(it):
    first = it.published(TEXT.format(title="出差") + MORE)
    fits = it.document(first, waits("head"))
    stuck = it.document(first, waits("president", finished=("head",)))
    stuck_state = State(starter=1, runs={"head": Run("head", 1)}, blocks={"which": Block(["far"], [])})
    inside = it.document(first, stuck_state)
    second = it.published(TEXT.format(title="因公出差"))
    moves = {move.item.id: move for move in it.migration.preview("trip", second.version)}
    assert moves[fits.id].faults == ()
    assert moves[fits.id].steps == ("科室负责人",)
    assert [one.interpolate() for one in moves[stuck.id].faults] == [
        "The step “院长” (president) is not in the new version."
    ]
    assert [one.interpolate() for one in moves[inside.id].faults] == [
        "The branch “which” is not in the new version."
    ]
    done = it.migration.migrate("trip", second.version, [fits.public_id, stuck.public_id], "统一版本")
    assert it.moved == [(fits.public_id, "migrate", 2)]
    assert (done.count, [move.item for move in done.left]) == (1, [stuck])
    assert len(it.records("documents.migrate_process")) == 1


def test_a_step_of_another_kind_or_in_another_path_does_not_fit(it):
    first = it.published(TEXT.format(title="出差") + MORE)
    item = it.document(first, waits("president"))
    moved_out = TEXT.format(title="出差") + "  - {step: president, title: 院长, by: managers}\n"
    second = it.published(moved_out)
    (move,) = it.migration.preview("trip", second.version)
    assert [one.interpolate() for one in move.faults] == [
        "The step “院长” (president) lies in another path in the new version."
    ]
    third = it.published(moved_out.replace("by: managers", "kind: circulate, to: managers"))
    (move,) = it.migration.preview("trip", third.version)
    assert "of another kind" in move.faults[0].interpolate()
    assert move.item == item


def test_what_the_flow_refuses_stays_whole_where_it_was(it):
    first = it.published()
    item = it.document(first, waits("head"))
    second = it.published(TEXT.format(title="因公出差"))
    it.refused = (item.public_id,)
    done = it.migration.migrate("trip", second.version, [item.public_id], "试")
    assert (done.count, len(done.left), it.moved) == (0, 1, [])
    with pytest.raises(NotLive):
        it.migration.preview("trip", first.version)
    with pytest.raises(ReasonMissing):
        it.migration.migrate("trip", second.version, [item.public_id], "")


def test_a_comparison_shows_the_lines_that_differ_with_their_numbers():
    lines = compare("a\nb\nc\nd\ne\nf\ng\nh\ni\nj", "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk")
    assert [
        (one.kind, one.text, one.old, one.new)
        for one in lines
        if one.kind in (LineKind.ADDED, LineKind.REMOVED)
    ] == [
        (LineKind.REMOVED, "b", 2, None),
        (LineKind.ADDED, "B", None, 2),
        (LineKind.ADDED, "k", None, 11),
    ]
    assert LineKind.GAP in [one.kind for one in lines]
    assert compare("a", "a") == ()
