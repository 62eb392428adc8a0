"""gettoken, login by code, JS tickets, IP lists."""

from __future__ import annotations

import hashlib

from .api import Answer, Call, endpoint
from .errors import ApiError
from .logins import Code
from .tokens import LIFETIME


@endpoint("GET", "gettoken")
def get_token(call: Call) -> Answer:
    """Token of one secret; the same while valid."""
    simulator = call.simulator
    token = simulator.tokens.issue(
        call.query.get("corpid", ""), call.query.get("corpsecret", ""), call.request.remote or ""
    )
    if token.agent is not None and token.agent.agent_id in simulator.switches.disabled_agents:
        raise ApiError(50003)
    return {"access_token": token.value, "expires_in": simulator.tokens.remaining(token)}


def _redeem(call: Call) -> Code:
    agent = call.grant.agent
    if agent is None:
        raise ApiError(48002)
    return call.simulator.logins.redeem(call.need("code"), agent.agent_id)


def _openid(code: Code) -> str:
    return "o" + hashlib.sha256(f"openid:{code.userid}".encode()).hexdigest()[:27]


@endpoint("GET", "auth/getuserinfo", rights="agent")
def get_user_info(call: Call) -> Answer:
    """Who logged in: userid (and user_ticket for privateinfo), or openid for a visitor."""
    code = _redeem(call)
    if not code.userid:
        return {"openid": _openid(code)}
    answer: Answer = {"userid": code.userid}
    if code.is_private:
        answer |= {"user_ticket": call.simulator.logins.new_ticket(code), "expires_in": 1800}
    return answer


@endpoint("GET", "user/getuserinfo", rights="agent")
def get_user_info_legacy(call: Call) -> Answer:
    """The older form of auth/getuserinfo."""
    code = _redeem(call)
    if not code.userid:
        return {"OpenId": _openid(code), "DeviceId": "simulated-device"}
    answer: Answer = {"UserId": code.userid, "DeviceId": "simulated-device"}
    if code.is_private:
        answer |= {"user_ticket": call.simulator.logins.new_ticket(code), "expires_in": 1800}
    return answer


@endpoint("POST", "auth/getuserdetail", rights="agent")
def get_user_detail(call: Call) -> Answer:
    """Personal fields the member agreed to share."""
    userid = call.simulator.logins.ticket_owner(str(call.body.get("user_ticket", "")))
    member = call.simulator.directory.member(userid)
    if member is None:
        raise ApiError(60111)
    return {
        "userid": member.userid,
        "gender": str(member.gender),
        "avatar": f"{call.simulator.base_url}/phone/avatar/{member.userid}.svg",
        "qr_code": "",
        "mobile": member.mobile,
        "email": member.email,
        "biz_mail": "",
        "address": member.address,
    }


def _ticket(call: Call, kind: str, key: str) -> Answer:
    simulator = call.simulator
    simulator.limits.count_ticket(kind, key, simulator.clock.now())
    slot = int(simulator.clock.now() // LIFETIME)
    value = hashlib.sha512(f"{simulator.base_url}:{kind}:{key}:{slot}".encode()).hexdigest()[:86]
    return {"ticket": value, "expires_in": LIFETIME}


@endpoint("GET", "get_jsapi_ticket", rights="agent")
def get_jsapi_ticket(call: Call) -> Answer:
    """The corp's ticket for wx.config."""
    return _ticket(call, "corp", call.simulator.settings.corp_id)


@endpoint("GET", "ticket/get", rights="agent")
def get_agent_ticket(call: Call) -> Answer:
    """The application's ticket for wx.agentConfig."""
    if call.query.get("type") != "agent_config" or call.grant.agent is None:
        raise ApiError(40035)
    return _ticket(call, "agent", str(call.grant.agent.agent_id))


@endpoint("GET", "getcallbackip")
def get_callback_ip(call: Call) -> Answer:
    """Addresses callbacks come from."""
    return {"ip_list": [call.simulator.settings.host]}


@endpoint("GET", "get_api_domain_ip")
def get_api_domain_ip(call: Call) -> Answer:
    """Addresses of the API."""
    return {"ip_list": [call.simulator.settings.host]}
