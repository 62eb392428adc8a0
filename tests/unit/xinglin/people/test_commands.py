"""The commands `xinglin people …` against the simulated WeCom, over a real socket."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from xinglin.kernel.cli_context import CliContext
from xinglin.people import tasks
from xinglin.people.audience import AudienceService, Term
from xinglin.people.cli import Speaker, report_sync
from xinglin.people.importing import Plan
from xinglin.people.models import ImportRun
from xinglin.people.records import PersonRecord
from xinglin.people.sync import SyncPlan
from xinglin.testing.simulator import Simulator
from xinglin_simulators.hospital.model import Hospital
from xinglin_simulators.hospital.workbook import write_workbook

from .sites import break_api, hire, run_command, stored_person
from .workbooks import book, person_row, save


def test_sync_command_reports_the_unknown(site: CliContext, fiction: Hospital) -> None:
    known = fiction.cast["it"]
    hire(site, PersonRecord("1", "某", known.upper(), department="L"))
    result = run_command(site, "sync")
    assert result.exit_code == 0, result.output
    assert "正在读取企业微信通讯录" in result.stderr
    assert re.search("有 16[0-9]{2} 个成员不在医院名单中", result.output)
    assert stored_person(site, "1").wecom_userid == known


def test_sync_command_says_what_wecom_refused(site: CliContext, simulator: Simulator) -> None:
    break_api(simulator, "department/list", 60020)
    result = run_command(site, "sync")
    assert result.exit_code == 1
    assert "60020" in result.output


def test_import_commands_from_template_to_undo(site: CliContext, tmp_path: Path) -> None:
    template = tmp_path / "t.xlsx"
    assert run_command(site, "template", str(template)).exit_code == 0
    assert run_command(site, "template", str(template)).exit_code == 1
    path = str(save(book([person_row(str(number)) for number in range(60)]), tmp_path))
    shown = run_command(site, "import", path, "--dry-run")
    assert "60" in shown.output
    with site.database.read_session() as session:
        assert session.scalar(select(ImportRun.id)) is None
    assert run_command(site, "import", path, answer="n\n").exit_code == 1
    done = run_command(site, "import", path, answer="y\n")
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines() == ["正在读取文件", "正在写入"]
    with site.database.read_session() as session:
        public_id = session.scalars(select(ImportRun.public_id)).one()
    assert public_id in done.output
    assert public_id in run_command(site, "imports").output
    assert "--undo" not in run_command(site, "import", path, "--yes").output
    few = str(
        save(
            book([person_row("1", "李四", 主部门编码="A1"), person_row("2", "王五", 职称="=A1")]),
            tmp_path,
            "few.xlsx",
        )
    )
    assert "人员!H3" in run_command(site, "import", few).output
    few = str(
        save(book([person_row("1", "李四", 主部门编码="A1"), person_row("2", "王五")]), tmp_path, "few.xlsx")
    )
    for how in ("--yes", "--dry-run"):
        refused = run_command(site, "import", few, how)
        assert refused.exit_code == 1
        assert "张三 → 李四" in refused.stdout
        assert "在职的 60 人中将有 58 人被移除" in refused.stderr
        assert "正在写入" not in refused.output
    assert run_command(site, "import", few, "--dry-run", "--allow-removals").exit_code == 0
    assert run_command(site, "import", "--undo", public_id, answer="n\n").exit_code == 1
    undone = run_command(site, "import", "--undo", public_id, "--yes")
    assert undone.exit_code == 0, undone.output
    assert "正在撤销" in undone.stderr
    assert stored_person(site, "1").state == "left"
    assert run_command(site, "import").exit_code == 2


def test_many_mistakes_end_with_their_number(site: CliContext, tmp_path: Path) -> None:
    path = save(book([person_row(str(number), 职称="=A1") for number in range(210)]), tmp_path)
    result = run_command(site, "import", str(path))
    assert result.exit_code == 1
    assert "10" in result.output.splitlines()[-1]


def test_import_that_somebody_overtook_is_refused(site: CliContext, tmp_path: Path) -> None:
    from xinglin.people.errors import PeopleRefused

    path = save(book([person_row("1")]), tmp_path)
    agreed = tasks.plan_import(site, path)
    tasks.import_workbook(site, path)
    with pytest.raises(PeopleRefused):
        tasks.import_workbook(site, path, expected=agreed)


def test_role_command(site: CliContext, tmp_path: Path) -> None:
    assert run_command(site, "role", "midwife", "助产士").exit_code == 0
    assert run_command(site, "role", "midwife", "助产士").exit_code == 1
    path = save(book([person_row("1", 角色="助产士")]), tmp_path)
    tasks.import_workbook(site, path)
    assert stored_person(site, "1").roles == ("midwife",)


def test_a_whole_hospital_fits_its_wecom(site: CliContext, fiction: Hospital, tmp_path: Path) -> None:
    path = tmp_path / "hospital.xlsx"
    write_workbook(fiction, path)
    tasks.import_workbook(site, path)
    found = tasks.sync_from_wecom(site)
    assert found.unlinked == ()
    assert found.plan.moved == []
    assert {change.label for change in found.plan.updated if change.kind == "department"} >= {
        "中医科",
        "产三病区",
    }
    silent = {person.staff_no for person in fiction.people if person.status == 4}
    stored = {
        change.key for change in found.plan.updated if change.after.get("unreachable") == "not_activated"
    }
    assert stored == silent
    with site.database.read_session() as session:
        preview = AudienceService(session, site.clock).preview([Term("all")], [Term("role", "doctor")])
    assert (
        preview.matched == len(fiction.people) == preview.reached + sum(out.count for out in preview.left_out)
    )
    assert {out.reason for out in preview.left_out} >= {"excluded", "disabled", "not_activated"}
    assert tasks.import_workbook(site, path) is None
    assert tasks.sync_from_wecom(site).plan.changes == ()


def test_sync_that_finds_nothing_new_says_only_that(
    site: CliContext, capsys: pytest.CaptureFixture[str]
) -> None:
    report_sync(Speaker(site), SyncPlan(Plan("WeCom", "", (), 0)))
    assert capsys.readouterr().out == "没有变化。\n"
    report_sync(Speaker(site), SyncPlan(Plan("WeCom", "", (), 0), unlinked=("协会",)))
    assert "没有与本院部门对应：协会" in capsys.readouterr().out
