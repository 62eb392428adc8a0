"""Work by the clock: forgetting what no login needs any more."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select, update

from xinglin.auth.failures import FailureBook
from xinglin.auth.models import ConfirmationCode, LoginSession
from xinglin.auth.oauth import OAuthService
from xinglin.people.models import Person, PersonState
from xinglin.types import Job, JobContext

KEEP_CODES = timedelta(days=1)
KEEP_FAILURES = timedelta(days=1)
KEEP_SESSIONS = timedelta(days=30)


def forget_old(context: JobContext) -> None:
    """Delete states, codes, failures and ended sessions that no rule looks at any more; the audit trail keeps what happened."""
    session, now = context.session, context.clock.now()
    OAuthService(session, context.clock, context.audit).forget_old()
    FailureBook(session, context.clock).forget_before(now - KEEP_FAILURES)
    session.execute(delete(ConfirmationCode).where(ConfirmationCode.sent_at < now - KEEP_CODES))
    session.execute(delete(LoginSession).where(LoginSession.expires_at < now - KEEP_SESSIONS))


def end_sessions_of_gone(context: JobContext) -> None:
    """End what is left of sessions of persons who are not active: they are refused anyway, this makes it visible."""
    gone = select(Person.id).where(Person.state != PersonState.ACTIVE)
    rows = context.session.execute(
        update(LoginSession)
        .where(LoginSession.ended_at.is_(None), LoginSession.person_id.in_(gone))
        .values(ended_at=context.clock.now(), end_reason="not active")
        .returning(LoginSession.public_id)
    ).all()
    for row in rows:
        context.audit.record("session.end", "session", row.public_id, after={"reason": "not active"})


JOBS = [
    Job("core.forget_old_logins", forget_old, timedelta(hours=1)),
    Job("core.end_sessions_of_gone", end_sessions_of_gone, timedelta(minutes=1)),
]
