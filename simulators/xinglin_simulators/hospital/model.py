"""Values of the fictional hospital."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ROOT_ID = 1
HOSPITAL_NAME = "杏林妇女儿童医院"
CAMPUSES = ("杏林院区", "南湖院区", "滨江院区")


class Kind(StrEnum):
    """What a person does; the value is the role label used in the staff workbook."""

    DOCTOR = "医生"
    NURSE = "护士"
    TECHNICIAN = "医技"
    PHARMACIST = "药师"
    ADMINISTRATION = "行政后勤"


@dataclass(frozen=True)
class Department:
    """One node below the hospital's root; ``parent_id`` is the root for the four groups."""

    id: int
    name: str
    name_en: str
    parent_id: int
    campus: str
    order: int
    leaders: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """The code in the staff workbook."""
        return f"D{self.id:03d}"


@dataclass(frozen=True)
class Person:
    """One member of staff. ``status`` is WeCom's: 1 activated, 2 disabled, 4 not activated."""

    staff_no: str
    name: str
    userid: str
    mobile: str
    email: str
    gender: int
    kind: Kind
    department_id: int
    other_department_ids: tuple[int, ...] = ()
    title: str = ""
    position: str = ""
    roles: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    leads_department: bool = False
    is_verified: bool = True
    status: int = 1
    is_licensed: bool = True

    @property
    def department_ids(self) -> tuple[int, ...]:
        """Main department first."""
        return (self.department_id, *self.other_department_ids)


@dataclass(frozen=True)
class Hospital:
    """The whole fictional organisation; ``cast`` names well-known people by their part in stories."""

    name: str
    departments: tuple[Department, ...]
    people: tuple[Person, ...]
    cast: dict[str, str]

    def person(self, userid: str) -> Person:
        """The person with this userid. Raises KeyError."""
        for person in self.people:
            if person.userid == userid:
                return person
        raise KeyError(userid)

    def department(self, department_id: int) -> Department:
        """The department with this id. Raises KeyError."""
        for department in self.departments:
            if department.id == department_id:
                return department
        raise KeyError(department_id)
