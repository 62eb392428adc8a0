"""Doing the operations of a step: 登记, 编号, 套红, 用印, 分发, 归档. Each once, in order, each with its audit record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.files import FileState, StoredFile
from xinglin.api.i18n import translator
from xinglin.api.security import current
from xinglin.types import Clock
from xinglin_documents.models import Direction, Instance, Item, OfficialDocument
from xinglin_documents.service.engine.definition import Definition
from xinglin_documents.service.official import distributing, numbers
from xinglin_documents.service.official.content import content_of, files_of, values_of
from xinglin_documents.service.official.distributing import DistributionService, Recipients
from xinglin_documents.service.official.errors import OfficialRefused
from xinglin_documents.service.official.heads import is_current, printed, set_aside
from xinglin_documents.service.official.numbers import NumberService
from xinglin_documents.service.official.signatories import signatories
from xinglin_documents.service.official.spelling import fold
from xinglin_documents.service.operations import (
    OUTDATED,
    TITLES,
    Operation,
    missing_before,
    office_steps,
    standing,
)

_ = translator("documents")
READABLE = (FileState.CLEAN, FileState.UNSCANNED)
Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Doer:
    """Who does it: the person whose task it is, or her deputy."""

    id: int
    public_id: str


class OperationService:
    """Whoever calls `do` has found out that the person holds an open task whose node lists the operation.

    The same operation again changes nothing. Raises `OfficialRefused` when another must come first.
    """

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        doer: Doer,
        numbers_: NumberService,
        distribution: DistributionService,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._doer = doer
        self._numbers = numbers_
        self._distribution = distribution
        self._ways: Mapping[Operation, Callable[[Item, Definition, Inputs], None]] = {
            Operation.REGISTER: self._register,
            Operation.ISSUE_NUMBER: self._issue_number,
            Operation.RED_HEAD: self._red_head,
            Operation.SEAL: self._seal,
            Operation.DISTRIBUTE: self._distribute,
            Operation.ARCHIVE: self._archive,
        }

    def do(self, item: Item, operation: Operation, definition: Definition, **inputs: Any) -> None:
        """Inputs: ISSUE_NUMBER `series` (a key), `reserved` (public id of a number); RED_HEAD `signatory` (public id
        of an approval; else the last outside steps of the office); DISTRIBUTE `to` (`Recipients`).
        """
        self._lock(item)
        done = standing(self._session, item.id).done
        may_repeat = operation is Operation.RED_HEAD and Operation.SEAL not in done
        if operation in done and not may_repeat:
            return
        first = missing_before(definition, operation, done)
        if first is not None:
            raise OfficialRefused(
                _("“${operation}” comes first.", mapping={"operation": TITLES[first]}),
                _("Do it, then go on with this step."),
            )
        self._ways[operation](item, definition, inputs)

    def _lock(self, item: Item) -> None:
        """Hold document and form, and read them anew: who returned or changed it meanwhile has committed."""
        query = select(Item, Instance).join(Instance, Instance.id == Item.id).where(Item.id == item.id)
        held = query.with_for_update(of=(Instance, Item), key_share=True)
        self._session.execute(held, execution_options={"populate_existing": True}).first()
        document = self._session.get(OfficialDocument, item.id)
        if document is not None:
            self._session.refresh(document)

    def entered(self, item: Item, definition: Definition) -> OfficialDocument:
        """The line of the document in the register, made from its form when there is none yet."""
        known = self._session.get(OfficialDocument, item.id)
        if known is not None:
            return known
        official = definition.official
        if official is None:
            raise OfficialRefused(_("This process makes no official documents."))
        content = content_of(item, values_of(self._session, item.id), official.type)
        document = OfficialDocument(
            id=item.id,
            direction=Direction(official.direction),
            type=content.type,
            origin=content.origin,
            origin_number=content.origin_number,
            origin_folded=fold(content.origin_number),
            recipients=content.recipients,
            copies_to=content.copies_to,
            copies=content.copies,
            registered_at=self._clock.now(),
        )
        self._session.add(document)
        self._session.flush()
        facts = {"direction": official.direction}
        self._audit.record("documents.register", "document", item.public_id, after=facts)
        return document

    def _register(self, item: Item, definition: Definition, inputs: Inputs) -> None:
        self.entered(item, definition)

    def _issue_number(self, item: Item, definition: Definition, inputs: Inputs) -> None:
        self.entered(item, definition)
        if inputs.get("reserved"):
            self._numbers.use(self._numbers.find(inputs["reserved"]), item)
            return
        series = inputs.get("series") or (definition.official.series if definition.official else "")
        self._numbers.issue(series, item, self._clock.now())

    def _red_head(self, item: Item, definition: Definition, inputs: Inputs) -> None:
        """Ask the worker for it; whoever asks again while it is being made changes nothing."""
        document = self._session.get_one(OfficialDocument, item.id, with_for_update=True)
        if document.locked_at is not None:
            raise _sealed()
        if document.head_due_at is not None:
            return
        content = content_of(item, values_of(self._session, item.id))
        if not content.body and files_of(self._session, item.id)[0] is None:
            raise OfficialRefused(
                _("This document has no text: neither the form nor a file holds its body."),
                _("Return it to whoever drafts it."),
            )
        signed = signatories(self._session, item.id, office_steps(definition))
        wanted = inputs.get("signatory")
        chosen = next((one for one in signed if one.event_id == wanted), signed[0] if signed else None)
        document.signatory = chosen.name if chosen else ""
        document.signed_at = chosen.at if chosen else None
        document.recipients, document.copies_to = content.recipients, content.copies_to
        document.head_asked_by = self._doer.public_id
        document.head_due_at, document.head_problem = self._clock.now(), ""
        document.head_attempts = 0
        set_aside(self._session, document, self._clock.now())
        document.head_digest = printed(self._session, document)
        self._session.flush()
        facts = {"number": item.number}
        self._audit.record("documents.ask_red_head", "document", item.public_id, after=facts)

    def _seal(self, item: Item, definition: Definition, inputs: Inputs) -> None:
        """Lock the final PDF: its digest is written down, and from now on nothing makes another."""
        document = self._session.get_one(OfficialDocument, item.id)
        self._session.refresh(document, with_for_update=True)
        if not is_current(self._session, document):
            raise OfficialRefused(OUTDATED, _("Return it to the step of the red head."))
        stored = self._session.get_one(StoredFile, document.final_file_id)
        if stored.state not in READABLE:
            raise OfficialRefused(
                _("The final document is still being checked for viruses."), _("Try again in a minute.")
            )
        document.digest, document.locked_at = stored.sha256, self._clock.now()
        self._session.flush()
        facts = {"file": stored.public_id, "sha256": stored.sha256, "number": item.number}
        self._audit.record("documents.seal", "document", item.public_id, after=facts)

    def _distribute(self, item: Item, definition: Definition, inputs: Inputs) -> None:
        self.entered(item, definition)
        self._distribution.distribute(item, inputs.get("to") or Recipients())

    def _archive(self, item: Item, definition: Definition, inputs: Inputs) -> None:
        """Ask for the package. It is made when the document has ended, so that its last approval is in it."""
        document = self.entered(item, definition)
        document.archive_asked_at = self._clock.now()
        self._session.flush()
        self._audit.record("documents.archive", "document", item.public_id)


def _sealed() -> OfficialRefused:
    return OfficialRefused(
        _("The final document is sealed and never changes."),
        _("Issue a new document that repeals or corrects this one."),
    )


def factory(context: object, request: Request) -> OperationService:
    identity = current(request)
    return OperationService(
        request.db,
        request.clock,
        request.audit,
        Doer(identity.id, identity.public_id),
        numbers.for_office(request),
        distributing.factory(context, request),
    )
