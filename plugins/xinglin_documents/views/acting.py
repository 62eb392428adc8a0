"""Acting on a document: the sheet of each act, which works without script, and doing it once."""

from __future__ import annotations

from typing import Any

import deform
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin.api.people import PeopleService
from xinglin.api.services import DomainError, NotFound
from xinglin_documents.models import BUILT_IN
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import Right
from xinglin_documents.service.flow.change import step_title
from xinglin_documents.service.flow.checking import AGREEING
from xinglin_documents.service.flow.choosing import removable, waiting_tasks
from xinglin_documents.service.flow.service import FlowService
from xinglin_documents.service.flow.values import Asked, Shown
from xinglin_documents.service.forms.drafts import DraftService
from xinglin_documents.service.forms.phrases import PhraseService
from xinglin_documents.service.forms.rights import rights_of_shown
from xinglin_documents.service.inbox.desk import Desk
from xinglin_documents.views.asking import ActSchema, came_from, read
from xinglin_documents.views.document import (
    by_field,
    draft_of,
    draft_state,
    form_of,
    step_of,
    words,
)
from xinglin_documents.views.draft_inputs import posted_form, signature_of
from xinglin_documents.views.forms import values_of
from xinglin_documents.views.refusing import CONFLICT, refusal
from xinglin_documents.views.sheets import SHEETS, Asks, Sheet
from xinglin_documents.views.words import HINTS

_ = translator("documents")

FOUND_PEOPLE = 12
STAYS = (
    Act.URGE,
    Act.COPY,
    Act.CIRCULATE,
    Act.COMMENT,
    Act.SUSPEND,
    Act.RESUME,
    Act.ADD_AFTER,
    Act.REMOVE_SIGNER,
)
"""After these the person is led back to the document, after the others to her list."""
BESIDES = ("read", "track", "untrack")
"""What persons do beside the engine; it has no sheet."""
NO_ACT = _("There is no such act."), _("Go back to the document.")


@view_config(route_name="documents.act", renderer="documents/act.jinja2", permission=DocumentsPermission.USE)
def ask(request: Request) -> dict[str, Any] | Response:
    """The sheet of an act; with POST and without `look` the act itself."""
    public_id, act = request.matchdict["item"], request.matchdict["act"]
    asked = read(ActSchema(), request.POST)
    asked["opinion"] = (asked["opinion"] or asked["phrase"]).strip()
    if act in BESIDES:
        return _besides(request, public_id, act, asked["opinion"])
    if act not in SHEETS or request.service(Desk).source_of(public_id) != BUILT_IN:
        raise NotFound(*NO_ACT)
    shown = request.service(FlowService).show(public_id)
    sheet = SHEETS[Act(act)]
    if request.method != "POST" or asked["look"]:
        _keep_typed(request, shown)
        return _sheet(request, shown, sheet, asked)
    problem = sheet.problem(asked, step_of(shown))
    if problem:
        return _again(request, shown, sheet, asked, request.translate(problem))
    return _do(request, shown, sheet, asked)


def _do(request: Request, shown: Shown, sheet: Sheet, asked: dict[str, Any]) -> dict[str, Any] | Response:
    public_id, drafts = shown.item.public_id, request.service(DraftService)
    draft = draft_of(shown, request.identity.id) if sheet.sends_form else ""
    try:
        place = drafts.place(draft) if draft else None
        request.service(FlowService).do(public_id, _asked(request, shown, sheet, asked))
        if place is not None:
            drafts.finish(place)
    except NotFound:
        raise
    except deform.ValidationFailure as invalid:
        sentence = request.translate(_("Something in the form is missing or wrong: see the marked fields."))
        return _again(request, shown, sheet, asked, sentence, invalid)
    except DomainError as refused:
        request.tm.doom()  # the page below is drawn, and nothing of the act is kept
        sentence = f"{request.translate(refused.message)} {request.translate(refused.cure)}".strip()
        if refused.status != CONFLICT:
            return _again(request, shown, sheet, asked, sentence)
        return refusal(request, public_id, refused)
    return HTTPSeeOther(_onward(request, public_id, sheet.act))


def _asked(request: Request, shown: Shown, sheet: Sheet, asked: dict[str, Any]) -> Asked:
    desk = request.service(Desk)
    has_left = sheet.asks is Asks.SIGNERS  # whoever left is the first to do without
    persons = [one.id for one in desk.by_public_ids(asked["person"], has_left=has_left)]
    if sheet.has_departments:
        persons += [one for one in desk.members(asked["department"]) if one not in persons]
    draft = draft_of(shown, request.identity.id) if sheet.sends_form else ""
    return Asked(
        act=sheet.act,
        task=asked["task"] or (shown.entry.task if shown.entry else ""),
        opinion=asked["opinion"],
        to=asked["to"],
        is_direct=asked["is_direct"],
        persons=tuple(persons),
        values=_values(request, shown, draft) if draft else {},
        signature=signature_of(request),
        files=_added(request, draft) if draft else {},
    )


