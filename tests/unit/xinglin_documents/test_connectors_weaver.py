"""What e-cology's loose types become."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from xinglin_documents.models import Urgency
from xinglin_documents.service.connectors.weaver_reading import document, listed, moment
from xinglin_documents.service.port import SourceAct

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MEMBERS = [
    "requestId",
    "requestName",
    "requestLevel",
    "status",
    "creatorId",
    "creatorName",
    "createTime",
    "receiveTime",
    "lastOperateTime",
    "lastOperatorName",
    "currentNodeId",
    "currentNodeName",
    "workflowBaseInfo",
    "workflowMainTableInfo",
    "workflowDetailTableInfos",
    "workflowRequestLogs",
    "mustInputRemark",
    "submitButtonName",
    "rejectButtonName",
    "forwardButtonName",
]


def info(**known):
    return SimpleNamespace(**{**dict.fromkeys(MEMBERS), **known})


def field(**known):
    names = "fieldName fieldShowName fieldValue fieldShowValue fieldHtmlType view edit mand selectnames selectvalues"
    return SimpleNamespace(**{**dict.fromkeys(names.split()), **known})


def form(*fields):
    rows = SimpleNamespace(WorkflowRequestTableField=list(fields))
    record = SimpleNamespace(workflowRequestTableFields=rows)
    return SimpleNamespace(requestRecords=SimpleNamespace(WorkflowRequestTableRecord=[record]))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-23 08:30:15", datetime(2026, 11, 23, 0, 30, 15, tzinfo=UTC)),
        ("2026-11-23 08:30", datetime(2026, 11, 23, 0, 30, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 22, 16, 0, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
    ],
)
def test_local_time_without_a_zone_is_understood(text, at):
    assert moment(text, ZONE) == at


def test_a_line_of_which_the_oa_says_almost_nothing_is_still_a_line():
    line = listed(info(requestId=7), ZONE, NOW)
    assert (line.external_id, line.title, line.arrived_at) == ("7", "7", NOW)
    assert line.urgency is Urgency.NORMAL


def test_a_document_without_form_and_history_is_shown():
    shown = document(info(requestId="7", requestName="x"), ZONE)
    assert (shown.fields, shown.details, shown.files, shown.history) == ((), (), (), ())
    assert [action.act for action in shown.actions] == [SourceAct.COMMENT]


def test_hidden_fields_are_not_shown_and_files_have_names_or_numbers():
    shown = document(
        info(
            requestId="7",
            workflowMainTableInfo=form(
                field(fieldName="salary", fieldValue="9", view=False),
                field(fieldName="je", fieldValue="3", view=True),
                field(fieldName="fj", fieldShowName="附件", fieldHtmlType="6", fieldValue="11,12", view=True),
                field(fieldName="p", fieldHtmlType="6", fieldValue="13,x", fieldShowValue="a.pdf", view=True),
            ),
        ),
        ZONE,
    )
    assert [one.key for one in shown.fields] == ["je"]
    assert [(file.name, file.external_id) for file in shown.files] == [
        ("附件 1", "11"),
        ("附件 2", "12"),
        ("a.pdf", "13"),
    ]


def test_detail_rows_of_unequal_length_are_as_wide_as_their_head():
    rows = [
        SimpleNamespace(workflowRequestTableFields=SimpleNamespace(WorkflowRequestTableField=fields))
        for fields in (
            [field(fieldValue="纱布"), field(fieldShowValue="<b>10</b>")],
            [field(fieldValue="手套")],
        )
    ]
    table = SimpleNamespace(
        tableTitle="物资",
        tableFieldName=SimpleNamespace(string=["名称"]),
        workflowRequestTableRecords=SimpleNamespace(WorkflowRequestTableRecord=rows),
    )
    (shown,) = document(
        info(requestId="7", workflowDetailTableInfos=SimpleNamespace(WorkflowDetailTableInfo=[table])), ZONE
    ).details
    assert (shown.labels, shown.rows) == (("名称", ""), (("纱布", "10"), ("手套", "")))
