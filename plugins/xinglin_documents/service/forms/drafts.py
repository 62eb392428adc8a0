"""Forms that are not sent yet. Every draft is its author's alone: one for each process, one for each task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request
from sqlalchemy import exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, joinedload

from xinglin.api.audit import AuditTrail
from xinglin.api.files import FileRefused, FileState, FileStore, StoredFile
from xinglin.api.i18n import translator
from xinglin.api.security import current
from xinglin.api.services import Clock, DomainError, NotFound
from xinglin_documents.models import (
    Box,
    Draft,
    DraftFile,
    Entry,
    EntryState,
    InstanceFile,
    Item,
    Process,
)
from xinglin_documents.service.inbox.seeing import Looker, is_of_principal

_ = translator("documents")

PLUGIN = "documents"
LONGEST_DRAFT = 256 * 1024
"""Bytes of the JSON of one draft: many times what a person types."""
OURS_TO_DELETE = (FileState.PENDING, FileState.CLEAN, FileState.UNSCANNED)
LONGEST_ID = 18


class DraftChanged(DomainError):
    """Another window has saved since; `draft` is what it saved."""

    status = 409

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            _("This form was changed in another window."),
            _("Load what was saved there, or keep what stands here."),
        )
        self.draft = draft


@dataclass(frozen=True)
class Place:
    """What a draft is of: `new-<process key>` or `task-<entry id>` in addresses."""

    process_id: int | None = None
    entry_id: int | None = None


class DraftService:
    """The drafts of one person: `owner` is her public id."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        files: FileStore,
        looker: Looker,
        owner: str,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._files = files
        self._looker = looker
        self._person_id = looker.person_id
        self._owner = owner

    def place(self, address: str) -> Place:
        """What an address means for this person; raises `NotFound`. A process that was switched off keeps its drafts."""
        kind, _dash, key = address.partition("-")
        if kind == "new":
            process_id = self._session.scalar(select(Process.id).where(Process.key == key))
            if process_id is not None:
                return Place(process_id=process_id)
        elif kind == "task" and key.isascii() and key.isdigit() and len(key) <= LONGEST_ID:
            entry_id = self._session.scalar(self._open_tasks().where(Entry.id == int(key)))
            if entry_id is not None:
                return Place(entry_id=entry_id)
        raise NotFound(_("This form is not open any more."), _("Go back to the list and open it again."))

    def find(self, place: Place) -> Draft | None:
        """What was saved there last."""
        return self._session.scalar(self._at(place))

    def mine(self) -> Sequence[tuple[Draft, Process]]:
        """New documents that were begun, the latest first."""
        query = (
            select(Draft, Process)
            .join(Process, Draft.process_id == Process.id)
            .where(Draft.person_id == self._person_id)
            .order_by(Draft.saved_at.desc())
        )
        return [(draft, process) for draft, process in self._session.execute(query)]

    def save(
        self, place: Place, form: Mapping[str, Any], *, known: str | None = None, size: int = 0
    ) -> Draft:
        """Keep `form` as it was posted. `known`: the `saved_at` that the window has seen, "" for none, None: whatever.

        Raises `DraftChanged` when another window has saved since, and what it saved stays.
        """
        if size > LONGEST_DRAFT:
            raise DomainError(_("This form is too long to be kept as a draft."), _("Shorten it."), status=413)
        draft = self._session.scalar(self._at(place).with_for_update())
        if draft is not None and known is not None and _is_newer(draft, known):
            raise DraftChanged(draft)
        draft = draft or self._begin(place)
        draft.values, draft.saved_at = {"form": dict(form)}, self._clock.now()
        self._session.flush()
        return draft

    def discard(self, place: Place) -> None:
        """Throw away what was typed and the files that were added; nothing there is no error."""
        draft = self.find(place)
        if draft is None:
            return
        for line in self._lines(draft):
            self._remove(draft, line)
        self._session.delete(draft)
        self._audit.record("documents.discard_draft", "documents.draft", draft.public_id)

    def finish(self, place: Place) -> None:
        """The form was sent: the draft is over, its files belong to the document now."""
        for draft in self._session.scalars(self._all_at(place)).all():
            self._session.delete(draft)
        self._session.flush()

    # Files. They are stored one by one while the form is filled in.

    def files(self, place: Place) -> Mapping[str, Sequence[StoredFile]]:
        """The files added so far, by the key of their field."""
        draft = self.find(place)
        found: dict[str, list[StoredFile]] = {}
        for line in self._lines(draft) if draft else ():
            found.setdefault(line.field, []).append(line.file)
        return found

    def attach(self, place: Place, field: str, file_id: str, *, most: int) -> StoredFile:
        """Add a finished upload of this person to a field; a second call changes nothing. Raises `FileRefused`."""
        draft = self._session.scalar(self._at(place).with_for_update()) or self._begin(place)
        stored = self._uploaded(file_id)
        lines = self._lines(draft)
        if any(line.file_id == stored.id for line in lines):
            return stored
        if sum(line.field == field for line in lines) >= most:
            sentence = _("At most ${count} files here.", mapping={"count": most})
            raise FileRefused(sentence, _("Remove a file first."))
        self._check_free(stored)
        position = max((line.position for line in lines), default=0) + 1
        self._session.add(DraftFile(draft_id=draft.id, file=stored, field=field, position=position))
        self._session.flush()
        facts = {"file": stored.public_id, "field": field, "size": stored.size}
        self._audit.record("documents.add_draft_file", "documents.draft", draft.public_id, after=facts)
        return stored

    def detach(self, place: Place, file_id: str) -> None:
        """Take a file off again; one that is gone already is no error."""
        draft = self.find(place)
        for line in self._lines(draft) if draft else ():
            if draft and line.file.public_id == file_id:
                self._remove(draft, line)

    def _begin(self, place: Place) -> Draft:
        """A new row; two windows that begin at once share it."""
        draft = Draft(
            person_id=self._person_id,
            process_id=place.process_id,
            entry_id=place.entry_id,
            values={"form": {}},
            saved_at=self._clock.now(),
        )
        try:
            with self._session.begin_nested():
                self._session.add(draft)
        except IntegrityError:
            return self._session.scalars(self._at(place).with_for_update()).one()
        return draft

    def _remove(self, draft: Draft, line: DraftFile) -> None:
        stored = line.file
        self._session.delete(line)
        self._session.flush()
        before = {"file": stored.public_id, "field": line.field, "state": stored.state}
        self._audit.record("documents.remove_draft_file", "documents.draft", draft.public_id, before=before)
        if stored.state in OURS_TO_DELETE:
            self._files.discard(stored)

    def _lines(self, draft: Draft) -> Sequence[DraftFile]:
        query = (
            select(DraftFile)
            .where(DraftFile.draft_id == draft.id)
            .options(joinedload(DraftFile.file))
            .order_by(DraftFile.position, DraftFile.id)
        )
        return self._session.scalars(query).all()

    def _uploaded(self, file_id: str) -> StoredFile:
        query = select(StoredFile).where(
            StoredFile.public_id == file_id,
            StoredFile.plugin == PLUGIN,
            StoredFile.uploaded_by == self._owner,
            StoredFile.state != FileState.REMOVED,
        )
        stored = self._session.scalar(query)
        if stored is None:
            raise FileRefused(_("This file is not there any more."), _("Upload it once more."))
        return stored

    def _check_free(self, stored: StoredFile) -> None:
        is_taken = self._session.scalar(
            select(
                exists().where(DraftFile.file_id == stored.id)
                | exists().where(InstanceFile.file_id == stored.id)
            )
        )
        if is_taken:
            raise FileRefused(_("This file belongs to something else already."), _("Upload it once more."))

    def _at(self, place: Place) -> Any:
        return self._all_at(place).limit(1)

    def _all_at(self, place: Place) -> Any:
        """Her drafts there, that of the task itself first."""
        query = select(Draft).where(Draft.person_id == self._person_id, Draft.process_id == place.process_id)
        if place.entry_id is None:
            return query.where(Draft.entry_id.is_(None))
        is_same = Draft.entry_id == place.entry_id
        return query.where(is_same | Draft.entry_id.in_(_earlier(place.entry_id))).order_by(
            is_same.desc(), Draft.saved_at.desc(), Draft.id.desc()
        )

    def _open_tasks(self) -> Any:
        """Ids of open tasks: her own, and those that she may do for somebody, as the inbox lists them."""
        return (
            select(Entry.id)
            .join(Item, Item.id == Entry.item_id)
            .where(
                Entry.box == Box.TO_DO,
                Entry.state == EntryState.OPEN,
                or_(Entry.person_id == self._person_id, is_of_principal(self._looker)),
            )
        )


