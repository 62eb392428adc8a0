"""Pages of the readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin_news.permissions import NewsPermission
from xinglin_news.schemas import ListQuery, SearchQuery
from xinglin_news.service.reading import ReadingService
from xinglin_news.views.inputs import read

PICTURE_SECONDS = 600


def unread_badge(request: Request) -> int:
    """The number beside the menu item."""
    return request.service(ReadingService).unread_count()


def unread_card(request: Request) -> Mapping[str, Any] | None:
    """The card of the home page; None hides it when everything has been read."""
    lines = request.service(ReadingService).latest_unread()
    return {"lines": lines} if lines else None


@view_config(route_name="news.list", renderer="news/list.jinja2", permission=NewsPermission.READ)
def show_list(request: Request) -> dict[str, Any]:
    query = read(ListQuery(), request.GET)
    service = request.service(ReadingService)
    return {
        "columns": service.columns(),
        "column": query["column"],
        "page": service.page(query["page"], query["column"]),
    }


@view_config(route_name="news.search", renderer="news/search.jinja2", permission=NewsPermission.READ)
def search(request: Request) -> dict[str, Any]:
    words = read(SearchQuery(), request.GET)["q"]
    return {"words": words, "lines": request.service(ReadingService).search(words)}


# `writes`: the first opening stores the receipt in the transaction that has read the notice
@view_config(
    route_name="news.article", renderer="news/article.jinja2", permission=NewsPermission.READ, writes=True
)
def show_article(request: Request) -> dict[str, Any]:
    service = request.service(ReadingService)
    article = service.article(request.matchdict["notice"])
    service.mark_read(article)
    request.note_view("notice", article.public_id)
    return {"article": article}


@view_config(route_name="news.picture", permission=NewsPermission.READ)
def show_picture(request: Request) -> Response:
    stored = request.service(ReadingService).picture(request.matchdict["notice"], request.matchdict["picture"])
    return picture_response(request, stored)


def picture_response(request: Request, stored: Any) -> Response:
    """The picture, kept by the browser of this person for some minutes."""
    variant = "thumb" if request.GET.get("size") == "thumb" else "full"
    response: Response = request.files.response(stored, variant)
    response.cache_control = f"private, max-age={PICTURE_SECONDS}"
    return response
