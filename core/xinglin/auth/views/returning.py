"""The way back from WeCom with a code."""

from __future__ import annotations

import logging

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.i18n import translator
from xinglin.auth import cookies
from xinglin.auth.answers import logged_in, next_path, origin_of, problem, redirect
from xinglin.auth.errors import LoginRefused
from xinglin.auth.oauth import Login, OAuthService, already_used, gone_person, unknown_person
from xinglin.auth.policy import PUBLIC
from xinglin.auth.sessions import SessionService
from xinglin.people.models import SHUT_OUT, PersonState
from xinglin.people.service import PeopleService
from xinglin.wecom.errors import WeComError

_ = translator("core")
logger = logging.getLogger(__name__)


@view_config(route_name="core.login_return", permission=PUBLIC, request_method="GET", writes=True)
def come_back(request: Request) -> Response:
    """Exchange the code for a person and begin a session; every failure is a page, never a loop."""
    following = next_path(request)
    try:
        login = _look(request)
        following = login.next_path
        if login.is_used:
            return _again(request, login)
        userid = _userid(request)
        return _finish(request, login, userid)
    except LoginRefused as refusal:
        _note(request, refusal)
        return problem(request, refusal, following)


def _look(request: Request) -> Login:
    """The login that this answer belongs to, read in a transaction that is over before WeCom is asked."""
    state, browser = request.GET.get("state", ""), cookies.read(request, cookies.BROWSER)
    with request.registry.xinglin_site.database.read_session() as session:
        return OAuthService(session, request.clock, request.audit).look(state, browser)


def _again(request: Request, login: Login) -> Response:
    """The browser's back button leads here a second time: who is already in simply goes on."""
    if request.identity is not None and request.identity.kind == "person":
        return redirect(login.next_path)
    raise already_used()


def _userid(request: Request) -> str:
    """Ask WeCom whose code this is, outside of any transaction that writes."""
    code = request.GET.get("code", "")
    if not code:
        raise LoginRefused(_("The login was cancelled."), _("Log in again when you are ready."), status=400)
    try:
        userid: str | None = request.wecom.user_of_code(code)
    except WeComError as error:
        logger.warning("login: WeCom did not answer: %s", error)
        raise LoginRefused(
            _("WeCom (企业微信) does not answer just now."),
            _("Wait a minute and try again; if it stays so, tell the information department (信息科)."),
            status=503,
        ) from error
    if userid is None:
        raise LoginRefused(
            _(
                "WeCom did not accept this login: it was used already, too old, or not of a member of the hospital."
            ),
            _("Log in again with your own WeCom account of the hospital."),
            status=400,
        )
    return userid


def _finish(request: Request, login: Login, userid: str) -> Response:
    logins = request.service(OAuthService)
    logins.use(request.GET["state"])
    person = logins.person_of(userid)
    if person is None:
        return problem(request, unknown_person(), login.next_path)
    if person.state != PersonState.ACTIVE:
        return problem(request, gone_person(), login.next_path)
    if person.unreachable_reason in SHUT_OUT:
        request.service(PeopleService).set_reachable(person, None)  # WeCom has just let this person in
    sessions = request.service(SessionService)
    if request.identity is not None:
        sessions.end(request.identity.session_id, "replaced")
    return logged_in(
        request, sessions.begin_person(person, login.method, origin_of(request)), login.next_path
    )


def _note(request: Request, refusal: LoginRefused) -> None:
    logger.warning("login refused in request %s: %s %s", request.request_id, refusal.message, refusal.cure)
    request.audit.record("login.fail", "wecom", "", after={"reason": str(refusal.message)}, result="denied")
    request.db.flush()
