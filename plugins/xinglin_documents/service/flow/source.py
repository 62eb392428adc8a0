"""Our own engine behind the port of all sources: what an OA does for its documents, this does for ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import colander
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.files import FileStore, StoredFile
from xinglin.api.i18n import translator
from xinglin.api.services import NotFound
from xinglin_documents.models import BUILT_IN, Item, ItemStatus, Urgency
from xinglin_documents.service.connectors.errors import AlreadyHandled
from xinglin_documents.service.definitions import DefinitionService
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import START, Definition, FieldKind, FormField, SignNode
from xinglin_documents.service.flow.errors import ActRefused
from xinglin_documents.service.flow.seams import Definitions
from xinglin_documents.service.flow.service import FlowService
from xinglin_documents.service.flow.titles import shown_value
from xinglin_documents.service.flow.values import Asked, Shown
from xinglin_documents.service.forms.directory import Directory
from xinglin_documents.service.forms.rights import is_editable, rights_of, rights_of_shown
from xinglin_documents.service.forms.rights import shown as visible
from xinglin_documents.service.forms.schema import FormNeeds, node_of
from xinglin_documents.service.inbox.desk import Desk
from xinglin_documents.service.inbox.service import InboxService
from xinglin_documents.service.inbox.values import Line, Tab, Wanted
from xinglin_documents.service.port import (
    Action,
    Capability,
    DetailTable,
    DocumentField,
    DocumentFile,
    HistoryLine,
    ListedItem,
    SourceAct,
    SourceBox,
    SourceDocument,
    Template,
    Wish,
)

_ = translator("documents")

TABS = {
    SourceBox.TO_DO: Tab.TO_DO,
    SourceBox.DONE: Tab.DONE,
    SourceBox.TO_READ: Tab.TO_READ,
    SourceBox.READ: Tab.READ,
    SourceBox.STARTED: Tab.STARTED,
}
ACTS: Mapping[SourceAct, tuple[Act, ...]] = {
    SourceAct.APPROVE: (Act.APPROVE, Act.RESUBMIT),
    SourceAct.RETURN: (Act.RETURN,),
    SourceAct.FORWARD: (Act.COPY,),
    SourceAct.COMMENT: (Act.COMMENT,),
    SourceAct.WITHDRAW: (Act.WITHDRAW,),
}
"""The first of these that the engine offers."""
OF_TASK = (SourceAct.APPROVE, SourceAct.RETURN)
PLAIN = frozenset(
    {
        FieldKind.TEXT,
        FieldKind.LONG_TEXT,
        FieldKind.NUMBER,
        FieldKind.MONEY,
        FieldKind.DATE,
        FieldKind.CHOICE,
    }
)
"""Kinds whose value is one text: they can be filled in through the port; the others are shown by it."""


class BuiltIn:
    """`flow` and `inbox` give the services of one person, with her rights: nothing is decided here."""

    name = BUILT_IN
    capabilities = frozenset(Capability) - {Capability.CHANGES}

    def __init__(
        self,
        session: Session,
        flow: Callable[[int], FlowService],
        inbox: Callable[[int], InboxService],
        startable: Callable[[int], Sequence[Any]],
        definitions: Definitions,
        files: FileStore,
        needs: FormNeeds,
    ) -> None:
        self._session = session
        self._flow = flow
        self._inbox = inbox
        self._startable = startable
        self._definitions = definitions
        self._files = files
        self._needs = needs

    def counts(self, person_id: int) -> Mapping[SourceBox, int]:
        inbox = self._inbox(person_id)
        return {box: inbox.page(Wanted(tab, source=BUILT_IN)).count for box, tab in TABS.items()}

    def list(self, person_id: int, box: SourceBox, *, page: int, query: str = "") -> Sequence[ListedItem]:
        wanted = Wanted(TABS[box], query=query, source=BUILT_IN, page=page)
        return [_listed(line) for line in self._inbox(person_id).page(wanted).lines]

    def show(self, person_id: int, item: Item) -> SourceDocument:
        """Words of `history` are names of acts (`Act`): whoever draws them has the words."""
        flow = self._flow(person_id)
        found = flow.show(item.public_id)
        rights = rights_of_shown(found, person_id)
        values = found.instance.values or {}
        fields = [field for field in visible(found.definition, rights) if field.kind is not FieldKind.FILES]
        return SourceDocument(
            external_id=item.external_id,
            title=found.item.title,
            step=found.item.step,
            node=_node(found),
            status=found.item.status,
            urgency=Urgency(found.item.urgency),
            starter_name=found.item.starter_name,
            started_at=found.item.started_at,
            visit=found.entry.task if found.entry else "",
            fields=tuple(
                self._field(field, values.get(field.key), may_edit=is_editable(field, rights))
                for field in fields
                if field.kind is not FieldKind.ROWS
            ),
            details=tuple(
                self._table(field, values.get(field.key)) for field in fields if field.kind is FieldKind.ROWS
            ),
            files=tuple(self._attached(found, {field.key for field in visible(found.definition, rights)})),
            history=tuple(
                HistoryLine(
                    step.at,
                    step.person_name,
                    step.department_name,
                    step.title,
                    step.act or "",
                    step.opinion,
                    step.for_name,
                )
                for step in flow.timeline(found)
                if step.at is not None
            ),
            actions=tuple(_actions(found)),
        )

    def act(self, person_id: int, item: Item, wish: Wish) -> None:
        flow = self._flow(person_id)
        if wish.act is SourceAct.MARK_READ:
            flow.acknowledge(item.public_id, wish.opinion)
            return
        found = flow.show(item.public_id)
        if wish.act in OF_TASK and found.entry is not None and _node(found) != wish.node:
            raise AlreadyHandled
        act = next((one for one in ACTS[wish.act] if one in found.acts), ACTS[wish.act][0])
        rights = rights_of_shown(found, person_id)
        fields = [field for field in found.definition.form if is_editable(field, rights)]
        asked = Asked(
            act,
            task=found.entry.task if found.entry and wish.act in OF_TASK else "",
            opinion=wish.opinion,
            to=found.targets[0][0] if act is Act.RETURN and found.targets else "",
            persons=wish.persons,
            values=self._accepted(fields, wish.values),
        )
        flow.act(item.public_id, asked)

    def templates(self, person_id: int) -> Sequence[Template]:
        return [Template(one.key, one.title, one.category) for one in self._startable(person_id)]

    def new_form(self, person_id: int, template: str) -> SourceDocument:
        definition = self._may_start(person_id, template)
        rights = rights_of(definition, START)
        fields = [field for field in visible(definition, rights) if field.kind is not FieldKind.FILES]
        return SourceDocument(
            external_id="",
            title=definition.title,
            step="",
            node=START,
            status="",
            urgency=Urgency.NORMAL,
            starter_name="",
            started_at=None,
            fields=tuple(
                self._field(field, None, may_edit=is_editable(field, rights))
                for field in fields
                if field.kind is not FieldKind.ROWS
            ),
            details=tuple(self._table(field, None) for field in fields if field.kind is FieldKind.ROWS),
        )

    def create(self, person_id: int, template: str, title: str, values: Mapping[str, str]) -> str:
        """`title` fills the form's own field of that key; else the pattern of the process makes the title."""
        definition = self._may_start(person_id, template)
        rights = rights_of(definition, START)
        fields = [field for field in definition.form if is_editable(field, rights)]
        given = {"title": title, **values} if any(field.key == "title" for field in fields) else values
        accepted = self._accepted(fields, given)
        for field in fields:
            if field.is_required and field.key not in accepted:
                raise ActRefused(
                    _("“${field}” is missing.", mapping={"field": field.title}),
                    _("Start this process on its own page."),
                )
        return self._flow(person_id).start(template, accepted).external_id

    def fetch_file(self, person_id: int, item: Item, file: DocumentFile) -> BinaryIO:
        if all(known.file_id != file.file_id for known in self.show(person_id, item).files):
            raise NotFound("")
        query = select(StoredFile).where(StoredFile.public_id == file.file_id)
        return self._files.open(self._session.scalars(query).one())

    def _may_start(self, person_id: int, template: str) -> Definition:
        if all(one.key != template for one in self._startable(person_id)):
            raise NotFound(
                _("You cannot start this process."), _("Choose one of the list, or ask the IT department.")
            )
        return self._definitions.live(template)

    def _field(self, field: FormField, value: Any, *, may_edit: bool) -> DocumentField:
        return DocumentField(
            key=field.key,
            label=field.title,
            value=value if isinstance(value, str) else "",
            display=shown_value(self._session, field, value),
            kind=field.kind,
            is_editable=may_edit and field.kind in PLAIN,
            is_required=field.is_required,
            options=tuple((choice.key, choice.title) for choice in field.choices),
        )

    def _table(self, field: FormField, value: Any) -> DetailTable:
        rows = value if isinstance(value, list) else []
        return DetailTable(
            field.title,
            tuple(column.title for column in field.columns),
            tuple(
                tuple(shown_value(self._session, column, row.get(column.key)) for column in field.columns)
                for row in rows
            ),
        )

    def _attached(self, found: Shown, visible_keys: set[str]) -> Iterator[DocumentFile]:
        for one in Desk(self._session).files(found.instance):
            if one.field in visible_keys:
                yield DocumentFile(one.file.name, file_id=one.file.public_id, size=one.file.size)

    def _accepted(self, fields: Sequence[FormField], values: Mapping[str, str]) -> dict[str, Any]:
        """The values as the form of the page would take them; what may not be filled in is dropped."""
        found: dict[str, Any] = {}
        for field in fields:
            text = values.get(field.key, "")
            if field.kind in PLAIN and text:
                try:
                    found[field.key] = node_of(field, self._needs).deserialize(text)
                except colander.Invalid as error:
                    raise ActRefused(f"{field.title}: {error.msg}") from None
        return found


