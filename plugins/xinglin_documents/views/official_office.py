"""One document as its office sees it: who has it and who has not opened it, supervision tasks, the archive package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.files import file_path, file_response
from xinglin.api.i18n import translator
from xinglin.api.services import DomainError, NotFound
from xinglin_documents.models import Item
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.official.archiving import ArchiveService
from xinglin_documents.service.official.desk import Desk
from xinglin_documents.service.official.distributing import DistributionService
from xinglin_documents.service.official.receipts import ReceiptService
from xinglin_documents.service.official.registering import RegisterService
from xinglin_documents.service.official.supervising import SupervisionService
from xinglin_documents.views.official_inputs import (
    ReasonSchema,
    RetainSchema,
    SuperviseSchema,
    end_of,
    read,
    recipients_of,
    says,
    says_refusal,
)
from xinglin_documents.views.register import DIRECTIONS, SECRECIES, URGENCIES

_ = translator("documents")
Said = dict[str, Any]


@view_config(
    route_name="documents.official",
    renderer="documents/official.jinja2",
    permission=DocumentsPermission.OFFICE,
)
def show_official(request: Request) -> dict[str, Any]:
    return _page(request)


@view_config(
    route_name="documents.official_act",
    request_method="POST",
    renderer="documents/official.jinja2",
    permission=DocumentsPermission.OFFICE,
)
def act(request: Request) -> dict[str, Any]:
    """What the office does; the page says what came of it."""
    way = WAYS.get(request.matchdict["act"])
    if way is None:
        raise NotFound(_("There is nothing at this address."))
    item = request.service(RegisterService).find(request.matchdict["item"]).item
    try:
        said = way(request, item)
    except DomainError as refused:
        said = says_refusal(request, refused)
    return {**_page(request), "notices": [said]}


@view_config(route_name="documents.archive_file", permission=DocumentsPermission.OFFICE)
def download_archive(request: Request) -> Response:
    """The package itself."""
    item = request.service(RegisterService).find(request.matchdict["item"]).item
    service = request.service(ArchiveService)
    stored = service.file(service.find(item))
    request.note_view("documents.archive", item.public_id)
    return file_response(request, stored)


def _page(request: Request) -> dict[str, Any]:
    line = request.service(RegisterService).find(request.matchdict["item"])
    desk, item = request.service(Desk), line.item
    final = desk.final_file(line.document)
    lines = request.service(ReceiptService).lines(item)
    return {
        "line": line,
        "item": item,
        "document": line.document,
        "counts": request.service(RegisterService).counts(item),
        "final_url": file_path(request, final) if final is not None else "",
        "lines": lines,
        "unread": any(one.opened_at is None for line in lines for one in line.readers),
        "tasks": request.service(SupervisionService).of_item(item),
        "archive": request.service(ArchiveService).of(item),
        "departments": desk.departments(),
        "directions": DIRECTIONS,
        "secrecies": SECRECIES,
        "urgencies": URGENCIES,
    }


def _chase(request: Request, item: Item) -> Said:
    today = request.clock.now().astimezone(request.settings.zone).date().isoformat()
    count = request.service(ReceiptService).chase(item, today)
    return says(request, _("${count} people were reminded."), count=count)


def _distribute(request: Request, item: Item) -> Said:
    sent = request.service(DistributionService).distribute(item, recipients_of(request))
    if sent.left_out:
        names = "、".join(sent.left_out)
        sentence = _("Sent to ${count} more people. Not to ${names}: they may not know it.")
        return says(request, sentence, count=sent.reached, names=names)
    return says(request, _("Sent to ${count} more people."), count=sent.reached)


def _supervise(request: Request, item: Item) -> Said:
    clean = read(SuperviseSchema(), request.POST)
    owner = request.service(Desk).one_person(clean["owner"])
    due_at = end_of(clean["due"], request.settings.zone)
    request.service(SupervisionService).split(item, clean["duty"], owner, due_at)
    return says(request, _("The task is set, and its owner is told."))


def _verify(request: Request, item: Item) -> Said:
    faults = request.service(ArchiveService).verify(item)
    if faults:
        said = says(
            request,
            _("The package is not whole: ${faults}"),
            faults="; ".join(request.translate(one) for one in faults),
        )
        return {**said, "is_error": True}
    return says(request, _("The package is whole: every digest is right."))


def _hold(request: Request, item: Item) -> Said:
    request.service(ArchiveService).hold(item, read(ReasonSchema(), request.POST)["reason"])
    return says(request, _("The package is on hold."))


def _lift(request: Request, item: Item) -> Said:
    request.service(ArchiveService).lift(item)
    return says(request, _("The hold is lifted."))


def _retain(request: Request, item: Item) -> Said:
    clean = read(RetainSchema(), request.POST)
    day = clean["until"]
    until = end_of(day, request.settings.zone, time.max) if day else None
    request.service(ArchiveService).retain(item, until, clean["reason"])
    return says(request, _("The retention is written down."))


def _remove(request: Request, item: Item) -> Said:
    request.service(ArchiveService).remove(item)
    return says(request, _("The package is removed; the document and its line in the register stay."))


WAYS: Mapping[str, Callable[[Request, Item], Said]] = {
    "chase": _chase,
    "distribute": _distribute,
    "supervise": _supervise,
    "verify": _verify,
    "hold": _hold,
    "lift": _lift,
    "retain": _retain,
    "remove": _remove,
}
