"""Who may open a file of documents: whoever may see the document."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from xinglin.api.files import StoredFile
from xinglin_documents.models import FlowEvent, InstanceFile, Item, OfficialDocument, Signature
from xinglin_documents.service.forms.drafts import draft_files_rule
from xinglin_documents.service.inbox.seeing import Looker, may_see


def may_read(request: Request, stored: StoredFile) -> bool:
    """The rule for `config.add_file_rule`: files of forms, signatures, final documents, and of one's own drafts."""
    identity = request.identity
    if identity is None or not identity.is_staff:
        return False
    return is_readable(request.db, request.service(Looker), stored) or draft_files_rule(request, stored)


def is_readable(session: Session, looker: Looker, stored: StoredFile) -> bool:
    """Whether the file belongs to a document that this person may see."""
    query = select(Item.id).where(or_(*_belongs(stored)), may_see(looker)).limit(1)
    return session.scalar(query) is not None


def _belongs(stored: StoredFile) -> list[ColumnElement[Any]]:
    signed = and_(
        Signature.file_id == stored.id, FlowEvent.id == Signature.event_id, FlowEvent.instance_id == Item.id
    )
    return [
        exists().where(InstanceFile.file_id == stored.id, InstanceFile.instance_id == Item.id),
        exists().where(signed),
        exists().where(OfficialDocument.final_file_id == stored.id, OfficialDocument.id == Item.id),
    ]