def _listed(line: Line) -> ListedItem:
    item, entry = line.item, line.entry
    return ListedItem(
        external_id=item.external_id,
        title=item.title,
        process_title=item.process_title,
        step=entry.step or item.step,
        starter_name=item.starter_name,
        started_at=item.started_at,
        arrived_at=entry.arrived_at,
        urgency=Urgency(item.urgency),
        is_read=entry.read_at is not None,
        is_over=item.status not in (ItemStatus.RUNNING, ItemStatus.SUSPENDED),
        node=entry.node,
    )


def _node(found: Shown) -> str:
    return found.entry.node if found.entry else ""


def _actions(found: Shown) -> Iterator[Action]:
    node = found.definition.by_key.get(_node(found))
    must = isinstance(node, SignNode) and node.needs_opinion
    for act, ours in ACTS.items():
        if any(one in found.acts for one in ours):
            needs_opinion = act is SourceAct.COMMENT or (must and act in OF_TASK)
            yield Action(act, needs_opinion=needs_opinion)
    if found.reading is not None:
        yield Action(SourceAct.MARK_READ)


def factory(context: object, request: Request) -> BuiltIn:
    """For the person of the request and nobody else."""
    definitions = request.service(DefinitionService)

    def own(service: type[Any]) -> Callable[[int], Any]:
        def of(person_id: int) -> Any:
            if person_id != request.identity.id:
                raise NotFound("")
            return request.service(service)

        return of

    return BuiltIn(
        request.db,
        own(FlowService),
        own(InboxService),
        definitions.startable,
        definitions,
        request.files,
        FormNeeds(request.locale_name, request.settings.zone, request.service(Directory)),
    )
