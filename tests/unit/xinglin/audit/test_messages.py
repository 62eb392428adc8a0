"""The newest seal reaches the auditors' phones through the simulated WeCom, once, whole, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.unit.xinglin.audit.conftest import LI, Site

from xinglin.audit import anchors
from xinglin.audit.kinds import AUDIT_HEAD
from xinglin.audit.messages import tell_auditors
from xinglin.audit.service import AuditTrail
from xinglin.kernel.worker import WorkerContext
from xinglin.push.worker import run_once
from xinglin.testing import wecom as at_wecom
from xinglin.testing.simulator import Simulator
from xinglin.types import JobContext


@dataclass(frozen=True)
class Worker:
    """A worker at the simulated WeCom, and the account of the person with the number S00001."""

    context: WorkerContext
    userid: str


@pytest.fixture
def make_worker(site: Site, simulator: Simulator, tmp_path: Path) -> Callable[..., Worker]:
    def make(*staff_numbers: str) -> Worker:
        there = at_wecom.settings_for(simulator.wecom, tmp_path / "site")
        settings = replace(there, audit_auditors=staff_numbers, files_folder=site.settings.files_folder)
        plugins = at_wecom.plugin_set([AUDIT_HEAD])
        context = at_wecom.worker_context(site.database, site.clock, site.keyring, settings, plugins=plugins)
        known = [member.userid for member in context.wecom.members(20) if member.is_activated][:2]
        with site.database.session() as session:
            at_wecom.add_people(session, known, site.clock)
        return Worker(context, known[1])

    return make


def tell(site: Site, worker: Worker) -> None:
    with site.database.session() as session:
        trail = AuditTrail(session, LI, site.clock, site.keyring)
        tell_auditors(JobContext(session, site.clock, trail, worker.context))


def test_an_auditor_gets_the_whole_digest_once(
    site: Site, make_worker: Callable[..., Worker], simulator: Simulator
) -> None:
    head = anchors.read(site.settings.anchor_file)[-1]
    worker = make_worker("S00001")
    for _ in range(2):
        tell(site, worker)
    run_once(worker.context)
    (message,) = simulator.get("messages", userid=worker.userid)["messages"]
    assert message["title"] == f"审计封印 {head.number}"
    assert head.digest in message["content"]["sub_title_text"]


def test_a_staff_number_that_nobody_has_is_named(
    site: Site, make_worker: Callable[..., Worker], caplog: pytest.LogCaptureFixture
) -> None:
    tell(site, make_worker("S09999"))
    assert "no active person has the staff number S09999" in caplog.text


def test_without_auditors_nothing_is_sent(site: Site, make_worker: Callable[..., Worker]) -> None:
    tell(site, make_worker())
    assert site.ask("SELECT id FROM core_message") == []
