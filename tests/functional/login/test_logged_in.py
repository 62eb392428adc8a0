"""After the login: the end of sessions, forged forms, strangers."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from xinglin.auth.models import LoginSession, OAuthState
from xinglin.people.models import Person, PersonState
from xinglin.testing.portal import PORTAL_URL

from .journeys import (
    STARTER,
    WARD_NURSE,
    actions,
    begin,
    change_state,
    come_back,
    is_out,
    log_out,
    token_of,
)

pytestmark = pytest.mark.plugins("portal")


@pytest.mark.parametrize("state", [PersonState.DISABLED, PersonState.LEFT])
def test_who_is_switched_off_in_the_middle_is_out_at_the_next_request(hospital, nurse, state):
    nurse.get("/me", status=200)

    change_state(hospital, "10021", state)

    assert is_out(nurse)


def test_after_logout_the_old_cookie_opens_nothing(hospital, nurse):
    cookie = nurse.cookies["xinglin_session"]

    page = log_out(nurse).follow()

    assert "已退出登录" in page.text
    nurse.set_cookie("xinglin_session", cookie)
    assert is_out(nurse)
    assert actions(hospital)[-1] == ("session.end", "ok")


def test_logout_everywhere_ends_the_other_phone_too(hospital, nurse):
    other = hospital.browser()
    come_back(hospital, other, WARD_NURSE)

    log_out(nurse, "/login/logout-everywhere")

    assert is_out(nurse)
    assert is_out(other)


def test_one_session_is_ended_from_another_but_never_anothers(hospital, nurse, pc):
    with hospital.session() as (session, _audit):
        session.scalars(
            select(Person).where(Person.staff_no == "10061")
        ).one().confirmed_at = hospital.site.clock.now()
    come_back(hospital, other := hospital.browser(), WARD_NURSE)
    come_back(hospital, stranger := hospital.browser(), STARTER)
    with hospital.site.database.read_session() as session:
        ids = list(session.scalars(select(LoginSession.public_id).order_by(LoginSession.id)))

    token = token_of(nurse)
    nurse.post(f"/login/sessions/{ids[2]}/end", {"csrf_token": token}, status=404)
    ended = nurse.post(f"/login/sessions/{ids[1]}/end", {"csrf_token": token, "next": "/me"})

    assert ended.location == f"{PORTAL_URL}/me"
    assert is_out(other)
    stranger.get("/me", status=200)
    assert "/login/out" in nurse.post(f"/login/sessions/{ids[0]}/end", {"csrf_token": token}).location
    assert is_out(nurse)


def test_a_session_that_sql_gave_to_another_opens_nothing_and_is_recorded_once(hospital, nurse, phone):
    come_back(hospital, phone, STARTER)
    with hospital.session() as (session, _audit):
        other = session.scalars(select(Person.id).where(Person.staff_no == "10061")).one()
        session.execute(update(LoginSession).values(person_id=other))

    assert is_out(nurse)
    assert is_out(nurse)

    phone.get("/me", status=302).follow(status=200)
    assert actions(hospital).count(("session.changed", "error")) == 1


def test_a_session_ends_after_twelve_hours_and_is_seen_until_then(hospital, nurse, clock):
    clock.advance(hours=11)
    nurse.get("/me", status=200)
    with hospital.site.database.read_session() as session:
        assert session.scalars(select(LoginSession.last_seen_at)).one() == clock.now()
    clock.advance(minutes=4)
    nurse.get("/me", status=200)
    with hospital.site.database.read_session() as session:
        assert session.scalars(select(LoginSession.last_seen_at)).one() < clock.now()
    clock.advance(hours=1)
    assert is_out(nurse)


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_a_form_without_the_right_token_is_refused(nurse, token):
    page = nurse.post("/login/logout", {"csrf_token": token}, status=400)

    assert "刷新" in page.text or "reload" in page.text.lower() or "重新" in page.text
    nurse.get("/me", status=200)


def test_the_token_of_another_person_is_refused_and_the_header_is_accepted(hospital, nurse):
    other = hospital.browser()
    come_back(hospital, other, WARD_NURSE)

    nurse.post("/login/logout", {"csrf_token": token_of(other)}, status=400)
    nurse.post("/login/logout", headers={"X-CSRF-Token": token_of(nurse)}, status=303)


def test_a_get_never_logs_out(nurse):
    nurse.get("/login/logout", status=404)
    nurse.get("/me", status=200)


def test_strangers_get_what_fits_their_request(hospital, phone, pc):
    assert pc.get("/me?x=1", status=302).location == f"{PORTAL_URL}/login?next=%2Fme%3Fx%3D1"
    fragment = phone.get(
        "/me", headers={"HX-Request": "true", "HX-Current-URL": f"{PORTAL_URL}/me?y=2"}, status=401
    )
    assert fragment.headers["HX-Redirect"] == "/me?y=2"
    broken = phone.get("/me", headers={"HX-Request": "true", "HX-Current-URL": "http://[evil"}, status=401)
    assert broken.headers["HX-Redirect"] == "/"
    token = token_of(pc, "/login/break-glass")
    assert "登录已失效" in pc.post("/login/logout", {"csrf_token": token}, status=401).text


def test_broken_cookies_are_no_cookies(hospital, phone):
    for value in ("x" * 4000, "a b", "ü", "'; drop table--"):
        phone.get(
            "/me",
            headers={"Cookie": f"xinglin_session={value}; xinglin_attempts=99; xinglin_csrf=%"},
            status=302,
        )


def test_cookies_that_cannot_be_read_are_no_cookies(hospital, phone):
    page = phone.get("/me", headers={"Cookie": 'xinglin_session="\\377"'}, status="*")
    assert page.status_int in (302, 400)


def test_old_states_do_not_pile_up(hospital, phone, clock):
    begin(phone)
    clock.advance(hours=2)
    hospital.work()

    with hospital.site.database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(OAuthState)) == 0
