"""The worker's part: red heads that were asked for, one at a time, with no transaction open while LibreOffice works."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.files import (
    ConverterAway,
    FileHeld,
    FileRefused,
    FileStore,
    OfficeConverter,
    StoredFile,
    Unconvertible,
)
from xinglin.api.i18n import translator
from xinglin.api.people import Department
from xinglin.types import Clock
from xinglin_documents.models import OfficialDocument, Series
from xinglin_documents.service.official import flat, heading
from xinglin_documents.service.official.content import content_of, files_of, values_of
from xinglin_documents.service.official.heads import printed

_ = translator("documents")
logger = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)
AGAIN = timedelta(minutes=1)
MOST_ATTEMPTS = 5
CHUNK = 1024 * 1024
PLUGIN = "documents"
OFFICE_NAME = "办公室"
NO_TEXT = _("The form has no body text, and no document was uploaded as the body.")
UNREADABLE = _("The uploaded body cannot be read. Upload it as .docx, or write the text into the form.")
BAD_TEMPLATE = _("The red-head template cannot be used. Ask IT; the reason is in the worker's log.")
NO_CONVERTER = _("The converter is not available at the moment; it is tried again by itself.")
HELD = _("The uploaded body is still being checked for viruses; it is tried again by itself.")
CHANGED = _("The document changed while its red head was being made. Make it again.")
REFUSED = _("The finished document was refused by the file store. Ask IT.")


@dataclass(frozen=True)
class Site:
    """What of the site is printed, and where IT keeps templates of its own (None: nowhere)."""

    name: str
    zone: Any
    templates: Path | None


@dataclass(frozen=True)
class Task:
    """One red head that is ours for the time of the lease."""

    item_id: int
    public_id: str
    attempt: int
    asked_by: str
    template: bytes
    places: dict[str, str]
    text: str
    body_name: str
    open_body: Callable[[], BinaryIO] | None


class HeadMaker:
    """Takes what is due, makes it, keeps it. Every method that writes ends its transaction."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        files: FileStore,
        converter: OfficeConverter,
        site: Site,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._files = files
        self._converter = converter
        self._site = site

    def run(self) -> int:
        """Make all that is due; how many were tried."""
        count = 0
        while (document := self._claimed()) is not None:
            self._make(document)
            count += 1
        return count

    def _claimed(self) -> OfficialDocument | None:
        now = self._clock.now()
        query = (
            select(OfficialDocument)
            .where(OfficialDocument.head_due_at <= now, OfficialDocument.locked_at.is_(None))
            .order_by(OfficialDocument.head_due_at, OfficialDocument.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        document = self._session.scalar(query)
        if document is not None:
            document.head_due_at = now + LEASE
            document.head_attempts += 1
        self._session.commit()
        return document

    def _make(self, document: OfficialDocument) -> None:
        attempt, problem, again, pdf = document.head_attempts, "", False, b""
        try:
            is_as_asked = document.head_digest == printed(self._session, document)
            task = self._task(document) if is_as_asked else None
            self._session.commit()
            problem = "" if task else CHANGED
            pdf = self._pdf(task) if task else b""
        except flat.TemplateFault as fault:
            logger.error("red head of document %s: %s", document.item.public_id, fault)
            problem = BAD_TEMPLATE
        except Unconvertible as fault:
            logger.warning("red head of document %s: %s", document.item.public_id, fault)
            problem = UNREADABLE
        except ConverterAway as fault:
            logger.error("red heads wait: %s", fault)
            problem, again = NO_CONVERTER, True
        except FileHeld:
            problem, again = HELD, True
        self._session.rollback()
        self._record(document.id, attempt, pdf, problem or ("" if pdf else NO_TEXT), again=again)

    def _task(self, document: OfficialDocument) -> Task:
        item, session = document.item, self._session
        content = content_of(item, values_of(session, item.id))
        body, attachments = files_of(session, item.id)
        series = session.get(Series, document.series_id) if document.series_id else None
        places = heading.places(
            item,
            document,
            content,
            [one.file.name for one in attachments],
            site_name=self._site.name,
            printed_by=f"{self._site.name}{self._office(series)}",
            now=self._clock.now(),
            zone=self._site.zone,
        )
        return Task(
            item_id=item.id,
            public_id=item.public_id,
            attempt=document.head_attempts,
            asked_by=document.head_asked_by,
            template=heading.template_of(self._site.templates, series.key if series else ""),
            places=dict(places),
            text=content.body,
            body_name=body.file.name if body else "",
            open_body=_opener(self._files, body.file) if body else None,
        )

    def _office(self, series: Series | None) -> str:
        if series is None or series.department_id is None:
            return OFFICE_NAME
        return self._session.get_one(Department, series.department_id).name

    def _pdf(self, task: Task) -> bytes:
        """Empty when there is no text at all."""
        if task.open_body is not None:
            with task.open_body() as stream:
                uploaded = self._converter.flat_text(task.body_name, _pieces(stream))
            try:
                body = flat.body_of(uploaded)
            except flat.TemplateFault as fault:
                raise Unconvertible(str(fault)) from fault
        else:
            body = flat.paragraphs(task.text)
        if not body:
            return b""
        filled = flat.choose_fonts(flat.fill(task.template, task.places, body), self._converter.fonts())
        return self._converter.pdf(f"head{heading.SUFFIX}", [filled])

    def _record(self, item_id: int, attempt: int, pdf: bytes, problem: str, *, again: bool) -> None:
        document = self._session.get_one(
            OfficialDocument, item_id, with_for_update=True, populate_existing=True
        )
        is_ours = document.head_attempts == attempt and document.head_due_at is not None
        if not is_ours or document.locked_at is not None:  # asked anew, voided or sealed meanwhile
            self._session.commit()
            return
        if pdf and not problem:
            problem = self._keep(document, pdf)
        has_more = again and attempt < MOST_ATTEMPTS
        document.head_due_at = self._clock.now() + AGAIN if has_more else None
        document.head_problem = problem
        self._session.commit()

    def _keep(self, document: OfficialDocument, pdf: bytes) -> str:
        item = document.item
        name = f"{item.number or item.title}.pdf"
        try:
            stored = self._files.save_attachment(
                name, io.BytesIO(pdf), plugin=PLUGIN, uploaded_by=document.head_asked_by
            )
        except FileRefused as refused:
            logger.error("red head of document %s: %s", item.public_id, refused.message)
            return REFUSED
        document.final_file_id = stored.id
        self._session.flush()
        facts = {"file": stored.public_id, "sha256": stored.sha256}
        self._audit.record("documents.red_head", "document", item.public_id, after=facts)
        return ""


def _opener(files: FileStore, stored: StoredFile) -> Callable[[], BinaryIO]:
    return lambda: files.open(stored)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(CHUNK):
        yield piece


def is_being_made(document: OfficialDocument) -> bool:
    """Whether the worker will come to it by itself."""
    return document.head_due_at is not None
