"""Pages of documents on a stage: real rows in the lists, and a flow that plays one document without the engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select
from tests.functional.documents.stand_in_outside import Outside

from xinglin.api.people import Person
from xinglin.api.services import DomainError
from xinglin_documents.models import Box, Entry, EntryState, Item
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import (
    BranchMode,
    BranchNode,
    CirculateNode,
    Definition,
    FieldKind,
    FormField,
    Path,
    SignMode,
    SignNode,
)
from xinglin_documents.service.engine.state import Block, Finished, Run, Slot, State, Task, TaskKind, Vote
from xinglin_documents.service.flow.service import FlowService
from xinglin_documents.service.flow.values import BatchResult, Shown, Step
from xinglin_documents.service.inbox.service import InboxService
from xinglin_documents.service.inbox.values import Line, ListedEntry, ListedItem, Page, Tab
from xinglin_documents.service.outside.service import OutsideService
from xinglin_documents.service.port import SourceDocument

PAGE = 20
BOXES = {
    Tab.TO_DO: (Box.TO_DO, EntryState.OPEN),
    Tab.DONE: (Box.TO_DO, EntryState.DONE),
    Tab.TO_READ: (Box.TO_READ, EntryState.OPEN),
    Tab.READ: (Box.TO_READ, EntryState.DONE),
    Tab.STARTED: (Box.STARTED, EntryState.OPEN),
    Tab.TRACKED: (Box.TRACKED, EntryState.OPEN),
}
DEFINITION = Definition(
    key="request",
    version=3,
    title="请示呈批",
    form=(
        FormField("subject", "事由", FieldKind.TEXT),
        FormField("amount", "金额(元)", FieldKind.MONEY),
        FormField("body", "请示内容", FieldKind.LONG_TEXT),
    ),
    nodes=(
        SignNode("head", "科主任审核", "Head of department"),
        BranchNode(
            "big",
            "按金额分流",
            "By amount",
            mode=BranchMode.EXCLUSIVE,
            paths=(
                Path(
                    "large",
                    "五万元及以上",
                    None,
                    (
                        SignNode("offices", "职能部门会签", "Offices", mode=SignMode.ALL, is_batchable=True),
                        SignNode("finance", "财务科审核", "Finance"),
                    ),
                    "50,000 and more",
                ),
                Path("small", "五万元以下", None, (SignNode("office", "院办审核", "Office"),), "Less"),
            ),
        ),
        SignNode("director", "院长审批", "Director"),
        CirculateNode("told", "抄送相关科室", "Departments told"),
    ),
)
VALUES = {
    "subject": "购置新生儿无创呼吸机两台",
    "amount": "186000.00",
    "body": "现有呼吸机已使用十一年，近半年维修六次。\n为保障新生儿重症监护的安全，拟购置两台，资金由设备专项列支。",
}


@dataclass
class Stage:
    """What the services of the pages answer, and what they were asked. `person` looks; `task` of hers is `entry`."""

    clock: Any
    acts: tuple[Act, ...] = (
        Act.APPROVE,
        Act.RETURN,
        Act.REJECT,
        Act.TRANSFER,
        Act.DELEGATE,
        Act.ADD_BEFORE,
        Act.ADD_AFTER,
        Act.COPY,
        Act.CIRCULATE,
        Act.COMMENT,
    )
    definition: Definition = DEFINITION
    has_task: bool = True
    is_reading: bool = False
    principal_name: str = ""
    refusal: DomainError | None = None
    asked: list[Any] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    wished: list[Any] = field(default_factory=list)
    document: SourceDocument | None = None
    failure: str = ""
    refreshed: int = 0

    def install(self, portal: Any) -> Stage:
        services = portal.wsgi.registry.xinglin_services
        services[FlowService] = lambda _context, request: Flow(self, request)
        services[InboxService] = lambda _context, request: Inbox(request)
        services[OutsideService] = lambda _context, request: Outside(self, request)
        return self


def _line(entry: Entry) -> Line:
    item, department = entry.item, entry.item.department
    listed = [getattr(item, name) for name in ListedItem._fields[:-1]]
    return Line(
        ListedItem(*listed, department.name if department else None),
        ListedEntry(*(getattr(entry, name) for name in ListedEntry._fields)),
    )


class Inbox:
    """The lists by plain queries."""

    def __init__(self, request: Any) -> None:
        self._db, self._person_id = request.db, request.identity.id

    def counts(self) -> dict[Tab, int]:
        return {tab: self._db.scalar(self._of(tab, func.count())) for tab in Tab}

    def page(self, wanted: Any) -> Page:
        query = self._of(wanted.tab, Entry).order_by(Entry.arrived_at.desc(), Entry.id)
        found = [one for one in self._db.scalars(query) if self._fits(one, wanted)]
        start = (wanted.page - 1) * PAGE
        lines = [_line(one) for one in found[start : start + PAGE]]
        return Page(lines, len(found), len(found) > start + PAGE)

    def _of(self, tab: Tab, what: Any) -> Any:
        box, state = BOXES[tab]
        return (
            select(what)
            .select_from(Entry)
            .where(Entry.box == box, Entry.state == state, Entry.person_id == self._person_id)
        )

    def _fits(self, entry: Entry, wanted: Any) -> bool:
        item = entry.item
        return (
            wanted.query in item.title
            and wanted.process in ("", item.process_key)
            and wanted.urgency in (None, item.urgency)
            and wanted.source in ("", item.source)
        )


class Flow:
    """One document under way: approved by the head, at the offices, one of three has signed."""

    def __init__(self, stage: Stage, request: Any) -> None:
        self._stage, self._db, self._person_id = stage, request.db, request.identity.id

    def show(self, public_id: str) -> Shown:
        item = self._db.scalars(select(Item).where(Item.public_id == public_id)).one()
        stage = self._stage
        return Shown(
            item=item,
            instance=SimpleNamespace(id=item.id, values=VALUES),  # type: ignore[arg-type]
            definition=stage.definition,
            state=self._state(item),
            entry=self._entry(item, Box.TO_DO) if stage.has_task else None,
            reading=self._entry(item, Box.TO_READ) if stage.is_reading else None,
            principal_name=stage.principal_name,
            acts=stage.acts,
            targets=(("head", "科主任审核"), ("start", "发起人")),
            is_tracked=False,
        )

    def _entry(self, item: Item, box: Box) -> Entry | None:
        return self._db.scalars(select(Entry).where(Entry.item_id == item.id, Entry.box == box)).first()

    def _state(self, item: Item) -> State:
        people = self._db.scalars(select(Person).order_by(Person.id)).all()
        slots = {number: Slot(number, one.id) for number, one in enumerate(people, 2)}
        slots[2].vote = Vote.YES
        tasks = {number: Task(number, slot.person, number, TaskKind.SIGN) for number, slot in slots.items()}
        tasks[9] = Task(9, people[-1].id, 2, TaskKind.BEFORE, added_by=2)
        state = State(starter=item.starter_id or 0, tasks=9)
        state.runs["offices"] = Run("offices", 1, slots, tasks)
        state.finished["head"] = Finished("head", [people[0].id], [people[0].id])
        state.blocks["big"] = Block(["large"], [])
        return state

    def timeline(self, shown: Shown) -> tuple[Step, ...]:
        start = shown.item.started_at
        return (
            _step("start", "发起", "王丽", "儿科一病区", Act.START, start, at=start),
            _step(
                "head", "科主任审核", "单玉梅", "儿科", Act.APPROVE, start, 125, "情况属实，建议尽快购置。"
            ),
            _step("offices", "职能部门会签", "朴恩雅", "药学部", Act.TRANSFER, start, 60, to=("王丽",)),
            replace(
                _step("offices", "职能部门会签", "王丽", "儿科一病区", Act.APPROVE, start, 30, "同意。"),
                for_name="朴恩雅",
            ),
            _step("", "", "朴恩雅", "药学部", Act.COMMENT, start, None, "设备科已询价，附后。", at=start),
            _step(
                "offices", "职能部门会签", "单玉梅", "儿科", None, start, 1505, is_waiting=True, is_read=True
            ),
            _step("offices", "职能部门会签", "朴恩雅", "药学部", None, start, 1505, is_waiting=True),
        )

    def do(self, public_id: str, asked: Any) -> None:
        if self._stage.refusal:
            raise self._stage.refusal
        self._stage.asked.append(asked)

    def acknowledge(self, _public_id: str, opinion: str = "") -> None:
        self._stage.acknowledged.append(opinion)

    def track(self, public_id: str, is_wanted: bool) -> None:
        self._stage.asked.append((public_id, is_wanted))

    def mark_read(self, entry: Entry) -> None:
        self._db.get_one(Entry, entry.id).read_at = self._stage.clock.now()

    def batch(self, entry_ids: Any, opinion: str) -> list[BatchResult]:
        self._stage.asked.append((tuple(entry_ids), opinion))
        items = [self._db.get_one(Entry, key).item for key in entry_ids]
        first, *rest = items
        return [BatchResult(first, "王丽已于 09:12 办理。"), *(BatchResult(one) for one in rest)]


def _step(
    node: str,
    title: str,
    name: str,
    department: str,
    act: Act | None,
    start: Any,
    held: int | None = None,
    opinion: str = "",
    *,
    at: Any = None,
    to: tuple[str, ...] = (),
    is_waiting: bool = False,
    is_read: bool = False,
) -> Step:
    moment = None if is_waiting else at or start + timedelta(minutes=held or 0)
    working = held if held is None or held < 480 else held // 3
    return Step(
        node,
        title,
        name,
        department,
        act,
        start,
        moment,
        held,
        working,
        opinion,
        to_names=to,
        is_waiting=is_waiting,
        is_read=is_read,
    )
