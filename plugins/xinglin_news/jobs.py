"""Work by the clock: scheduled notices go out in the name of their author, if she still may; lost files go."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from xinglin.api.audit import Actor
from xinglin.api.files import FileStore
from xinglin.api.people import AudienceService, Person, PersonState
from xinglin.api.push import PushService
from xinglin.api.security import held_grants
from xinglin.types import HealthCheck, Job, JobContext
from xinglin_news.models import Notice, NoticeState, Returned
from xinglin_news.permissions import NewsPermission
from xinglin_news.service.attachments import unattached
from xinglin_news.service.authority import NOBODY, Authority
from xinglin_news.service.errors import MayNotPublish, NotReady, OutsideReach
from xinglin_news.service.publishing import PublishingService

EVERY = timedelta(seconds=20)
LATE = timedelta(minutes=5)
UNATTACHED = timedelta(days=1)


def publish_due(context: JobContext) -> None:
    """Publish every scheduled notice whose time has come, or return it to its author as a draft."""
    is_due = or_(Notice.publish_at <= context.clock.now(), Notice.returned.is_not(None))
    query = (
        select(Notice)
        .where(Notice.state == NoticeState.SCHEDULED, is_due)
        .order_by(Notice.publish_at, Notice.id)
        .with_for_update(of=Notice, skip_locked=True)
    )
    for notice in context.session.scalars(query).all():
        reason = _reason_to_return(context, notice)
        if reason:
            _service(context, NOBODY).return_to_draft(notice, reason)
        else:
            _in_name_of_author(context, notice).publish_now(notice)


def forget_unattached(context: JobContext) -> None:
    """Remove files that were uploaded for a notice a day ago and belong to none: the page was closed too early."""
    store = FileStore.of(context.registry.settings, context.registry.keyring, context.session, context.clock)
    for stored in unattached(context.session, context.clock.now() - UNATTACHED):
        store.discard(stored)
        facts = {"name": stored.name, "uploaded_by": stored.uploaded_by}
        context.audit.record("notice.forget_file", "file", stored.public_id, before=facts)


def mark_scheduled_of(session: Session, author_public_id: str) -> None:
    """The author does not work here any more: what she scheduled is returned by the next run of the job."""
    author = select(Person.id).where(Person.public_id == author_public_id).scalar_subquery()
    session.execute(
        update(Notice)
        .where(Notice.state == NoticeState.SCHEDULED, Notice.author_id == author)
        .values(returned=Returned.AUTHOR_LEFT)
    )


def schedule_health(session: Session, now: datetime) -> HealthCheck:
    """A scheduled notice that is minutes late means that no worker runs."""
    query = select(func.count()).where(Notice.state == NoticeState.SCHEDULED, Notice.publish_at < now - LATE)
    late = session.scalar(query) or 0
    if not late:
        return HealthCheck("news.schedule", is_well=True, detail="no scheduled notice is late")
    return HealthCheck(
        "news.schedule", is_well=False, detail=f"{late} scheduled notices are late", cure="Start the worker."
    )


def _reason_to_return(context: JobContext, notice: Notice) -> Returned | None:
    if notice.author.state != PersonState.ACTIVE:
        return Returned.AUTHOR_LEFT
    try:
        _in_name_of_author(context, notice).check(notice)
    except MayNotPublish:
        return Returned.GRANT_ENDED
    except OutsideReach:
        return Returned.OUTSIDE_REACH
    except NotReady:
        return Returned.NOT_READY
    return None


def _in_name_of_author(context: JobContext, notice: Notice) -> PublishingService:
    author = notice.author
    held = held_grants(context.session, author.id, context.clock.now(), {NewsPermission.PUBLISH.value})
    return _service(context, Authority.of(held), Actor("person", author.public_id, author.name))


def _service(context: JobContext, authority: Authority, actor: Actor | None = None) -> PublishingService:
    session, clock = context.session, context.clock
    audit = context.audit.acting_as(actor) if actor else context.audit
    push = PushService(session, clock, audit)
    return PublishingService(session, clock, audit, AudienceService(session, clock), push, authority)


JOBS = [
    Job("publish_due", publish_due, EVERY),
    Job("forget_unattached", forget_unattached, timedelta(hours=1)),
]
