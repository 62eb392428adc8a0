"""Changes of contacts that WeCom tells us of: a hint only, what it names is read again.

Callbacks configured after 2022-08-15 carry ids without names, and nothing promises their order.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from xinglin.audit.service import Actor, AuditTrail
from xinglin.people.contacts import Contact, read_contacts, read_departments
from xinglin.people.errors import PeopleRefused
from xinglin.people.importing import ImportService
from xinglin.people.sync import Synchroniser, SyncPlan
from xinglin.wecom import callbacks

if TYPE_CHECKING:
    from xinglin.kernel.worker import WorkerContext

EVENT = "change_contact"
EVERYTHING = "xinglin_everything"
USER_CHANGES = frozenset({"create_user", "update_user", "delete_user"})
PARTY_CHANGES = frozenset({"create_party", "update_party", "delete_party"})
ACTOR = Actor.system("wecom")
logger = logging.getLogger(__name__)


def on_change_contact(context: WorkerContext, fields: Mapping[str, Any]) -> None:
    """Read again what changed, and write the difference. Raises `WeComError`: then the hint is tried again later."""
    change = str(fields.get("ChangeType") or "")
    if change in USER_CHANGES:
        _reread_member(context, str(fields.get("UserID") or ""), str(fields.get("NewUserID") or ""))
    elif change in PARTY_CHANGES:
        departments = read_departments(context.wecom)
        with writing(context) as (session, service):
            service.apply(Synchroniser(session).plan_departments(departments).plan)
    elif change == EVERYTHING:
        _reread_everything(context)


def ask_for_everything(session: Session, context: WorkerContext) -> None:
    """Queue a reading of all contacts with the callbacks: there it runs outside any transaction and is repeated."""
    fields = {
        "Event": EVENT,
        "ChangeType": EVERYTHING,
        "CreateTime": str(int(context.clock.now().timestamp())),
    }
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    callbacks.store(session, context.keyring, context.clock, fields, f"<xml>{inner}</xml>".encode())


def _reread_member(context: WorkerContext, userid: str, new_userid: str) -> None:
    if not userid:
        return
    current = new_userid or userid
    member = context.wecom.member(current)
    contact = Contact.of(member) if member else None
    if new_userid and contact:
        with writing(context) as (session, service):
            service.apply(Synchroniser(session).plan_rename(userid, new_userid).plan)
    with writing(context) as (session, service):
        # One member is never too many: the guard is for whole readings.
        service.apply(Synchroniser(session).plan_member(current, contact).plan, allow_removals=True)


def _reread_everything(context: WorkerContext) -> None:
    contacts = read_contacts(context.wecom)
    try:
        with writing(context) as (session, service):
            found: SyncPlan = Synchroniser(session).plan(contacts)
            service.apply(found.plan)
    except PeopleRefused as refused:
        logger.error("contacts of WeCom were not taken over: %s Cure: xinglin people sync", refused.message)
        with context.database.session() as session:
            AuditTrail(session, ACTOR, context.clock, context.keyring).record("people.sync", result="refused")


@contextmanager
def writing(context: WorkerContext) -> Iterator[tuple[Session, ImportService]]:
    """A transaction of the worker, done by WeCom's word."""
    with context.database.session() as session:
        audit = AuditTrail(session, ACTOR, context.clock, context.keyring)
        yield session, ImportService(session, context.clock, audit)
