"""The audience engine: one oracle, previews that add up, words."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from xinglin.people.audience import AudienceService, Term, visible
from xinglin.people.errors import AudienceRefused
from xinglin.people.models import Audience, AudienceTerm, PersonState, Unreachable

from .conftest import Hospital


def test_tree_term_reaches_those_below_and_department_term_only_its_own(hospital: Hospital) -> None:
    child, head = hospital.person("1", department="C1"), hospital.person("2", department="C")
    hospital.person("3", department="A1")
    tree = hospital.audiences.store([Term("department_tree", hospital.departments["C"].id)])
    own = hospital.audiences.store([Term("department", hospital.departments["C"].id)])
    assert hospital.audiences.member_ids(tree) == sorted([child.id, head.id])
    assert hospital.audiences.member_ids(own) == [head.id]


def test_exclusion_wins_over_every_include(hospital: Hospital) -> None:
    nurse = hospital.person("1", roles=("nurse",))
    doctor = hospital.person("2", roles=("doctor",))
    audience = hospital.audiences.store([Term("all"), Term("person", nurse.id)], [Term("role", "nurse")])
    assert hospital.audiences.member_ids(audience) == [doctor.id]
    assert hospital.audiences.contains(audience.id, doctor.id)
    assert not hospital.audiences.contains(audience.id, nurse.id)


def test_left_person_sees_nothing_and_a_returned_one_sees_again(hospital: Hospital) -> None:
    person = hospital.person("1")
    audience = hospital.audiences.store([Term("person", person.id)])
    hospital.people.change_state(person, PersonState.LEFT, "retired")
    assert not hospital.audiences.contains(audience.id, person.id)
    assert hospital.audiences.member_ids(audience) == []
    hospital.people.change_state(person, PersonState.ACTIVE, "came back")
    assert hospital.audiences.contains(audience.id, person.id)


def test_moved_department_takes_its_people_along(hospital: Hospital) -> None:
    person = hospital.person("1", department="C1")
    clinical = hospital.audiences.store([Term("department_tree", hospital.departments["C"].id)])
    offices = hospital.audiences.store([Term("department_tree", hospital.departments["A"].id)])
    hospital.people.move_department(hospital.departments["C1"], hospital.departments["A"])
    assert not hospital.audiences.contains(clinical.id, person.id)
    assert hospital.audiences.contains(offices.id, person.id)


def test_moved_branch_takes_the_people_of_departments_further_down_along(hospital: Hospital) -> None:
    person = hospital.person("1", department="C1")
    hospital.people.move_department(hospital.departments["C"], hospital.departments["A1"])
    offices = hospital.audiences.store([Term("department_tree", hospital.departments["A"].id)])
    assert hospital.audiences.member_ids(offices) == [person.id]


def test_visible_filters_a_list_and_null_is_nobody(hospital: Hospital) -> None:
    person = hospital.person("1", tags=("党员",))
    seen = hospital.audiences.store([Term("tag", "党员")])
    hospital.audiences.store([Term("role", _role_id(hospital, "nurse"))])
    found = hospital.session.scalars(select(Audience.id).where(visible(Audience.id, person.id))).all()
    assert found == [seen.id]


def _role_id(hospital: Hospital, key: str) -> int:
    return next(role.id for role in hospital.people.roles() if role.key == key)


def test_replace_changes_the_rule_and_forgets_the_old_one(hospital: Hospital) -> None:
    one, two = hospital.person("1"), hospital.person("2")
    audience = hospital.audiences.store([Term("person", one.id)], [Term("tag", _tag(hospital, one))])
    hospital.audiences.replace(audience, [Term("person", two.id)])
    assert hospital.audiences.member_ids(audience) == [two.id]
    assert hospital.audiences.terms(audience) == ((Term("person", two.id),), ())
    assert hospital.session.query(AudienceTerm).count() == 1


def _tag(hospital: Hospital, person: object) -> str:
    hospital.people.set_tags(person, ["志愿者"])  # type: ignore[arg-type]
    return "志愿者"


@pytest.mark.parametrize(
    "term",
    [
        Term("department", 999),
        Term("role", "wizard"),
        Term("tag", "nobody"),
        Term("person", "1"),
        Term("person", None),
        Term("person", 2**63),
        Term("role", 999),
    ],
)
def test_term_that_names_nothing_is_refused(hospital: Hospital, term: Term) -> None:
    with pytest.raises(AudienceRefused):
        hospital.audiences.store([term])


def test_empty_audience_is_refused(audiences: AudienceService) -> None:
    with pytest.raises(AudienceRefused):
        audiences.store([], [Term("all")])


def test_description_in_words(hospital: Hospital) -> None:
    people = [hospital.person(str(number), name) for number, name in enumerate("甲乙丙丁")]
    terms = [Term("department_tree", hospital.departments["C1"].id), Term("role", "nurse")]
    audience = hospital.audiences.store(terms, [Term("person", people[0].id)])
    assert hospital.audiences.describe(audience) == "儿科（含下级）、护士；不含：甲"
    assert hospital.audiences.describe(audience, "en") == "儿科 (and below), 护士; without 甲"
    everybody = hospital.audiences.store([Term("all")])
    assert hospital.audiences.describe(everybody) == "全院"
    many = hospital.audiences.store([Term("person", person.id) for person in people])
    assert hospital.audiences.describe(many) == "甲、乙、丙 等 4 人"


def test_preview_names_why_each_is_left_out_and_adds_up(hospital: Hospital) -> None:
    hospital.person("1", "甲")
    hospital.person("2", "乙", roles=("nurse",))
    disabled, left = hospital.person("3", "丙"), hospital.person("4", "丁")
    hospital.person("5", "戊", wecom_userid=None)
    silent, unpaid, odd = (
        hospital.person(str(number), name) for number, name in ((6, "己"), (7, "庚"), (8, "辛"))
    )
    hospital.people.change_state(disabled, PersonState.DISABLED, "")
    hospital.people.change_state(left, PersonState.LEFT, "")
    hospital.people.set_reachable(silent, Unreachable.NOT_ACTIVATED)
    hospital.people.set_reachable(unpaid, Unreachable.UNLICENSED)
    odd.is_reachable = False
    preview = hospital.audiences.preview(
        [Term("department", hospital.departments["C1"].id)], [Term("role", "nurse")]
    )
    why = {(out.reason, out.because): out.names for out in preview.left_out}
    assert why == {
        ("excluded", "护士"): ("乙",),
        ("disabled", ""): ("丙",),
        ("left", ""): ("丁",),
        ("no_account", ""): ("戊",),
        ("not_activated", ""): ("己",),
        ("unlicensed", ""): ("庚",),
        ("not_in_wecom", ""): ("辛",),
    }
    assert preview.matched == preview.reached + sum(out.count for out in preview.left_out) == 8
    assert [(count.name, count.count) for count in preview.by_department] == [("儿科", 1)]


def test_preview_shows_the_first_twenty_names_of_many(hospital: Hospital) -> None:
    for number in range(25):
        hospital.person(str(number), wecom_userid=None)
    (out,) = hospital.audiences.preview([Term("all")]).left_out
    assert (out.count, len(out.names)) == (25, 20)


def test_preview_of_nothing_is_nobody(hospital: Hospital) -> None:
    hospital.person("1")
    preview = hospital.audiences.preview([], [Term("all")])
    assert (preview.matched, preview.reached, preview.left_out) == (0, 0, ())
