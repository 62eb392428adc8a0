"""A worker's context at the simulated WeCom, without a portal around it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy
import requests

from xinglin.crypto.service import Keyring
from xinglin.kernel.plugins import PluginSet
from xinglin.kernel.settings import CoreSettings
from xinglin.people.models import Person
from xinglin.push.models import Message
from xinglin.push.service import PushService
from xinglin.testing import simulator as known
from xinglin.types import Clock, PushHandler, PushKind
from xinglin.wecom.client import WeComClient

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from xinglin.audit.service import AuditTrail
    from xinglin.kernel.db import Database
    from xinglin.kernel.worker import WorkerContext
    from xinglin.testing.simulator import Simulator


SECRETS = {
    "wecom_secret": known.SECRET,
    "wecom_contacts_secret": known.CONTACTS_SECRET,
    "wecom_callback_token": known.CALLBACK_TOKEN,
    "wecom_callback_aes_key": known.CALLBACK_KEY,
}
KINDS = (
    PushKind("news.notice", "Notices", "A new notice."),
    PushKind("news.must_read", "Must-read notices", "A notice to read.", can_mute=False),
    PushKind("news.alarm", "Alarms", "At any hour.", can_mute=False, ignores_quiet_hours=True),
)


def fault(simulator: Simulator, api: str, kind: str, value: float = 0, count: int | None = None) -> None:
    """Let the simulator misbehave: see `xinglin_simulators/faults.py`. `count` None = until reset."""
    rule = {"path": api, "kind": kind, "value": value, "count": count}
    requests.post(f"{simulator.control}/faults", json=rule, timeout=60).raise_for_status()


def settings_for(wecom: str, folder: Path, *, secret: str = known.SECRET) -> CoreSettings:
    """Core settings that point at the WeCom at `wecom`; the secrets lie in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in {**SECRETS, "wecom_secret": secret}.items():
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(value)
    return CoreSettings(
        site_name="江北市妇女儿童医院",
        public_url="http://127.0.0.1:18080",
        database="",
        files_folder=folder,
        secrets_folder=folder,
        wecom_corp_id=known.CORP,
        wecom_agent_id=known.AGENT,
        wecom_api_base=wecom,
        wecom_oauth_base=wecom,
        wecom_login_base=wecom,
    )


def plugin_set(
    kinds: Iterable[PushKind] = KINDS, handlers: Iterable[tuple[str, PushHandler]] = ()
) -> PluginSet:
    """What a worker sees when these kinds' modules are on."""
    manager = pluggy.PluginManager("xinglin")
    by_name = {kind.name: kind for kind in kinds}
    return PluginSet(manager, {}, push_kinds=by_name, push_handlers=tuple(handlers))


def worker_context(
    database: Database,
    clock: Clock,
    keyring: Keyring,
    settings: CoreSettings,
    *,
    plugins: PluginSet | None = None,
    sleep: Callable[[float], None] = lambda _seconds: None,
) -> WorkerContext:
    """A context whose retries do not wait."""
    from xinglin.kernel.worker import WorkerContext

    wecom = WeComClient(settings, keyring, database, clock, sleep=sleep)
    return WorkerContext(database, clock, keyring, settings, plugins or plugin_set(), wecom)


def add_people(session: Session, userids: Iterable[str | None], clock: Clock) -> list[int]:
    """One active person per userid (None: without an account); their ids in order."""
    now = clock.now()
    people = [
        Person(
            staff_no=f"S{number:05}",
            name=f"张{number}",
            wecom_userid=userid,
            wecom_userid_key=userid.lower() if userid else None,
            created_at=now,
            updated_at=now,
        )
        for number, userid in enumerate(userids)
    ]
    session.add_all(people)
    session.flush()
    return [person.id for person in people]


def enqueue(
    session: Session,
    clock: Clock,
    audit: AuditTrail,
    person_ids: Iterable[int],
    *,
    kind: str = "news.notice",
    source: str = "n1",
    title: str = "停电通知",
) -> Message:
    """One message, as a module writes it."""
    push = PushService(session, clock, audit, kinds={known.name: known for known in KINDS})
    return push.enqueue(
        kind,
        source,
        person_ids,
        title=title,
        description="今晚 22:00 门诊楼检修。",
        path=f"/news/{source}",
        dedupe_key=f"{kind}:{source}:{title}",
    )
