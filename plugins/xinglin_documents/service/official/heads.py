"""Which text a red head was made from: it counts only while that is still the approved one."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xinglin_documents.models import FlowEvent, FormerHead, Item, OfficialDocument
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.official.content import content_of, files_of, values_of

TURNS = (Act.START, Act.RESUBMIT, Act.REJECT, Act.RETURN, Act.WITHDRAW, Act.TAKE_BACK)
"""After any of these, approvals that were given before may stand no more."""


def printed(session: Session, document: OfficialDocument) -> str:
    """SHA-256 in hex of all that a red head made now would print: texts, files, number, signatory and her approval."""
    item = session.get_one(Item, document.id)
    content = content_of(item, values_of(session, item.id))
    body, attachments = files_of(session, item.id)
    turned = select(func.max(FlowEvent.sequence)).where(
        FlowEvent.instance_id == item.id, FlowEvent.act.in_([one.value for one in TURNS])
    )
    parts = [
        [content.title, content.recipients, content.copies_to, content.body],
        [[one.file.name, one.file.sha256] for one in ([body] if body else [])],
        [[one.file.name, one.file.sha256] for one in attachments],
        [item.number, str(item.secrecy), str(item.urgency)],
        [document.signatory, document.signed_at.isoformat() if document.signed_at else ""],
        session.scalar(turned) or 0,
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def is_current(session: Session, document: OfficialDocument) -> bool:
    """Whether the final file says what is approved now. What is sealed stays: its form cannot change any more."""
    if document.final_file_id is None or document.head_due_at is not None:
        return False
    return document.locked_at is not None or document.head_digest == printed(session, document)


def set_aside(session: Session, document: OfficialDocument, at: datetime) -> None:
    """The red head is not final any more; its file stays as history."""
    if document.final_file_id is not None:
        session.add(FormerHead(item_id=document.id, file_id=document.final_file_id, replaced_at=at))
    document.final_file_id, document.head_digest = None, ""
