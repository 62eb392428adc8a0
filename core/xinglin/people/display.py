"""How a person wants to see the portal: language and size of the letters."""

from __future__ import annotations

from sqlalchemy.orm import Session

from xinglin.audit.service import AuditTrail
from xinglin.people.models import Person
from xinglin.types import Clock


def set_display(
    session: Session, clock: Clock, audit: AuditTrail, person_id: int, *, locale: str, has_large_text: bool
) -> None:
    """Keep the wish with the person, so that it is the same on every device; audited as `person.display`."""
    person = session.get_one(Person, person_id)
    before = {"locale": person.locale, "has_large_text": person.has_large_text}
    after = {"locale": locale, "has_large_text": has_large_text}
    if before == after:
        return
    person.locale, person.has_large_text, person.updated_at = locale, has_large_text, clock.now()
    audit.record("person.display", "person", person.public_id, before=before, after=after)
