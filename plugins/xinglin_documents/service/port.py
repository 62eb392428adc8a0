"""The port through which the portal sees documents of any source; our own engine and each OA implement it."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol

from xinglin_documents.models import Item, Urgency


class Capability(enum.StrEnum):
    """What a source can do; what it cannot is not offered."""

    LIST = "list"
    SHOW = "show"
    FORM = "form"
    ACT = "act"
    CREATE = "create"
    FORWARD = "forward"
    READ_MARK = "read_mark"
    CHANGES = "changes"
    FILES = "files"


class SourceBox(enum.StrEnum):
    """Lists that a source keeps for a person."""

    TO_DO = "to_do"
    DONE = "done"
    TO_READ = "to_read"
    READ = "read"
    STARTED = "started"


class SourceAct(enum.StrEnum):
    """Acts that every kind of OA knows."""

    APPROVE = "approve"
    RETURN = "return"
    FORWARD = "forward"
    COMMENT = "comment"
    MARK_READ = "mark_read"
    WITHDRAW = "withdraw"


@dataclass(frozen=True)
class ListedItem:
    """A line of a list of a source. `external_id` is unique in it; `changed` orders messages about one item.

    `process` is the source's own id of the type, `starter_user` its user who started, `starter_id` our person, when
    known. `operated_at` is the moment of the last act on the document, by the person named `operated_by`.
    """

    external_id: str
    title: str
    process_title: str
    step: str
    starter_name: str
    started_at: datetime
    arrived_at: datetime
    urgency: Urgency = Urgency.NORMAL
    is_read: bool = False
    is_over: bool = False
    node: str = ""
    link: str = ""
    process: str = ""
    starter_user: str = ""
    starter_id: int | None = None
    operated_at: datetime | None = None
    operated_by: str = ""


@dataclass(frozen=True)
class DocumentField:
    """A field of a form as it is shown: `display` for people, `value` as the source wants it back."""

    key: str
    label: str
    value: str
    display: str
    kind: str = "text"
    is_editable: bool = False
    is_required: bool = False
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class DetailTable:
    """Detail rows of a form: `rows` are as long as `labels`."""

    title: str
    labels: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class DocumentFile:
    """A file of a document; `file_id` when it lies in our store, else `external_id` for `fetch_file`. `size` in bytes, or None."""

    name: str
    external_id: str = ""
    file_id: str = ""
    size: int | None = None


@dataclass(frozen=True)
class HistoryLine:
    """What somebody did; `opinion` is plain text."""

    at: datetime
    person: str
    department: str
    step: str
    act: str
    opinion: str = ""
    for_person: str = ""


@dataclass(frozen=True)
class Action:
    """An act that this person may do now; `label` is the source's own word for it, empty: ours."""

    act: SourceAct
    label: str = ""
    needs_opinion: bool = False


@dataclass(frozen=True)
class SourceDocument:
    """One document of a source as one person may see it. `visit` changes whenever it comes to the person anew."""

    external_id: str
    title: str
    step: str
    node: str
    status: str
    urgency: Urgency
    starter_name: str
    started_at: datetime | None
    visit: str = ""
    fields: tuple[DocumentField, ...] = ()
    details: tuple[DetailTable, ...] = ()
    files: tuple[DocumentFile, ...] = ()
    history: tuple[HistoryLine, ...] = ()
    actions: tuple[Action, ...] = ()
    as_of: datetime | None = None
    link: str = ""


@dataclass(frozen=True)
class Wish:
    """What a person wants done. `node` is where she saw the document; `persons` are ids of ours (FORWARD)."""

    act: SourceAct
    node: str
    opinion: str = ""
    persons: tuple[int, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Template:
    """Something that may be started in a source."""

    key: str
    title: str
    group: str = ""


class DocumentSource(Protocol):
    """`person_id` is `core_person.id`. Every method raises `DomainError` with a sentence for the person.

    What a source cannot do (`capabilities`) raises `NotFound`. An act whose outcome is not known raises
    `connectors.errors.OutcomeUnknown`; it has been written down and is verified before anything is tried again.
    """

    @property
    def name(self) -> str:
        """`Item.source`."""

    @property
    def capabilities(self) -> frozenset[Capability]: ...

    def counts(self, person_id: int) -> Mapping[SourceBox, int]: ...

    def list(self, person_id: int, box: SourceBox, *, page: int, query: str = "") -> Sequence[ListedItem]: ...

    def show(self, person_id: int, item: Item) -> SourceDocument: ...

    def act(self, person_id: int, item: Item, wish: Wish) -> None: ...

    def templates(self, person_id: int) -> Sequence[Template]: ...

    def new_form(self, person_id: int, template: str) -> SourceDocument: ...

    def create(self, person_id: int, template: str, title: str, values: Mapping[str, str]) -> str:
        """The external id of what was made."""

    def fetch_file(self, person_id: int, item: Item, file: DocumentFile) -> BinaryIO: ...
