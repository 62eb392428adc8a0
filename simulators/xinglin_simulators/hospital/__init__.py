"""A fictional women's and children's hospital, the same in every run."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from .cast import CAST, filled_positions, taken_places
from .departments import departments
from .model import HOSPITAL_NAME, Department, Hospital, Kind, Person
from .people import Recruiter

__all__ = ["Department", "Hospital", "Kind", "Person", "load_hospital"]

NEW_STARTERS = 12
NOT_ACTIVATED = 6
DISABLED = 3
UNLICENSED = 4


def _mark_exceptions(people: list[Person]) -> list[Person]:
    """Spread the few special states over ordinary nurses and doctors, far from each other."""
    ordinary = [index for index, person in enumerate(people) if not person.position]
    step = len(ordinary) // (NEW_STARTERS + NOT_ACTIVATED + DISABLED + UNLICENSED)
    picks = iter(ordinary[step // 2 :: step])
    for _ in range(NEW_STARTERS - 1):
        _change(people, next(picks), is_verified=False)
    for _ in range(NOT_ACTIVATED):
        _change(people, next(picks), status=4)
    for _ in range(DISABLED):
        _change(people, next(picks), status=2)
    for _ in range(UNLICENSED):
        _change(people, next(picks), is_licensed=False)
    return people


def _change(people: list[Person], index: int, **fields: bool | int) -> None:
    people[index] = replace(people[index], **fields)  # type: ignore[arg-type]


@cache
def load_hospital(seed: int = 1632) -> Hospital:
    """Build the hospital: 1,632 people, 62 departments, cast included."""
    recruited = Recruiter(seed).recruit(taken_places(), filled_positions())
    people = (*CAST.values(), *_mark_exceptions(recruited))
    leaders: dict[int, list[str]] = {}
    for person in people:
        if person.leads_department:
            leaders.setdefault(person.department_id, []).append(person.userid)
    rows = tuple(replace(row, leaders=tuple(leaders.get(row.id, ()))) for row in departments())
    cast = {part: person.userid for part, person in CAST.items()}
    return Hospital(HOSPITAL_NAME, rows, people, cast)
