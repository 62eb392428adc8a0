"""Every method of the admin API belongs to one of the three administrators, and nothing else is in the table."""

from __future__ import annotations

from xinglin.admin.roles import AUDIT, EVERY, MAY, OPEN, SECURITY, SYSTEM
from xinglin.admin.routes import ROUTES

METHODS = {(name, method) for name, _path, methods in ROUTES if name not in OPEN for method in methods}


def test_every_method_says_who_may_call_it() -> None:
    declared = {(name, method) for name, methods in MAY.items() for method in methods}
    assert METHODS - declared == set(), "add these to xinglin.admin.roles.MAY"
    assert declared - METHODS == set(), "these are routes no more"
    assert {name for name, _path, _methods in ROUTES} >= OPEN


def test_no_method_belongs_to_nobody() -> None:
    assert [name for name, methods in MAY.items() if not all(methods.values())] == []


def test_who_watches_changes_nothing_and_is_watched_by_nobody_else() -> None:
    """A changing method never belongs to the auditor, but for the log-out and the check of the trail itself."""
    changing = {
        name
        for name, methods in MAY.items()
        for method, roles in methods.items()
        if method != "GET" and roles & AUDIT
    }
    assert changing == {"core.admin_logout", "core.admin_audit_verify"}
    trail = [roles for name, methods in MAY.items() if "audit" in name for roles in methods.values()]
    assert trail
    assert all(roles == AUDIT for roles in trail)


def test_running_and_protecting_share_only_finding_people() -> None:
    shared = {
        (name, method)
        for name, methods in MAY.items()
        for method, roles in methods.items()
        if roles >= SYSTEM | SECURITY and roles != EVERY
    }
    assert shared == {("core.admin_people", "GET")}
