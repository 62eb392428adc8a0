"""Common phrases (常用意见): the general ones that all see, and a person's own in her order."""

from __future__ import annotations

from collections.abc import Sequence

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.i18n import translator
from xinglin.api.security import current
from xinglin.api.services import DomainError
from xinglin_documents.models import Phrase

_ = translator("documents")

MOST_OWN = 30


class PhraseService:
    """The phrases that one person is offered."""

    def __init__(self, session: Session, audit: AuditTrail, person_id: int) -> None:
        self._session = session
        self._audit = audit
        self._person_id = person_id

    def offered(self) -> Sequence[str]:
        """Her own first, then the general ones; none twice."""
        return list(dict.fromkeys(one.text for one in (*self.own(), *self.general())))

    def own(self) -> Sequence[Phrase]:
        return self._of(Phrase.person_id == self._person_id)

    def general(self) -> Sequence[Phrase]:
        return self._of(Phrase.person_id.is_(None))

    def add(self, text: str) -> Phrase:
        """A phrase of her own, at the end; one that she has already stays as it is."""
        own = self.own()
        for one in own:
            if one.text == text:
                return one
        if len(own) >= MOST_OWN:
            sentence = _("You can keep ${count} phrases of your own.", mapping={"count": MOST_OWN})
            raise DomainError(sentence, _("Delete one first."))
        position = max((one.position for one in own), default=0) + 1
        phrase = Phrase(person_id=self._person_id, text=text, position=position)
        self._session.add(phrase)
        self._session.flush()
        self._audit.record("documents.add_phrase", "documents.phrase", str(phrase.id))
        return phrase

    def remove(self, phrase_id: int) -> None:
        """Delete one of her own; one that is gone, or is not hers, is left alone."""
        for one in self.own():
            if one.id == phrase_id:
                self._session.delete(one)
                self._audit.record("documents.remove_phrase", "documents.phrase", str(phrase_id))

    def move_up(self, phrase_id: int) -> None:
        """Let one of her own change places with the one before it."""
        own = list(self.own())
        ids = [one.id for one in own]
        if phrase_id not in ids[1:]:
            return
        place = ids.index(phrase_id)
        own[place - 1], own[place] = own[place], own[place - 1]
        for position, one in enumerate(own, start=1):
            one.position = position
        self._audit.record("documents.move_phrase", "documents.phrase", str(phrase_id))

    def _of(self, whose: object) -> Sequence[Phrase]:
        query = select(Phrase).where(whose).order_by(Phrase.position, Phrase.id)  # type: ignore[arg-type]
        return self._session.scalars(query).all()


def factory(context: object, request: Request) -> PhraseService:
    return PhraseService(request.db, request.audit, current(request).id)
