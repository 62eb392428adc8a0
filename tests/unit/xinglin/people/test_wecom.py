"""Contacts, hints, batches and commands against the simulated WeCom, over a real socket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result
from pluggy import PluginManager
from sqlalchemy import select

from xinglin.audit.models import AuditRecord
from xinglin.kernel.cli_context import CliContext
from xinglin.kernel.db import Database
from xinglin.kernel.plugins import PluginSet
from xinglin.kernel.site import open_site
from xinglin.kernel.worker import WorkerContext
from xinglin.people import batch, jobs, roster, tasks
from xinglin.people.audience import AudienceService, Term
from xinglin.people.batch import on_batch_job_result
from xinglin.people.callbacks import on_change_contact
from xinglin.people.cli import Speaker, people, report_sync
from xinglin.people.contacts import read_contacts
from xinglin.people.importing import Plan
from xinglin.people.models import Department, ImportRun, PersonFacet
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.service import PeopleService
from xinglin.people.sync import SyncPlan
from xinglin.testing import simulator as starting
from xinglin.testing.clock import FrozenClock
from xinglin.testing.portal import write_ini
from xinglin.testing.simulator import Simulator
from xinglin.types import JobContext
from xinglin.wecom import inbox
from xinglin.wecom.client import WeComClient, WeComError
from xinglin.wecom.models import WeComCallback
from xinglin_simulators.hospital import load_hospital
from xinglin_simulators.hospital.model import Hospital
from xinglin_simulators.hospital.workbook import write_workbook

from .workbooks import book, person_row, save


@pytest.fixture(scope="session")
def fiction() -> Hospital:
    return load_hospital()


@pytest.fixture(scope="module")
def own_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """These tests change contacts, which no reset brings back: a simulator of their own."""
    running = starting.start(tmp_path_factory.mktemp("wecom"), starting.config("http://127.0.0.1:18080"))
    yield running
    running.stop()


@pytest.fixture
def simulator(own_simulator: Simulator) -> Simulator:
    own_simulator.post("reset")
    return own_simulator


@pytest.fixture
def site(
    database: Database, simulator: Simulator, tmp_path: Path, clock: FrozenClock
) -> Iterator[CliContext]:
    opened = open_site(write_ini(tmp_path / "site", database, (), simulator, "", {}), clock=clock)
    yield CliContext(opened)
    opened.database.dispose()


@pytest.fixture
def wecom(site: CliContext) -> WeComClient:
    return WeComClient(site.settings, site.keyring, site.database, site.clock, sleep=lambda _seconds: None)


@pytest.fixture
def worker(site: CliContext, wecom: WeComClient) -> WorkerContext:
    return WorkerContext(
        site.database, site.clock, site.keyring, site.settings, PluginSet(PluginManager("xinglin"), {}), wecom
    )


def _break(simulator: Simulator, path: str, code: int) -> None:
    fault = {"path": path, "kind": "errcode", "value": code}
    requests.post(f"{simulator.control}/faults", json=fault, timeout=10).raise_for_status()


def _hire(site: CliContext, *persons: PersonRecord) -> None:
    with site.session() as (session, audit):
        service = PeopleService(session, site.clock, audit)
        if not roster.read(session, ()).departments:
            service.create_department(DepartmentRecord("H", "杏林妇女儿童医院"))
            service.create_department(DepartmentRecord("L", "医务部", "H", wecom_id=62))
        for person in persons:
            service.create(person)


def _person(site: CliContext, staff_no: str) -> PersonRecord:
    with site.database.read_session() as session:
        return roster.read(session, [staff_no]).people[staff_no]


def _run(site: CliContext, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(people, list(arguments), obj=site, input=answer)


def test_contacts_are_read_in_full(wecom: WeComClient, fiction: Hospital) -> None:
    steps: list[int] = []
    contacts = read_contacts(wecom, steps.append)
    assert contacts.is_full
    assert len(contacts.members) > 1600
    assert len(contacts.departments) > len(fiction.departments)
    assert sum(steps) == len(contacts.departments)
    assert next(iter(contacts.departments)) == 1
    doctor = fiction.person(fiction.cast["it"])
    assert contacts.members[doctor.userid.lower()].main_department_id == doctor.department_id


def test_where_details_may_not_be_read_ids_are(
    wecom: WeComClient, simulator: Simulator, fiction: Hospital
) -> None:
    _break(simulator, "user/list", 48002)
    contacts = read_contacts(wecom)
    assert not contacts.is_full
    assert len(contacts.members) > 1600
    several = next(person for person in fiction.people if person.other_department_ids)
    assert set(contacts.members[several.userid.lower()].department_ids) == set(several.department_ids)


def test_an_error_of_wecom_is_not_taken_for_empty_contacts(wecom: WeComClient, simulator: Simulator) -> None:
    _break(simulator, "user/list", 60020)
    with pytest.raises(WeComError):
        read_contacts(wecom)


def test_hint_of_a_member_is_read_again(
    site: CliContext, worker: WorkerContext, simulator: Simulator
) -> None:
    member = {"userid": "hinted", "name": "某", "mobile": "19911110001", "department": [2]}
    simulator.post("people", action="create", member=member)
    _hire(site, PersonRecord("1", "某", "Hinted", department="H"))
    simulator.post("people", action="update", member={"userid": "hinted", "department": [62]})
    on_change_contact(worker, {"ChangeType": "update_user", "UserID": "hinted"})
    assert set(_person(site, "1").departments) == {"H", "L"}
    simulator.post("people", action="delete", member={"userid": "hinted"})
    on_change_contact(worker, {"ChangeType": "delete_user", "UserID": "hinted"})
    assert _person(site, "1").unreachable == "not_in_wecom"


def test_hint_of_a_new_account_name(site: CliContext, worker: WorkerContext, fiction: Hospital) -> None:
    current = fiction.cast["it"]
    _hire(site, PersonRecord("1", "某", "old", department="H"))
    on_change_contact(worker, {"ChangeType": "update_user", "UserID": "old", "NewUserID": current})
    assert _person(site, "1").wecom_userid == current


def test_hint_of_a_department_links_it(site: CliContext, worker: WorkerContext) -> None:
    _hire(site)
    on_change_contact(worker, {"ChangeType": "update_party", "Id": "1"})
    with site.database.read_session() as session:
        assert session.scalar(select(Department.wecom_id).where(Department.code == "H")) == 1


@pytest.mark.parametrize(
    "fields", [{}, {"ChangeType": "update_tag", "TagId": "1"}, {"ChangeType": "create_user"}]
)
def test_hints_of_other_things_change_nothing(
    site: CliContext, worker: WorkerContext, fields: dict[str, str]
) -> None:
    _hire(site, PersonRecord("1", "某", "u", department="H"))
    on_change_contact(worker, fields)
    assert _person(site, "1").unreachable == ""


def test_daily_job_reads_all_contacts_outside_its_transaction(
    site: CliContext, worker: WorkerContext, fiction: Hospital
) -> None:
    someone = next(person for person in fiction.people if person.status == 4)
    _hire(site, PersonRecord("1", "某", someone.userid, department="H"))
    with site.session() as (session, audit):
        jobs.sync_contacts(JobContext(session, site.clock, audit, worker))
    assert inbox.run_once(worker) == 1
    assert _person(site, "1").unreachable == "not_activated"


def test_daily_reading_that_would_lose_everybody_is_refused_and_recorded(
    site: CliContext, worker: WorkerContext
) -> None:
    _hire(site, PersonRecord("1", "某", "nobody-in-wecom", department="H"))
    on_change_contact(worker, {"ChangeType": "xinglin_everything"})
    assert _person(site, "1").unreachable == ""
    with site.database.read_session() as session:
        assert (
            session.scalar(select(AuditRecord.result).where(AuditRecord.action == "people.sync")) == "refused"
        )


def test_job_of_a_site_without_wecom_does_nothing(site: CliContext, worker: WorkerContext) -> None:
    from dataclasses import replace

    alone = replace(worker, settings=replace(worker.settings, wecom_corp_id=""))
    with site.session() as (session, audit):
        jobs.sync_contacts(JobContext(session, site.clock, audit, alone))
        assert session.scalar(select(WeComCallback.id)) is None


def test_facets_that_are_not_true_are_repaired_and_reported(site: CliContext, worker: WorkerContext) -> None:
    _hire(site, PersonRecord("1", "某", "u", department="H"))
    with site.session() as (session, audit):
        jobs.check_facets(JobContext(session, site.clock, audit, worker))
        assert (
            session.scalar(select(AuditRecord.id).where(AuditRecord.action == "people.facets_repaired"))
            is None
        )
        session.add(
            PersonFacet(person_id=session.scalars(select(PersonFacet.person_id)).first(), facet="r:99")
        )
        session.flush()
        jobs.check_facets(JobContext(session, site.clock, audit, worker))
        session.flush()
        assert session.scalar(select(AuditRecord.id).where(AuditRecord.action == "people.facets_repaired"))
        assert "r:99" not in session.scalars(select(PersonFacet.facet)).all()


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
    _hire(site, *NEWCOMERS)
    with site.database.read_session() as session:
        planned = batch.plan_batch(session)
    assert planned.userids == {"77001": "77001"}
    assert [skipped.staff_no for skipped in planned.skipped] == ["77002", "77003", "七七", "77005"]
    head, row = planned.csv.decode().splitlines()
    assert head.startswith("姓名,帐号,手机号,邮箱,所在部门,职位,性别,是否部门内领导,排序,别名,地址,座机,禁用")
    assert row == "新人,77001,19900077001,,62,护士,,,,,,,0"


def test_people_are_created_in_wecom_and_linked(
    site: CliContext, wecom: WeComClient, fiction: Hospital
) -> None:
    taken = fiction.person(fiction.cast["it"]).mobile
    _hire(site, NEWCOMERS[0], PersonRecord("77009", "同号", None, taken, department="L"))
    result = _run(site, "create-in-wecom", "--yes")
    assert result.exit_code == 0, result.output
    assert (_person(site, "77001").wecom_userid, _person(site, "77001").unreachable) == (
        "77001",
        "not_activated",
    )
    assert _person(site, "77009").wecom_userid is None
    assert "77009: " in result.output
    assert wecom.member("77001") is not None
    assert "77001" not in _run(site, "create-in-wecom", answer="n\n").output


def test_result_of_a_batch_comes_by_callback_too(
    site: CliContext, worker: WorkerContext, wecom: WeComClient
) -> None:
    _hire(site, NEWCOMERS[0])
    with site.database.read_session() as session:
        planned = batch.plan_batch(session)
    jobid = wecom.create_members_batch(planned.csv)
    waits: list[float] = []
    assert batch.wait_for(wecom, jobid, waits.append) is not None
    on_batch_job_result(worker, {"JobId": jobid, "JobType": "replace_party"})
    on_batch_job_result(worker, {"JobType": "sync_user"})
    assert _person(site, "77001").wecom_userid is None
    for _repeat in range(2):
        on_batch_job_result(worker, {"JobId": jobid, "JobType": "sync_user"})
    assert _person(site, "77001").unreachable == "not_activated"


def test_a_job_that_does_not_end_is_not_waited_for_for_ever(
    wecom: WeComClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "POLLS", 0)
    assert batch.wait_for(wecom, "job", lambda _seconds: None) is None


def test_sync_command_reports_the_unknown(site: CliContext, fiction: Hospital) -> None:
    known = fiction.cast["it"]
    _hire(site, PersonRecord("1", "某", known.upper(), department="L"))
    result = _run(site, "sync")
    assert result.exit_code == 0, result.output
    assert re.search("有 16[0-9]{2} 个成员不在医院名单中", result.output)
    assert _person(site, "1").wecom_userid == known


def test_sync_command_says_what_wecom_refused(site: CliContext, simulator: Simulator) -> None:
    _break(simulator, "department/list", 60020)
    result = _run(site, "sync")
    assert result.exit_code == 1
    assert "60020" in result.output


def test_import_commands_from_template_to_undo(site: CliContext, tmp_path: Path) -> None:
    template = tmp_path / "t.xlsx"
    assert _run(site, "template", str(template)).exit_code == 0
    assert _run(site, "template", str(template)).exit_code == 1
    path = str(save(book([person_row(str(number)) for number in range(60)]), tmp_path))
    shown = _run(site, "import", path, "--dry-run")
    assert "60" in shown.output
    with site.database.read_session() as session:
        assert session.scalar(select(ImportRun.id)) is None
    assert _run(site, "import", path, answer="n\n").exit_code == 1
    done = _run(site, "import", path, answer="y\n")
    assert done.exit_code == 0, done.output
    with site.database.read_session() as session:
        public_id = session.scalars(select(ImportRun.public_id)).one()
    assert public_id in done.output
    assert public_id in _run(site, "imports").output
    assert "--undo" not in _run(site, "import", path, "--yes").output
    few = str(
        save(
            book([person_row("1", "李四", 主部门编码="A1"), person_row("2", "王五", 职称="=A1")]),
            tmp_path,
            "few.xlsx",
        )
    )
    assert "人员!H3" in _run(site, "import", few).output
    few = str(
        save(book([person_row("1", "李四", 主部门编码="A1"), person_row("2", "王五")]), tmp_path, "few.xlsx")
    )
    refused = _run(site, "import", few, "--yes")
    assert refused.exit_code == 1
    assert "张三 → 李四" in refused.output
    assert "--allow-removals" in refused.output
    assert _run(site, "import", "--undo", public_id, answer="n\n").exit_code == 1
    undone = _run(site, "import", "--undo", public_id, "--yes")
    assert undone.exit_code == 0, undone.output
    assert _person(site, "1").state == "left"
    assert _run(site, "import").exit_code == 2


def test_many_mistakes_end_with_their_number(site: CliContext, tmp_path: Path) -> None:
    path = save(book([person_row(str(number), 职称="=A1") for number in range(210)]), tmp_path)
    result = _run(site, "import", str(path))
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
    assert _run(site, "role", "midwife", "助产士").exit_code == 0
    assert _run(site, "role", "midwife", "助产士").exit_code == 1
    path = save(book([person_row("1", 角色="助产士")]), tmp_path)
    tasks.import_workbook(site, path)
    assert _person(site, "1").roles == ("midwife",)


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


def test_creating_asks_first_and_names_a_slow_job(site: CliContext, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "：0 人" in _run(site, "create-in-wecom").output
    _hire(site, *NEWCOMERS[:2])
    refused = _run(site, "create-in-wecom", answer="n\n")
    assert refused.exit_code == 1
    assert "77002 无联系: 没有手机号，也没有邮箱。" in refused.output
    monkeypatch.setattr(batch, "POLLS", 0)
    result = _run(site, "create-in-wecom", answer="y\n")
    assert "回调" in result.output
    assert _person(site, "77001").wecom_userid is None
