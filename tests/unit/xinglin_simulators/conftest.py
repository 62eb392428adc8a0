"""A simulator on free ports in its own thread, and a callback receiver with an independent crypto."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.xinglin_simulators.sim_platform import AGENT_ID, Platform
from tests.unit.xinglin_simulators.sim_receiver import AES_KEY, CALLBACK_TOKEN, CORP_ID, CallbackReceiver

from xinglin_simulators.main import RunningSimulators
from xinglin_simulators.settings import parse_settings


def _configuration(callback: CallbackReceiver) -> dict[str, Any]:
    target = {"url": callback.url, "token": CALLBACK_TOKEN, "aes_key": AES_KEY}
    domains = ["127.0.0.1:18080"]
    return {
        "wecom_port": 0,
        "smtp_port": 0,
        "sms_port": 0,
        "corp_id": CORP_ID,
        "contacts_secret": "contacts-secret",
        "agents": [
            {"agent_id": AGENT_ID, "secret": "agent-secret", "trusted_domains": domains, "callback": target},
            {"agent_id": 1000003, "secret": "agent-secret-2", "visible_departments": [51]},
        ],
        "contacts_callback": target,
    }


@pytest.fixture
def callback() -> Iterator[CallbackReceiver]:
    receiver = CallbackReceiver()
    yield receiver
    receiver.close()


@pytest.fixture
def platform(callback: CallbackReceiver) -> Iterator[Platform]:
    loop = asyncio.new_event_loop()
    running = RunningSimulators(parse_settings(_configuration(callback)))
    loop.run_until_complete(running.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    client = Platform(running.addresses)
    yield client
    client.close()
    asyncio.run_coroutine_threadsafe(running.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()
