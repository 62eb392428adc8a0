from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.auth.cli import administrators as group
from xinglin.auth.models import Administrator


@pytest.fixture
def xinglin(session, audit, clock, keyring):
    """Run `xinglin administrators …`; the output and the exit code."""

    @contextmanager
    def working():
        yield session, audit

    settings = SimpleNamespace(
        zone=ZoneInfo("Asia/Shanghai"),
        site_name="测试医院",
        session_phone=timedelta(hours=12),
        session_admin=timedelta(minutes=30),
    )
    context = SimpleNamespace(settings=settings, clock=clock, keyring=keyring, session=working)

    def run(*arguments, typed=None):
        result = CliRunner().invoke(group, arguments, obj=context, input=typed)
        return result.output, result.exit_code

    return run


def test_an_account_is_made_with_a_generated_password(xinglin, session):
    output, code = xinglin("create", "boss", "--name", "周主任", "--generate")

    assert code == 0
    assert re.search(r"password: \S{20}", output)
    assert "otpauth://totp/" in output
    assert session.query(Administrator).one().login == "boss"


def test_the_password_is_asked_for_and_checked(xinglin, session):
    output, code = xinglin("create", "boss", "--name", "周主任", typed="short\nshort\n")

    assert (code, "at least ten characters" in output) == (1, True)
    assert session.query(Administrator).count() == 0
    typed = "correct horse battery\n" * 2
    assert xinglin("create", "boss", "--name", "周主任", typed=typed)[1] == 0


def test_accounts_are_listed_disabled_and_given_new_codes(xinglin, administrator):
    assert xinglin("list") == ("boss\t周主任\t启用 active\t系统 system\t-\t2026-11-23\n", 0)
    assert "TOTP secret" in xinglin("reset-code", "boss")[0]
    assert xinglin("disable", "boss")[1] == 0
    assert xinglin("list") == ("boss\t周主任\t停用 disabled\t系统 system\t-\t2026-11-23\n", 0)
    assert xinglin("enable", "boss")[1] == 0
    assert "启用 active" in xinglin("list")[0]


def test_an_unknown_account_is_named_with_a_cure(xinglin):
    output, code = xinglin("disable", "ghost")

    assert code == 1
    assert "ghost" in output
    assert "xinglin administrators list" in output


def test_no_person_holds_two_of_the_three_roles(xinglin, session):
    assert xinglin("create", "boss", "--name", "周主任", "--generate", "--role", "security")[1] == 0
    output, code = xinglin("create", "boss.two", "--name", "周主任", "--generate", "--role", "audit")
    assert (code, "another of the three administrator roles" in output) == (1, True)
    assert xinglin("create", "qian", "--name", "钱科长", "--generate", "--role", "audit")[1] == 0
    assert {row.login: row.role for row in session.query(Administrator)} == {
        "boss": "security",
        "qian": "audit",
    }


def test_a_person_holds_one_role_whatever_the_name_typed(xinglin, session, person):
    tied = ("--generate", "--staff-number", "1001")
    assert xinglin("create", "wang", "--name", "王丽", *tied, "--role", "security")[1] == 0
    output, code = xinglin("create", "wang.two", "--name", "王小丽", *tied, "--role", "audit")
    assert (code, "another of the three administrator roles" in output) == (1, True)
    assert xinglin("create", "wang.two", "--name", "王小丽", *tied, "--role", "security")[1] == 0
    assert [row.person_id for row in session.query(Administrator)] == [person.id, person.id]
    assert "\t1001\t" in xinglin("list")[0]


def test_namesakes_are_told_apart_by_their_staff_numbers(xinglin, session, hospital):
    for number in ("2001", "2002"):
        hospital.person(number, "王丽")
    one = ("--name", "王丽", "--generate")
    assert xinglin("create", "one", *one, "--staff-number", "2001", "--role", "security")[1] == 0
    assert xinglin("create", "two", *one, "--staff-number", "2002", "--role", "audit")[1] == 0
    output, code = xinglin("create", "three", *one, "--outsider", "--role", "system")
    assert (code, "staff numbers" in output) == (1, True)


