"""The part of a document's page that is about it as an official document: its step's operations, receipt, tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.files import file_path
from xinglin.api.i18n import translator
from xinglin.api.services import DomainError, NotFound
from xinglin_documents.models import BUILT_IN, DocumentNumber, Item, NumberState, OfficialDocument, Series
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.engine.definition import SignNode
from xinglin_documents.service.flow.service import FlowService
from xinglin_documents.service.flow.values import Shown
from xinglin_documents.service.official.desk import Desk
from xinglin_documents.service.official.doing import OperationService
from xinglin_documents.service.official.receipts import ReceiptService
from xinglin_documents.service.official.signatories import Signatory
from xinglin_documents.service.official.supervising import SupervisionService, Task
from xinglin_documents.service.operations import TITLES, Operation, missing_before, office_steps
from xinglin_documents.views.official_inputs import recipients_of

_ = translator("documents")

SAID = {
    Operation.REGISTER: _("Registered"),
    Operation.ISSUE_NUMBER: _("The number is issued"),
    Operation.RED_HEAD: _("The red head is made"),
    Operation.SEAL: _("The final document is sealed"),
    Operation.DISTRIBUTE: _("Distributed"),
    Operation.ARCHIVE: _("It is filed in the archive at its end"),
}


@dataclass(frozen=True)
class Line:
    """An operation of the person's step: `waits_for` names what comes first, `is_being_made` the worker's turn."""

    operation: Operation
    title: str
    done: str
    is_done: bool
    waits_for: str = ""
    is_being_made: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Part:
    """What `_official.jinja2` draws. `is_number_lost`: it ended unsealed and its number is not voided yet. `choices` of series, reserved numbers, signatories, departments: of open operations."""

    document: OfficialDocument | None
    number: str
    final_url: str
    lines: Sequence[Line]
    tasks: Sequence[Task]
    awaits_signature: bool
    choices: dict[str, Any]
    is_number_lost: bool = False


def official_part(request: Request, item: Item, shown: Shown | None = None) -> dict[str, Any]:
    """`official` for the page of a document that the person may see; None when it is no official document.

    The first look at a distributed document is written down, in a transaction of its own when the page only reads.
    """
    if item.source != BUILT_IN:
        return {"official": None}
    shown = shown or request.service(FlowService).show(item.public_id)
    if shown.definition.official is None:
        return {"official": None}
    if request.service(ReceiptService).has_unopened(item.id):
        with request.writing():
            request.service(ReceiptService).opened(item.id)
    desk = request.service(Desk)
    document, lines = desk.document(item), _lines(request, shown)
    return {
        "official": Part(
            document=document,
            number=item.number,
            final_url=_final_url(request, item, document),
            lines=lines,
            tasks=request.service(SupervisionService).of_item(item),
            awaits_signature=request.service(ReceiptService).awaits_signature(item.id),
            choices=_choices(request, shown, lines),
            is_number_lost=desk.is_number_lost(item),
        )
    }


@view_config(
    route_name="documents.operate",
    request_method="POST",
    renderer="documents/official_refused.jinja2",
    permission=DocumentsPermission.USE,
)
def operate(request: Request) -> dict[str, Any] | Response:
    """Do an operation of the step whose task the person holds."""
    shown = request.service(FlowService).show(request.matchdict["item"])
    operation = _operation(request, shown)
    try:
        request.service(OperationService).do(
            shown.item, operation, shown.definition, **_inputs(request, operation)
        )
    except DomainError as refused:
        request.response.status_int = refused.status
        return {"item": shown.item, "refused": refused}
    return _back(request, shown.item)


@view_config(route_name="documents.sign_for", request_method="POST", permission=DocumentsPermission.USE)
def sign_for(request: Request) -> Response:
    """Sign for a distributed document."""
    item = request.service(FlowService).show(request.matchdict["item"]).item
    request.service(ReceiptService).sign(item)
    return _back(request, item)


def _operation(request: Request, shown: Shown) -> Operation:
    wanted = request.matchdict["operation"]
    if wanted not in _of_step(shown):
        raise NotFound(_("This is not yours to do at this step."), _("Open the document again."))
    return Operation(wanted)


def _of_step(shown: Shown) -> tuple[str, ...]:
    """What the node of the person's open task lists."""
    node = shown.definition.by_key.get(shown.entry.node) if shown.entry else None
    return node.operations if isinstance(node, SignNode) else ()


def _inputs(request: Request, operation: Operation) -> dict[str, Any]:
    posted = request.POST
    ways: dict[Operation, dict[str, Any]] = {
        Operation.ISSUE_NUMBER: {"series": posted.get("series"), "reserved": posted.get("reserved")},
        Operation.RED_HEAD: {"signatory": posted.get("signatory")},
    }
    if operation is Operation.DISTRIBUTE:
        return {"to": recipients_of(request)}
    return ways.get(operation, {})


def _lines(request: Request, shown: Shown) -> list[Line]:
    found = request.service(Desk).standing(shown.item)
    lines = []
    for name in _of_step(shown):
        operation = Operation(name)
        first = missing_before(shown.definition, operation, found.done)
        is_head = operation is Operation.RED_HEAD
        lines.append(
            Line(
                operation,
                TITLES[operation],
                SAID[operation],
                operation in found.done,
                TITLES[first] if first else "",
                is_head and found.is_being_made,
                found.problem if is_head else "",
            )
        )
    return lines


def _choices(request: Request, shown: Shown, lines: Sequence[Line]) -> dict[str, Any]:
    """What the forms of operations that are not done yet offer."""
    desk, wanted = request.service(Desk), {one.operation for one in lines if not one.is_done}
    choices: dict[str, Any] = {}
    if Operation.ISSUE_NUMBER in wanted and shown.definition.official is not None:
        series: Sequence[Series] = desk.series()
        reserved: Sequence[DocumentNumber] = desk.numbers_in(NumberState.RESERVED)
        choices |= {"series": series, "default": shown.definition.official.series, "reserved": reserved}
    if any(one.operation is Operation.RED_HEAD for one in lines):
        signed: Sequence[Signatory] = desk.signatories(shown.item, office_steps(shown.definition))
        choices["signatories"] = signed
    if Operation.DISTRIBUTE in wanted:
        choices["departments"] = desk.departments()
    return choices


def _final_url(request: Request, item: Item, document: OfficialDocument | None) -> str:
    """Empty also for a red head that was made from another text than the present one."""
    desk = request.service(Desk)
    is_current = document is not None and Operation.RED_HEAD in desk.standing(item).done
    stored = desk.final_file(document) if document is not None and is_current else None
    return file_path(request, stored) if stored is not None else ""


def _back(request: Request, item: Item) -> Response:
    return HTTPSeeOther(request.route_path("documents.item", item=item.public_id))
