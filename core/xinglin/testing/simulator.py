"""The real simulators in a process of their own, on ports of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

START_SECONDS = 20
CORP, SECRET, CONTACTS_SECRET = "ww0123456789abcdef", "app-secret-" + "s" * 32, "contacts-secret-" + "c" * 27
AGENT = 1000002
CALLBACK_TOKEN, CALLBACK_KEY = "callbacktoken0", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@dataclass
class Simulator:
    """A running simulator and its addresses."""

    process: subprocess.Popen[str]
    wecom: str
    phone: str
    control: str
    smtp: str
    sms: str
    oa: str = ""
    _http: requests.Session = field(default_factory=requests.Session)

    def post(self, path: str, /, **body: Any) -> Any:
        """Call the control API."""
        return self._answer(self._http.post(f"{self.control}/{path}", json=body, timeout=60))

    def get(self, path: str, /, **query: Any) -> Any:
        return self._answer(self._http.get(f"{self.control}/{path}", params=query, timeout=60))

    def delete(self, path: str) -> Any:
        return self._answer(self._http.delete(f"{self.control}/{path}", timeout=60))

    @staticmethod
    def _answer(response: requests.Response) -> Any:
        response.raise_for_status()
        return response.json() if response.content else None

    def stop(self) -> None:
        self._http.close()
        self.process.terminate()
        self.process.wait(timeout=60)
        if self.process.stdout:
            self.process.stdout.close()


def config(portal_url: str, *, people: str = "hospital") -> dict[str, Any]:
    """The simulator's configuration for a portal at `portal_url`."""
    callback = {"url": f"{portal_url}/wecom/callback", "token": CALLBACK_TOKEN, "aes_key": CALLBACK_KEY}
    host = portal_url.partition("://")[2]
    return {
        "host": "127.0.0.1",
        "wecom_port": 0,
        "smtp_port": 0,
        "sms_port": 0,
        "corp_id": CORP,
        "contacts_secret": CONTACTS_SECRET,
        "agents": [
            {
                "agent_id": AGENT,
                "secret": SECRET,
                "name": "杏林",
                "home_url": f"{portal_url}/",
                "trusted_domains": [host],
                "callback": callback,
            }
        ],
        "contacts_callback": callback,
        "people": people,
        "contact_fields": "full",
        "scale_limits": 1,
    }


def start(folder: Path, configuration: dict[str, Any]) -> Simulator:
    """Start the simulators with `configuration`; raises RuntimeError with their words when they do not come up."""
    path = folder / "simulator.json"
    path.write_text(json.dumps(configuration), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "xinglin_simulators", "--config", str(path)], stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline() if process.stdout else ""
    if not line.strip().startswith("{"):
        process.kill()
        process.wait()
        raise RuntimeError(f"the simulators did not start: {line!r}")
    return Simulator(process, **json.loads(line))
