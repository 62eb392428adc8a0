"""Answers of WeCom as frozen values; unknown fields are ignored, missing ones are empty."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


class MemberStatus(enum.IntEnum):
    """`user/get`: status."""

    ACTIVATED = 1
    DISABLED = 2
    NOT_ACTIVATED = 4
    LEFT = 5


@dataclass(frozen=True)
class SendResult:
    """`message/send`: userids that got nothing, in lower case; everybody else got it.

    `response_code`: by which the card may be changed once, within 72 hours; empty for messages that cannot change.
    """

    msgid: str
    invalid: frozenset[str]
    unlicensed: frozenset[str]
    response_code: str = ""

    @classmethod
    def parse(cls, answer: Mapping[str, Any]) -> Self:
        return cls(
            str(answer.get("msgid") or ""),
            _userids(answer.get("invaliduser")),
            _userids(answer.get("unlicenseduser")),
            str(answer.get("response_code") or ""),
        )


@dataclass(frozen=True)
class DepartmentNode:
    """A department without its name. `parent_id` 0 = the root."""

    id: int
    parent_id: int
    order: int

    @classmethod
    def parse(cls, row: Mapping[str, Any]) -> Self:
        return cls(int(row["id"]), int(row.get("parentid") or 0), int(row.get("order") or 0))


@dataclass(frozen=True)
class WeComDepartment:
    """A department with its names. `parent_id` 0 = the root."""

    id: int
    name: str
    name_en: str
    parent_id: int
    order: int
    leaders: tuple[str, ...]

    @classmethod
    def parse(cls, row: Mapping[str, Any]) -> Self:
        return cls(
            int(row["id"]),
            str(row.get("name") or ""),
            str(row.get("name_en") or ""),
            int(row.get("parentid") or 0),
            int(row.get("order") or 0),
            tuple(map(str, row.get("department_leader") or ())),
        )


@dataclass(frozen=True)
class MemberPlace:
    """One membership of the ids-only form."""

    userid: str
    department_id: int


@dataclass(frozen=True)
class WeComMember:
    """A member. Mobile and e-mail are empty for apps made after 2022-06 (rules of WeCom)."""

    userid: str
    name: str
    department_ids: tuple[int, ...]
    main_department_id: int | None
    leads: tuple[int, ...]
    position: str
    mobile: str
    email: str
    status: int

    @property
    def is_activated(self) -> bool:
        return self.status == MemberStatus.ACTIVATED

    @classmethod
    def parse(cls, row: Mapping[str, Any]) -> Self:
        department_ids = tuple(map(int, row.get("department") or ()))
        flags = tuple(row.get("is_leader_in_dept") or ())
        main = row.get("main_department")
        return cls(
            userid=str(row["userid"]),
            name=str(row.get("name") or ""),
            department_ids=department_ids,
            main_department_id=int(main) if main else None,
            leads=tuple(number for number, flag in zip(department_ids, flags, strict=False) if int(flag)),
            position=str(row.get("position") or ""),
            mobile=str(row.get("mobile") or ""),
            email=str(row.get("email") or row.get("biz_mail") or ""),
            status=int(row.get("status") or MemberStatus.ACTIVATED),
        )


@dataclass(frozen=True)
class BatchRow:
    """The result for one member of a batch job; code 0 is success."""

    userid: str
    code: int
    message: str


@dataclass(frozen=True)
class BatchResult:
    """`batch/getresult`: 1 queued, 2 running, 3 done; `percentage` 0–100."""

    status: int
    kind: str
    total: int
    percentage: int
    rows: tuple[BatchRow, ...]

    @property
    def is_done(self) -> bool:
        return self.status == 3

    @classmethod
    def parse(cls, answer: Mapping[str, Any]) -> Self:
        rows = (
            BatchRow(str(row.get("userid") or ""), int(row.get("errcode") or 0), str(row.get("errmsg") or ""))
            for row in answer.get("result") or ()
        )
        return cls(
            int(answer.get("status") or 0),
            str(answer.get("type") or ""),
            int(answer.get("total") or 0),
            int(answer.get("percentage") or 0),
            tuple(rows),
        )


@dataclass(frozen=True)
class JsapiSignature:
    """Arguments of `wx.config` / `agentConfig`."""

    corp_id: str
    agent_id: int
    timestamp: int
    nonce: str
    signature: str


def _userids(joined: object) -> frozenset[str]:
    text = joined if isinstance(joined, str) else ""
    return frozenset(part.lower() for part in text.split("|") if part)
