"""Supervision tasks (督办): one's own, those of the office, and the page of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin.api.push import PushService
from xinglin.api.security import current
from xinglin.api.services import DomainError, NotFound
from xinglin_documents.models import Supervision, SupervisionState
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.official.supervising import ROWS, SupervisionService
from xinglin_documents.views.official_inputs import RemarkSchema, TasksSchema, read, says, says_refusal

_ = translator("documents")
STATES = {
    SupervisionState.OPEN: _("Being handled"),
    SupervisionState.REPORTED: _("Reported"),
    SupervisionState.CLOSED: _("Closed"),
}


@view_config(
    route_name="documents.supervision",
    renderer="documents/official_tasks.jinja2",
    permission=DocumentsPermission.USE,
)
def show_tasks(request: Request) -> dict[str, Any]:
    query, service = read(TasksSchema(), request.GET), request.service(SupervisionService)
    is_office = query["whose"] == "office"
    state = SupervisionState(query["state"]) if query["state"] else None
    page = service.of_office(query["page"], state) if is_office else service.mine(query["page"])
    return {"query": query, "page": page, "rows": ROWS, "is_office": is_office, "states": STATES}


@view_config(
    route_name="documents.supervision_task",
    renderer="documents/official_task.jinja2",
    permission=DocumentsPermission.USE,
)
def show_task(request: Request) -> dict[str, Any]:
    row = request.service(SupervisionService).find(request.matchdict["task"])
    with request.writing():
        request.service(PushService).mark_opened(row.public_id, current(request).id)
    return _page(request)


@view_config(
    route_name="documents.supervise",
    request_method="POST",
    renderer="documents/official_task.jinja2",
    permission=DocumentsPermission.USE,
)
def act(request: Request) -> dict[str, Any]:
    """Report, send back, close; the page says what came of it."""
    way = WAYS.get(request.matchdict["act"])
    if way is None:
        raise NotFound(_("There is nothing at this address."))
    row = request.service(SupervisionService).find(request.matchdict["task"])
    try:
        said = says(request, way(request, row, read(RemarkSchema(), request.POST)["text"]))
    except DomainError as refused:
        said = says_refusal(request, refused)
    return {**_page(request), "notices": [said]}


def _page(request: Request) -> dict[str, Any]:
    service = request.service(SupervisionService)
    row = service.find(request.matchdict["task"])
    is_owner = row.owner_id == current(request).id
    return {
        "task": service.task(row),
        "row": row,
        "may_report": is_owner and row.state != SupervisionState.CLOSED,
        "may_decide": service.may_decide(row) and row.state == SupervisionState.REPORTED,
        "states": STATES,
    }


def _report(request: Request, row: Supervision, text: str) -> str:
    request.service(SupervisionService).report(row, text)
    return _("Your report is with who set the task.")


def _send_back(request: Request, row: Supervision, text: str) -> str:
    request.service(SupervisionService).send_back(row, text)
    return _("The report was sent back.")


def _close(request: Request, row: Supervision, text: str) -> str:
    request.service(SupervisionService).close(row, text)
    return _("The task is closed.")


WAYS: Mapping[str, Callable[[Request, Supervision, str], str]] = {
    "report": _report,
    "send-back": _send_back,
    "close": _close,
}
