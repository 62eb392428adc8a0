"""Telling the one who uploaded a file that the virus check withheld it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from xinglin.api.i18n import translator
from xinglin.files.models import FileState, StoredFile
from xinglin.files.push_kinds import WITHHELD
from xinglin.kernel.i18n import Words
from xinglin.people.models import Person
from xinglin.push.service import PushService

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from xinglin.audit.service import AuditTrail
    from xinglin.types import Clock

_ = translator("core")
LOCALES = Path(__file__).resolve().parent.parent / "locale"
TITLE = _("Your file was withheld: ${name}")
WHY = {
    FileState.INFECTED: _("A virus was found in this file, so nobody can open it."),
    FileState.REFUSED: _("This file could not be checked for viruses, so nobody can open it."),
}


def tell_uploader(session: Session, clock: Clock, audit: AuditTrail, stored: StoredFile) -> None:
    """One message in the language of the person, with the page of the file behind it; nobody is told twice."""
    person = session.scalar(select(Person).where(Person.public_id == stored.uploaded_by))
    if person is None:
        return
    say = _words().translate
    PushService(session, clock, audit).enqueue(
        WITHHELD,
        stored.public_id,
        [person.id],
        title=say(TITLE, person.locale, {"name": stored.name}),
        description=say(WHY[FileState(stored.state)], person.locale),
        path=f"/files/{stored.public_id}",
        dedupe_key=f"{WITHHELD} {stored.public_id}",
    )


@cache
def _words() -> Words:
    return Words([LOCALES])
