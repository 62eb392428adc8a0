from __future__ import annotations

import time
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import update

from xinglin.auth import breakglass, passwords, role_seal
from xinglin.auth.breakglass import BreakGlassService
from xinglin.auth.errors import AdministratorRefused
from xinglin.auth.failures import FailureBook
from xinglin.auth.models import Administrator
from xinglin.people.models import PersonState

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def password_hash():
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def boss(administrator, keyring, password_hash, session):
    """The administrator with a password and a second factor."""
    from xinglin.auth.administrators import totp_context

    administrator.password_hash = password_hash
    administrator.totp_sealed = keyring.seal(
        b"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", context=totp_context(administrator)
    )
    session.flush()
    return administrator


@pytest.fixture
def service(session, clock, audit, keyring):
    return BreakGlassService(session, clock, audit, keyring)


@pytest.fixture
def failures(session, clock):
    """Earlier failures, noted without the work of hashing."""
    return FailureBook(session, clock)


@pytest.fixture
def code(clock):
    return lambda steps=0: pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").at(
        clock.now() + timedelta(seconds=30 * steps)
    )


def test_password_and_code_open(service, boss, code, recorded):
    assert service.login(" Boss ", PASSWORD, code(), "10.0.0.9").administrator is boss
    assert recorded() == []


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_neighbouring_code_is_accepted(service, boss, code, steps):
    assert service.login("boss", PASSWORD, code(steps), "").administrator is boss


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_further_off_is_not(service, boss, code, steps):
    assert service.login("boss", PASSWORD, code(steps), "").administrator is None


def test_a_code_is_used_once_and_never_an_older_one(service, boss, code, clock):
    used = code(1)
    assert service.login("boss", PASSWORD, used, "").administrator is boss

    assert service.login("boss", PASSWORD, used, "").administrator is None
    assert service.login("boss", PASSWORD, code(), "").administrator is None
    clock.advance(seconds=60)
    assert service.login("boss", PASSWORD, code(), "").administrator is boss


@pytest.mark.parametrize("change", ["login", "password", "code", "inactive", "seal", "role", "left"])
def test_every_failure_looks_the_same_and_is_audited(
    service, boss, code, recorded, change, person, keyring, session
):
    if change == "inactive":
        boss.is_active = False
    if change == "role":
        session.execute(update(Administrator).values(role="audit"))
        session.refresh(boss)
    if change == "left":
        boss.person_id, person.state = person.id, PersonState.LEFT
        role_seal.bind(boss, keyring)
    if change == "seal":
        boss.totp_sealed = b"\x01" + boss.totp_sealed[:0:-1]
    attempt = service.login(
        "nobody" if change == "login" else "boss",
        "wrong password" if change == "password" else PASSWORD,
        "é" if change == "code" else code(),
        "10.0.0.9",
    )

    assert (attempt.administrator, attempt.wait) == (None, None)
    assert recorded()[-1] == ("login.fail", "denied")
    assert (("administrator.seal_broken", "error") in recorded()) is (change == "seal")
    assert (("administrator.changed", "error") in recorded()) is (change == "role")


def test_five_failures_lock_the_account_for_a_quarter_of_an_hour(
    service, boss, code, clock, recorded, failures
):
    for _count in range(4):
        failures.note("boss", "10.0.0.9")
        clock.advance(minutes=1)
    service.login("boss", "wrong password", code(), "10.0.0.9")
    clock.advance(minutes=1)

    locked = service.login("boss", PASSWORD, code(), "10.0.0.8")

    assert (locked.administrator, locked.wait) == (None, timedelta(minutes=10))
    assert recorded()[-1] == ("login.refuse", "denied")
    clock.advance(minutes=10)
    assert service.login("boss", PASSWORD, code(), "10.0.0.8").administrator is boss


def test_a_right_login_empties_the_count(service, boss, code, clock, failures):
    for _round in range(2):
        for _count in range(4):
            failures.note("boss", "")
        clock.advance(minutes=1)
        assert service.login("boss", PASSWORD, code(), "").administrator is boss


def test_an_address_that_tries_many_accounts_is_locked(service, boss, code, failures):
    for count in range(19):
        failures.note(f"account{count}", "10.0.0.9")
    assert service.login("account19", "wrong password", "000000", "10.0.0.9").wait is None

    assert service.login("boss", PASSWORD, code(), "10.0.0.9").wait == timedelta(minutes=15)
    assert service.login("boss", PASSWORD, code(), "10.0.0.8").wait is None


