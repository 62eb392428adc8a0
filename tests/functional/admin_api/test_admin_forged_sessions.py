"""Who can write into the database makes no login of it, neither a new one nor a stronger or longer one."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from tests.functional.admin_api.caller import acts, refused

from xinglin.audit.models import AuditRecord
from xinglin.auth.models import Administrator, LoginSession
from xinglin.auth.sessions import hash_token
from xinglin.kernel.orm import new_public_id


@pytest.fixture
def portal(make_portal, database):
    """On both databases: what a session was begun with must be read back alike from each."""
    return make_portal(database=database, plugins=("portal", "news"))


def account(session, login):
    return session.scalars(select(Administrator).where(Administrator.login == login)).one()


def session_of(session, login):
    owner = account(session, login)
    return session.scalars(select(LoginSession).where(LoginSession.administrator_id == owner.id)).one()


def insert_a_row(session, tool):
    """A session of the audit administrator under a token of one's own, with the MAC of one's own session."""
    own, tool.token = session_of(session, "zhou.min"), secrets.token_urlsafe(32)
    row = {
        "public_id": new_public_id(),
        "token_hash": hash_token(tool.token),
        "administrator_id": account(session, "sun.li").id,
        "method": "api",
        "created_at": own.created_at,
        "last_seen_at": own.last_seen_at,
        "expires_at": own.expires_at,
        "mac": own.mac,
    }
    session.execute(insert(LoginSession).values(row))
    return row["public_id"]


def re_point(session, _tool):
    own = session_of(session, "zhou.min")
    own.administrator_id = account(session, "sun.li").id
    return own.public_id


def take_over_the_row(session, tool):
    """One's own token in the genuine session of the audit administrator."""
    own, row = session_of(session, "zhou.min"), session_of(session, "sun.li")
    token_hash, own.token_hash = own.token_hash, "0" * 64
    session.flush()
    row.token_hash = token_hash
    return row.public_id


def swap_the_accounts(session, _tool):
    """Each account under the number of the other, with its own genuine MAC: the session is not touched."""
    mine, others = account(session, "zhou.min"), account(session, "sun.li")
    names = ("public_id", "login", "name", "role", "role_mac")
    first, second = ({name: getattr(row, name) for name in names} for row in (mine, others))
    away = {"public_id": "x", "login": "x"}
    for row, values in ((mine, away), (others, first), (mine, second)):
        session.execute(update(Administrator).where(Administrator.id == row.id).values(values))
    return session.scalars(
        select(LoginSession.public_id).where(LoginSession.administrator_id == mine.id)
    ).one()


@pytest.mark.parametrize("forge", [insert_a_row, re_point, take_over_the_row, swap_the_accounts])
def test_sql_makes_no_login_of_another_role(hospital, tool, auditor, forge):
    assert auditor.get("audit").status_int == 200
    with hospital.session() as (session, _audit):
        forged = forge(session, tool)

    for path in ("audit", "modules", "audit"):
        refused(tool.get(path), 401)

    assert recorded(hospital) == [(forged, "error")]
    assert reason_of(hospital, forged) == "session changed"


def test_a_session_that_sql_prolonged_is_over_and_a_new_login_is_good(hospital, tool, clock):
    clock.advance(hours=9)
    with hospital.session() as (session, _audit):
        own = session_of(session, "zhou.min")
        own.expires_at, own.last_seen_at = clock.now() + timedelta(days=30), clock.now()
        forged = own.public_id

    refused(tool.get("modules"), 401)
    refused(tool.get("modules"), 401)

    assert recorded(hospital) == [(forged, "error")]
    tool.token = ""
    assert tool.log_in().status_int == 200
    assert tool.get("modules").status_int == 200


def test_the_account_named_by_a_forged_session_stays_logged_in(hospital, tool, auditor):
    with hospital.session() as (session, _audit):
        insert_a_row(session, tool)

    refused(tool.get("audit"), 401)

    assert auditor.get("audit").status_int == 200
    assert acts(hospital, "administrator.changed") == []


def recorded(hospital):
    """What the auditor finds about changed sessions, as (session, result)."""
    query = select(AuditRecord).where(AuditRecord.action == "session.changed")
    with hospital.site.database.read_session() as session:
        return [(row.object_id, row.result) for row in session.scalars(query)]


def reason_of(hospital, public_id):
    with hospital.site.database.read_session() as session:
        return session.scalars(
            select(LoginSession.end_reason).where(LoginSession.public_id == public_id)
        ).one()