def _earlier(entry_id: int) -> Any:
    """Ids of the tasks that this person had at the same step before: what was begun there is taken up when it returns."""
    now, before = aliased(Entry), aliased(Entry)
    return (
        select(before.id)
        .join(now, (now.item_id == before.item_id) & (now.node == before.node))
        .where(
            now.id == entry_id,
            before.id != entry_id,
            before.person_id == now.person_id,
            before.box == Box.TO_DO,
            before.state.in_([EntryState.DONE, EntryState.GONE]),
        )
    )


def _is_newer(draft: Draft, known: str) -> bool:
    """Whether it holds what the window has not seen; one that was begun by adding a file holds nothing yet."""
    return bool((draft.values or {}).get("form")) and known != draft.saved_at.isoformat()


def draft_files_rule(request: Request, stored: StoredFile) -> bool:
    """Whether a file lies in a draft of the person of this request: nobody else sees what is not sent yet."""
    identity = request.identity
    if identity is None or identity.kind != "person":
        return False
    query = (
        select(func.count())
        .select_from(DraftFile)
        .join(Draft, DraftFile.draft_id == Draft.id)
        .where(DraftFile.file_id == stored.id, Draft.person_id == identity.id)
    )
    return bool(request.db.scalar(query))


def factory(context: object, request: Request) -> DraftService:
    identity = current(request)
    return DraftService(
        request.db,
        request.clock,
        request.audit,
        request.files,
        request.service(Looker),
        identity.public_id,
    )
