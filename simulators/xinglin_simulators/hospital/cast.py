"""Well-known people for stories, demos and tests; their numbers never change."""

from __future__ import annotations

from collections import Counter

from .model import Hospital, Kind, Person
from .people import TOP_TITLE, mobile_of


def _member(
    userid: str,
    name: str,
    gender: int,
    kind: Kind,
    department_id: int,
    title: str,
    position: str = "",
    *,
    others: tuple[int, ...] = (),
    tags: tuple[str, ...] = (),
    is_verified: bool = True,
) -> Person:
    staff_no = userid.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    roles = (kind.value, position) if position in {"护士长", "科主任"} else (kind.value,)
    return Person(
        staff_no=staff_no,
        name=name,
        userid=userid,
        mobile=mobile_of(staff_no),
        email=f"{userid.lower()}@hospital.example",
        gender=gender,
        kind=kind,
        department_id=department_id,
        other_department_ids=others,
        title=title,
        position=position,
        roles=roles,
        tags=tags,
        leads_department=position in {"护士长", "科主任", "院长", "主任", "科长"},
        is_verified=is_verified,
    )


_DOCTOR, _NURSE, _OFFICE = Kind.DOCTOR, Kind.NURSE, Kind.ADMINISTRATION

CAST: dict[str, Person] = {
    "ward_nurse": _member("N10021", "王丽", 2, _NURSE, 31, "护师", tags=("志愿服务队",)),
    "head_nurse": _member(
        "N10011", "单玉梅", 2, _NURSE, 31, TOP_TITLE[_NURSE], "护士长", others=(68,), tags=("党员",)
    ),
    "other_wang_li": _member("T10022", "王丽", 2, Kind.TECHNICIAN, 51, "主管技师"),
    "doctor": _member("D10031", "曾文博", 1, _DOCTOR, 31, "主治医师", others=(12,), tags=("党员",)),
    "department_head": _member("d10032", "仇雅琴", 2, _DOCTOR, 31, "主任医师", "科主任", others=(12,)),
    "leader": _member("A10001", "欧阳建国", 1, _OFFICE, 61, "主任医师", "院长", tags=("党员",)),
    "office_clerk": _member("a10041", "吕思佳", 2, _OFFICE, 62, "经济师", "秘书"),
    "medical_affairs": _member("A10042", "覃海峰", 1, _OFFICE, 67, "高级经济师", "主任"),
    "pharmacist": _member("P10051", "朴恩雅", 2, Kind.PHARMACIST, 56, "主管药师"),
    "new_starter": _member("N10061", "解小雨", 2, _NURSE, 31, "护士", is_verified=False),
    "it": _member("Xl10071", "查志远", 1, _OFFICE, 71, "工程师", "科长"),
}

LABELS = {
    "ward_nurse": "病区护士",
    "head_nurse": "护士长",
    "other_wang_li": "另一位王丽",
    "doctor": "医生",
    "department_head": "科主任",
    "leader": "院长",
    "office_clerk": "院办秘书",
    "medical_affairs": "医务部主任",
    "pharmacist": "药师",
    "new_starter": "新入职护士",
    "it": "信息科",
}


def taken_places() -> Counter[tuple[Kind, int]]:
    """How many places of each unit the cast fills."""
    return Counter((person.kind, person.department_id) for person in CAST.values())


def filled_positions() -> set[tuple[int, str]]:
    """Positions that the cast holds, so that nobody else gets them."""
    return {(person.department_id, person.position) for person in CAST.values() if person.position}


def cast_table(hospital: Hospital) -> list[dict[str, str]]:
    """Rows for printing: part, label, name, userid, staff_no, department, mobile, email."""
    rows = []
    for part, userid in hospital.cast.items():
        person = hospital.person(userid)
        rows.append(
            {
                "part": part,
                "label": LABELS[part],
                "name": person.name,
                "userid": person.userid,
                "staff_no": person.staff_no,
                "department": hospital.department(person.department_id).name,
                "mobile": person.mobile,
                "email": person.email,
            }
        )
    return rows
