from __future__ import annotations

from datetime import timedelta

import pytest

from xinglin.api.services import DomainError
from xinglin.auth.confirmation import ConfirmationService
from xinglin.auth.emergency import EmergencyService
from xinglin.people.models import PersonState


@pytest.fixture
def service(session, clock, audit, keyring):
    return EmergencyService(session, clock, audit, keyring)


def test_a_code_lets_its_person_in_once(service, person, recorded):
    made = service.issue(" 1001 ")

    assert (made.person_name, len(made.code), made.code in repr(made)) == ("王丽", 8, False)
    assert service.enter("1001", made.code, "10.0.0.9").person is person
    assert service.enter("1001", made.code, "10.0.0.9").person is None
    assert recorded() == [("emergency.issue", "ok"), ("login.fail", "denied")]


def test_a_code_is_of_one_person(service, person, colleague):
    made = service.issue("1001")

    assert service.enter("1002", made.code, "").person is None


def test_a_new_code_replaces_the_old(service, person):
    old, new = service.issue("1001"), service.issue("1001")

    assert service.enter("1001", old.code, "").person is None
    assert service.enter("1001", new.code, "").person is person


def test_a_code_is_good_for_ten_minutes(service, person, clock):
    made = service.issue("1001")
    clock.advance(minutes=10)

    assert made.expires_at == clock.now()
    assert service.enter("1001", made.code, "").person is None


def test_five_wrong_codes_lock_the_number(service, person, recorded):
    made = service.issue("1001")
    for _count in range(5):
        assert service.enter("1001", "00000000", "").wait is None

    assert service.enter("1001", made.code, "").wait == timedelta(minutes=15)
    assert recorded()[-1] == ("login.refuse", "denied")


@pytest.mark.parametrize("state", [PersonState.DISABLED, PersonState.LEFT])
def test_who_is_not_active_gets_no_code_and_uses_none(service, person, state, session):
    made = service.issue("1001")
    person.state = state
    session.flush()

    assert service.enter("1001", made.code, "").person is None
    with pytest.raises(DomainError, match="No active person"):
        service.issue("1001")


def test_an_unknown_number_looks_like_a_wrong_code(service):
    entry = service.enter("nobody", "12345678", "")

    assert (entry.person, entry.wait) == (None, None)


def test_the_code_of_the_desk_does_not_confirm_anybody(service, person, session, clock, audit, keyring):
    made = service.issue("1001")
    person.confirmed_at = None

    assert ConfirmationService(session, clock, audit, keyring).try_code(person, made.code).value == "none"
    assert person.confirmed_at is None


def test_the_record_says_whose_number_is_attacked(service, person, typed):
    for number in ("1001", " 99\x00\n99 ", *["1001"] * 5):
        service.enter(number, "00000000", "")
    assert typed() == ["1001", " 9999 ", *["1001"] * 5]
