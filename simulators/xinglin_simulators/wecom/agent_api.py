"""agent/* and menu/*: settings of an application."""

from __future__ import annotations

from .api import Answer, Call, endpoint
from .errors import ApiError


def _agent_id(value: object) -> int | None:
    text = str(value or "")
    return int(text) if text.isdigit() else None


@endpoint("GET", "agent/get", rights="agent")
def get_agent(call: Call) -> Answer:
    """The application's own settings."""
    agent = call.simulator.check_agent_of(call.grant, _agent_id(call.query.get("agentid")))
    return {
        "agentid": agent.agent_id,
        "name": agent.name,
        "square_logo_url": f"{call.simulator.base_url}/phone/static/app.svg",
        "description": agent.name,
        "allow_userinfos": {"user": [{"userid": userid} for userid in agent.visible_users]},
        "allow_partys": {"partyid": list(agent.visible_departments)},
        "allow_tags": {"tagid": list(agent.visible_tags)},
        "close": 0,
        "redirect_domain": agent.trusted_domains[0] if agent.trusted_domains else "",
        "report_location_flag": 0,
        "isreportenter": int(agent.report_enter),
        "home_url": agent.home_url,
        "customized_publish_status": 0,
    }


@endpoint("GET", "agent/list", rights="agent")
def list_agents(call: Call) -> Answer:
    """The application behind the token."""
    agent = call.grant.agent
    rows = [{"agentid": agent.agent_id, "name": agent.name, "square_logo_url": ""}] if agent else []
    return {"agentlist": rows}


@endpoint("POST", "agent/set", rights="agent")
def set_agent(call: Call) -> Answer:
    """Checked and accepted; the simulator's own configuration stays in force."""
    agent = call.simulator.check_agent_of(call.grant, _agent_id(call.body.get("agentid")))
    domain = str(call.body.get("redirect_domain") or "")
    if domain and domain not in agent.trusted_domains:
        raise ApiError(85005, "redirect_domain not verified")
    return {}


@endpoint("POST", "menu/create", rights="agent")
def create_menu(call: Call) -> Answer:
    """Set the application's menu (1 to 3 buttons)."""
    agent = call.simulator.check_agent_of(call.grant, _agent_id(call.query.get("agentid")))
    buttons = call.body.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise ApiError(40017, "invalid number of buttons")
    call.simulator.menus[agent.agent_id] = {"button": buttons}
    return {}


@endpoint("GET", "menu/get", rights="agent")
def get_menu(call: Call) -> Answer:
    """The menu. Raises 46003 when there is none."""
    agent = call.simulator.check_agent_of(call.grant, _agent_id(call.query.get("agentid")))
    menu = call.simulator.menus.get(agent.agent_id)
    if menu is None:
        raise ApiError(46003)
    return dict(menu)


@endpoint("GET", "menu/delete", rights="agent")
def delete_menu(call: Call) -> Answer:
    """Remove the menu."""
    agent = call.simulator.check_agent_of(call.grant, _agent_id(call.query.get("agentid")))
    call.simulator.menus.pop(agent.agent_id, None)
    return {}
