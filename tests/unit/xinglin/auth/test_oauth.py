from __future__ import annotations

import pytest

from xinglin.auth.errors import LoginRefused
from xinglin.auth.oauth import OAuthService, safe_next_path
from xinglin.people.models import PersonState


@pytest.fixture
def logins(session, clock, audit):
    return OAuthService(session, clock, audit)


@pytest.mark.parametrize(
    "path", ["/", "/news/abc?page=2", "/a/b//c", "/loginology", "/x?next=https://evil", "/新闻"]
)
def test_pages_of_this_site_are_kept(path):
    assert safe_next_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "news",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " /news",
        "https://evil.example/",
        "http:evil.example",
        "javascript:alert(1)",
        "/a\x00b",
        "/a\x85b",
        "//[evil",
        "/" + "a" * 2048,
        "/login",
        "/login?next=/login",
        "/login/return?code=1",
    ],
)
def test_everything_else_leads_home(path):
    assert safe_next_path(path) == "/"


def test_a_login_belongs_to_the_browser_that_began_it(logins):
    state = logins.start("browser-1", "/news/1")

    assert logins.look(state, "browser-1").next_path == "/news/1"
    assert state.isalnum()
    for wrong_state, browser in ((state, "browser-2"), (state, ""), ("forged", "browser-1"), ("", "")):
        with pytest.raises(LoginRefused, match="not begun in this browser"):
            logins.look(wrong_state, browser)


def test_a_state_is_good_for_ten_minutes(logins, clock):
    state = logins.start("browser-1", "/")
    clock.advance(minutes=9, seconds=59)
    assert not logins.look(state, "browser-1").is_used

    clock.advance(seconds=1)

    with pytest.raises(LoginRefused, match="took too long"):
        logins.look(state, "browser-1")


def test_a_state_is_used_once(logins):
    state = logins.start("browser-1", "/")

    logins.use(state)

    assert logins.look(state, "browser-1").is_used
    with pytest.raises(LoginRefused, match="already used"):
        logins.use(state)


@pytest.mark.parametrize("userid", ["U1001", "u1001", "u1001".upper()])
def test_the_userid_is_compared_in_lower_case(logins, person, userid):
    assert logins.person_of(userid) is person


def test_an_unknown_userid_is_refused_and_audited(logins, person, recorded):
    assert logins.person_of("stranger") is None
    assert recorded() == [("login.refuse", "denied")]


def test_a_gone_person_is_found_and_audited(logins, person, recorded):
    person.state = PersonState.LEFT

    assert logins.person_of("U1001") is person
    assert recorded() == [("login.refuse", "denied")]


def test_old_states_are_forgotten(logins, clock):
    logins.start("browser-1", "/")
    clock.advance(minutes=5)
    kept = logins.start("browser-1", "/kept")
    clock.advance(minutes=5)

    assert logins.forget_old() == 1
    assert logins.look(kept, "browser-1").next_path == "/kept"
