"""Publishing and withdrawing: state, message, audit and event in one transaction, or none of them."""

from __future__ import annotations

from datetime import timedelta

from pyramid.request import Request
from sqlalchemy import delete
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from xinglin.api.audit import AuditTrail
from xinglin.api.bus import Event, publish
from xinglin.api.i18n import translator
from xinglin.api.people import AudienceService
from xinglin.api.push import PushService
from xinglin.types import Clock
from xinglin_news.models import Notice, NoticeState, Read, Reminder, Returned
from xinglin_news.push import kind_of_notice
from xinglin_news.service.authority import Authority
from xinglin_news.service.errors import MayNotPublish, NoticeChanged, NotReady, WrongState
from xinglin_news.service.reach import check_reach

_ = translator("news")

EXCERPT_LENGTH = 100
RETURNED_TITLE = "定时通知未能发布"  # a message is one text for all who get it, in the hospital's language
FURTHEST = timedelta(days=366)


RETURNED = {
    Returned.GRANT_ENDED: _(
        "Not published: the author's right to publish here had ended when its time came."
    ),
    Returned.AUTHOR_LEFT: _("Not published: the author does not work here any more."),
    Returned.OUTSIDE_REACH: _(
        "Not published: its readers lie outside the departments of the author's grant."
    ),
    Returned.NOT_READY: _("Not published: something was missing when its time came."),
}


def returned_sentence(reason: str) -> str:
    """Why a scheduled notice is a draft again."""
    return RETURNED[Returned(reason)]


class PublishingService:
    """Acts in the name of the one whose `authority` it holds and whom `audit` names."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        audiences: AudienceService,
        push: PushService,
        authority: Authority,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._audiences = audiences
        self._push = push
        self._authority = authority

    def check(self, notice: Notice) -> None:
        """Raise what stands between the notice and its readers: `NotReady`, `MayNotPublish`, `OutsideReach`."""
        if notice.state not in (NoticeState.DRAFT, NoticeState.SCHEDULED):
            raise WrongState
        if not self._authority.covers(notice.column.key, notice.department_id):
            raise MayNotPublish
        if not notice.title or not notice.text:
            raise NotReady(_("The notice has no title or no text yet."), _("Write them, then publish."))
        if notice.audience is None:
            raise NotReady(_("Nobody has been chosen to read the notice yet."), _("Choose whom it is for."))
        if notice.publish_at and notice.publish_at > self._clock.now() + FURTHEST:
            raise NotReady(
                _("The time of publishing lies more than a year ahead."), _("Choose an earlier one.")
            )
        includes, _excludes = self._audiences.terms(notice.audience)
        check_reach(self._session, self._authority, notice.column, includes)

    def publish(self, notice: Notice, version: int) -> None:
        """Publish what was confirmed, now or at its time. Raises like `check`, and `NoticeChanged`."""
        if notice.version != version:
            raise NoticeChanged
        self.check(notice)
        if notice.publish_at and notice.publish_at > self._clock.now():
            self._schedule(notice)
        else:
            self.publish_now(notice)

    def publish_now(self, notice: Notice) -> None:
        """Publish a notice that `check` has passed. Publishing again begins a new round of reading."""
        now = self._clock.now()
        for receipts in (Read, Reminder):
            self._session.execute(delete(receipts).where(receipts.notice_id == notice.id))
        notice.state, notice.published_at, notice.withdrawn_at = NoticeState.PUBLISHED, now, None
        notice.updated_at, notice.returned, notice.undeliverable_count = now, None, 0
        self._flush()
        self._send(notice)
        self._audit.record("notice.publish", "notice", notice.public_id, after=self._facts(notice))
        self._tell("news.published", notice)

    def withdraw(self, notice: Notice) -> None:
        """Take a published notice back: who opens it is told so, and cards that still wait are not sent."""
        if notice.state != NoticeState.PUBLISHED:
            raise WrongState
        if not self._authority.covers(notice.column.key, notice.department_id):
            raise MayNotPublish
        now = self._clock.now()
        notice.state, notice.withdrawn_at, notice.updated_at = NoticeState.WITHDRAWN, now, now
        self._flush()
        self._audit.record(
            "notice.withdraw", "notice", notice.public_id, before={"state": NoticeState.PUBLISHED}
        )
        self._push.cancel(notice.public_id)
        self._tell("news.withdrawn", notice)

    def return_to_draft(self, notice: Notice, reason: Returned) -> None:
        """A scheduled notice that may not be published waits as a draft and says why; its author is told."""
        notice.state, notice.returned, notice.updated_at = NoticeState.DRAFT, reason, self._clock.now()
        self._flush()
        self._audit.record("notice.return", "notice", notice.public_id, after={"reason": reason})
        if reason == Returned.AUTHOR_LEFT:
            return
        self._push.enqueue(
            "news.returned",
            notice.public_id,
            [notice.author_id],
            title=RETURNED_TITLE,
            description=notice.title,
            path=f"/news/{notice.public_id}/edit",
            dedupe_key=f"news.returned:{notice.id}:{notice.version}",
        )

    def _schedule(self, notice: Notice) -> None:
        notice.state, notice.updated_at, notice.returned = NoticeState.SCHEDULED, self._clock.now(), None
        self._flush()
        self._audit.record("notice.schedule", "notice", notice.public_id, after=self._facts(notice))

    def _send(self, notice: Notice) -> None:
        assert notice.audience is not None
        self._push.enqueue(
            kind_of_notice(notice.column),
            notice.public_id,
            notice.audience,
            title=notice.title,
            description=f"{notice.department.name} · {notice.text[:EXCERPT_LENGTH]}",
            path=f"/news/{notice.public_id}",
            dedupe_key=f"news.notice:{notice.id}:{notice.version}",
        )

    def _facts(self, notice: Notice) -> dict[str, str | None]:
        return {
            "title": notice.title,
            "text": notice.text,
            "column": notice.column.key,
            "department": notice.department.name,
            "audience": self._audiences.describe(notice.audience) if notice.audience else "",
            "publish_at": notice.publish_at.isoformat() if notice.publish_at else None,
        }

    def _tell(self, name: str, notice: Notice) -> None:
        data = {
            "column": notice.column.key,
            "department": notice.department.public_id,
            "author": notice.author.public_id,
        }
        publish(self._session, Event(name, notice.public_id, self._clock.now(), data))

    def _flush(self) -> None:
        try:
            self._session.flush()
        except StaleDataError as error:
            raise NoticeChanged from error


def factory(context: object, request: Request) -> PublishingService:
    return PublishingService(
        request.db,
        request.clock,
        request.audit,
        request.service(AudienceService),
        request.service(PushService),
        Authority.of(request.identity.grants),
    )
