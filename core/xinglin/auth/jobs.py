"""Work by the clock: forgetting what no login needs any more."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, func, select, update

from xinglin.auth.administrators import AdministratorService
from xinglin.auth.failures import FailureBook
from xinglin.auth.grants import GrantService
from xinglin.auth.models import Administrator, ConfirmationCode, LoginSession
from xinglin.auth.oauth import OAuthService
from xinglin.auth.sessions import Lifetimes
from xinglin.people.models import SHUT_OUT, Person, PersonState
from xinglin.types import Job, JobContext

KEEP_CODES = timedelta(days=1)
KEEP_FAILURES = timedelta(days=1)
KEEP_SESSIONS = timedelta(days=30)
IDLE_AFTER = timedelta(days=90)


def forget_old(context: JobContext) -> None:
    """Delete states, codes, failures and ended sessions that no rule looks at any more; the audit trail keeps what happened."""
    session, now = context.session, context.clock.now()
    OAuthService(session, context.clock, context.audit).forget_old()
    FailureBook(session, context.clock).forget_before(now - KEEP_FAILURES)
    session.execute(delete(ConfirmationCode).where(ConfirmationCode.sent_at < now - KEEP_CODES))
    session.execute(delete(LoginSession).where(LoginSession.expires_at < now - KEEP_SESSIONS))


def end_sessions_of_gone(context: JobContext) -> None:
    """End sessions of persons who are not active, and those begun through WeCom of persons whom WeCom shut out."""
    gone = select(Person.id).where(Person.state != PersonState.ACTIVE)
    shut_out = select(Person.id).where(Person.unreachable_reason.in_(SHUT_OUT))
    through_wecom = LoginSession.method.in_(("wecom", "qr"))
    _end(context, LoginSession.person_id.in_(gone), "not active")
    _end(context, and_(LoginSession.person_id.in_(shut_out), through_wecom), "not in WeCom")


def disable_idle_administrators(context: JobContext) -> None:
    """Switch off accounts that nobody used for 90 days, and those whose person works here no more (GB/T 22239)."""
    session, now, site = context.session, context.clock.now(), context.registry
    last_used = func.coalesce(Administrator.last_used_at, Administrator.created_at)
    query = select(Administrator).where(Administrator.is_active.is_(True))
    gone = select(Person.id).where(Person.state != PersonState.ACTIVE)
    service = AdministratorService(
        session,
        context.clock,
        context.audit,
        site.keyring,
        site_name=site.settings.site_name,
        lifetimes=Lifetimes.of(site.settings),
    )
    for row in session.scalars(query.where(last_used < now - IDLE_AFTER)).all():
        service.disable(row, f"idle for {IDLE_AFTER.days} days")
    for row in session.scalars(query.where(Administrator.person_id.in_(gone))).all():
        service.disable(row, "person not active")


def end_changed_grants(context: JobContext) -> None:
    """Grants that somebody made or changed in the database have no effect; here they end, and the trail says so."""
    zone = context.registry.settings.zone
    GrantService(context.session, context.clock, context.audit, {}, zone).end_changed()


def _end(context: JobContext, condition: ColumnElement[bool], reason: str) -> None:
    rows = context.session.execute(
        update(LoginSession)
        .where(LoginSession.ended_at.is_(None), condition)
        .values(ended_at=context.clock.now(), end_reason=reason)
        .returning(LoginSession.public_id)
        .execution_options(synchronize_session=False)
    ).all()
    for row in rows:
        context.audit.record("session.end", "session", row.public_id, after={"reason": reason})


JOBS = [
    Job("core.forget_old_logins", forget_old, timedelta(hours=1)),
    Job("core.disable_idle_administrators", disable_idle_administrators, timedelta(hours=1)),
    Job("core.end_changed_grants", end_changed_grants, timedelta(minutes=1)),
    Job("core.end_sessions_of_gone", end_sessions_of_gone, timedelta(seconds=20)),
]
