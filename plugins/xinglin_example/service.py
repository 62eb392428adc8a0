"""All rules, without HTTP. Row, message and audit record are one transaction: the caller's."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyramid.request import Request
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from xinglin.api.audit import AuditTrail
from xinglin.api.i18n import translator
from xinglin.api.people import PeopleService, Person
from xinglin.api.push import PushService
from xinglin.api.services import Clock, DomainError, JobContext
from xinglin.types import Event, PushStateChange
from xinglin_example.models import Thanks

_ = translator("example")


@dataclass(frozen=True)
class WallService:
    session: Session
    clock: Clock
    audit: AuditTrail
    people: PeopleService
    push: PushService

    def latest(self, rows: int) -> Sequence[Thanks]:
        query = select(Thanks).options(joinedload(Thanks.sender), joinedload(Thanks.receiver))
        return self.session.scalars(query.order_by(Thanks.said_at.desc(), Thanks.id).limit(rows)).all()

    def unseen(self, person_id: int) -> int:
        return count(self.session, Thanks.receiver_id == person_id, Thanks.seen_at.is_(None))

    def say(self, sender_id: int, receiver_name: str, text: str) -> None:
        found = self.people.search(receiver_name, limit=2)
        if len(found) != 1:  # a `DomainError` is shown to the user as a sentence with a cure
            raise DomainError(_("That is not the name of exactly one colleague."), _("Try the staff number."))
        thanks = Thanks(sender_id=sender_id, receiver=found[0], text=text, said_at=self.clock.now())
        self.session.add(thanks)
        self.session.flush()
        source = thanks.public_id
        self.push.enqueue(
            "example.thanks",
            source,
            [found[0].id],
            title="收到一份感谢",
            description=text,
            path="/example",
            dedupe_key=f"example.thanks:{source}",  # the same key is never sent twice
        )
        self.audit.record("thanks.say", "thanks", source, after={"text": text})

    def see(self, person_id: int) -> None:  # the receiver looks at the wall: her badge goes out
        condition = (Thanks.receiver_id == person_id) & Thanks.seen_at.is_(None)
        self.session.execute(update(Thanks).where(condition).values(seen_at=self.clock.now()))


def count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Thanks).where(*conditions)) or 0


def mark_seen(change: PushStateChange) -> None:
    if change.state == "opened":
        session, query = change.session, update(Thanks).where(Thanks.public_id == change.source_id)
        session.execute(query.values(seen_at=change.at))


def thank_author(session: Session, event: Event) -> None:
    """Once per author, however many notices there are and however often one is told."""
    author = session.scalar(select(Person.id).where(Person.public_id == event.data["author"]))
    if author and not count(session, Thanks.receiver_id == author, Thanks.sender_id.is_(None)):
        session.add(Thanks(receiver_id=author, text="谢谢您发布通知", said_at=event.at))


def clean(context: JobContext) -> None:
    keep = context.registry.plugins.settings_of("example").keep
    context.session.execute(delete(Thanks).where(Thanks.said_at < context.clock.now() - keep))


def factory(context: object, request: Request) -> WallService:
    service = request.service
    return WallService(request.db, request.clock, request.audit, service(PeopleService), service(PushService))
