"""Who has read a notice and who has not, by department; and the one reminder of the unread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pyramid.request import Request
from sqlalchemy import and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.bus import Event, publish
from xinglin.api.i18n import translator
from xinglin.api.people import AudienceService, Department, Membership, Person
from xinglin.api.push import PushService, UnreachablePerson
from xinglin.types import Clock
from xinglin_news.models import Notice, NoticeState, Read, Reminder
from xinglin_news.push import ANNOUNCING, kind_of_reminder
from xinglin_news.service.authority import Authority
from xinglin_news.service.errors import MayNotPublish, ReminderRefused, WrongState

_ = translator("news")

READERS_ROWS = 100
MISSED_ROWS = 100
REMINDER_TITLE = "请阅读：{title}"
REMINDER_TEXT = "{department} 提醒您：这条通知您还没有打开"


@dataclass(frozen=True)
class Reader:
    """One addressed person; `department` is the main one, `read_at` None = not yet read."""

    id: int
    name: str
    department_id: str
    department: str
    read_at: datetime | None


@dataclass(frozen=True)
class DepartmentProgress:
    """How far a department has read; `public_id` is empty for people without a department."""

    public_id: str
    name: str
    read: int
    total: int


@dataclass(frozen=True)
class Reminded:
    """The reminder that was sent: by whom, when, to how many."""

    name: str
    at: datetime
    count: int


@dataclass(frozen=True)
class Missed:
    """A person whom the WeCom message did not reach; `reason` is a word of `UnreachablePerson`."""

    name: str
    department: str
    reason: str


@dataclass(frozen=True)
class ReadersPage:
    """What the author sees: the whole, each department, one page of names, and whom the message missed.

    `missed` are the first 100 by name of `missed_total`.
    """

    read: int
    total: int
    departments: list[DepartmentProgress]
    readers: list[Reader]
    shown_total: int
    first: int
    last: int
    number: int
    reminded: Reminded | None
    missed: list[Missed]
    missed_total: int


class FollowingService:
    """The readers of one author's notices."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        audiences: AudienceService,
        push: PushService,
        authority: Authority,
        author_id: int,
        remind_after: timedelta,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._audiences = audiences
        self._push = push
        self._authority = authority
        self._author_id = author_id
        self._remind_after = remind_after

    def page(self, notice: Notice, *, has_read: bool, department_id: str | None, number: int) -> ReadersPage:
        """Page `number` of those who have (not) read, of one department if its public id is given."""
        everybody = self._readers(notice)
        chosen = [
            one
            for one in everybody
            if (one.read_at is not None) == has_read and department_id in (None, one.department_id)
        ]
        start = (number - 1) * READERS_ROWS
        readers = chosen[start : start + READERS_ROWS]
        missed = self._unreachable(notice)
        return ReadersPage(
            read=sum(one.read_at is not None for one in everybody),
            total=len(everybody),
            departments=_by_department(everybody),
            readers=readers,
            shown_total=len(chosen),
            first=start + 1 if readers else 0,
            last=start + len(readers) if readers else 0,
            number=number,
            reminded=self.reminded(notice),
            missed=self._missed(missed[:MISSED_ROWS]),
            missed_total=len(missed),
        )

    def progress(self, notice: Notice) -> tuple[int, int]:
        """How many have read, of how many."""
        everybody = self._readers(notice)
        return sum(one.read_at is not None for one in everybody), len(everybody)

    def reminded(self, notice: Notice) -> Reminded | None:
        """The reminder, if it has been sent."""
        query = (
            select(Person.name, Reminder.reminded_at, Reminder.count)
            .join(Person, Person.id == Reminder.person_id)
            .where(Reminder.notice_id == notice.id)
        )
        found = self._session.execute(query).one_or_none()
        return Reminded(*found) if found else None

    def remind(self, notice: Notice) -> int:
        """Send the one reminder to all who have not read; returns how many. Raises `ReminderRefused`."""
        self._check_reminder(notice)
        unread = [one.id for one in self._readers(notice) if one.read_at is None]
        if not unread:
            raise ReminderRefused(_("Everybody has read the notice already."))
        self._write_reminder(notice, len(unread))
        self._push.enqueue(
            kind_of_reminder(notice.column),
            notice.public_id,
            unread,
            title=REMINDER_TITLE.format(title=notice.title),
            description=REMINDER_TEXT.format(department=notice.department.name),
            path=f"/news/{notice.public_id}",
            dedupe_key=f"news.reminder:{notice.id}:{notice.version}",
        )
        self._audit.record("notice.remind", "notice", notice.public_id, after={"count": len(unread)})
        publish(
            self._session, Event("news.reminded", notice.public_id, self._clock.now(), {"count": len(unread)})
        )
        return len(unread)

    def _check_reminder(self, notice: Notice) -> None:
        if notice.state != NoticeState.PUBLISHED or notice.published_at is None:
            raise WrongState
        if not self._authority.covers(notice.column.key, notice.department_id):
            raise MayNotPublish
        reminded = self.reminded(notice)
        if reminded is not None:
            raise self._refused(reminded)
        if self._clock.now() < notice.published_at + self._remind_after:
            hours = round(self._remind_after / timedelta(hours=1), 1)
            raise ReminderRefused(
                _("A reminder is possible ${hours} hours after publishing.", mapping={"hours": f"{hours:g}"}),
                _("Give your colleagues time to read, then try again."),
            )

    def _refused(self, reminded: Reminded) -> ReminderRefused:
        return ReminderRefused(
            _(
                "${name} has already reminded ${count} people (${time}); a notice reminds only once.",
                mapping={
                    "name": reminded.name,
                    "count": reminded.count,
                    "time": f"{reminded.at:%Y-%m-%d %H:%M} UTC",
                },
            ),
            _("Speak to the people on the list of the unread directly."),
            at=reminded.at,
        )

    def _write_reminder(self, notice: Notice, count: int) -> None:
        now = self._clock.now()
        try:
            with self._session.begin_nested():
                self._session.add(
                    Reminder(notice_id=notice.id, person_id=self._author_id, reminded_at=now, count=count)
                )
        except IntegrityError as error:  # somebody else was faster by milliseconds
            raise self._refused(self.reminded(notice) or Reminded("", now, count)) from error

    def _unreachable(self, notice: Notice) -> list[UnreachablePerson]:
        """Each person once: a reminder of a must-read notice may have missed the same people again."""
        if not notice.undeliverable_count:
            return []
        found = (one for kind in ANNOUNCING for one in self._push.unreachable(notice.public_id, kind))
        return list({one.person_id: one for one in found}.values())

    def _missed(self, people: list[UnreachablePerson]) -> list[Missed]:
        query = (
            select(Membership.person_id, Department.name)
            .join(Department, Department.id == Membership.department_id)
            .where(Membership.is_primary, Membership.person_id.in_([one.person_id for one in people]))
        )
        names = dict(self._session.execute(query).all()) if people else {}
        return [Missed(one.name, names.get(one.person_id, ""), one.reason) for one in people]

    def _readers(self, notice: Notice) -> list[Reader]:
        members = set(self._audiences.member_ids(notice.audience)) if notice.audience else set()
        query = (
            select(Person.id, Person.name, Department.public_id, Department.name, Read.read_at)
            .outerjoin(Membership, and_(Membership.person_id == Person.id, Membership.is_primary))
            .outerjoin(Department, Department.id == Membership.department_id)
            .outerjoin(Read, and_(Read.person_id == Person.id, Read.notice_id == notice.id))
            .order_by(Department.path, Person.pinyin, Person.id)
        )
        return [
            Reader(key, name, department_id or "", department or "", read_at)
            for key, name, department_id, department, read_at in self._session.execute(query)
            if key in members
        ]


def _by_department(everybody: list[Reader]) -> list[DepartmentProgress]:
    """Departments with most unread first: that is where the author has to act."""
    counted: dict[str, tuple[str, int, int]] = {}
    for one in everybody:
        _name, read, total = counted.get(one.department_id, ("", 0, 0))
        counted[one.department_id] = (one.department, read + (one.read_at is not None), total + 1)
    found = [DepartmentProgress(key, name, read, total) for key, (name, read, total) in counted.items()]
    return sorted(found, key=lambda one: one.read - one.total)


def factory(context: object, request: Request) -> FollowingService:
    return FollowingService(
        request.db,
        request.clock,
        request.audit,
        request.service(AudienceService),
        request.service(PushService),
        Authority.of(request.identity.grants),
        request.identity.id,
        request.plugins.settings_of("news").remind_after,
    )
