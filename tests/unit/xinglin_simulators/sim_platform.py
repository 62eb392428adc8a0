"""The running simulator as a client sees it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from tests.unit.xinglin_simulators.sim_receiver import CORP_ID

AGENT_ID = 1000002
REDIRECT = "http://127.0.0.1:18080/login/callback"


class Platform:
    """The running simulator as a client sees it."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self.addresses = addresses
        self.base = addresses["wecom"]
        self.http = requests.Session()

    def close(self) -> None:
        self.http.close()

    def api(self, path: str, body: Any = None, *, token: str | None = None, **query: Any) -> Any:
        parameters = {**query, "access_token": self.token() if token is None else token}
        method = "GET" if body is None else "POST"
        address = f"{self.base}/cgi-bin/{path}"
        return self.http.request(method, address, params=parameters, json=body, timeout=10).json()

    def token(self, secret: str = "agent-secret") -> str:
        query = {"corpid": CORP_ID, "corpsecret": secret}
        return self.http.get(f"{self.base}/cgi-bin/gettoken", params=query, timeout=10).json()["access_token"]

    def contacts(self, path: str, body: Any = None, **query: Any) -> Any:
        return self.api(path, body, token=self.token("contacts-secret"), **query)

    def control(self, path: str, body: Any = None, **query: Any) -> Any:
        method = "GET" if body is None else "POST"
        address = f"{self.addresses['control']}/{path}"
        return self.http.request(method, address, params=query, json=body, timeout=10).json()

    def send(self, touser: str, text: str = "你好", **more: Any) -> Any:
        body = {"touser": touser, "msgtype": "text", "agentid": AGENT_ID, "text": {"content": text}}
        return self.api("message/send", {**body, **more})

    def authorize(self, browser: requests.Session, **query: str) -> requests.Response:
        parameters = {
            "appid": CORP_ID,
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": "s1",
            "agentid": str(AGENT_ID),
            **query,
        }
        address = f"{self.base}/connect/oauth2/authorize"
        return browser.get(address, params=parameters, allow_redirects=False, timeout=10)

    def code_for(self, userid: str, **more: Any) -> str:
        return self.control("codes", {"userid": userid, **more})["code"]


def code_in(response: requests.Response) -> str:
    return parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]
