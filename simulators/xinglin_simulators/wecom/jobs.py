"""Asynchronous contact jobs from CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from xinglin_simulators.clock import Ids

from .directory import Directory, PartyNode
from .errors import ApiError
from .members import create_member, delete_member, update_member

MEMBER_COLUMNS = 12
PARTY_COLUMNS = 3
NEW, RENAMED, MOVED, REORDERED = 1, 2, 4, 8


@dataclass
class Job:
    """One job. ``status``: 1 queued, 2 running, 3 done; ``errcode`` is that of the whole job."""

    jobid: str
    kind: str
    rows: list[list[str]]
    status: int = 1
    errcode: int = 0
    errmsg: str = "ok"
    result: list[dict[str, Any]] = field(default_factory=list)

    @property
    def percentage(self) -> int:
        """Progress from 0 to 100."""
        return 100 if self.status == 3 else 100 * len(self.result) // max(1, len(self.rows))


class JobBook:
    """All jobs by id."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._jobs: dict[str, Job] = {}

    def open(self, kind: str, content: bytes) -> Job:
        """A queued job from a CSV file. Raises 40092."""
        job = Job(self._ids.next("job", 32), kind, _rows(kind, content))
        self._jobs[job.jobid] = job
        return job

    def get(self, jobid: str) -> Job:
        """A job. Raises 40058."""
        if jobid not in self._jobs:
            raise ApiError(40058, "jobid not found")
        return self._jobs[jobid]


def _rows(kind: str, content: bytes) -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ApiError(40092) from error
    least = PARTY_COLUMNS if kind == "replace_party" else MEMBER_COLUMNS
    head = "部门名称" if kind == "replace_party" else "姓名"
    if not rows or rows[0][0].strip() != head or len(rows[0]) < least:
        raise ApiError(40092)
    return [row for row in rows[1:] if any(row)]


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(";") if part.strip().isdigit()]


def _member_fields(row: list[str]) -> dict[str, Any]:
    cells = [cell.strip() for cell in row] + [""] * (13 - len(row))
    name, userid, mobile, email, parties, position, gender, leads, _order, alias, address, phone, off = cells[
        :13
    ]
    body: dict[str, Any] = {
        "userid": userid,
        "name": name,
        "mobile": mobile,
        "email": email,
        "department": _numbers(parties) or [1],
        "position": position,
        "gender": {"男": 1, "女": 2}.get(gender, 0),
        "alias": alias,
        "address": address,
        "telephone": phone,
        "enable": 0 if off == "1" else 1,
    }
    if leads:
        body["is_leader_in_dept"] = _numbers(leads)
    return body


def _attempt(action: Callable[[], object], **key: Any) -> dict[str, Any]:
    try:
        action()
    except ApiError as error:
        return {**key, "errcode": error.code, "errmsg": error.text}
    return {**key, "errcode": 0, "errmsg": "ok"}


def _sync_member(directory: Directory, row: list[str]) -> dict[str, Any]:
    body = _member_fields(row)
    exists = directory.member(body["userid"]) is not None
    return _attempt(
        lambda: update_member(directory, body) if exists else create_member(directory, body),
        userid=body["userid"],
    )


def _guard(directory: Directory, job: Job) -> list[str]:
    """Userids that a full replacement deletes. Raises 45026 for a suspicious number."""
    kept = {row[1].strip().lower() for row in job.rows if len(row) > 1}
    gone = [member.userid for member in directory.members() if member.userid.lower() not in kept]
    share = len(gone) / max(1, len(directory))
    if (len(gone) > 50 and share > 0.2) or (len(gone) <= 50 and share > 0.8):
        raise ApiError(45026)
    return gone


def _sync_party(directory: Directory, row: list[str]) -> dict[str, Any]:
    name, number, parent, order = [cell.strip() for cell in [*row, "0"][:4]]
    if not number.isdigit() or not parent.isdigit():
        return {"action": 0, "partyid": number, "errcode": 60123, "errmsg": "invalid department id"}
    if int(number) != 1 and int(parent) not in directory.parties:
        return {"action": 0, "partyid": int(number), "errcode": 60004, "errmsg": "parent not found"}
    node, action = directory.parties.get(int(number)), 0
    rank = int(order) if order.isdigit() else 0
    if node is None:
        directory.parties[int(number)] = PartyNode(int(number), name, int(parent), rank)
        action = NEW
    else:
        action |= RENAMED if node.name != name else 0
        action |= MOVED if node.parentid != int(parent) and node.id != 1 else 0
        action |= REORDERED if node.order != rank else 0
        node.name, node.order = name, rank
        node.parentid = int(parent) if node.id != 1 else 0
    return {"action": action, "partyid": int(number), "errcode": 0, "errmsg": "ok"}


def _remove_parties(directory: Directory, job: Job) -> None:
    """A replacement drops departments that are not listed and hold nobody."""
    kept = {int(row[1]) for row in job.rows if len(row) > 1 and row[1].strip().isdigit()} | {1}
    for number in [number for number in directory.parties if number not in kept]:
        if not directory.under(number):
            directory.parties.pop(number)


def run_job(directory: Directory, job: Job) -> None:
    """Do the work; the outcome of every row goes to ``job.result``."""
    job.status = 2
    try:
        gone = _guard(directory, job) if job.kind == "replace_user" else []
    except ApiError as error:
        job.errcode, job.errmsg = error.code, error.text
        job.status = 3
        return
    for row in job.rows:
        step = _sync_party if job.kind == "replace_party" else _sync_member
        job.result.append(step(directory, row))
    for userid in gone:
        delete_member(directory, userid)
    if job.kind == "replace_party":
        _remove_parties(directory, job)
    job.status = 3
