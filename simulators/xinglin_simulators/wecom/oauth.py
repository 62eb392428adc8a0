"""Login pages at their real paths: web authorisation in the client and QR login on a computer."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web

from xinglin_simulators.settings import AgentSettings

from .devices import holder_of, switch_device
from .people_view import cast_views, search_people
from .render import page, redirect
from .state import SIMULATOR, Simulator

MAX_STATE = 128
VISITOR = "@visitor"


@dataclass(frozen=True)
class Login:
    """A checked login request."""

    agent: AgentSettings | None
    redirect_uri: str
    state: str
    is_private: bool = False


class PageError(Exception):
    """Shown as the platform's error page."""

    def __init__(self, code: int, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(text)


def error_page(error: PageError) -> web.Response:
    """The platform answers 200 with a page."""
    return page("error.html", code=error.code, text=error.text)


def _agent(simulator: Simulator, value: str, *, is_required: bool) -> AgentSettings | None:
    if not value and not is_required:
        return None
    agent = simulator.agent(int(value)) if value.isdigit() else None
    if agent is None:
        raise PageError(40056, "agentid 参数错误")
    return agent


def _check_domain(simulator: Simulator, agent: AgentSettings | None, redirect_uri: str) -> None:
    target = urlsplit(redirect_uri)
    agents = [agent] if agent else list(simulator.settings.agents)
    trusted = {domain.lower() for one in agents for domain in one.trusted_domains}
    is_trusted = simulator.switches.trusted_domain and target.netloc.lower() in trusted
    if target.scheme not in {"http", "https"} or not is_trusted:
        raise PageError(50001, "redirect_uri 与配置的授权完成回调域名不一致")


def read_login(request: web.Request, *, needs_agent: bool) -> Login:
    """Check the parameters. Raises PageError."""
    simulator, query = request.app[SIMULATOR], request.query
    if query.get("appid") != simulator.settings.corp_id:
        raise PageError(40013, "appid 参数错误")
    agent = _agent(simulator, query.get("agentid", ""), is_required=needs_agent)
    redirect_uri, state = query.get("redirect_uri", ""), query.get("state", "")
    _check_domain(simulator, agent, redirect_uri)
    if len(state.encode()) > MAX_STATE:
        raise PageError(40035, "state 参数过长")
    return Login(agent, redirect_uri, state, query.get("scope") == "snsapi_privateinfo" and agent is not None)


def back_to(login: Login, code: str) -> str:
    """redirect_uri with code and state appended; without code after a cancel."""
    parts = urlsplit(login.redirect_uri)
    added = ([("code", code)] if code else []) + ([("state", login.state)] if login.state else [])
    query = urlencode(parse_qsl(parts.query, keep_blank_values=True) + added)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


def _redirect_as(simulator: Simulator, login: Login, userid: str) -> web.Response:
    agent = login.agent
    is_private = login.is_private
    if agent is not None and userid:
        is_private = is_private and userid.lower() in simulator.visible_to(agent)
    member = simulator.directory.member(userid)
    known = member.userid if member else ""
    agent_id = agent.agent_id if agent else None
    code = simulator.logins.new_code(known, agent_id, is_private=is_private and bool(known))
    return redirect(back_to(login, code))


def _choose(request: web.Request, title: str, *, is_computer: bool) -> web.Response:
    simulator = request.app[SIMULATOR]
    text = request.query.get("sim_search", "")
    hidden = [(name, value) for name, value in request.query.items() if not name.startswith("sim_")]
    people = search_people(simulator, text) if text else []
    return page(
        "choose.html",
        title=title,
        is_computer=is_computer,
        query=urlencode(hidden),
        hidden=hidden,
        search=text,
        cast=cast_views(simulator),
        people=people,
    )


async def authorize(request: web.Request) -> web.StreamResponse:
    """GET /connect/oauth2/authorize: silent for the holder of the phone; privateinfo asks first."""
    simulator = request.app[SIMULATOR]
    try:
        login = read_login(request, needs_agent=False)
    except PageError as error:
        return error_page(error)
    chosen = request.query.get("sim_user", "")
    userid = chosen or holder_of(request)
    if not userid:
        return _choose(request, "请选择手机持有人", is_computer=False)
    member = simulator.directory.member(userid)
    if login.is_private and member is not None and "sim_consent" not in request.query:
        answer: web.StreamResponse = page(
            "consent.html", member=member, agent=login.agent, query=request.query_string
        )
    elif login.is_private and request.query.get("sim_consent") == "no":
        answer = redirect(back_to(login, ""))
    else:
        answer = _redirect_as(simulator, login, "" if userid == VISITOR else userid)
    if chosen and member is not None:
        switch_device(simulator.devices, request, answer, member.userid, simulator.ids.next("browser", 24))
    return answer


async def qr_login(request: web.Request) -> web.StreamResponse:
    """GET /wwlogin/sso/login and /wwopen/sso/qrConnect: the QR page of a computer."""
    simulator = request.app[SIMULATOR]
    try:
        login = read_login(request, needs_agent=True)
    except PageError as error:
        return error_page(error)
    chosen = request.query.get("sim_user", "")
    if request.query.get("sim_cancel"):
        return redirect(back_to(login, ""))
    if not chosen:
        return _choose(request, "企业微信扫码登录", is_computer=True)
    return _redirect_as(simulator, login, "" if chosen == VISITOR else chosen)
