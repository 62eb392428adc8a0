"""Contacts, hints and the daily reading against the simulated WeCom, over a real socket."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from xinglin.audit.models import AuditRecord
from xinglin.kernel.cli_context import CliContext
from xinglin.kernel.worker import WorkerContext
from xinglin.people import jobs
from xinglin.people.callbacks import on_change_contact
from xinglin.people.contacts import read_contacts
from xinglin.people.models import Department, PersonFacet
from xinglin.people.records import PersonRecord
from xinglin.testing.simulator import Simulator
from xinglin.types import JobContext
from xinglin.wecom import inbox
from xinglin.wecom.client import WeComClient, WeComError
from xinglin.wecom.models import WeComCallback
from xinglin_simulators.hospital.model import Hospital

from .sites import break_api, hire, stored_person


def test_contacts_are_read_in_full(wecom: WeComClient, fiction: Hospital) -> None:
    steps: list[int] = []
    contacts = read_contacts(wecom, steps.append)
    assert contacts.is_full
    assert len(contacts.members) > 1600
    assert len(contacts.departments) > len(fiction.departments)
    assert len(steps) > 20
    assert sum(steps) == 100
    assert next(iter(contacts.departments)) == 1
    doctor = fiction.person(fiction.cast["it"])
    assert contacts.members[doctor.userid.lower()].main_department_id == doctor.department_id


def test_where_details_may_not_be_read_ids_are(
    wecom: WeComClient, simulator: Simulator, fiction: Hospital
) -> None:
    break_api(simulator, "user/list", 48002)
    contacts = read_contacts(wecom)
    assert not contacts.is_full
    assert len(contacts.members) > 1600
    several = next(person for person in fiction.people if person.other_department_ids)
    assert set(contacts.members[several.userid.lower()].department_ids) == set(several.department_ids)


def test_an_error_of_wecom_is_not_taken_for_empty_contacts(wecom: WeComClient, simulator: Simulator) -> None:
    break_api(simulator, "user/list", 60020)
    with pytest.raises(WeComError):
        read_contacts(wecom)


def test_hint_of_a_member_is_read_again(
    site: CliContext, worker: WorkerContext, simulator: Simulator
) -> None:
    member = {"userid": "hinted", "name": "某", "mobile": "19911110001", "department": [2]}
    simulator.post("people", action="create", member=member)
    hire(site, PersonRecord("1", "某", "Hinted", department="H"))
    simulator.post("people", action="update", member={"userid": "hinted", "department": [62]})
    on_change_contact(worker, {"ChangeType": "update_user", "UserID": "hinted"})
    assert set(stored_person(site, "1").departments) == {"H", "L"}
    simulator.post("people", action="delete", member={"userid": "hinted"})
    on_change_contact(worker, {"ChangeType": "delete_user", "UserID": "hinted"})
    assert stored_person(site, "1").unreachable == "not_in_wecom"


def test_hint_of_a_new_account_name(site: CliContext, worker: WorkerContext, fiction: Hospital) -> None:
    current = fiction.cast["it"]
    hire(site, PersonRecord("1", "某", "old", department="H"))
    on_change_contact(worker, {"ChangeType": "update_user", "UserID": "old", "NewUserID": current})
    assert stored_person(site, "1").wecom_userid == current


def test_hint_of_a_department_links_it(site: CliContext, worker: WorkerContext) -> None:
    hire(site)
    on_change_contact(worker, {"ChangeType": "update_party", "Id": "1"})
    with site.database.read_session() as session:
        assert session.scalar(select(Department.wecom_id).where(Department.code == "H")) == 1


@pytest.mark.parametrize(
    "fields", [{}, {"ChangeType": "update_tag", "TagId": "1"}, {"ChangeType": "create_user"}]
)
def test_hints_of_other_things_change_nothing(
    site: CliContext, worker: WorkerContext, fields: dict[str, str]
) -> None:
    hire(site, PersonRecord("1", "某", "u", department="H"))
    on_change_contact(worker, fields)
    assert stored_person(site, "1").unreachable == ""


def test_daily_job_reads_all_contacts_outside_its_transaction(
    site: CliContext, worker: WorkerContext, fiction: Hospital
) -> None:
    someone = next(person for person in fiction.people if person.status == 4)
    hire(site, PersonRecord("1", "某", someone.userid, department="H"))
    with site.session() as (session, audit):
        jobs.sync_contacts(JobContext(session, site.clock, audit, worker))
    assert inbox.run_once(worker) == 1
    assert stored_person(site, "1").unreachable == "not_activated"


def test_daily_reading_that_would_lose_everybody_is_refused_and_recorded(
    site: CliContext, worker: WorkerContext
) -> None:
    hire(site, PersonRecord("1", "某", "nobody-in-wecom", department="H"))
    on_change_contact(worker, {"ChangeType": "xinglin_everything"})
    assert stored_person(site, "1").unreachable == ""
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
    hire(site, PersonRecord("1", "某", "u", department="H"))
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
