"""The page of a file: its pages to look at, what is still being done with it, and the way to download it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.files.models import StoredFile
from xinglin.files.pictures import MEDIA_TYPE
from xinglin.files.reading import ReadingService
from xinglin.files.responses import file_response

STAFF = "core:staff"


@view_config(route_name="core.files.file", permission=STAFF, renderer="files/file.jinja2")
def show(request: Request) -> dict[str, Any]:
    """The pages are pictures of their own, which the browser asks for as the reader comes to them."""
    stored = _found(request)
    look = request.service(ReadingService).look(stored)
    request.note_view("file", stored.public_id)
    return {
        "look": look,
        "pages": [(page, _page_path(request, stored, page.number)) for page in look.pages],
        "download_url": request.route_path("core.files.content", file=stored.public_id),
        "back_url": _back_path(request),
    }


@view_config(route_name="core.files.page", permission=STAFF)
def page(request: Request) -> Response:
    stored, number = _found(request), int(request.matchdict["number"])
    body = request.service(ReadingService).page(stored, number)
    request.note_view("file.page", f"{stored.public_id}/{number}")
    return Response(body, content_type=MEDIA_TYPE)


@view_config(route_name="core.files.content", permission=STAFF)
def download(request: Request) -> Response:
    stored = _found(request)
    response = file_response(request, stored)
    request.note_view("file.download", stored.public_id)
    return response


def file_path(request: Request, stored: StoredFile) -> str:
    """The address of the page that shows a file without download, to those whom the rule of its module lets in."""
    return str(request.route_path("core.files.file", file=stored.public_id))


def _found(request: Request) -> StoredFile:
    return request.service(ReadingService).find(request.matchdict["file"])


def _page_path(request: Request, stored: StoredFile, number: int) -> str:
    return str(request.route_path("core.files.page", file=stored.public_id, number=number))


def _back_path(request: Request) -> str | None:
    """The page the reader came from, if it is one of ours."""
    came_from = urlsplit(request.referer or "")
    is_ours = came_from.netloc == request.host and came_from.path != request.path
    return f"{came_from.path}?{came_from.query}".rstrip("?") if is_ours else None
