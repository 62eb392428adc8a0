"""The board: how fast documents are read and handled, beside the baseline, down to the step where they wait."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import colander
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.forms import File, Text
from xinglin.api.i18n import translator
from xinglin.api.security import current
from xinglin.api.services import DomainError
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.board.baseline import HEADINGS, BaselineService, TableRefused
from xinglin_documents.service.board.exporting import ExportService
from xinglin_documents.service.board.figures import Board, BoardService, Wanted
from xinglin_documents.service.board.stuck import SHOWN, StuckService
from xinglin_documents.service.board.tables import rows_of
from xinglin_documents.views import charts
from xinglin_documents.views.durations import Durations
from xinglin_documents.views.time_inputs import read, says, says_refusal

_ = translator("documents")

KEY_LENGTH, STEP_LENGTH, SOURCE_LENGTH, TABLE_LENGTH = 64, 64, 128, 2_000_000
PERCENT = 100.0
PREVIEWED = 20


class BoardQuery(colander.Schema):
    """`/documents/board?process=leave&department=…`"""

    process = Text(max_length=KEY_LENGTH, missing="")
    department = Text(max_length=KEY_LENGTH, missing="")


class StuckQuery(BoardQuery):
    """`/documents/board/stuck?process=…&department=…&step=…`"""

    step = Text(max_length=STEP_LENGTH, missing=None)


class FileSchema(colander.Schema):
    """A table to look at."""

    file = File(missing=None)


class TableSchema(colander.Schema):
    """The table that was looked at, sent back to be taken."""

    source = Text(max_length=SOURCE_LENGTH, missing="")
    table = colander.SchemaNode(colander.String(), validator=colander.Length(max=TABLE_LENGTH))


@view_config(
    route_name="documents.board",
    request_method="GET",
    renderer="documents/board.jinja2",
    permission=DocumentsPermission.FOLLOW,
)
def show_board(request: Request) -> dict[str, Any]:
    service, wanted = request.service(BoardService), _wanted(request)
    board = service.board(wanted)
    return {
        "board": board,
        "wanted": wanted,
        "processes": service.processes(),
        "departments": service.departments(),
        "charts": _charts(board),
        "say": Durations(request),
        "is_manager": current(request).may(DocumentsPermission.MANAGE),
    }


@view_config(
    route_name="documents.board.stuck",
    request_method="GET",
    renderer="documents/board_stuck.jinja2",
    permission=DocumentsPermission.FOLLOW,
)
def show_stuck(request: Request) -> dict[str, Any]:
    query = read(StuckQuery(), request.GET)
    wanted = Wanted(query["process"], query["department"])
    boards, service = request.service(BoardService), request.service(StuckService)
    scope = boards.narrowed(wanted)
    waiting = service.documents(scope, wanted.process, query["step"])
    request.note_view("documents.board", "stuck", **query, found=len(waiting))
    return {
        "steps": service.steps(scope, wanted.process),
        "waiting": waiting,
        "shown": SHOWN,
        "wanted": wanted,
        "step": query["step"],
        "titles": [
            *(one.title for one in boards.processes() if one.key == wanted.process),
            *(one.title for one in boards.departments() if one.key == wanted.department),
        ],
        "now": request.clock.now(),
        "say": Durations(request),
    }


@view_config(
    route_name="documents.board.export", request_method="POST", permission=DocumentsPermission.FOLLOW
)
def export_board(request: Request) -> Response:
    query = read(BoardQuery(), request.POST)
    text = request.service(ExportService).export(Wanted(query["process"], query["department"]))
    response = Response(text, content_type="text/csv", charset="utf-8")
    response.content_disposition = 'attachment; filename="board.csv"'
    return response


@view_config(
    route_name="documents.board.baseline",
    request_method="GET",
    renderer="documents/board_baseline.jinja2",
    permission=DocumentsPermission.MANAGE,
)
def show_baseline(request: Request) -> dict[str, Any]:
    return _baseline_page()


@view_config(
    route_name="documents.board.baseline",
    request_method="POST",
    renderer="documents/board_baseline.jinja2",
    permission=DocumentsPermission.MANAGE,
)
def send_baseline(request: Request) -> dict[str, Any]:
    """A file is only looked at; what was looked at is taken when it comes back."""
    try:
        return _taken(request) if "table" in request.POST else _looked_at(request)
    except TableRefused as refused:
        notice = says_refusal(request, refused)
        return {**_baseline_page(), "notices": [notice], "faults": refused.faults}
    except DomainError as refused:
        return {**_baseline_page(), "notices": [says_refusal(request, refused)]}


def _looked_at(request: Request) -> dict[str, Any]:
    upload = (
        read(FileSchema(), request.POST)["file"]
        if getattr(request.POST.get("file"), "filename", "")
        else None
    )
    if upload is None:
        raise DomainError(_("No file was chosen."), _("Choose a table, CSV or .xlsx."))
    with closing(upload.stream) as stream:
        rows = rows_of(stream)
    lines = request.service(BaselineService).check(rows)
    table = json.dumps(rows, ensure_ascii=False)
    found = {"source": upload.name, "count": len(lines), "table": table, "header": rows[0]}
    return {**_baseline_page(), **found, "rows": rows[1 : PREVIEWED + 1]}


def _taken(request: Request) -> dict[str, Any]:
    posted = read(TableSchema(), request.POST)
    count = request.service(BaselineService).take(_rows(posted["table"]), posted["source"])
    sentence = _("${count} rows were taken; the board shows them from now on.", mapping={"count": count})
    return {**_baseline_page(), "notices": [says(request, sentence)]}


def _rows(text: str) -> list[list[str]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(row, list) for row in found):
        raise DomainError(_("This address or form cannot be read."), _("Send the file again."), status=400)
    return [[str(cell) for cell in row] for row in found]


def _baseline_page() -> dict[str, Any]:
    return {"faults": (), "headings": list(HEADINGS), "table": "", "notices": []}


def _wanted(request: Request) -> Wanted:
    query = read(BoardQuery(), request.GET)
    return Wanted(query["process"], query["department"])


def _charts(board: Board) -> dict[str, Any]:
    was = board.baseline
    return {
        "read": charts.bars([one.read_72 for one in board.months], was.read_share if was else None, PERCENT),
        "wall": charts.lines(
            [[one.median for one in board.months], [one.p90 for one in board.months]],
            was.median if was else None,
        ),
        "working": charts.lines(
            [[one.median_working for one in board.months], [one.p90_working for one in board.months]],
            was.median_working if was else None,
        ),
    }
