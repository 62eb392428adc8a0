"""The OA tells another system of each to-do: JSON in the shape of the unified to-do of e-cology, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp

from .desk import Desk, Request, Task

TIMEOUT = aiohttp.ClientTimeout(total=5)
TRIES = 2
SYSTEM = "ecology"


@dataclass
class Told:
    """A message and the answers to it; 0 = nobody answered."""

    body: dict[str, Any]
    statuses: list[int]


class Teller:
    """Sends to ``url``; empty: this OA cannot push."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret.encode()
        self._last = 0
        self.told: list[Told] = []

    async def tell(self, desk: Desk, now: float) -> None:
        """Send all news, in their order."""
        news, desk.news = desk.news, []
        if not self._url:
            return
        async with aiohttp.ClientSession(timeout=TIMEOUT) as http:
            for request, task in news:
                self._last = max(self._last + 1, int(now * 1000))
                told = Told(_message(desk, request, task, self._last), [])
                self.told.append(told)
                while len(told.statuses) < TRIES and not (told.statuses and told.statuses[-1] == 200):
                    told.statuses.append(await self._post(http, told.body, now))

    def rows(self) -> list[dict[str, Any]]:
        return [asdict(told) for told in self.told]

    async def _post(self, http: aiohttp.ClientSession, message: dict[str, Any], now: float) -> int:
        body = json.dumps(message, ensure_ascii=False).encode()
        stamp = str(int(now))
        signature = hmac.new(self._secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-OA-Timestamp": stamp,
            "X-OA-Signature": signature,
        }
        try:
            async with http.post(self._url, data=body, headers=headers) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0


def _message(desk: Desk, request: Request, task: Task, stamp: int) -> dict[str, Any]:
    open_as = "0" if task.kind == "todo" else "8"
    return {
        "syscode": SYSTEM,
        "flowid": str(request.id),
        "requestname": request.title,
        "workflowname": request.flow.name,
        "nodename": request.node.name,
        "pcurl": f"/workflow/request/ViewRequest.jsp?requestid={request.id}",
        "appurl": f"/mobile/request/{request.id}",
        "creator": desk.users[request.creator].workcode,
        "createdatetime": request.created,
        "receiver": desk.users[task.user].workcode,
        "receivedatetime": task.received,
        "isremark": "2" if task.done else open_as,
        "viewtype": "1" if task.is_read else "0",
        "receivets": str(stamp),
    }
