"""Pages of documents on a stage: real rows in the lists, and a flow that plays one document without the engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select
from tests.functional.paediatrics import HEAD, NURSE, settle_in

from xinglin.api.people import Department, Person
from xinglin.api.services import DomainError
from xinglin_documents.models import Box, Entry, EntryState, Item, Process, Urgency
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
from xinglin_documents.service.port import (
    Action,
    DetailTable,
    DocumentField,
    DocumentFile,
    HistoryLine,
    SourceAct,
    SourceDocument,
)

PAGE = 20
TITLES = (
    "关于购置新生儿无创呼吸机两台的请示",
    "儿科二病区护理人员排班变更申请",
    "关于举办儿童哮喘健康讲座的请示",
)
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


class Outside:
    """One document of the OA behind."""

    def __init__(self, stage: Stage, request: Any) -> None:
        self._stage, self._db = stage, request.db

    name = "weaver"

    def state(self) -> SimpleNamespace:
        return SimpleNamespace(failure=self._stage.failure)

    def as_of(self, _person_id: int | None = None) -> Any:
        return self._stage.clock.now() - timedelta(minutes=35)

    def refresh(self, _person_id: int | None = None) -> bool:
        self._stage.refreshed += 1
        return not self._stage.failure

    def find(self, public_id: str) -> Item:
        return self._db.scalars(select(Item).where(Item.public_id == public_id)).one()

    def show(self, item: Item) -> SourceDocument:
        return self._stage.document or outside_document(item)

    def act(self, _item: Item, wish: Any) -> None:
        if self._stage.refusal:
            raise self._stage.refusal
        self._stage.wished.append(wish)


def outside_document(item: Item, **changes: Any) -> SourceDocument:
    document = SourceDocument(
        external_id="7001",
        title=item.title,
        step="分管院领导批示",
        node="n5",
        status="",
        urgency=item.urgency,
        starter_name="赵敏",
        started_at=item.started_at,
        visit="1",
        fields=(
            DocumentField("title", "标题", item.title, item.title),
            DocumentField("dept", "来文单位", "", "江北市卫生健康委员会"),
            DocumentField(
                "kind", "办理方式", "1", "传阅", is_editable=True, options=(("1", "传阅"), ("2", "承办"))
            ),
        ),
        details=(DetailTable("附表", ("名称", "数量"), (("一次性手套", "200 盒"), ("口罩", "500 盒"))),),
        files=(DocumentFile("江卫发〔2026〕88号.pdf", external_id="f1", size=120_000),),
        history=(
            HistoryLine(item.started_at, "赵敏", "院办公室", "登记", "提交"),
            HistoryLine(item.started_at, "周主任", "院办公室", "拟办", "同意", "请分管领导批示。"),
        ),
        actions=(
            Action(SourceAct.APPROVE, "批准"),
            Action(SourceAct.RETURN),
            Action(SourceAct.FORWARD, "转发"),
            Action(SourceAct.COMMENT),
        ),
    )
    return replace(document, **changes)


def furnish(portal: Any, clock: Any, *, to_dos: int = 3) -> None:
    """Three colleagues of paediatrics; the head of it has things in every list, the newest first."""
    with portal.session() as (session, audit):
        settle_in(session, clock, audit)
        head, nurse = (
            session.scalars(select(Person).where(Person.wecom_userid == key)).one() for key in (HEAD, NURSE)
        )
        ward = session.scalars(select(Department).where(Department.code == "P1")).one()
        session.add_all(
            [
                Process(key="request", title="请示呈批", title_en="Request"),
                Process(key="roster", title="排班变更", title_en="Roster change"),
            ]
        )
        for number in range(to_dos):
            item = make_item(session, clock, nurse, ward, number)
            enter(session, item, head, Box.TO_DO, clock.now() - timedelta(minutes=12 + 47 * number), number)
        outside = make_item(
            session, clock, nurse, ward, 900, source="weaver", title="关于做好冬季传染病防控工作的通知"
        )
        enter(session, outside, head, Box.TO_DO, clock.now() - timedelta(days=3), 900)
        read = make_item(session, clock, nurse, ward, 901, title="关于印发《护理查对制度》的通知")
        enter(session, read, head, Box.TO_READ, clock.now() - timedelta(hours=5), 901)
        own = make_item(session, clock, head, ward, 902, title="外出进修申请(单玉梅,复旦大学附属儿科医院)")
        enter(session, own, head, Box.STARTED, clock.now() - timedelta(days=1), 902)


def make_item(session: Any, clock: Any, starter: Person, ward: Department, number: int, **given: Any) -> Item:
    process = ("request", "请示呈批") if number % 3 != 1 else ("roster", "排班变更")
    facts = {
        "title": TITLES[number % 3],
        "source": "xinglin",
        "urgency": (Urgency.MOST_URGENT, Urgency.NORMAL, Urgency.URGENT)[number % 3],
    } | given
    item = Item(
        external_id=f"x{number}",
        process_key=process[0],
        process_title=process[1],
        starter_id=starter.id,
        starter_name=starter.name,
        department_id=ward.id,
        step="职能部门会签",
        started_at=clock.now() - timedelta(days=1, hours=2),
        changed_at=clock.now(),
        **facts,
    )
    session.add(item)
    session.flush()
    return item


def enter(session: Any, item: Item, person: Person, box: Box, arrived_at: Any, number: int) -> Entry:
    entry = Entry(
        item_id=item.id,
        person_id=person.id,
        box=box,
        task="3" if box is Box.TO_DO else "",
        node="offices" if box is Box.TO_DO else "",
        step="职能部门会签" if box is Box.TO_DO else "",
        sender_name=item.starter_name,
        is_batchable=number % 3 == 1 or number % 3 == 2,
        arrived_at=arrived_at,
        due_at=arrived_at + timedelta(hours=4) if number % 2 == 0 else None,
        read_at=None if number % 2 == 0 else arrived_at,
    )
    session.add(entry)
    session.flush()
    return entry
