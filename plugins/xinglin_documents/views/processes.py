"""Pages of IT: the list of processes, the editor of their text, publishing, versions, running documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import colander
import deform
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.forms import CSRFSchema, Text, build_form, render, validate
from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin_documents.models import Process
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.definitions import check
from xinglin_documents.service.definitions.comparing import compare
from xinglin_documents.service.definitions.editing import EditingService
from xinglin_documents.service.definitions.migrating import MigrationService
from xinglin_documents.service.definitions.service import DefinitionService
from xinglin_documents.service.definitions.shapes import KEY
from xinglin_documents.service.definitions.shipped import SHIPPED_BY
from xinglin_documents.service.engine.state import State
from xinglin_documents.service.flow.picture import picture
from xinglin_documents.views.shown import ShownStep
from xinglin_documents.views.words import MODES

_ = translator("documents")

MANAGE = DocumentsPermission.MANAGE
LIST, EDITOR, PUBLISH, MOVE = (
    f"documents/process{name}.jinja2" for name in ("es", "_edit", "_publish", "_move")
)
SPARE_LINES = 30
"""Empty numbered lines below the text, to write on without scrolling inside the box."""
REASON_LENGTH = 200
DIGEST_LENGTH = 64


class NewProcessSchema(CSRFSchema):
    """A new process begins with a key, which never changes, and a title."""

    key = Text(
        title=_("Key"),
        max_length=32,
        description=_("Small letters, digits and “_”, such as car_use; it never changes."),
        validator=colander.Regex(KEY, _("Small letters, digits and “_” only, a letter first.")),
    )
    title = Text(title=_("Title"), max_length=64)


class EditSchema(colander.Schema):
    """The text and the digest of what it was made from."""

    text = colander.SchemaNode(colander.String(), missing="")
    based_on = colander.SchemaNode(colander.String(), validator=colander.Length(max=DIGEST_LENGTH))


class ReasonSchema(CSRFSchema):
    """Why a version is published; `digest` is that of the draft which was shown."""

    digest = colander.SchemaNode(
        colander.String(), validator=colander.Length(max=DIGEST_LENGTH), widget=deform.widget.HiddenWidget()
    )
    reason = Text(title=_("Reason"), max_length=REASON_LENGTH, description=_("It stands in the audit trail."))


class ArrangeSchema(colander.Schema):
    """The switch and the place in lists."""

    is_active = colander.SchemaNode(colander.Boolean(), missing=False)
    sort_order = colander.SchemaNode(colander.Integer(), validator=colander.Range(0, 10_000))


class MoveSchema(colander.Schema):
    """Which documents to move, to which version, and why."""

    version = colander.SchemaNode(colander.Integer())
    reason = colander.SchemaNode(colander.String(), missing="", validator=colander.Length(max=REASON_LENGTH))


class BadForm(DomainError):
    """The form was not made by our pages."""

    status = 400

    def __init__(self) -> None:
        super().__init__(_("This form cannot be read."), _("Go back, reload the page and try again."))


@view_config(
    route_name="documents.processes", request_method="GET", renderer=LIST, permission=MANAGE, writes=True
)  # the first look puts in the processes that come with the portal
def show_processes(request: Request) -> dict[str, Any]:
    request.service(DefinitionService).ensure()
    return {"lines": request.service(EditingService).overview(), "form": render(_new_form(request))}


@view_config(route_name="documents.processes", request_method="POST", renderer=LIST, permission=MANAGE)
def create(request: Request) -> dict[str, Any] | Response:
    editing, form = request.service(EditingService), _new_form(request)
    try:
        values = validate(form, request)
        process = editing.create(values["key"], values["title"])
    except deform.ValidationFailure:
        request.response.status_int = 422
        return {"lines": editing.overview(), "form": render(form)}
    except DomainError as refused:
        notices = _refused(request, refused)
        return {"lines": editing.overview(), "form": render(form), "notices": notices}
    return HTTPSeeOther(request.route_path("documents.process", process=process.key))


@view_config(route_name="documents.process", request_method="GET", renderer=EDITOR, permission=MANAGE)
def show_process(request: Request) -> dict[str, Any]:
    process = _process(request)
    edited = request.service(EditingService).edited(process)
    said = [{"text": request.translate(_("Saved as a draft.")), "is_error": False}]
    return _editor(request, process, edited.source, edited.digest, said if "saved" in request.GET else [])


@view_config(route_name="documents.process", request_method="POST", renderer=EDITOR, permission=MANAGE)
def save(request: Request) -> dict[str, Any] | Response:
    """The button `check` looks only; nothing typed is ever lost."""
    process, values = _process(request), _read(EditSchema(), request.POST)
    if "check" in request.POST:
        return _editor(request, process, values["text"], values["based_on"], [])
    try:
        request.service(EditingService).save(process, values["text"], based_on=values["based_on"])
    except DomainError as refused:
        notices = _refused(request, refused)
        return _editor(request, process, values["text"], values["based_on"], notices)
    return HTTPSeeOther(request.route_path("documents.process", process=process.key, _query={"saved": "1"}))


@view_config(route_name="documents.process_arrange", request_method="POST", permission=MANAGE)
def arrange(request: Request) -> Response:
    values = _read(ArrangeSchema(), request.POST)
    request.service(EditingService).arrange(_process(request), **values)
    return HTTPSeeOther(request.route_path("documents.processes"))


@view_config(route_name="documents.process_discard", request_method="POST", permission=MANAGE)
def discard(request: Request) -> Response:
    process = _process(request)
    request.service(EditingService).discard(process)
    return HTTPSeeOther(request.route_path("documents.process", process=process.key))


@view_config(
    route_name="documents.process_publish", request_method="GET", renderer=PUBLISH, permission=MANAGE
)
def show_publish(request: Request) -> dict[str, Any]:
    return _publishing(request, _process(request))


@view_config(
    route_name="documents.process_publish", request_method="POST", renderer=PUBLISH, permission=MANAGE
)
def publish(request: Request) -> dict[str, Any] | Response:
    process, form = _process(request), _reason_form(request, "")
    try:
        values = validate(form, request)
        version = request.service(EditingService).publish(process, **values)
    except deform.ValidationFailure:
        request.response.status_int = 422
        return {**_publishing(request, process), "form": render(form)}
    except DomainError as refused:
        notices = _refused(request, refused)
        return {**_publishing(request, process), "notices": notices}
    way = {"process": process.key, "_query": {"version": str(version.version)}}
    return HTTPSeeOther(request.route_path("documents.process_documents", **way))


@view_config(route_name="documents.process_documents", request_method="GET", renderer=MOVE, permission=MANAGE)
def show_documents(request: Request) -> dict[str, Any]:
    return _moving(request, _process(request))


@view_config(
    route_name="documents.process_documents", request_method="POST", renderer=MOVE, permission=MANAGE
)
def move(request: Request) -> dict[str, Any]:
    process, values = _process(request), _read(MoveSchema(), request.POST)
    wanted, service = request.POST.getall("items"), request.service(MigrationService)
    try:
        done = service.migrate(process.key, values["version"], wanted, values["reason"])
    except DomainError as refused:
        return {**_moving(request, process), "notices": _refused(request, refused)}
    sentence = _(
        "${moved} documents were moved, ${left} stayed as they were.",
        mapping={"moved": done.count, "left": len(done.left)},
    )
    return {
        **_moving(request, process),
        "notices": [{"text": request.translate(sentence), "is_error": False}],
    }


def _process(request: Request) -> Process:
    return request.service(EditingService).find(request.matchdict["process"])


def _new_form(request: Request) -> deform.Form:
    buttons = [deform.Button("create", _("Create process"))]
    return build_form(request, NewProcessSchema(), buttons=buttons)


def _reason_form(request: Request, digest: str) -> deform.Form:
    buttons = [deform.Button("publish", _("Publish"))]
    return build_form(request, ReasonSchema(), buttons=buttons, appstruct={"digest": digest})


def _editor(
    request: Request, process: Process, text: str, based_on: str, notices: list[dict[str, Any]]
) -> dict[str, Any]:
    editing = request.service(EditingService)
    checked = editing.check(process, text)
    return {
        "process": process,
        "text": text,
        "based_on": based_on,
        "rows": text.count("\n") + SPARE_LINES,
        "faults": checked.faults,
        "warnings": checked.warnings,
        "marked": {fault.line for fault in checked.faults},
        "picture": _picture(text),
        "mode_words": MODES,
        "live": editing.live_of(process),
        "draft": editing.draft_of(process),
        "shipped_by": SHIPPED_BY,
        "notices": notices,
    }


def _picture(text: str) -> tuple[ShownStep, ...]:
    """The flow before anything has been started, also when the hospital lacks something that the text names."""
    definition = check(text).definition
    if definition is None:
        return ()
    return tuple(ShownStep(step, ()) for step in picture(definition, State(starter=0)))


def _publishing(request: Request, process: Process) -> dict[str, Any]:
    """What changes, and between which versions: the two of the address, else live and draft."""
    editing = request.service(EditingService)
    live, draft = editing.live_of(process), editing.draft_of(process)
    number = request.GET.get("with", "")
    old = editing.version(process, int(number)) if number.isdecimal() and len(number) < 9 else live
    new = draft or live
    checked = editing.check(process, draft.source) if draft else None
    can_publish = checked is not None and checked.definition is not None
    return {
        "process": process,
        "versions": editing.versions(process),
        "old": old,
        "new": new,
        "lines": compare(old.source if old else "", new.source if new else ""),
        "draft": draft,
        "shipped_by": SHIPPED_BY,
        "checked": checked,
        "form": render(_reason_form(request, draft.digest)) if draft and can_publish else None,
    }


def _moving(request: Request, process: Process) -> dict[str, Any]:
    live = request.service(EditingService).live_of(process)
    moves = request.service(MigrationService).preview(process.key, live.version) if live else []
    return {"process": process, "live": live, "moves": moves, "most": REASON_LENGTH}


def _read(schema: colander.Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    present = {name: value for name, value in values.items() if value != ""}
    try:
        found: dict[str, Any] = schema.deserialize(present)
    except colander.Invalid as error:
        raise BadForm from error
    return found


def _refused(request: Request, refused: DomainError) -> list[dict[str, Any]]:
    request.response.status_int = refused.status
    text = f"{request.translate(refused.message)} {request.translate(refused.cure)}"
    return [{"text": text, "is_error": True}]
