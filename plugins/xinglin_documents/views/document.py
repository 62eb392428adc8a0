"""The page of a document: what it is and where it waits, form, files, flow, history; and the bar to act with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import deform
from markupsafe import Markup
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.files import StoredFile
from xinglin_documents.models import BUILT_IN, InstanceFile
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import FieldKind, Right, SignNode
from xinglin_documents.service.flow.picture import picture
from xinglin_documents.service.flow.service import FlowService
from xinglin_documents.service.flow.values import Shown
from xinglin_documents.service.forms.drafts import DraftService
from xinglin_documents.service.forms.phrases import PhraseService
from xinglin_documents.service.forms.rights import rights_of_shown
from xinglin_documents.service.forms.signatures import SignatureService
from xinglin_documents.service.inbox.desk import Desk
from xinglin_documents.views import outside_page
from xinglin_documents.views.asking import InboxSchema, came_from, read
from xinglin_documents.views.forms import form_view
from xinglin_documents.views.moments import Moments
from xinglin_documents.views.official import official_part
from xinglin_documents.views.shown import (
    first_to_do,
    shown_file,
    shown_picture,
    split_readers,
    status_mark,
)
from xinglin_documents.views.words import ACTS, DID_WORDS, MODES, SECRECIES, URGENCIES, said

READ = "read"
"""已阅: closes a to-read; no act of the engine, which does not wait for readers."""
MAIN_ACTS = (Act.APPROVE, Act.RESUBMIT, Act.ANSWER, READ)
"""What the large button says: the first of these that the person may do."""
SECOND_ACTS = (Act.RETURN, Act.REJECT)


@view_config(
    route_name="documents.item", renderer="documents/document.jinja2", permission=DocumentsPermission.USE
)
def show_document(request: Request) -> dict[str, Any] | Response:
    public_id = request.matchdict["item"]
    if request.service(Desk).source_of(public_id) != BUILT_IN:
        return outside_page.page(request, public_id)
    shown = request.service(FlowService).show(public_id)
    _note_opening(request, shown)
    return {**page_values(request, shown), "notices": said(request, read(InboxSchema(), request.GET)["done"])}


def _note_opening(request: Request, shown: Shown) -> None:
    """The first opening of an own entry is written down: senders see who has not looked yet."""
    own = (shown.reading, None if shown.principal_name else shown.entry)
    new = [entry for entry in own if entry is not None and entry.read_at is None]
    if new:
        with request.writing():
            for entry in new:
                request.service(FlowService).mark_read(entry)
    request.note_view("document", shown.item.public_id)


def page_values(request: Request, shown: Shown) -> dict[str, Any]:
    """Everything that the page draws."""
    timeline = request.service(FlowService).timeline(shown)
    steps, readers = split_readers(timeline)
    files = request.service(Desk).files(shown.instance)
    steps_drawn = picture(shown.definition, shown.state)
    return {
        **words(),
        **official_part(request, shown.item, shown),
        "item": shown.item,
        "shown": shown,
        "node": step_of(shown),
        "status": status_mark(request, shown.item.status),
        "form": form_of(request, shown, files),
        "files": [shown_file(request, one) for one in files if one.field not in fields_of_files(shown)],
        "picture": shown_picture(steps_drawn, timeline, shown.item.starter_name),
        "steps": steps,
        "signature_problems": request.service(SignatureService).problems(shown.instance.id),
        "waiting": [step for step in steps if step.is_waiting],
        "readers": readers,
        "bar": bar(shown),
        "draft": draft_state(request, shown),
        "phrases": request.service(PhraseService).offered() if shown.acts else (),
        "next_line": first_to_do(request) if shown.entry is None else None,
        "back_url": came_from(request),
        "when": Moments(request),
    }


def words() -> dict[str, Any]:
    """What templates call things."""
    return {
        "act_words": ACTS,
        "did_words": DID_WORDS,
        "mode_words": MODES,
        "urgency_words": URGENCIES,
        "secrecy_words": SECRECIES,
    }


def bar(shown: Shown) -> dict[str, Any]:
    """The bottom bar: the one large button, the one beside it, and the rest under "more"."""
    acts = [*([READ] if shown.reading else []), *shown.acts]
    main = next((act for act in MAIN_ACTS if act in acts), None)
    second = next((act for act in SECOND_ACTS if act in acts), None) if main in shown.acts else None
    return {"main": main, "second": second, "more": [act for act in acts if act not in (main, second)]}


def step_of(shown: Shown) -> SignNode | None:
    """The node of the person's open task; None where there is none, or at the starter's form."""
    node = shown.definition.by_key.get(shown.entry.node) if shown.entry else None
    return node if isinstance(node, SignNode) else None


def draft_of(shown: Shown, person_id: int) -> str:
    """The address of the draft of the person's task; empty where her step fills in nothing."""
    is_editable = shown.entry is not None and Right.EDIT in rights_of_shown(shown, person_id).values()
    return f"task-{shown.entry.id}" if shown.entry is not None and is_editable else ""


def draft_state(request: Request, shown: Shown) -> tuple[str, str, str] | None:
    """Address, mark and time of the draft of the person's task; None where her step fills in nothing."""
    address = draft_of(shown, request.identity.id)
    if not address:
        return None
    service = request.service(DraftService)
    draft = service.find(service.place(address))
    return (
        (address, draft.saved_at.isoformat(), Moments(request).clock(draft.saved_at))
        if draft
        else (address, "", "")
    )


def form_of(
    request: Request,
    shown: Shown,
    files: Sequence[InstanceFile],
    errors: deform.ValidationFailure | None = None,
) -> Markup:
    """The form with its files, to be filled in where the step lets her."""
    person_id = request.identity.id
    draft = draft_of(shown, person_id)
    return form_view(
        request,
        shown.definition,
        rights_of_shown(shown, person_id),
        shown.instance.values or {},
        is_readonly=not draft,
        errors=errors,
        draft=draft,
        attached=by_field(files),
    )


def by_field(files: Sequence[InstanceFile]) -> dict[str, list[StoredFile]]:
    """Files of the document by the field of the form that holds them."""
    found: dict[str, list[StoredFile]] = {}
    for one in files:
        found.setdefault(one.field, []).append(one.file)
    return found


def fields_of_files(shown: Shown) -> set[str]:
    """The fields that show files themselves."""
    return {field.key for field in shown.definition.form if field.kind is FieldKind.FILES}
