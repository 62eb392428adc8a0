"""contains ⇔ member_ids ⇔ visible ⇔ a naive oracle, over random hospitals and after random changes of staff."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from xinglin.audit.service import AuditTrail
from xinglin.kernel.db import Session
from xinglin.people import roster
from xinglin.people.audience import AudienceService, Term, visible
from xinglin.people.facets import refresh
from xinglin.people.models import Audience, Department, Person, PersonState, Tag
from xinglin.people.records import DepartmentRecord, PersonRecord, difference
from xinglin.people.roles import ensure_standard
from xinglin.testing.clock import FrozenClock

CODES = ("D0", "D1", "D2", "D3", "D4", "D5")
NUMBERS = ("1", "2", "3", "4", "5")
ROLES = ("nurse", "doctor")
TAGS = ("红", "绿")
STATES = tuple(state.value for state in PersonState)

persons = st.builds(
    lambda department, others, roles, tags, state: {
        "department": department,
        "other_departments": tuple(code for code in sorted(others) if code != department),
        "roles": tuple(sorted(roles)),
        "tags": tuple(sorted(tags)),
        "state": state,
    },
    st.sampled_from(CODES),
    st.sets(st.sampled_from(CODES), max_size=2),
    st.sets(st.sampled_from(ROLES)),
    st.sets(st.sampled_from(TAGS)),
    st.sampled_from((*STATES[:1] * 3, *STATES)),
)
parents = st.tuples(*(st.integers(-1, position - 1) for position in range(len(CODES))))
"""Each department hangs below an earlier one (or nowhere): no cycle is possible."""
terms = st.lists(
    st.one_of(
        st.just(("all", None)),
        st.tuples(st.sampled_from(("department", "department_tree")), st.sampled_from(CODES)),
        st.tuples(st.just("role"), st.sampled_from(ROLES)),
        st.tuples(st.just("tag"), st.sampled_from(TAGS)),
        st.tuples(st.just("person"), st.sampled_from(NUMBERS)),
    ),
    max_size=4,
)
rules = st.lists(st.tuples(terms.filter(bool), terms), min_size=1, max_size=4)
hospitals = st.tuples(parents, st.tuples(*(persons for _ in NUMBERS)))


@dataclass
class Oracle:
    """The same hospital as plain values, and membership by the words of the rule."""

    departments: dict[str, DepartmentRecord] = field(default_factory=dict)
    people: dict[str, PersonRecord] = field(default_factory=dict)

    def is_in(
        self, number: str, rule: tuple[list[tuple[str, str | None]], list[tuple[str, str | None]]]
    ) -> bool:
        person = self.people[number]
        included, excluded = (any(self._matches(person, *term) for term in words) for words in rule)
        return person.state == "active" and included and not excluded

    def _matches(self, person: PersonRecord, kind: str, value: str | None) -> bool:
        if kind == "department_tree":
            return any(value in self._way(code) for code in person.departments)
        return {
            "all": True,
            "department": value in person.departments,
            "role": value in person.roles,
            "tag": value in person.tags,
            "person": value == person.staff_no,
        }[kind]

    def _way(self, code: str) -> list[str]:
        parent = self.departments[code].parent
        return [code, *(self._way(parent) if parent else [])]


def _write(
    session: Session,
    clock: FrozenClock,
    audit: AuditTrail,
    oracle: Oracle,
    hospital: tuple[tuple[int, ...], tuple[dict[str, Any], ...]],
) -> Oracle:
    """Make the database what `hospital` says, from whatever it was, and return that as an oracle."""
    tree, staff = hospital
    wanted = Oracle(
        {
            code: DepartmentRecord(code, code, CODES[above] if above >= 0 else "")
            for code, above in zip(CODES, tree, strict=True)
        },
        {
            number: replace(PersonRecord(number, f"人{number}"), **fields)
            for number, fields in zip(NUMBERS, staff, strict=True)
        },
    )
    changes = [
        *(difference(oracle.departments.get(code), record) for code, record in wanted.departments.items()),
        *(difference(oracle.people.get(number), record) for number, record in wanted.people.items()),
    ]
    roster.Writer(session, clock, audit).apply([change for change in changes if change])
    return wanted


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(hospitals, min_size=1, max_size=3), chosen=rules)
def test_all_answers_agree_with_the_oracle(
    session: Session, clock: FrozenClock, audit: AuditTrail, history: list, chosen: list
) -> None:
    session.rollback()
    audiences = AudienceService(session, clock)
    ensure_standard(session)
    session.add_all(Tag(name=name) for name in TAGS)
    session.flush()
    oracle = _write(session, clock, audit, Oracle(), history[0])
    departments = dict(session.execute(select(Department.code, Department.id)).all())
    ids = dict(session.execute(select(Person.staff_no, Person.id)).all())
    keys = {**departments, **ids}
    stored = [
        audiences.store(*([Term(kind, keys.get(value, value)) for kind, value in words] for words in rule))
        for rule in chosen
    ]
    for hospital in (None, *history[1:]):
        if hospital is not None:
            oracle = _write(session, clock, audit, oracle, hospital)
        for rule, audience in zip(chosen, stored, strict=True):
            expected = {ids[number] for number in NUMBERS if oracle.is_in(number, rule)}
            assert set(audiences.member_ids(audience)) == expected
            assert {key for key in ids.values() if audiences.contains(audience.id, key)} == expected
            preview = audiences.preview(*audiences.terms(audience))
            assert preview.matched == preview.reached + sum(out.count for out in preview.left_out)
            assert sum(out.count for out in preview.left_out if out.reason == "no_account") == len(expected)
        for number, key in ids.items():
            seen = set(session.scalars(select(Audience.id).where(visible(Audience.id, key))))
            assert seen == {
                a.id for rule, a in zip(chosen, stored, strict=True) if oracle.is_in(number, rule)
            }
    assert refresh(session, None) == 0
