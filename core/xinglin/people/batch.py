"""Creating our people in WeCom: one CSV, one job there, one report here."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.people import roster
from xinglin.people.callbacks import writing
from xinglin.people.checks import WECOM_USERID
from xinglin.people.importing import ImportService, Plan
from xinglin.people.models import PersonState, Unreachable
from xinglin.people.records import PersonRecord, difference

if TYPE_CHECKING:
    from xinglin.kernel.worker import WorkerContext
    from xinglin.wecom.answers import BatchResult, BatchRow
    from xinglin.wecom.client import WeComClient

_ = translator("core")
HEADER = (
    *(
        "姓名",
        "帐号",
        "手机号",
        "邮箱",
        "所在部门",
        "职位",
        "性别",
        "是否部门内领导",
        "排序",
        "别名",
        "地址",
        "座机",
    ),
    "禁用(0-启用;1-禁用)",
)
"""Columns of the member CSV (developer.work.weixin.qq.com, asynchronous batch interface)."""
FORMULA_MARKS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
SYNC_USER = "sync_user"
POLL_SECONDS = 2.0
POLLS = 900
REASONS = {
    45024: _("All seats of the enterprise are taken."),
    60102: _("The account exists already."),
    60104: _("The mobile belongs to another account."),
    60106: _("The e-mail address belongs to another account."),
    60112: _("WeCom does not accept the name."),
    60129: _("Neither mobile nor e-mail is known."),
}


@dataclass(frozen=True)
class Skipped:
    """A person who cannot be created, and why."""

    staff_no: str
    name: str
    reason: str


@dataclass(frozen=True)
class Batch:
    """Who would be created: `csv` is what WeCom gets."""

    userids: Mapping[str, str]
    csv: bytes
    skipped: tuple[Skipped, ...]


def plan_batch(session: Session) -> Batch:
    """Active persons without an account in WeCom; the staff number becomes the account of those who have none."""
    stored = roster.read(session)
    taken = {
        person.wecom_userid.lower(): number for number, person in stored.people.items() if person.wecom_userid
    }
    chosen: dict[str, PersonRecord] = {}
    skipped = []
    for number, person in stored.people.items():
        if person.state != PersonState.ACTIVE or (
            person.wecom_userid and person.unreachable != Unreachable.NOT_IN_WECOM
        ):
            continue
        userid = person.wecom_userid or number
        if reason := _obstacle(person, userid, taken, _linked_ids(person, stored)):
            skipped.append(Skipped(number, person.name, reason))
        else:
            chosen[userid] = person
    rows = [_row(userid, person, _linked_ids(person, stored)) for userid, person in chosen.items()]
    return Batch({userid: person.staff_no for userid, person in chosen.items()}, _csv(rows), tuple(skipped))


def wait_for(
    client: WeComClient,
    jobid: str,
    wait: Callable[[float], None],
    progress: Callable[[int], None] = lambda _: None,
) -> BatchResult | None:
    """Ask until the job is done; None when it is not after half an hour (its callback comes later)."""
    for _number in range(POLLS):
        result = client.batch_result(jobid)
        progress(result.percentage)
        if result.is_done:
            return result
        wait(POLL_SECONDS)
    return None


def record_result(session: Session, service: ImportService, jobid: str, rows: Sequence[BatchRow]) -> int:
    """Link the persons whose accounts were created; how many accounts the job created.

    Doing it again changes nothing and counts the same: the callback may have been here first.
    """
    stored = roster.read(session)
    by_account = {
        person.wecom_userid.lower(): person for person in stored.people.values() if person.wecom_userid
    }
    by_number = {
        number.lower(): person for number, person in stored.people.items() if not person.wecom_userid
    }
    changes = []
    for row in rows:
        person = by_account.get(row.userid.lower()) or by_number.get(row.userid.lower())
        is_new = person is not None and (
            not person.wecom_userid or person.unreachable == Unreachable.NOT_IN_WECOM
        )
        if row.code == 0 and person is not None and is_new:
            created = replace(person, wecom_userid=row.userid, unreachable=Unreachable.NOT_ACTIVATED.value)
            changes.append(difference(person, created))
    plan = Plan(
        f"WeCom batch {jobid}", jobid[:64], tuple(change for change in changes if change), len(stored.people)
    )
    service.apply(plan)
    return sum(row.code == 0 for row in rows)


def reason_of(row: BatchRow) -> str:
    """Why WeCom did not create this member."""
    return REASONS.get(row.code) or f"{row.code} {row.message}"


def on_batch_job_result(context: WorkerContext, fields: Mapping[str, Any]) -> None:
    """WeCom says that a job ended. Raises `WeComError`: then it is tried again later."""
    jobid = str(fields.get("JobId") or "")
    if not jobid or fields.get("JobType") != SYNC_USER:
        return
    result = context.wecom.batch_result(jobid)
    with writing(context) as (session, service):
        record_result(session, service, jobid, result.rows)


def _obstacle(person: PersonRecord, userid: str, taken: Mapping[str, str], departments: Sequence[int]) -> str:
    if not WECOM_USERID.fullmatch(userid):
        return _("The staff number cannot be a WeCom account.")
    if taken.get(userid.lower(), person.staff_no) != person.staff_no:
        return _("Another person has the account ${account}.", mapping={"account": userid})
    if not person.mobile and not person.email:
        return REASONS[60129]
    if any(map(_runs_as_formula, (person.name, person.email or "", person.position))):
        return _("The name, e-mail or position begins like a formula, which a table would run.")
    if not departments:
        return _("None of the person's departments is linked with WeCom.")
    return ""


def _runs_as_formula(cell: str) -> bool:
    """A table runs what begins so. A phone number is not asked: a plus and digits are a number."""
    return cell.lstrip().startswith(FORMULA_MARKS)


def _linked_ids(person: PersonRecord, stored: roster.Roster) -> list[int]:
    found = (stored.departments[code].wecom_id for code in person.departments)
    return [number for number in found if number is not None]


def _row(userid: str, person: PersonRecord, departments: Sequence[int]) -> tuple[str, ...]:
    joined = ";".join(map(str, departments))
    return (
        person.name,
        userid,
        person.mobile or "",
        person.email or "",
        joined,
        person.position,
        *[""] * 6,
        "0",
    )


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(HEADER)
    writer.writerows(rows)
    return target.getvalue().encode()
