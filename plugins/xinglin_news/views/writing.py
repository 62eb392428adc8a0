"""Pages of the authors: a new notice, its text and pictures, the list of one's notices."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import deform
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.files import FileRefused
from xinglin.api.forms import Upload, build_form, render, validate
from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin_news.models import MOST_ATTACHMENTS, Notice
from xinglin_news.permissions import NewsPermission
from xinglin_news.schemas import NoticeSchema, WriteSchema
from xinglin_news.service.errors import MayNotPublish
from xinglin_news.service.publishing import returned_sentence
from xinglin_news.service.writing import Writing, WritingService
from xinglin_news.views.attachments import shown_to_author, store_attached
from xinglin_news.views.moments import Moments
from xinglin_news.views.reading import picture_response
from xinglin_news.views.sayings import says, says_refusal

_ = translator("news")

INDENT = "\u3000"


@view_config(
    route_name="news.write",
    request_method="GET",
    renderer="news/write.jinja2",
    permission=NewsPermission.PUBLISH,
)
def show_write(request: Request) -> dict[str, Any]:
    return {"form": render(_write_form(request))}


@view_config(
    route_name="news.write",
    request_method="POST",
    renderer="news/write.jinja2",
    permission=NewsPermission.PUBLISH,
)
def begin(request: Request) -> dict[str, Any] | Response:
    form = _write_form(request)
    try:
        values = validate(form, request)
    except deform.ValidationFailure:
        request.response.status_int = 422
        return {"form": render(form)}
    try:
        notice = request.service(WritingService).begin(values["column"], values["department"])
    except MayNotPublish as refused:  # each of the two is hers, but not both together
        request.response.status_int = refused.status
        sentence = _("You may not issue notices of this column for this department: change one of the two.")
        return {"form": render(form), "notices": [says(request, sentence, is_error=True)]}
    return HTTPSeeOther(request.route_path("news.edit", notice=notice.public_id))


@view_config(
    route_name="news.mine", renderer="news/mine.jinja2", permission=NewsPermission.READ
)  # not PUBLISH: when a grant has ended, its drafts can still be found and copied
def show_mine(request: Request) -> dict[str, Any]:
    return {
        "mine": request.service(WritingService).mine(),
        "returned_sentence": returned_sentence,
        "when": Moments(request),
    }


@view_config(
    route_name="news.edit", request_method="GET", renderer="news/edit.jinja2", permission=NewsPermission.READ
)  # the service decides: one's own draft may be edited and saved after the grant has ended
def show_edit(request: Request) -> dict[str, Any]:
    notice = _notice(request)
    saved = _("Saved.") if notice.is_published else _("Saved as a draft.")
    said = [says(request, saved)] if "saved" in request.GET else []
    if notice.returned:
        said.append(says(request, returned_sentence(notice.returned), is_error=True))
    return _page(request, notice, _notice_form(request, notice), said)


@view_config(
    route_name="news.edit", request_method="POST", renderer="news/edit.jinja2", permission=NewsPermission.READ
)
def save(request: Request) -> dict[str, Any] | Response:
    """Save the text first, then pictures and attachments: a refused file takes nothing else with it."""
    notice = _notice(request)
    form = _notice_form(request, notice)
    try:
        values = validate(form, request)
        _save_text(request, notice, values)
    except deform.ValidationFailure:
        request.response.status_int = 422
        return _page(request, notice, form, [])
    except DomainError as refused:  # what she typed stays on the page
        request.response.status_int = refused.status
        return _page(request, notice, form, [says_refusal(request, refused)])
    refusals = [
        *_save_pictures(request, notice, values["pictures"]),
        *store_attached(request, notice),
    ]
    if refusals:
        request.response.status_int = 422
        return _page(request, notice, _notice_form(request, notice), refusals)
    return HTTPSeeOther(_next_page(request, notice))


@view_config(route_name="news.draft_picture", request_method="GET", permission=NewsPermission.READ)
def show_draft_picture(request: Request) -> Response:
    place = request.matchdict
    return picture_response(
        request, request.service(WritingService).picture(place["notice"], place["picture"])
    )


@view_config(route_name="news.discard", request_method="POST", permission=NewsPermission.READ)
def discard(request: Request) -> Response:
    request.service(WritingService).discard(_notice(request))
    return HTTPSeeOther(request.route_path("news.mine"))


def _notice(request: Request) -> Notice:
    return request.service(WritingService).find(request.matchdict["notice"])


def _write_form(request: Request) -> deform.Form:
    service = request.service(WritingService)
    columns = [(one.key, one.title_in(request.locale_name)) for one in service.columns()]
    departments = [
        (one.department.public_id, INDENT * one.depth + one.department.name) for one in service.departments()
    ]
    schema = WriteSchema.offering(columns, departments)
    return build_form(request, schema, buttons=[deform.Button("begin", _("Start writing"))])


def _notice_form(request: Request, notice: Notice) -> deform.Form:
    buttons = [deform.Button("next", _("Next: choose readers")), deform.Button("save", _("Save draft"))]
    if not request.service(WritingService).may_publish(notice):
        buttons = buttons[1:]
    if notice.is_published:
        buttons = [deform.Button("save", _("Save correction"))]
    schema = NoticeSchema()
    if notice.is_published:
        del schema["publish_at"]
    values = {
        "title": notice.title,
        "body": notice.body,
        "publish_at": notice.publish_at,
        "version": notice.version,
    }
    return build_form(
        request, schema, buttons=buttons, appstruct={k: v for k, v in values.items() if v is not None}
    )


def _save_text(request: Request, notice: Notice, values: dict[str, Any]) -> None:
    writing = Writing(values["title"], values["body"], values.get("publish_at"), values["version"])
    request.service(WritingService).save(notice, writing)


def _save_pictures(request: Request, notice: Notice, uploads: list[Upload]) -> list[dict[str, Any]]:
    service = request.service(WritingService)
    for picture_id in request.POST.getall("remove"):
        service.remove_picture(notice, picture_id)
    refusals = []
    for upload in uploads:
        try:
            with closing(upload.stream) as stream:
                service.add_picture(notice, upload.name, stream, request.identity.public_id)
        except FileRefused as refused:
            refusals.append(says_refusal(request, refused, about=upload.name))
    return refusals


def _next_page(request: Request, notice: Notice) -> str:
    if "next" in request.POST:
        return str(request.route_path("news.audience", notice=notice.public_id))
    return str(request.route_path("news.edit", notice=notice.public_id, _query={"saved": "1"}))


def _page(request: Request, notice: Notice, form: deform.Form, said: list[dict[str, Any]]) -> dict[str, Any]:
    may_publish = request.service(WritingService).may_publish(notice)
    if not may_publish:
        sentence = _(
            "Your right to publish here has ended. You can still save this draft, but not publish it."
        )
        said = [*said, says(request, sentence, is_error=True)]
    return {
        "notice": notice,
        "form": render(form),
        "notices": said,
        "may_publish": may_publish,
        "files": shown_to_author(request, notice),
        "most": MOST_ATTACHMENTS,
    }
