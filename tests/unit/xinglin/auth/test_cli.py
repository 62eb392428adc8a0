from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from xinglin.auth.cli import administrators as group
from xinglin.auth.models import Administrator


@pytest.fixture
def xinglin(session, audit, clock, keyring):
    """Run `xinglin administrators …`; the output and the exit code."""

    @contextmanager
    def working():
        yield session, audit

    settings = SimpleNamespace(
        site_name="测试医院", session_phone=timedelta(hours=12), session_admin=timedelta(minutes=30)
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
    assert xinglin("list") == ("boss\t周主任\t启用 active\n", 0)
    assert "TOTP secret" in xinglin("reset-code", "boss")[0]
    assert xinglin("disable", "boss")[1] == 0
    assert xinglin("list") == ("boss\t周主任\t停用 disabled\n", 0)


def test_an_unknown_account_is_named_with_a_cure(xinglin):
    output, code = xinglin("disable", "ghost")

    assert code == 1
    assert "ghost" in output
    assert "xinglin administrators list" in output
