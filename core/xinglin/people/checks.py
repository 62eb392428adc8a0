"""What a value of a person or department must look like. One set of rules for forms, imports and syncs.

Each function takes what somebody typed and returns it tidied, or raises `BadValue` with a sentence and a cure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.people import tree
from xinglin.people.errors import PeopleRefused
from xinglin.people.models import Person
from xinglin.people.names import BadText, clean
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.roles import labels

_ = translator("core")

NAME_LENGTH = 64
LABEL_LENGTH = 64
POSITION_LENGTH = 128
NAME_EN_LENGTH = 128
CODE = re.compile(r"[^\s/;；,，]{1,64}")
MOBILE = re.compile(r"\+?[0-9]{5,20}")
EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,185}\.[^\s@<>,;.]{2,}")
WECOM_USERID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-@.]{0,63}")
"""1–64 characters, the first a letter or digit (developer.work.weixin.qq.com, user/create)."""
DOTS = str.maketrans(dict.fromkeys("•・‧．", "·"))


class BadValue(PeopleRefused):
    """A value that cannot be right."""


def text(raw: str, limit: int) -> str:
    """Any short text, possibly empty."""
    try:
        tidy = clean(raw)
    except BadText as problem:
        raise BadValue(
            _("There is an invisible character (${code}) in the text.", mapping={"code": problem.code}),
            _("Delete the text and type it again."),
        ) from problem
    if len(tidy) > limit:
        raise BadValue(
            _(
                "The text has ${length} characters; ${limit} is the most.",
                mapping={"length": len(tidy), "limit": limit},
            ),
            _("Shorten it."),
        )
    return tidy


def required(raw: str, limit: int) -> str:
    tidy = text(raw, limit)
    if not tidy:
        raise BadValue(_("This must not be empty."), _("Fill it in."))
    return tidy


def name(raw: str) -> str:
    """A person's name; the dot between parts of a name is always the middle dot."""
    return required(raw.translate(DOTS), NAME_LENGTH)


def label(raw: str) -> str:
    return required(raw, LABEL_LENGTH)


def optional_label(raw: str) -> str:
    return text(raw, LABEL_LENGTH)


def position(raw: str) -> str:
    return text(raw, POSITION_LENGTH)


def name_en(raw: str) -> str:
    return text(raw, NAME_EN_LENGTH)


def code(raw: str) -> str:
    """A staff number or department code: no spaces, slashes or list marks."""
    tidy = required(raw, LABEL_LENGTH)
    if not CODE.fullmatch(tidy):
        raise BadValue(
            _(
                "${value} is not a code: it holds a space, a slash, a comma or a semicolon.",
                mapping={"value": tidy},
            ),
            _("Use letters, digits and hyphens."),
        )
    return tidy


def mobile(raw: str) -> str | None:
    """A number with an optional plus sign; spaces and hyphens go."""
    tidy = re.sub(r"[\s\-()]", "", text(raw, LABEL_LENGTH))
    return _shaped(
        tidy, MOBILE, _("${value} is not a phone number."), _("Write digits only, such as 13800000000.")
    )


def email(raw: str) -> str | None:
    return _shaped(
        text(raw, 254),
        EMAIL,
        _("${value} is not an e-mail address."),
        _("Write it like name@hospital.example."),
    )


def wecom_userid(raw: str) -> str | None:
    return _shaped(
        text(raw, LABEL_LENGTH),
        WECOM_USERID,
        _("${value} is not a WeCom account."),
        _("Letters, digits and _ - @ . only, the first a letter or digit, 64 at most."),
    )


def _shaped(tidy: str, pattern: re.Pattern[str], message: str, cure: str) -> str | None:
    if tidy and not pattern.fullmatch(tidy):
        raise BadValue(_(message, mapping={"value": tidy}), cure)
    return tidy or None


PERSON_RULES: dict[str, Callable[[str], str | None]] = {
    "staff_no": code,
    "name": name,
    "wecom_userid": wecom_userid,
    "mobile": mobile,
    "email": email,
    "title": optional_label,
    "position": position,
}
DEPARTMENT_RULES: dict[str, Callable[[str], str | None]] = {
    "code": code,
    "name": label,
    "campus": optional_label,
    "name_en": name_en,
}


def check_person(session: Session, before: PersonRecord | None, after: PersonRecord) -> PersonRecord:
    """`after`, tidied. Raises `PeopleRefused` for a bad value, an unknown role or an account of somebody else."""
    fields: dict[str, Any] = {key: rule(getattr(after, key) or "") for key, rule in PERSON_RULES.items()}
    tidy = replace(after, **fields)
    tidy = replace(tidy, tags=tuple(label(tag) for tag in tidy.tags))
    unknown = set(tidy.roles) - set(labels(session).values())
    if unknown:
        raise PeopleRefused(
            _("There is no role ${role}.", mapping={"role": min(unknown)}),
            _("Choose one of the list, or add it first."),
        )
    if tidy.wecom_userid and (before is None or before.wecom_userid != tidy.wecom_userid):
        _check_account(session, tidy)
    return tidy


def _check_account(session: Session, record: PersonRecord) -> None:
    key = (record.wecom_userid or "").lower()
    holder = session.scalar(
        select(Person).where(Person.wecom_userid_key == key, Person.staff_no != record.staff_no)
    )
    if holder is not None:
        raise PeopleRefused(
            _(
                "The WeCom account ${account} belongs to ${name} (${number}).",
                mapping={"account": record.wecom_userid, "name": holder.name, "number": holder.staff_no},
            ),
            _("Take it from that person first."),
        )


def check_department(known: Mapping[str, DepartmentRecord], after: DepartmentRecord) -> DepartmentRecord:
    """`after`, tidied. Raises `PeopleRefused` for a bad value, an unknown parent, a cycle or too deep a tree."""
    fields: dict[str, Any] = {key: rule(getattr(after, key) or "") for key, rule in DEPARTMENT_RULES.items()}
    tidy = replace(after, **fields)
    if tidy.parent and tidy.parent not in known:
        raise PeopleRefused(
            _("There is no department ${code}.", mapping={"code": tidy.parent}),
            _("Create the department above first."),
        )
    parents = {row.code: row.parent for row in known.values()} | {tidy.code: tidy.parent}
    for row in parents:
        way = tree.way_up(row, parents)
        if way is None or len(way) > tree.DEPTH_MAX:
            raise PeopleRefused(
                _("Department ${code} would hang below itself, or too deep.", mapping={"code": row}),
                _(
                    "Choose another department above it; ${limit} levels are the most.",
                    mapping={"limit": tree.DEPTH_MAX},
                ),
            )
    return tidy
