"""Pages of the authors: who has read a notice, and the one reminder."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin_news.models import Notice
from xinglin_news.permissions import NewsPermission
from xinglin_news.schemas import ReadersQuery
from xinglin_news.service.errors import ReminderRefused
from xinglin_news.service.following import FollowingService
from xinglin_news.service.writing import WritingService
from xinglin_news.views.inputs import read
from xinglin_news.views.moments import Moments
from xinglin_news.views.sayings import says, says_refusal

_ = translator("news")


@view_config(route_name="news.readers", renderer="news/readers.jinja2", permission=NewsPermission.PUBLISH)
def show_readers(request: Request) -> dict[str, Any]:
    notice = _notice(request)
    sentence = _("Published. The readers are being told in WeCom.")
    said = [says(request, sentence)] if "published" in request.GET and notice.is_published else []
    return {**_page(request, notice), "notices": said}


@view_config(
    route_name="news.remind",
    request_method="POST",
    renderer="news/readers.jinja2",
    permission=NewsPermission.PUBLISH,
)
def remind(request: Request) -> dict[str, Any] | Response:
    notice = _notice(request)
    try:
        request.service(FollowingService).remind(notice)
    except ReminderRefused as refused:
        request.response.status_int = refused.status
        return {**_page(request, notice), "notices": [_refusal(request, refused)]}
    return HTTPSeeOther(request.route_path("news.readers", notice=notice.public_id))


def _page(request: Request, notice: Notice) -> dict[str, Any]:
    query = read(ReadersQuery(), request.GET)
    page = request.service(FollowingService).page(
        notice, has_read=query["show"] == "read", department_id=query["department"], number=query["page"]
    )
    # One record for up to 100 colleagues: who was listed can be found again by what is in it.
    request.note_view("news.readers", notice.public_id, **query, found=page.shown_total)
    return {
        "notice": notice,
        "page": page,
        "show": query["show"],
        "department": query["department"],
        "when": Moments(request),
    }


def _refusal(request: Request, refused: ReminderRefused) -> dict[str, Any]:
    when = {"time": Moments(request)(refused.at)} if refused.at else {}
    return says_refusal(request, refused, **when)


def _notice(request: Request) -> Notice:
    return request.service(WritingService).find(request.matchdict["notice"])
