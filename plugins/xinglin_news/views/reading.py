"""Pages of the readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.files import StoredFile, file_response
from xinglin_news.permissions import NewsPermission
from xinglin_news.schemas import ListQuery, SearchQuery
from xinglin_news.service.reading import ReadingService
from xinglin_news.views.attachments import shown_to_reader
from xinglin_news.views.inputs import read
from xinglin_news.views.moments import Moments

PICTURE_SECONDS = 600


BACK_TO = ("news.list", "news.search", "news.mine")


def unread_badge(request: Request) -> int:
    """The number beside the menu item."""
    return request.service(ReadingService).badge()


def unread_card(request: Request) -> Mapping[str, Any] | None:
    """The card of the home page; None hides it when everything has been read."""
    lines = request.service(ReadingService).latest_unread()
    if not lines:
        return None
    return {"lines": lines, "when": Moments(request), "url": request.route_path("news.list")}


@view_config(route_name="news.list", renderer="news/list.jinja2", permission=NewsPermission.READ)
def show_list(request: Request) -> dict[str, Any]:
    query = read(ListQuery(), request.GET)
    service = request.service(ReadingService)
    return {
        "columns": service.columns(),
        "column": query["column"],
        "page": service.page(query["page"], query["column"]),
        "when": Moments(request),
    }


@view_config(route_name="news.search", renderer="news/search.jinja2", permission=NewsPermission.READ)
def search(request: Request) -> dict[str, Any]:
    words = read(SearchQuery(), request.GET)["q"]
    lines = request.service(ReadingService).search(words)
    return {"words": words, "lines": lines, "when": Moments(request)}


@view_config(route_name="news.article", renderer="news/article.jinja2", permission=NewsPermission.READ)
def show_article(request: Request) -> dict[str, Any]:
    article = request.service(ReadingService).article(request.matchdict["notice"])
    if article.is_read:
        request.note_view("notice", article.public_id)
    else:
        with request.writing():
            request.service(ReadingService).mark_read(article)
    return {
        "article": article,
        "files": shown_to_reader(request, article.attachments),
        "back_url": _back_url(request),
        "when": Moments(request),
    }


def _back_url(request: Request) -> str:
    """The list as it was left: same column, page and words."""
    came_from = urlsplit(request.referer or "")
    is_ours = came_from.netloc == request.host and came_from.path in map(request.route_path, BACK_TO)
    address = request.route_path("news.list")
    return f"{came_from.path}?{came_from.query}" if is_ours else str(address)


@view_config(route_name="news.picture", permission=NewsPermission.READ)
def show_picture(request: Request) -> Response:
    stored = request.service(ReadingService).picture(
        request.matchdict["notice"], request.matchdict["picture"]
    )
    return picture_response(request, stored)


def picture_response(request: Request, stored: StoredFile) -> Response:
    """The picture, kept by the browser of this person for some minutes."""
    variant = "thumb" if request.GET.get("size") == "thumb" else "full"
    response = file_response(request, stored, variant)
    response.cache_control = f"private, max-age={PICTURE_SECONDS}"
    return response
