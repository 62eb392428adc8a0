from __future__ import annotations

from types import SimpleNamespace

import pytest

from xinglin.api import security
from xinglin.auth.identity import HeldGrant, Identity
from xinglin.auth.policy import SecurityPolicy


def identity(kind="person", *, is_confirmed=True, permissions=("notes:write",)):
    grants = tuple(HeldGrant(name, None, frozenset(), frozenset(), None) for name in permissions)
    shared = frozenset({"notes:read"}) if kind == "person" else frozenset()
    return Identity(kind, 1, "p1", "王丽", "s", is_confirmed, "zh_CN", False, "", grants, shared)


@pytest.fixture
def permits(permissions):
    def ask(who, permission):
        request = SimpleNamespace(
            identity=who, plugins=SimpleNamespace(permissions=permissions), matched_route="news.list"
        )
        return bool(SecurityPolicy().permits(request, None, permission))

    return ask


NOBODY, STARTER, STAFF, BOSS = (
    None,
    identity(is_confirmed=False),
    identity(),
    identity("administrator", permissions=()),
)


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        ("core:public", [True, True, True, True]),
        ("core:person", [False, True, True, False]),
        ("core:staff", [False, False, True, False]),
        ("core:administrator", [False, False, False, True]),
        ("core:denied", [False, False, False, False]),
        ("notes:read", [False, False, True, False]),
        ("notes:write", [False, False, True, False]),
        ("notes:publish", [False, False, False, False]),
        ("", [False, False, False, False]),
    ],
)
def test_who_may_what(permits, permission, expected):
    assert [permits(who, permission) for who in (NOBODY, STARTER, STAFF, BOSS)] == expected


def test_an_undeclared_permission_is_denied_and_logged(permits, caplog):
    holder = identity(permissions=("ghost:walk",))

    assert not permits(holder, "ghost:walk")
    assert "permission ghost:walk of route news.list is not declared" in caplog.text


def test_the_userid_names_kind_and_public_id():
    policy = SecurityPolicy()

    assert policy.authenticated_userid(SimpleNamespace(identity=STAFF)) == "person:p1"
    assert policy.authenticated_userid(SimpleNamespace(identity=None)) is None


def test_current_wants_somebody():
    assert security.current(SimpleNamespace(identity=STAFF)) is STAFF
    with pytest.raises(LookupError, match="nobody is logged in"):
        security.current(SimpleNamespace(identity=None))
