"""Attachments: what pages show of them, taking over a finished upload, and who may read a file of news."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from xinglin.api.files import FileRefused, FileState, StoredFile
from xinglin.api.i18n import translator
from xinglin_news.models import MOST_ATTACHMENTS, Notice
from xinglin_news.permissions import NewsPermission
from xinglin_news.schemas import AttachedSchema, AttachSchema
from xinglin_news.service.attachments import AttachmentService
from xinglin_news.service.reading import AttachmentLine, ReadingService
from xinglin_news.service.writing import WritingService
from xinglin_news.views.inputs import read
from xinglin_news.views.sayings import says_refusal

_ = translator("news")

ICONS = {
    "picture": "jpg jpeg png gif webp bmp heic tif tiff",
    "table": "xls xlsx et csv",
    "slides": "ppt pptx dps",
    "film": "mp4 mov webm",
    "sound": "mp3 m4a wav amr",
    "archive": "zip rar 7z",
}
ICON_OF = {extension: icon for icon, extensions in ICONS.items() for extension in extensions.split()}
LONGEST_KIND = 5
PROBLEMS = {
    FileState.INFECTED: _("A virus was found in it (${finding}). Readers do not see it: remove it."),
    FileState.REFUSED: _(
        "The virus check could not pass it (${finding}). Readers do not see it: remove it or upload another copy."
    ),
    FileState.REMOVED: _("It was deleted after the virus check. Readers do not see it: remove it."),
}


@dataclass(frozen=True)
class ShownFile:
    """A line of a list of attachments. `problem` is a sentence for authors; without `url` it cannot be opened."""

    public_id: str
    name: str
    icon: str
    facts: str
    url: str | None
    is_waiting: bool = False
    problem: str = ""


def shown_to_reader(request: Request, lines: Iterable[AttachmentLine]) -> list[ShownFile]:
    """The attachments on the page of a notice."""
    return [
        ShownFile(
            one.public_id,
            one.name,
            _icon(one.name),
            _facts(one.name, one.size),
            page_of_file(request, one.public_id),
            one.is_waiting,
        )
        for one in lines
    ]


def shown_to_author(request: Request, notice: Notice) -> list[ShownFile]:
    """The attachments on the pages of who writes, with what the virus check said."""
    found = request.service(AttachmentService).all_of(notice)
    return [_authors_line(request, attachment.file) for attachment in found]


def store_attached(request: Request, notice: Notice) -> list[dict[str, Any]]:
    """Remove and add what came with the form; the refusals, as the layout's `notices`."""
    service = request.service(AttachmentService)
    for file_id in request.POST.getall("detach"):
        service.remove(notice, file_id)
    parts = [part for part in request.POST.getall("attached") if getattr(part, "filename", None)]
    refusals = []
    for upload in read(AttachedSchema(), {"attached": parts})["attached"]:
        try:
            with closing(upload.stream) as stream:
                service.store(notice, upload.name, stream, request.identity.public_id)
        except FileRefused as refused:
            refusals.append(says_refusal(request, refused, about=upload.name))
    return refusals


@view_config(
    route_name="news.attachments",
    request_method="GET",
    renderer="news/attachments.jinja2",
    permission=NewsPermission.READ,
)  # the service decides, as for the page around it
def show_attachments(request: Request) -> dict[str, Any]:
    """The list alone, drawn anew after an upload and while a file is being checked."""
    notice = _notice(request)
    return {"notice": notice, "files": shown_to_author(request, notice), "most": MOST_ATTACHMENTS}


@view_config(
    route_name="news.attachments", request_method="POST", renderer="json", permission=NewsPermission.READ
)
def attach(request: Request) -> dict[str, str]:
    """`file` is an upload that is finished; a refusal has a sentence in `title` and the cure in `detail`."""
    notice, file_id = _notice(request), read(AttachSchema(), request.POST)["file"]
    try:
        request.service(AttachmentService).add(notice, file_id, request.identity.public_id)
    except FileRefused as refused:
        request.response.status_int = refused.status
        return {"title": request.translate(refused.message), "detail": request.translate(refused.cure)}
    return {"file": file_id}


def may_read(request: Request, stored: StoredFile) -> bool:
    """The rule for files of news: for the readers of their notice, and for those who work on it."""
    if not request.has_permission(NewsPermission.READ):
        return False
    file_id = stored.public_id
    return any(request.service(service).may_see_file(file_id) for service in (ReadingService, WritingService))


def page_of_file(request: Request, file_id: str) -> str:
    """The address of the page that shows a file to those whom `may_read` lets in."""
    return str(request.route_path("core.files.file", file=file_id))


def _notice(request: Request) -> Notice:
    return request.service(WritingService).find(request.matchdict["notice"])


def _authors_line(request: Request, stored: StoredFile) -> ShownFile:
    state = FileState(stored.state)
    url = page_of_file(request, stored.public_id)
    problem = (
        request.translate(PROBLEMS[state], finding=request.translate(stored.finding))
        if state in PROBLEMS
        else ""
    )
    return ShownFile(
        stored.public_id,
        stored.name,
        _icon(stored.name),
        _facts(stored.name, stored.size),
        None if problem else url,
        state == FileState.PENDING,
        problem,
    )


def _extension(name: str) -> str:
    return name.rpartition(".")[2] if "." in name else ""


def _icon(name: str) -> str:
    return ICON_OF.get(_extension(name).lower(), "document")


def _facts(name: str, size: int) -> str:
    """Kind and size: `PDF · 1.2 MB`."""
    kind = _extension(name).upper()
    said = _size(size)
    return f"{kind} · {said}" if 0 < len(kind) <= LONGEST_KIND else said


def _size(size: int) -> str:
    kilobytes = max(1, round(size / 1024))
    return f"{kilobytes} KB" if kilobytes < 1000 else f"{size / 1024 / 1024:.1f} MB"