@pytest.mark.parametrize(
    "spelling", ["王 丽", "王丽（信息科）", "王丽(信息科", " 王　丽 ", "王\u200b丽", "【兼】王丽", "王·丽"]
)
def test_no_spelling_of_a_name_makes_two_persons(xinglin, session, spelling):
    assert xinglin("create", "boss", "--name", "王丽", "--generate", "--role", "security")[1] == 0
    output, code = xinglin("create", "boss.two", "--name", spelling, "--generate", "--role", "audit")
    assert (code, "another of the three administrator roles" in output) == (1, True)
    assert session.query(Administrator).count() == 1


def test_other_names_are_other_persons(xinglin, session):
    for login, name, role in (
        ("one", "王丽", "security"),
        ("two", "王莉", "audit"),
        ("three", "王丽丽", "system"),
    ):
        assert xinglin("create", login, "--name", name, "--generate", "--role", role)[1] == 0


def test_an_account_under_another_name_counts_by_the_name_on_the_list_of_staff(xinglin, session, person):
    tied = ("--generate", "--staff-number", "1001", "--role", "security")
    assert xinglin("create", "wang", "--name", "安全员", *tied)[1] == 0
    output, code = xinglin("create", "two", "--name", "王丽", "--generate", "--outsider", "--role", "audit")
    assert (code, "another of the three administrator roles" in output) == (1, True)


def test_with_staff_imported_an_account_says_whose_it_is(xinglin, session, person):
    output, code = xinglin("create", "vendor", "--name", "钱工", "--generate")
    assert (code, "--staff-number" in output, "--outsider" in output) == (1, True, True)
    output, code = xinglin(
        "create", "vendor", "--name", "钱工", "--generate", "--outsider", "--staff-number", "1001"
    )
    assert (code, "An outsider has no staff number" in output) == (1, True)
    assert session.query(Administrator).count() == 0
    assert xinglin("create", "vendor", "--name", "钱工", "--generate", "--outsider")[1] == 0
    assert session.query(Administrator).one().person_id is None


def test_that_somebody_is_an_outsider_is_recorded(xinglin, session, person, keyring):
    xinglin("create", "vendor", "--name", "钱工", "--generate", "--outsider")
    row = session.query(AuditRecord).filter_by(action="administrator.create").one()
    assert json.loads(details_of(row, keyring))["after"]["is_outsider"] is True


def test_listing_the_accounts_is_recorded(xinglin, session, administrator):
    xinglin("list")
    assert session.query(AuditRecord).filter_by(action="administrator.list").count() == 1


def test_an_account_of_nobody_on_the_staff_is_refused(xinglin, session):
    output, code = xinglin("create", "ghost", "--name", "某人", "--generate", "--staff-number", "404")
    assert (code, "No active person" in output) == (1, True)
    assert session.query(Administrator).count() == 0


def test_a_changed_account_is_named_and_not_switched_on_again(xinglin, session, administrator):
    session.execute(update(Administrator).values(role="audit"))
    session.refresh(administrator)
    assert "被改动 changed in the database" in xinglin("list")[0]
    assert xinglin("disable", "boss")[1] == 0
    output, code = xinglin("enable", "boss")
    assert (code, "behind the portal's back" in output) == (1, True)
    assert not administrator.is_active


def test_who_got_another_role_meanwhile_is_not_switched_on_again(xinglin, session):
    assert xinglin("create", "old", "--name", "王丽", "--generate", "--role", "system")[1] == 0
    assert xinglin("disable", "old")[1] == 0
    assert xinglin("create", "new", "--name", "王丽", "--generate", "--role", "audit")[1] == 0
    output, code = xinglin("enable", "old")
    assert (code, "another of the three administrator roles" in output) == (1, True)
