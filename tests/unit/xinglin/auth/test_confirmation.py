from __future__ import annotations

import pytest
from sqlalchemy import select

from xinglin.auth import confirmation
from xinglin.auth.confirmation import Channel, ConfirmationService, Verdict, channels_of
from xinglin.auth.errors import CodeRefused
from xinglin.auth.models import ConfirmationCode


@pytest.fixture
def starter(hospital):
    return hospital.person(
        "2001", "解小雨", confirmed_at=None, email="xiaoyu@hospital.example", mobile="13812340001"
    )


@pytest.fixture
def service(session, clock, audit, keyring):
    return ConfirmationService(session, clock, audit, keyring)


def send(service, person, code="123456", kind="mail"):
    service.check_may_send(person, kind)
    return service.store(person, kind, code)


def test_addresses_are_masked():
    assert confirmation.mask_mail("wangli@hospital.example") == "w***@hospital.example"
    assert confirmation.mask_mobile("13812340001") == "138****0001"
    assert confirmation.mask_mobile("8123") == "****23"


def test_only_known_channels_are_offered(starter, hospital):
    assert channels_of(starter) == (
        Channel("mail", "x***@hospital.example"),
        Channel("sms", "138****0001"),
    )
    assert channels_of(hospital.person("2002")) == ()


def test_a_channel_that_is_not_known_is_refused(service, hospital):
    nobody = hospital.person("2003", email="a@b.example")

    with pytest.raises(CodeRefused, match="does not know this address"):
        service.check_may_send(nobody, "sms")


def test_codes_have_six_digits_and_differ(service):
    codes = {service.new_code() for _count in range(50)}

    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert len(codes) > 40


def test_the_right_code_confirms_once(service, starter, session, clock, recorded):
    send(service, starter)

    assert service.waiting(starter) is not None
    assert service.try_code(starter, " 123456 ") is Verdict.RIGHT
    assert starter.confirmed_at == clock.now()
    assert service.try_code(starter, "123456") is Verdict.NONE
    assert service.waiting(starter) is None
    assert recorded() == [
        ("confirmation.send", "ok"),
        ("confirmation.try", "ok"),
        ("confirmation.try", "denied"),
    ]


def test_the_code_is_stored_as_a_hash_of_this_person(service, starter, hospital, session):
    twin = hospital.person("2004", email="t@hospital.example")
    first = send(service, starter)
    second = send(service, twin)

    assert "123456" not in first.code_hash
    assert first.code_hash != second.code_hash


def test_without_a_code_nothing_is_confirmed(service, starter):
    assert service.try_code(starter, "123456") is Verdict.NONE
    assert starter.confirmed_at is None


def test_five_wrong_codes_wear_it_out(service, starter, session):
    send(service, starter)

    verdicts = [service.try_code(starter, "000000") for _count in range(5)]

    assert verdicts == [Verdict.WRONG] * 4 + [Verdict.WORN_OUT]
    assert service.try_code(starter, "123456") is Verdict.WORN_OUT
    assert starter.confirmed_at is None
    assert session.scalars(select(ConfirmationCode.attempts)).one() == 5


def test_a_code_is_good_for_ten_minutes(service, starter, clock):
    send(service, starter)
    clock.advance(minutes=10)

    assert service.try_code(starter, "123456") is Verdict.EXPIRED
    assert service.waiting(starter) is None
    assert starter.confirmed_at is None


def test_a_new_code_replaces_the_old(service, starter, clock):
    send(service, starter, "111111")
    clock.advance(seconds=60)
    send(service, starter, "222222", "sms")

    assert service.last_sent(starter).channel == "sms"
    assert service.try_code(starter, "111111") is Verdict.WRONG
    assert service.try_code(starter, "222222") is Verdict.RIGHT


def test_a_minute_lies_between_two_codes(service, starter, clock):
    assert service.resend_after(starter) == 0
    send(service, starter)
    clock.advance(seconds=59)

    assert service.resend_after(starter) == 1
    with pytest.raises(CodeRefused, match="a moment ago") as caught:
        service.check_may_send(starter, "sms")
    assert (caught.value.status, caught.value.cure.mapping) == (429, {"seconds": 2})
    clock.advance(seconds=1)
    service.check_may_send(starter, "sms")


def test_five_codes_an_hour_at_most(service, starter, clock):
    for _count in range(5):
        send(service, starter)
        clock.advance(minutes=2)

    with pytest.raises(CodeRefused, match="Too many codes") as caught:
        service.check_may_send(starter, "mail")
    assert (caught.value.status, caught.value.cure.mapping) == (429, {"minutes": 51})
    clock.advance(minutes=50)
    service.check_may_send(starter, "mail")


def test_the_person_is_read_by_id(service, starter):
    assert service.person(starter.id) is starter
