"""The story of a transfer and a leaver: WeCom tells the portal, and rights change while the person looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import requests

from tests.e2e.stack import Stack
from tests.e2e.test_first_light import eventually, open_portal

if TYPE_CHECKING:
    from playwright.sync_api import Page

PHARMACIST = "P10051"
LABORATORY = "检验科"


def in_wecom(stack: Stack, action: str, **member: Any) -> None:
    """An administrator of WeCom changes a member; WeCom calls the portal back."""
    body = {"action": action, "member": member}
    requests.post(f"{stack.wecom}/_control/people", json=body, timeout=60).raise_for_status()


def is_callback_known(stack: Stack) -> bool:
    """WeCom checks the callback's address when it is saved, and wants an answer within a second."""
    answer = requests.post(f"{stack.wecom}/_control/callbacks/verify", json={}, timeout=60).json()
    return all(answer["verified"].values())


def laboratory(stack: Stack) -> int:
    token = requests.get(
        f"{stack.wecom}/cgi-bin/gettoken",
        params={"corpid": "ww5a0d3e7c1b2f4968", "corpsecret": secret(stack)},
        timeout=60,
    ).json()["access_token"]
    listed = requests.get(
        f"{stack.wecom}/cgi-bin/department/list", params={"access_token": token}, timeout=60
    ).json()
    return next(one["id"] for one in listed["department"] if one["name"] == LABORATORY)


def secret(stack: Stack) -> str:
    return (stack.folder / "secrets" / "wecom_contacts_secret").read_text(encoding="utf-8").strip()


def test_transfer_and_leaving(stack: Stack, new_phone: Callable[..., Page]) -> None:
    phone = new_phone()
    portal = open_portal(phone, stack, PHARMACIST)
    portal.get_by_role("link", name="我", exact=True).click()
    portal.get_by_text("药学部").first.wait_for()

    eventually(phone, lambda: is_callback_known(stack))
    in_wecom(stack, "update", userid=PHARMACIST, department=[laboratory(stack)])

    def is_transferred() -> bool:
        phone.goto(f"{stack.portal}/me")
        return LABORATORY in phone.content()

    eventually(phone, is_transferred)

    in_wecom(stack, "disable", userid=PHARMACIST)

    def is_out() -> bool:
        phone.goto(f"{stack.portal}/me")
        return phone.url != f"{stack.portal}/me"

    eventually(phone, is_out, seconds=60)
    ended = stack.run("audit", "show", "--action", "session.end", "--json")
    assert "not in WeCom" in ended