def _keep_typed(request: Request, shown: Shown) -> None:
    """What was typed on the page before stays as a draft, where no script has saved it."""
    draft = draft_of(shown, request.identity.id)
    if request.method != "POST" or not draft or "HX-Request" in request.headers:
        return
    typed = posted_form(list(request.POST.items()))
    rights = rights_of_shown(shown, request.identity.id)
    if any(right is Right.EDIT and key in typed for key, right in rights.items()):
        drafts = request.service(DraftService)
        drafts.save(drafts.place(draft), typed)


def _values(request: Request, shown: Shown, draft: str) -> dict[str, Any]:
    """The posted values of the form. Raises `deform.ValidationFailure`."""
    attached = by_field(request.service(Desk).files(shown.instance))
    rights, known = rights_of_shown(shown, request.identity.id), shown.instance.values or {}
    return values_of(request, shown.definition, rights, known, draft=draft, attached=attached)


def _added(request: Request, draft: str) -> dict[str, tuple[str, ...]]:
    """The files that were added at this step, by field."""
    service = request.service(DraftService)
    added = service.files(service.place(draft))
    return {key: tuple(one.public_id for one in files) for key, files in added.items()}


def _onward(request: Request, public_id: str, act: str) -> str:
    """Back to the list as it was, which says what was done; or to the document, if it is still at hand."""
    if act in STAYS:
        return str(request.route_path("documents.item", item=public_id, _query={"done": act}))
    back = came_from(request)
    return f"{back}{'&' if '?' in back else '?'}done={act}"


def _again(
    request: Request,
    shown: Shown,
    sheet: Sheet,
    asked: dict[str, Any],
    sentence: str,
    errors: deform.ValidationFailure | None = None,
) -> dict[str, Any]:
    request.response.status_int = 422
    values = _sheet(request, shown, sheet, asked, errors)
    return {**values, "notices": [{"text": sentence, "is_error": True}]}


def _sheet(
    request: Request,
    shown: Shown,
    sheet: Sheet,
    asked: dict[str, Any],
    errors: deform.ValidationFailure | None = None,
) -> dict[str, Any]:
    desk, people = request.service(Desk), request.service(PeopleService)
    chosen = desk.by_public_ids(asked["person"])
    found = people.search(asked["q"], limit=FOUND_PEOPLE) if asked["q"] else []
    node = step_of(shown)
    is_filled_in = sheet.sends_form and draft_of(shown, request.identity.id)
    return {
        **words(),
        "item": shown.item,
        "shown": shown,
        "sheet": sheet,
        "hint": HINTS.get(sheet.act, ""),
        "asked": asked,
        "node": node,
        "form": form_of(request, shown, desk.files(shown.instance), errors) if is_filled_in else "",
        "draft": draft_state(request, shown) if is_filled_in else None,
        "phrases": request.service(PhraseService).offered(),
        "needs_signature": sheet.act in AGREEING and node is not None and node.needs_signature,
        "needs_opinion": sheet.needs_opinion(node),
        "chosen": chosen,
        "found": [one for one in found if one not in chosen],
        "signers": _signers(request, shown) if sheet.asks is Asks.SIGNERS else [],
        "tasks": _tasks(request, shown) if sheet.act is Act.TRANSFER else [],
        "departments": people.tree() if sheet.has_departments else (),
        "list_url": came_from(request),
        "back_url": request.route_path("documents.item", item=shown.item.public_id),
    }


def _signers(request: Request, shown: Shown) -> list[Any]:
    """Whom she added, for a manager whoever is asked; also those who have left since."""
    is_manager = request.identity.may(DocumentsPermission.MANAGE)
    keys = removable(shown.state, request.identity.id, is_manager=is_manager)
    return sorted(request.service(Desk).people(keys).values(), key=lambda one: one.name)


def _tasks(request: Request, shown: Shown) -> list[tuple[str, str, str]]:
    """Number, step and person of the tasks from which a manager chooses; nothing where there is only her own."""
    if not request.identity.may(DocumentsPermission.MANAGE):
        return []
    tasks = waiting_tasks(shown.state)
    names = request.service(Desk).people({task.person for _run, task in tasks})
    own = shown.entry.task if shown.entry else ""
    found = [
        (str(task.number), step_title(shown.definition, run.node), names[task.person].name)
        for run, task in sorted(tasks, key=lambda one: str(one[1].number) != own)
    ]
    return found if any(number != own for number, _step, _name in found) else []


def _besides(request: Request, public_id: str, act: str, opinion: str) -> Response:
    if request.method != "POST":
        return HTTPSeeOther(request.route_path("documents.item", item=public_id))
    flow = request.service(FlowService)
    if act == "read":
        flow.acknowledge(public_id, opinion)
        return HTTPSeeOther(_onward(request, public_id, act))
    flow.track(public_id, act == "track")
    return HTTPSeeOther(request.route_path("documents.item", item=public_id, _query={"done": act}))
