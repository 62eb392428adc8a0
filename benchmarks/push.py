"""One notice to 1,632 phones: seconds from the commit until the simulated WeCom holds them all."""

from __future__ import annotations

import time

import requests
from sqlalchemy import select

from benchmarks.stack import Stack
from xinglin.audit.service import Actor, AuditTrail
from xinglin.people.models import Person
from xinglin.push.models import Delivery, DeliveryState
from xinglin.push.service import PushService
from xinglin.testing.simulator import AGENT, CORP, SECRET

PATIENCE_SECONDS = 60
OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING)


def notice(stack: Stack) -> tuple[float, int]:
    """Seconds, and how many persons hold the card (the rest is reported as unreachable)."""
    site = stack.site
    began = time.perf_counter()
    with site.database.session() as session:
        trail = AuditTrail(session, Actor.system("bench"), site.clock, site.keyring)
        everybody = session.scalars(select(Person.id)).all()
        message = PushService(session, site.clock, trail).enqueue(
            "news.notice",
            "bench",
            everybody,
            title="台风红色预警",
            description="今晚 20:00 起启动应急响应",
            path="/news/bench",
            dedupe_key=f"bench:{began}",
        )
    while time.perf_counter() - began < PATIENCE_SECONDS:
        with site.database.read_session() as session:
            waiting = (
                select(Delivery.id)
                .where(Delivery.message_id == message.id, Delivery.state.in_(OPEN))
                .limit(1)
            )
            if session.scalar(waiting) is None:
                break
        time.sleep(0.01)
    seconds = time.perf_counter() - began
    return seconds, int(stack.simulator.get("delivered", title="台风红色预警")["users"])


def floor(stack: Stack) -> float:
    """The two bare calls that WeCom's limit of 1,000 receivers makes necessary."""
    base = f"{stack.simulator.wecom}/cgi-bin"
    with requests.Session() as http:
        token = http.get(f"{base}/gettoken", params={"corpid": CORP, "corpsecret": SECRET}, timeout=10).json()
        with stack.site.database.read_session() as session:
            userids = [userid for userid in session.scalars(select(Person.wecom_userid)) if userid]
        began = time.perf_counter()
        for part in (userids[:1000], userids[1000:]):
            body = {
                "touser": "|".join(part),
                "msgtype": "text",
                "agentid": AGENT,
                "text": {"content": "floor"},
            }
            address = f"{base}/message/send?access_token={token['access_token']}"
            http.post(address, json=body, timeout=30).raise_for_status()
        return time.perf_counter() - began
