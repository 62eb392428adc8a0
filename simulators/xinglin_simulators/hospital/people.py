"""Staff of the fictional hospital: exact head counts, fixed cast, everything from one seed."""

from __future__ import annotations

import random
from dataclasses import replace

from .departments import UNITS, UNITS_BY_GROUP, Unit
from .model import Kind, Person
from .names import NameBook

HEAD_COUNT = {
    Kind.DOCTOR: 490,
    Kind.NURSE: 640,
    Kind.TECHNICIAN: 212,
    Kind.PHARMACIST: 78,
    Kind.ADMINISTRATION: 212,
}
FEMALE_SHARE = {
    Kind.DOCTOR: 0.68,
    Kind.NURSE: 0.97,
    Kind.TECHNICIAN: 0.7,
    Kind.PHARMACIST: 0.75,
    Kind.ADMINISTRATION: 0.55,
}
TITLES = {
    Kind.DOCTOR: ("住院医师", "住院医师", "主治医师", "主治医师", "副主任医师", "主任医师"),
    Kind.NURSE: ("护士", "护师", "护师", "主管护师", "主管护师", "副主任护师"),
    Kind.TECHNICIAN: ("技士", "技师", "技师", "主管技师", "副主任技师"),
    Kind.PHARMACIST: ("药士", "药师", "药师", "主管药师", "副主任药师"),
    Kind.ADMINISTRATION: ("", "", "助理经济师", "经济师", "工程师"),
}
TOP_TITLE = {
    Kind.DOCTOR: "主任医师",
    Kind.NURSE: "副主任护师",
    Kind.TECHNICIAN: "副主任技师",
    Kind.PHARMACIST: "主任药师",
    Kind.ADMINISTRATION: "高级经济师",
}
PREFIX = {
    Kind.DOCTOR: "D",
    Kind.NURSE: "N",
    Kind.TECHNICIAN: "T",
    Kind.PHARMACIST: "P",
    Kind.ADMINISTRATION: "A",
}
_STAFF_FROM = 20001


def shares(total: int, weights: dict[int, int]) -> dict[int, int]:
    """Split ``total`` by weight, exactly (largest remainder; ties to the smaller id)."""
    whole = sum(weights.values())
    exact = {key: total * weight / whole for key, weight in weights.items()}
    result = {key: int(value) for key, value in exact.items()}
    by_remainder = sorted(exact, key=lambda key: (result[key] - exact[key], key))
    for key in by_remainder[: total - sum(result.values())]:
        result[key] += 1
    return result


def make_userid(kind: Kind, staff_no: str, source: random.Random) -> str:
    """A letter prefix and the staff number; some lower case, some mixed, as grown over the years."""
    draw = source.random()
    if draw < 0.1:
        return f"Xl{staff_no}"
    prefix = PREFIX[kind]
    return f"{prefix.lower() if draw < 0.3 else prefix}{staff_no}"


def mobile_of(staff_no: str) -> str:
    """An 11-digit number; the block 1990000… keeps it recognisable as invented."""
    return f"199000{staff_no}"


def _positions(unit: Unit, kind: Kind) -> tuple[str, ...]:
    """Positions of the unit's heads of this kind, given to its first people."""
    if unit.id == 61:
        return ("党委书记", "副院长", "副院长", "纪委书记", "总会计师")
    in_clinic = unit in UNITS_BY_GROUP[2] or unit in UNITS_BY_GROUP[3]
    if kind is Kind.DOCTOR and in_clinic and unit.id != 47:
        return ("科主任", "科副主任", "总住院")
    if kind is Kind.NURSE and in_clinic:
        return ("护士长",)
    if kind in {Kind.TECHNICIAN, Kind.PHARMACIST}:
        return ("科主任", "组长")
    if kind is Kind.ADMINISTRATION and unit in UNITS_BY_GROUP[5]:
        return ("主任" if unit.name.endswith(("部", "室")) else "科长", "副科长")
    return ()


class Recruiter:
    """Makes people in a fixed order; staff numbers rise with that order."""

    def __init__(self, seed: int) -> None:
        self._source = random.Random(seed)
        self._names = NameBook(self._source)
        self._next_no = _STAFF_FROM

    def recruit(self, taken: dict[tuple[Kind, int], int], filled: set[tuple[int, str]]) -> list[Person]:
        """Everybody beside the cast. ``taken`` counts cast members per kind and unit."""
        people: list[Person] = []
        for kind, total in HEAD_COUNT.items():
            weights = {unit.id: unit.staff[kind] for unit in UNITS if unit.staff.get(kind)}
            counts = shares(total, weights)
            for unit in UNITS:
                wanted = counts.get(unit.id, 0) - taken.get((kind, unit.id), 0)
                people.extend(self._staff_unit(unit, kind, wanted, filled))
        return people

    def _staff_unit(self, unit: Unit, kind: Kind, wanted: int, filled: set[tuple[int, str]]) -> list[Person]:
        positions = [name for name in _positions(unit, kind) if (unit.id, name) not in filled]
        people = []
        for index in range(wanted):
            position = positions[index] if index < len(positions) else ""
            people.append(self._person(unit, kind, position))
        return people

    def _person(self, unit: Unit, kind: Kind, position: str) -> Person:
        staff_no = str(self._next_no)
        self._next_no += 1
        special = self._names.special() if self._next_no % 97 == 0 else None
        name, gender = special or self._names.ordinary(FEMALE_SHARE[kind])
        userid = make_userid(kind, staff_no, self._source)
        is_head = position in {"科主任", "护士长", "主任", "科长"}
        person = Person(
            staff_no=staff_no,
            name=name,
            userid=userid,
            mobile=mobile_of(staff_no),
            email=f"{userid.lower()}@hospital.example" if self._next_no % 89 else "",
            gender=gender,
            kind=kind,
            department_id=unit.id,
            other_department_ids=self._second_department(unit, kind, position),
            title=TOP_TITLE[kind] if is_head else self._source.choice(TITLES[kind]),
            position=position,
            roles=_roles(kind, position),
            leads_department=is_head,
        )
        return replace(person, tags=self._tags(person))

    def _second_department(self, unit: Unit, kind: Kind, position: str) -> tuple[int, ...]:
        if position == "护士长":
            return (68,)
        if kind is Kind.DOCTOR and 31 <= unit.id <= 34 and self._source.random() < 0.5:
            return (12,)
        if kind is Kind.DOCTOR and 35 <= unit.id <= 37 and self._source.random() < 0.5:
            return (11,)
        if kind is Kind.DOCTOR and 40 <= unit.id <= 42 and self._source.random() < 0.4:
            return (18,)
        return ()

    def _tags(self, person: Person) -> tuple[str, ...]:
        tags = []
        if self._source.random() < 0.22:
            tags.append("党员")
        if person.title == "住院医师" and self._source.random() < 0.25:
            tags.append("规培")
        if person.kind in {Kind.DOCTOR, Kind.NURSE} and not person.position and self._source.random() < 0.03:
            tags.append("进修")
        if person.department_id in {28, 38, 39, 45, 46} and self._source.random() < 0.3:
            tags.append("急救小组")
        if person.kind is Kind.ADMINISTRATION and self._source.random() < 0.1:
            tags.append("行政总值班")
        if self._source.random() < 0.05:
            tags.append("志愿服务队")
        return tuple(tags)


def _roles(kind: Kind, position: str) -> tuple[str, ...]:
    return (kind.value, position) if position in {"护士长", "科主任"} else (kind.value,)
