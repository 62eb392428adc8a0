"""The board as a table that leaves the portal: a recorded act."""

from __future__ import annotations

from collections.abc import Iterator

from pyramid.request import Request

from xinglin.api.audit import AuditTrail
from xinglin.api.tables import csv_text
from xinglin_documents.service.board.figures import BoardService, Figures, Wanted

HEADER = (
    "类别",
    "名称",
    "发起数",
    "办结数",
    "送达数",
    "24小时阅读率",
    "72小时阅读率",
    "累计阅读率",
    "用时中位数（分钟）",
    "用时P90（分钟）",
    "工作时间中位数（分钟）",
    "工作时间P90（分钟）",
    "有时限任务数",
    "超期率",
)


class ExportService:
    """Exports what the person sees."""

    def __init__(self, boards: BoardService, audit: AuditTrail) -> None:
        self._boards = boards
        self._audit = audit

    def export(self, wanted: Wanted) -> str:
        """The text of a CSV file; no cell of it is calculated by a spreadsheet."""
        rows = list(self._rows(wanted))
        asked = {"process": wanted.process, "department": wanted.department, "rows": len(rows)}
        self._audit.record("documents.export_board", "board", "documents", after=asked)
        return csv_text(HEADER, rows)

    def _rows(self, wanted: Wanted) -> Iterator[list[object]]:
        board = self._boards.board(wanted)
        for kind, figures in (
            ("合计", [board.whole]),
            ("月份", board.months),
            ("流程", board.types),
            ("科室", board.departments),
        ):
            for one in figures:
                yield [kind, *_cells(one)]


def _cells(one: Figures) -> list[object]:
    return [
        one.title,
        one.started,
        one.ended,
        one.sent,
        one.read_24,
        one.read_72,
        one.read_ever,
        one.median,
        one.p90,
        one.median_working,
        one.p90_working,
        one.due,
        one.late,
    ]


def factory(context: object, request: Request) -> ExportService:
    return ExportService(request.service(BoardService), request.audit)
