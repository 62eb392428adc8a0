"""The desk where permissions are given: repeats, races, ends, names."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy import func, select

from xinglin.admin.errors import Conflict, FieldsRefused
from xinglin.admin.values import ActorName
from xinglin.api.services import NotFound
from xinglin.audit.models import AuditRecord
from xinglin.auth.models import Grant
from xinglin.people.models import Department, Person, PersonState

KEY = "5f0c2a9e-8b1d-4c3e-9a7f-1d2e3f405162"


def create(library, key=KEY, by="zhou.min", **fields):
    with library.desk() as desk:
        return desk.create(library.identity(by), key, library.wanted(**fields))


def page(library, state="active", text="", limit=50, offset=0):
    with library.desk() as desk:
        return desk.page(state, text, limit, offset)


def rows(library):
    with library.database.read_session() as session:
        return session.scalar(select(func.count(Grant.id)))


def together(*calls):
    """Run the calls at the same moment; their results, or what they raised."""
    start, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number, call):
        start.wait()
        try:
            results[number] = call()
        except Conflict as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=found) for found in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_equal_requests_at_the_same_moment_make_one_grant(library):
    wanted, by = library.wanted(), library.identity("zhou.min")

    def send():
        with library.desk() as desk:
            return desk.create(by, KEY, wanted)

    first, second, third = together(send, send, send)
    assert first == second == third
    assert first.person.name == "单玉梅"
    assert rows(library) == 1


def test_two_administrators_at_the_same_moment_do_not_double_a_grant(library):
    wanted = library.wanted()
    identities = [library.identity(login) for login in ("zhou.min", "li.na")]

    def send(by):
        with library.desk() as desk:
            return desk.create(by, KEY, wanted)

    results = together(*(lambda by=by: send(by) for by in identities))
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "GrantEntry"]
    assert rows(library) == 1


def test_a_key_belongs_to_its_administrator_and_to_what_was_asked(library):
    first = create(library)
    assert create(library).id == first.id
    with pytest.raises(Conflict, match="Idempotency-Key"):
        create(library, expires_on=date(2027, 1, 1))
    other = create(library, by="li.na", object="maps")
    assert other.id != first.id
    assert other.granted_by == ActorName("Li.Na", "administrator")


def test_a_revoked_grant_is_still_the_answer_to_its_request(library):
    made = create(library)
    with library.desk() as desk:
        desk.revoke(library.identity("zhou.min"), made.id)
    again = create(library)
    assert (again.id, again.state) == (made.id, "revoked")
    assert rows(library) == 1


def test_of_two_revocations_at_the_same_moment_one_ends_the_grant(library):
    made, by = create(library), library.identity("zhou.min")

    def send():
        with library.desk() as desk:
            desk.revoke(by, made.id)
        return "done"

    results = together(send, send)
    assert sorted(str(getattr(result, "status", result)) for result in results) == ["409", "done"]
    with library.database.read_session() as session:
        records = session.scalars(select(AuditRecord).where(AuditRecord.action == "grant.revoke")).all()
    assert len(records) == 1


def test_an_unknown_grant_cannot_be_revoked(library):
    with library.desk() as desk, pytest.raises(NotFound):
        desk.revoke(library.identity("zhou.min"), "unknown")


def test_a_permission_without_objects_and_departments_takes_none(library):
    with pytest.raises(FieldsRefused) as refused:
        create(library, permission="library:enter")
    assert {problem.field for problem in refused.value.fields} == {"object", "department_ids"}
    made = create(library, permission="library:enter", object=None, department_ids=())
    assert (made.object, made.departments, made.expires_on) == (None, (), None)


def test_a_department_out_of_use_cannot_be_named(library):
    with library.database.session() as session:
        people = library.people(session)
        pharmacy = session.scalars(select(Department).where(Department.code == "O")).one()
        people.set_places(people.by_staff_no("10021"), [_place(session, "P1")])
        people.update_department(pharmacy, is_active=False)
        public_id = pharmacy.public_id
    with pytest.raises(FieldsRefused) as refused:
        create(library, department_ids=(public_id,))
    assert [problem.field for problem in refused.value.fields] == ["department_ids"]


def test_who_gave_and_who_took_back_is_named_for_people_too(library):
    head, nurse = library.identity_of_person("10011"), library.identity_of_person("10021")
    with library.database.session() as session:
        desk, _directory, grants = library.services(session)
        person = session.get(Person, head.id)
        ward = session.scalars(select(Department.id).where(Department.code == "P")).one()
        grants.grant(library.identity("zhou.min"), person, "library:lend", "books", [ward], can_pass_on=True)
        passed = grants.grant(head, session.get(Person, nurse.id), "library:lend", "books", [ward])
        grants.revoke(head, passed)
        found = desk.page("revoked", "", 50, 0).grants[0]
        assert found.granted_by == found.revoked_by == ActorName("单玉梅", "person")


def test_a_grant_that_nobody_gave_is_the_portals(library):
    create(library)
    with library.database.session() as session:
        session.scalars(select(Grant)).one().granted_by_administrator_id = None
    assert page(library).grants[0].granted_by.kind == "system"


def test_the_states_do_not_overlap(library, clock):
    create(library, expires_on=date(2026, 11, 24))
    create(library, key=KEY[:-1] + "3", object="maps")
    clock.advance(days=3)
    totals = {state: page(library, state).total for state in ("active", "expired", "revoked", "all")}
    assert totals == {"active": 1, "expired": 1, "revoked": 0, "all": 2}
    expired = page(library, "expired").grants[0]
    assert (expired.state, expired.expires_on) == ("expired", date(2026, 11, 24))


def test_the_grants_of_somebody_who_left_stay_findable(library):
    create(library)
    with library.database.session() as session:
        people = library.people(session)
        people.change_state(people.by_staff_no("10011"), PersonState.LEFT, "retired")
    assert page(library, "all", "shan").total == 1


def test_a_page_costs_the_same_number_of_queries_whatever_its_length(library, count_statements):
    create(library)
    few = count_statements(lambda: page(library))
    for number in range(12):
        library.hire(f"3{number:04}", f"李{number}")
        create(library, key=f"{KEY[:-2]}{number:02}", staff_no=f"3{number:04}")
    assert page(library).total == 13
    assert count_statements(lambda: page(library)) == few


def _place(session, code):
    from xinglin.people.service import Place

    return Place(session.scalars(select(Department.id).where(Department.code == code)).one(), is_primary=True)
