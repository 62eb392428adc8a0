"""Supervision (督办): what a document tells somebody to do until a day, reported, and closed by a sign-off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pyramid.request import Request
from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.i18n import translator
from xinglin.api.people import Department, Membership, Person, PersonState
from xinglin.api.push import PushService
from xinglin.api.security import current
from xinglin.api.services import NotFound
from xinglin.types import Clock
from xinglin_documents.models import Item, Supervision, SupervisionState
from xinglin_documents.push import URGE
from xinglin_documents.service.official.errors import OfficialRefused
from xinglin_documents.service.official.reach import Reach, is_limited, is_told, may_know

_ = translator("documents")
ROWS = 50
LONGEST = 2000
NEW_TITLE, NEW_TEXT = "您有一项督办任务", "请按期办理并反馈"
BACK_TITLE, BACK_TEXT = "督办反馈被退回", "请补充办理后再次反馈"
REPORTED_TITLE, REPORTED_TEXT = "督办任务已反馈", "请审核，办结或退回"


@dataclass(frozen=True)
class Task:
    """A supervision with the names that lists show; `is_late`: not reported and past its moment."""

    row: Supervision
    item: Item
    owner: str
    department: str
    is_late: bool


@dataclass(frozen=True)
class TaskPage:
    """`late` and `waiting` (reported, not closed) count the whole list, not the page."""

    tasks: Sequence[Task]
    count: int
    late: int
    waiting: int


class SupervisionService:
    """Of one person: as owner she reports; as office (within `reach`) she splits, sends back and closes."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        push: PushService,
        person_id: int,
        reach: Reach,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._push = push
        self._person_id = person_id
        self._reach = reach

    def split(self, item: Item, duty: str, owner_id: int, due_at: datetime) -> Supervision:
        """Give a task of this document to an active person. Raises `OfficialRefused`."""
        self._check_office(item)
        owner = self._session.get(Person, owner_id)
        if owner is None or owner.state != PersonState.ACTIVE:
            raise OfficialRefused(_("This person does not work here now."), _("Choose another."), status=422)
        self._check_knows(item, owner)
        self._check_text(duty)
        if due_at <= self._clock.now():
            raise OfficialRefused(_("The due moment is past."), _("Choose a later one."), status=422)
        department = self._session.scalar(
            select(Membership.department_id).where(Membership.person_id == owner_id, Membership.is_primary)
        )
        row = Supervision(
            item_id=item.id,
            owner_id=owner_id,
            department_id=department,
            set_by_id=self._person_id,
            set_at=self._clock.now(),
            due_at=due_at,
        )
        row.duty = duty.strip()
        self._session.add(row)
        self._session.flush()
        self._tell(row, owner_id, NEW_TITLE, NEW_TEXT, "new")
        facts = {"document": item.public_id, "owner": owner.public_id, "due_at": due_at.isoformat()}
        self._audit.record("documents.supervise", "supervision", row.public_id, after=facts)
        return row

    def report(self, row: Supervision, text: str) -> None:
        """The owner says what was done. Raises `OfficialRefused` when it is closed."""
        self._lock(row)
        if row.owner_id != self._person_id:
            raise OfficialRefused(_("Only who has the task reports on it."), status=403)
        self._check_text(text)
        if row.state == SupervisionState.CLOSED:
            raise OfficialRefused(_("The task is closed already."))
        row.report, row.reported_at, row.state = text.strip(), self._clock.now(), SupervisionState.REPORTED
        self._session.flush()
        moment = f"report:{row.reported_at.isoformat()}"
        self._tell(row, row.set_by_id, REPORTED_TITLE, REPORTED_TEXT, moment)
        self._audit.record("documents.report", "supervision", row.public_id)

    def send_back(self, row: Supervision, remark: str) -> None:
        """The report is not enough: the task is open again."""
        self._decide(row)
        self._check_text(remark)
        row.remark, row.state, row.reported_at = remark.strip(), SupervisionState.OPEN, None
        self._session.flush()
        self._tell(row, row.owner_id, BACK_TITLE, BACK_TEXT, f"back:{self._clock.now().isoformat()}")
        self._audit.record("documents.send_back", "supervision", row.public_id)

    def close(self, row: Supervision, remark: str = "") -> None:
        """Sign it off. Nobody closes her own task."""
        self._decide(row)
        row.state, row.closed_at, row.closed_by_id = (
            SupervisionState.CLOSED,
            self._clock.now(),
            self._person_id,
        )
        row.remark = remark.strip() or None
        self._session.flush()
        self._audit.record("documents.close", "supervision", row.public_id)

    def find(self, public_id: str) -> Supervision:
        """Raises `NotFound` for who is neither its owner nor its office."""
        row = self._session.scalar(select(Supervision).where(Supervision.public_id == public_id))
        if row is None or not (row.owner_id == self._person_id or self.may_decide(row)):
            raise NotFound(_("There is no such supervision task for you."))
        return row

    def may_decide(self, row: Supervision) -> bool:
        """Whether this person may send it back or close it: its office or who set it, who may know the document."""
        if row.owner_id == self._person_id:
            return False
        item = self._session.get_one(Item, row.item_id)
        if not (row.set_by_id == self._person_id or self._reach.covers(item.department_id)):
            return False
        query = select(Item.id).where(Item.id == item.id, may_know(self._person_id))
        return self._session.scalar(query) is not None

    def task(self, row: Supervision) -> Task:
        return self._tasks([row])[0]

    def of_item(self, item: Item) -> Sequence[Task]:
        """The tasks of a document, which its readers see."""
        query = select(Supervision).where(Supervision.item_id == item.id).order_by(Supervision.id)
        return self._tasks(self._session.scalars(query).all())

    def mine(self, page: int = 1) -> TaskPage:
        """What this person has to do, the most urgent first; closed ones last."""
        return self._page(Supervision.owner_id == self._person_id, page)

    def of_office(self, page: int = 1, state: SupervisionState | None = None) -> TaskPage:
        """All tasks within the reach of the office, of documents that this person may know."""
        if not self._reach.is_granted:
            raise NotFound(_("You do not keep a register."))
        inside: ColumnElement[bool] = true()
        if self._reach.departments is not None:
            inside = or_(Item.department_id.is_(None), Item.department_id.in_(self._reach.departments))
        known = inside & may_know(self._person_id)
        return self._page(known if state is None else known & (Supervision.state == state), page)

    def _page(self, condition: ColumnElement[bool], page: int) -> TaskPage:
        joined = select(Supervision).join(Item, Item.id == Supervision.item_id).where(condition)
        order = ((Supervision.state == SupervisionState.CLOSED).asc(), Supervision.due_at, Supervision.id)
        rows = self._session.scalars(joined.order_by(*order).offset((page - 1) * ROWS).limit(ROWS)).all()
        is_open = Supervision.state == SupervisionState.OPEN
        waiting = Supervision.state == SupervisionState.REPORTED
        return TaskPage(
            self._tasks(rows),
            self._count(condition),
            self._count(condition & is_open & (Supervision.due_at < self._clock.now())),
            self._count(condition & waiting),
        )

    def _count(self, condition: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(Supervision).join(Item, Item.id == Supervision.item_id)
        return self._session.scalar(query.where(condition)) or 0

    def _tasks(self, rows: Sequence[Supervision]) -> list[Task]:
        names = self._names(Person, {row.owner_id for row in rows})
        departments = self._names(Department, {row.department_id for row in rows if row.department_id})
        items = {
            item.id: item
            for item in self._session.scalars(select(Item).where(Item.id.in_({row.item_id for row in rows})))
        }
        now = self._clock.now()
        return [
            Task(
                row,
                items[row.item_id],
                names.get(row.owner_id, ""),
                departments.get(row.department_id or 0, ""),
                row.state == SupervisionState.OPEN and row.due_at < now,
            )
            for row in rows
        ]

    def _names(self, table: type[Person | Department], ids: set[int]) -> dict[int, str]:
        found = self._session.execute(select(table.id, table.name).where(table.id.in_(ids)))
        return {key: name for key, name in found}  # noqa: C416 - a Row is not typed as a pair

    def _decide(self, row: Supervision) -> None:
        self._lock(row)
        if not self.may_decide(row):
            raise OfficialRefused(
                _("Who set the task, or the document office, decides about it; nobody closes her own."),
                status=403,
            )
        if row.state != SupervisionState.REPORTED:
            raise OfficialRefused(_("There is no report to decide about."))

    def _lock(self, row: Supervision) -> None:
        self._session.refresh(row, with_for_update=True)

    def _check_office(self, item: Item) -> None:
        if not self._reach.covers(item.department_id):
            raise OfficialRefused(_("Another office keeps this document."), status=403)

    def _check_knows(self, item: Item, owner: Person) -> None:
        """A task says what its document says."""
        query = select(Item.id).where(Item.id == item.id, is_told(owner.id))
        if is_limited(item) and self._session.scalar(query) is None:
            raise OfficialRefused(
                _("${names} is not in the audience of this document.", mapping={"names": owner.name}),
                _("Choose somebody of its audience."),
                status=403,
            )

    def _check_text(self, text: str) -> None:
        if not 0 < len(text.strip()) <= LONGEST:
            raise OfficialRefused(
                _("Write between 1 and ${count} characters.", mapping={"count": LONGEST}), status=422
            )

    def _tell(self, row: Supervision, person_id: int, title: str, text: str, moment: str) -> None:
        """Never with words of the task: it may be split from a closed document."""
        self._push.enqueue(
            URGE,
            row.public_id,
            [person_id],
            title=title,
            description=text,
            path=f"/documents/supervision/{row.public_id}",
            dedupe_key=f"documents.supervision:{row.id}:{moment}",
        )


def factory(context: object, request: Request) -> SupervisionService:
    identity = current(request)
    return SupervisionService(
        request.db,
        request.clock,
        request.audit,
        request.service(PushService),
        identity.id,
        Reach.of(identity.grants),
    )
