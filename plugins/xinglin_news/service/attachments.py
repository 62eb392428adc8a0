"""Attachments of a notice while it is written: taken over from finished uploads, shown with their state, removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from pyramid.request import Request
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, contains_eager

from xinglin.api.audit import AuditTrail
from xinglin.api.files import FileRefused, FileState, FileStore, StoredFile
from xinglin.api.i18n import translator
from xinglin_news.models import MOST_ATTACHMENTS, Attachment, Notice, Picture

_ = translator("news")

PLUGIN = "news"
OURS_TO_DELETE = (FileState.PENDING, FileState.CLEAN, FileState.UNSCANNED)
"""A file in quarantine stays there for the security administrator, whoever takes it off a notice."""


class AttachmentService:
    """The notice comes from `WritingService.find`, which has decided that this person may work on it.

    What is added or removed counts at once and leaves `Notice.version` alone: the open form stays good.
    """

    def __init__(self, session: Session, audit: AuditTrail, files: FileStore) -> None:
        self._session = session
        self._audit = audit
        self._files = files

    def all_of(self, notice: Notice) -> Sequence[Attachment]:
        """The attachments in their order, with their files in whatever state."""
        query = (
            select(Attachment)
            .join(Attachment.file)
            .where(Attachment.notice_id == notice.id)
            .options(contains_eager(Attachment.file))
            .order_by(Attachment.position, Attachment.id)
        )
        return self._session.scalars(query).all()

    def add(self, notice: Notice, file_id: str, uploaded_by: str) -> Attachment:
        """Append the file (its public id) that `uploaded_by` has uploaded for news; a second call changes nothing.

        Raises `FileRefused` when it is one too many or belongs to something else already.
        """
        self._lock(notice)
        stored = self._uploaded(file_id, uploaded_by)
        known = self._session.scalar(select(Attachment).where(Attachment.file_id == stored.id))
        if known is not None and known.notice_id == notice.id:
            return known
        if known is not None or self._is_picture(stored):
            raise FileRefused(_("This file belongs to something else already."), _("Upload it once more."))
        self._check_room(notice)
        return self._append(notice, stored)

    def store(self, notice: Notice, name: str, stream: BinaryIO, uploaded_by: str) -> Attachment:
        """Append a file that came with the form, from a browser without script; raises `FileRefused`."""
        self._lock(notice)
        self._check_room(notice)
        return self._append(
            notice, self._files.save_attachment(name, stream, plugin=PLUGIN, uploaded_by=uploaded_by)
        )

    def remove(self, notice: Notice, file_id: str) -> None:
        """Take an attachment off, by the public id of its file; one that is gone already is no error."""
        for attachment in self.all_of(notice):
            if attachment.file.public_id == file_id:
                self._remove(notice, attachment)

    def remove_all(self, notice: Notice) -> None:
        for attachment in self.all_of(notice):
            self._remove(notice, attachment)

    def _remove(self, notice: Notice, attachment: Attachment) -> None:
        stored = attachment.file
        self._session.delete(attachment)
        self._session.flush()
        self._audit.record(
            "notice.remove_attachment",
            "notice",
            notice.public_id,
            before={"file": stored.public_id, "name": stored.name, "state": stored.state},
        )
        if stored.state in OURS_TO_DELETE:
            self._files.discard(stored)

    def _append(self, notice: Notice, stored: StoredFile) -> Attachment:
        last = self._session.scalar(
            select(func.max(Attachment.position)).where(Attachment.notice_id == notice.id)
        )
        attachment = Attachment(notice_id=notice.id, file=stored, position=(last or 0) + 1)
        self._session.add(attachment)
        self._session.flush()
        facts = {"file": stored.public_id, "name": stored.name, "size": stored.size}
        self._audit.record("notice.add_attachment", "notice", notice.public_id, after=facts)
        return attachment

    def _lock(self, notice: Notice) -> None:
        """Two windows that add at once must not both find room for the last one."""
        self._session.execute(select(Notice.id).where(Notice.id == notice.id).with_for_update())

    def _check_room(self, notice: Notice) -> None:
        query = select(func.count()).where(Attachment.notice_id == notice.id)
        if (self._session.scalar(query) or 0) >= MOST_ATTACHMENTS:
            raise FileRefused(
                _("A notice has at most ${count} attachments.", mapping={"count": MOST_ATTACHMENTS}),
                _("Remove one first."),
            )

    def _uploaded(self, file_id: str, uploaded_by: str) -> StoredFile:
        query = select(StoredFile).where(
            StoredFile.public_id == file_id,
            StoredFile.plugin == PLUGIN,
            StoredFile.uploaded_by == uploaded_by,
            StoredFile.state != FileState.REMOVED,
        )
        stored = self._session.scalar(query)
        if stored is None:
            raise FileRefused(_("This file is not there any more."), _("Upload it once more."))
        return stored

    def _is_picture(self, stored: StoredFile) -> bool:
        return self._session.scalar(select(Picture.id).where(Picture.file_id == stored.id)) is not None


def unattached(session: Session, before: datetime) -> Sequence[StoredFile]:
    """Files uploaded for news before that moment that belong to no notice; those in quarantine are not ours."""
    query = select(StoredFile).where(
        StoredFile.plugin == PLUGIN,
        StoredFile.created_at < before,
        StoredFile.state.in_(OURS_TO_DELETE),
        ~exists().where(Attachment.file_id == StoredFile.id),
        ~exists().where(Picture.file_id == StoredFile.id),
    )
    return session.scalars(query).all()


def factory(context: object, request: Request) -> AttachmentService:
    return AttachmentService(request.db, request.audit, request.files)
