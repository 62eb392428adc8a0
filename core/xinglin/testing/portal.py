"""A full portal inside the test's process: real ini, real database, real simulators, no patches."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from webtest import TestApp

from xinglin.audit.service import Actor, AuditTrail
from xinglin.crypto.service import Keyring
from xinglin.kernel.app import build
from xinglin.kernel.db import Database, Session
from xinglin.kernel.site import Site, open_site
from xinglin.kernel.tables import import_all_models as import_all_models  # noqa: PLC0414 - for benchmarks too
from xinglin.kernel.worker import WorkerContext, run_once
from xinglin.testing.clock import FrozenClock

if TYPE_CHECKING:
    from xinglin.testing.simulator import Simulator

PORTAL_URL = "http://127.0.0.1:18080"
WECOM_AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger wxwork/4.1.30"
)


@dataclass
class Portal:
    """One portal; `browser()` is a new phone, `work()` lets the worker do all that is due."""

    site: Site
    wsgi: Any
    simulator: Simulator | None

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        clock: FrozenClock,
        database: Database,
        plugins: tuple[str, ...],
        simulator: Simulator | None = None,
        plugin_settings: str = "",
        **settings: Any,
    ) -> Portal:
        """Write an ini for these arguments and build the portal from it; `settings` are core settings."""
        path = write_ini(folder, database, plugins, simulator, plugin_settings, settings)
        site = open_site(path, clock=clock)
        return cls(site, build(site), simulator)

    def browser(self, *, user_agent: str = WECOM_AGENT) -> TestApp:
        return TestApp(
            self.wsgi, extra_environ={"HTTP_USER_AGENT": user_agent, "HTTP_HOST": "127.0.0.1:18080"}
        )

    def phone_of(self, userid: str) -> TestApp:
        """A phone whose owner has logged in silently, by the real way through the simulated WeCom."""
        browser = self.browser()
        self.open(browser, userid, "/")
        return browser

    def open(self, browser: TestApp, userid: str, path: str) -> Any:
        """Open `path` as `userid`; the hop through WeCom's login is made for the test."""
        response = browser.get(path)
        if response.status_int == 302 and "oauth2/authorize" in response.location:
            response = browser.get(self._come_back(response.location, userid))
        while response.status_int in (302, 303) and response.location.startswith((PORTAL_URL, "/")):
            response = browser.get(response.location.removeprefix(PORTAL_URL))
        return response

    def _come_back(self, authorize_url: str, userid: str) -> str:
        """Where WeCom would send the owner of the phone after the silent consent."""
        assert self.simulator is not None
        query = parse_qs(urlsplit(authorize_url).query)
        code = self.simulator.post("codes", userid=userid)["code"]
        back = urlencode({"code": code, "state": query["state"][0]})
        return query["redirect_uri"][0].removeprefix(PORTAL_URL) + "?" + back

    @contextmanager
    def session(self) -> Iterator[tuple[Session, AuditTrail]]:
        with self.site.database.session() as session:
            yield session, AuditTrail(session, Actor.system("test"), self.site.clock, self.site.keyring)

    def work(self) -> int:
        """Let the worker run until nothing is due; how much it did."""
        context = WorkerContext.of(self.site, self.wsgi.registry.xinglin_plugins)
        total = 0
        while done := run_once(context):
            total += done
        return total

    def close(self) -> None:
        self.wsgi.registry.xinglin_recorder.stop()
        self.site.database.dispose()


def write_ini(
    folder: Path,
    database: Database,
    plugins: tuple[str, ...],
    simulator: Simulator | None,
    plugin_settings: str,
    settings: dict[str, Any],
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    secrets_folder = folder / "secrets"
    _share_keys(database, secrets_folder)
    (folder / "files").mkdir(exist_ok=True)
    values: dict[str, Any] = {
        "site_name": "杏林妇女儿童医院",
        "public_url": PORTAL_URL,
        "listen": "127.0.0.1:18080",
        "database": database.url.render_as_string(hide_password=False).replace("%", "%%"),
        "files_folder": folder / "files",
        "secrets_folder": secrets_folder,
        "plugins": " ".join(plugins),
        "strict": "true",
        "clamd": "off",
        "limit_person": 0,  # the clock of a test stands still: all its requests come at once
        "limit_address": 0,
        "limit_login": 0,
    }
    if simulator is not None:
        values |= simulator_settings(simulator, secrets_folder)
    values |= settings
    lines = [f"{key} = {value}" for key, value in values.items()]
    path = folder / "testing.ini"
    path.write_text("[xinglin]\n" + "\n".join(lines) + "\n" + plugin_settings, encoding="utf-8")
    return path


def _share_keys(database: Database, folder: Path) -> None:
    """The portal reads what the test wrote, so that both have the keys of the test's database."""
    if database.keyring is None:
        database.use_keys(Keyring.create(folder))
    elif not folder.exists():
        shutil.copytree(database.keyring.folder, folder)


def simulator_settings(simulator: Simulator, secrets_folder: Path) -> dict[str, Any]:
    from xinglin.testing import simulator as known

    for name, value in (
        ("wecom_secret", known.SECRET),
        ("wecom_contacts_secret", known.CONTACTS_SECRET),
        ("wecom_callback_token", known.CALLBACK_TOKEN),
        ("wecom_callback_aes_key", known.CALLBACK_KEY),
        ("sms_token", "sms-token"),
    ):
        path = secrets_folder / name
        path.write_text(value, encoding="utf-8")
        path.chmod(0o600)
    host, _, port = simulator.smtp.partition(":")
    return {
        "wecom_corp_id": known.CORP,
        "wecom_agent_id": known.AGENT,
        "wecom_api_base": simulator.wecom,
        "wecom_oauth_base": simulator.wecom,
        "wecom_login_base": simulator.wecom,
        "smtp_host": host,
        "smtp_port": port,
        "smtp_security": "none",
        "smtp_sender": "xinglin@hospital.example",
        "sms_url": simulator.sms,
    }
