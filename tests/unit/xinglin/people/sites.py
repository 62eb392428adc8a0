"""What tests do to a site and to its simulated WeCom."""

from __future__ import annotations

import requests
from click.testing import CliRunner, Result

from xinglin.kernel.cli_context import CliContext
from xinglin.people import roster
from xinglin.people.cli import people
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.service import PeopleService
from xinglin.testing.simulator import Simulator


def break_api(simulator: Simulator, path: str, code: int) -> None:
    fault = {"path": path, "kind": "errcode", "value": code}
    requests.post(f"{simulator.control}/faults", json=fault, timeout=10).raise_for_status()


def hire(site: CliContext, *persons: PersonRecord) -> None:
    with site.session() as (session, audit):
        service = PeopleService(session, site.clock, audit)
        if not roster.read(session, ()).departments:
            service.create_department(DepartmentRecord("H", "杏林妇女儿童医院"))
            service.create_department(DepartmentRecord("L", "医务部", "H", wecom_id=62))
        for person in persons:
            service.create(person)


def stored_person(site: CliContext, staff_no: str) -> PersonRecord:
    with site.database.read_session() as session:
        return roster.read(session, [staff_no]).people[staff_no]


def run_command(site: CliContext, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(people, list(arguments), obj=site, input=answer)
