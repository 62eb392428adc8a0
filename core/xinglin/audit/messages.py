"""The head of the chain, told daily to the auditors by WeCom: an anchor in the pocket of a person who owns no server."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.audit import sealing
from xinglin.audit.anchors import Anchor
from xinglin.audit.kinds import AUDIT_HEAD
from xinglin.kernel.i18n import Words
from xinglin.people.models import Person
from xinglin.push.service import PushService
from xinglin.types import Job, JobContext

_ = translator("core")
LOCALE_FOLDER = Path(__file__).resolve().parent.parent / "locale"
logger = logging.getLogger(__name__)


def tell_auditors(context: JobContext) -> None:
    """Send the newest seal's number and whole digest to the persons of `audit_auditors`, each seal once."""
    settings = context.registry.settings
    head = sealing.last_seal(context.session)
    if not settings.audit_auditors or head is None:
        return
    anchor = Anchor.of(head)
    words = Words([LOCALE_FOLDER])
    text = _(
        "${digest} - made ${at} UTC, records up to ${last}. Keep this message: the command audit verify must show the same.",
        mapping={"digest": anchor.digest, "at": f"{head.made_at:%Y-%m-%d %H:%M:%S}", "last": head.last_id},
    )
    PushService(context.session, context.clock, context.audit).enqueue(
        AUDIT_HEAD.name,
        f"seal-{anchor.number}",
        _auditors(context.session, settings.audit_auditors),
        title=words.translate(
            _("Audit seal ${number}", mapping={"number": anchor.number}), settings.default_locale
        ),
        description=words.translate(text, settings.default_locale),
        path="/",
        dedupe_key=f"{AUDIT_HEAD.name}:{anchor.number}:{anchor.digest}",
    )


def _auditors(session: Session, staff_numbers: tuple[str, ...]) -> list[int]:
    query = select(Person.staff_no, Person.id).where(
        Person.staff_no.in_(staff_numbers), Person.state == "active"
    )
    found = dict(session.execute(query).all())
    for number in staff_numbers:
        if number not in found:
            logger.error(
                "audit_auditors: no active person has the staff number %s. Cure: correct it in the ini",
                number,
            )
    return list(found.values())


JOBS = [Job("audit_head", tell_auditors, timedelta(days=1))]