def test_neighbours_of_ipv6_are_one_address(service, boss, code, failures):
    for count in range(20):
        failures.note(f"account{count}", f"2001:db8:1:1::{count:x}")
    assert service.login("boss", PASSWORD, code(), "2001:db8:1:1:ffff::1").wait == timedelta(minutes=15)
    assert service.login("boss", PASSWORD, code(), "2001:db8:1:2::1").wait is None


def test_an_unknown_account_takes_the_time_of_a_known_one(password_hash):
    def seconds(stored):
        begun = time.process_time()
        assert not passwords.is_right(stored, "wrong password")
        return time.process_time() - begun

    seconds(None)
    known = min(seconds(password_hash) for _count in range(3))
    unknown = min(seconds(None) for _count in range(3))
    assert 0.4 < unknown / known < 2.5


def test_the_password_of_the_dummy_hash_opens_nothing():
    assert not passwords.is_right(None, "nobody has this password")
    assert not passwords.is_right("none", PASSWORD)


def test_a_full_width_password_is_the_same(password_hash):
    assert passwords.is_right(password_hash, "ｃorrect horse battery")


def test_an_account_is_made_outside_of_a_request(session, audit, keyring):
    made = breakglass.create_administrator(session, audit, keyring, "admin", "系统管理员", PASSWORD)

    assert breakglass.totp_secret(made.administrator, keyring) == made.secret
    assert made.uri.startswith("otpauth://totp/Xinglin:admin?secret=")


@pytest.mark.parametrize(
    ("login", "name", "password", "sentence"),
    [
        ("B", "周", PASSWORD, "An account's name has"),
        ("Boss", "周", PASSWORD, "An account's name has"),
        ("chief", " ", PASSWORD, "The name of the person is missing"),
        ("boss", "周", PASSWORD, "is taken"),
        ("chief", "周", "short", "at least ten characters"),
        ("chief", "周", "x" * 257, "at least ten characters"),
        ("chief", "周", "Password123", "among the first"),
        ("chief", "周", "1212121212", "among the first"),
        ("chief", "周", "my-CHIEF-word", "must not contain"),
    ],
)
def test_bad_accounts_are_refused(administrators, administrator, login, name, password, sentence):
    with pytest.raises(AdministratorRefused, match=sentence):
        administrators.create(login, name, password)
    assert [found.login for found in administrators.everyone()] == ["boss"]


def test_switching_off_ends_the_sessions(administrators, administrator, sessions, recorded):
    from xinglin.auth.sessions import Origin

    sessions.begin_administrator(administrator, "password", Origin())

    administrators.disable(administrator)

    assert not administrator.is_active
    assert sessions.list_of_administrator(administrator.id) == []
    assert recorded()[-1] == ("administrator.disable", "ok")


def test_a_new_second_factor_replaces_the_old(administrators, boss, service, clock, code):
    made = administrators.reset_code(boss)

    assert service.login("boss", PASSWORD, code(), "").administrator is None
    assert service.login("boss", PASSWORD, pyotp.TOTP(made.secret).at(clock.now()), "").administrator is boss


def test_a_new_password_replaces_the_old(administrators, boss, service, code):
    administrators.set_password(boss, "another long sentence")

    assert service.login("boss", PASSWORD, code(), "").administrator is None
    assert service.login("boss", "another long sentence", code(), "").administrator is boss
    with pytest.raises(AdministratorRefused):
        administrators.set_password(boss, "short")


def test_secrets_are_not_in_the_representation(administrators):
    made = administrators.create("chief", "周", PASSWORD)

    assert made.secret not in repr(made)


def test_the_record_says_which_account_is_attacked(service, boss, typed, failures):
    for login in ("root\r\n", "Boss", "管理员" + "x" * 70, "\ud800\u202eboss"):
        assert service.login(login, "wrong password", "000000", "").administrator is None
    for _count in range(5):
        failures.note("boss", "")
    assert service.login("boss", "wrong password", "000000", "").wait is not None

    assert typed() == ["root", "Boss", "管理员" + "x" * 61, "boss", "boss"]
