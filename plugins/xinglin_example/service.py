"""All rules, without HTTP. Row, message and audit record are one transaction: the caller's."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import joinedload

from xinglin.api.i18n import translator
from xinglin.api.people import PeopleService, Person
from xinglin.api.push import PushService
from xinglin.api.services import DomainError
from xinglin_example.models import Thanks

_ = translator("example")
EVERY = timedelta(days=1)
FOR_A_NOTICE = "谢谢您发布通知"


class NobodyFound(DomainError):
    """The receiver is not clear; a `DomainError` is shown to the user as a sentence with a cure."""

    def __init__(self) -> None:
        super().__init__(_("That is not the name of exactly one colleague."), _("Try the staff number."))


class WallService:
    def __init__(self, session, clock, audit, people, push):
        self._session, self._clock, self._audit, self._people, self._push = (
            session,
            clock,
            audit,
            people,
            push,
        )

    def latest(self, rows: int) -> Sequence[Thanks]:
        query = select(Thanks).options(joinedload(Thanks.sender), joinedload(Thanks.receiver))
        return self._session.scalars(
            query.order_by(Thanks.said_at.desc(), Thanks.id.desc()).limit(rows)
        ).all()

    def unseen(self, person_id: int) -> int:
        return count(self._session, Thanks.receiver_id == person_id, Thanks.seen_at.is_(None))

    def say(self, sender_id: int, receiver_name: str, text: str) -> None:
        found = self._people.search(receiver_name, limit=2)
        if len(found) != 1:
            raise NobodyFound
        thanks = Thanks(sender_id=sender_id, receiver=found[0], text=text, said_at=self._clock.now())
        self._session.add(thanks)
        self._session.flush()
        key = f"example.thanks:{thanks.public_id}"
        words = {"title": "收到一份感谢", "description": text, "path": "/example", "dedupe_key": key}
        self._push.enqueue("example.thanks", thanks.public_id, [found[0].id], **words)
        self._audit.record("thanks.say", "thanks", thanks.public_id, after={"text": text})

    def see(self, person_id: int) -> None:
        """The receiver looks at the wall: her badge goes out."""
        condition = (Thanks.receiver_id == person_id) & Thanks.seen_at.is_(None)
        self._session.execute(update(Thanks).where(condition).values(seen_at=self._clock.now()))


def count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Thanks).where(*conditions))


def mark_seen(change: PushStateChange) -> None:
    if change.state == "opened":
        session, query = change.session, update(Thanks).where(Thanks.public_id == change.source_id)
        session.execute(query.values(seen_at=change.at))


def thank_author(session: Session, event: Event) -> None:
    author = session.scalar(select(Person.id).where(Person.public_id == event.data["author"]))
    is_done = count(session, Thanks.public_id == event.subject_id)  # an event may be told twice
    if author and not is_done:
        facts = {"public_id": event.subject_id, "receiver_id": author, "said_at": event.at}
        session.add(Thanks(text=FOR_A_NOTICE, **facts))


def clean(context: JobContext) -> None:
    keep = context.registry.plugins.settings_of("example").keep
    context.session.execute(delete(Thanks).where(Thanks.said_at < context.clock.now() - keep))


def factory(context: object, request: Request) -> WallService:
    people, push = request.service(PeopleService), request.service(PushService)
    return WallService(request.db, request.clock, request.audit, people, push)
