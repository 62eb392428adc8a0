"""Start all simulators in one process."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from aiohttp import web

from .mail import start_mail
from .oa.app import OldOffice
from .oa.app import make_app as make_oa
from .settings import Settings, SettingsError, load_settings
from .wecom.app import make_app
from .wecom.control import loopback_only
from .wecom.state import Simulator

SHUTDOWN_SECONDS = 0.5


class RunningSimulators:
    """All servers of one configuration; ``addresses`` is filled by ``start``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.simulator = Simulator(settings)
        self.addresses: dict[str, str] = {}
        self._runners: list[web.AppRunner] = []
        self._smtp: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on all ports (0 takes a free one). Raises OSError when a port is taken."""
        host = self._settings.host
        wecom = f"http://{host}:{await self._serve(make_app(self.simulator), self._settings.wecom_port)}"
        self.simulator.base_url = wecom
        sms = f"http://{host}:{await self._serve(self.simulator.sms.app(), self._settings.sms_port)}"
        self._smtp = await start_mail(self.simulator.mailbox, host, self._settings.smtp_port)
        self.addresses = {
            "wecom": wecom,
            "phone": f"{wecom}/phone/",
            "control": f"{wecom}/_control",
            "smtp": f"{host}:{self._smtp.sockets[0].getsockname()[1]}",
            "sms": sms,
        }
        if self._settings.oa is not None:
            office = OldOffice(self._settings.oa, self.simulator.clock)
            port = await self._serve(make_oa(office, (loopback_only,)), self._settings.oa.port)
            self.addresses["oa"] = f"http://{host}:{port}"

    async def _serve(self, app: web.Application, port: int) -> int:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, self._settings.host, port).start()
        return int(runner.addresses[0][1])

    async def stop(self) -> None:
        """Close all servers."""
        if self._smtp is not None:
            self._smtp.close()
        await asyncio.gather(*(runner.cleanup() for runner in self._runners))


async def _run(settings: Settings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    running = RunningSimulators(settings)
    try:
        await running.start()
        sys.stdout.write(json.dumps(running.addresses) + "\n")
        sys.stdout.flush()
        await stopping.wait()
    finally:
        await running.stop()


def main() -> int:
    """Read the configuration and serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m xinglin_simulators")
    parser.add_argument("--config", type=Path, required=True, help="JSON file, see settings.py")
    parser.add_argument("--port", type=int, help="WeCom port; overrides the file")
    arguments = parser.parse_args()
    try:
        asyncio.run(_run(load_settings(arguments.config, arguments.port)))
    except (SettingsError, OSError) as error:
        sys.stderr.write(f"xinglin_simulators: {error}\n")
        return 1
    return 0
