"""A worker at the simulated WeCom with a few real members."""

import pytest

from xinglin.audit.service import Actor, AuditTrail
from xinglin.kernel.clock import SystemClock
from xinglin.push.service import PushService
from xinglin.testing import wecom as at_wecom


class Post:
    """Shorthand of these tests: people, messages and what became of them."""

    def __init__(self, context):
        self.context = context

    def trail(self, session):
        return AuditTrail(session, Actor.system("test"), self.context.clock, self.context.keyring)

    def people(self, *userids):
        with self.context.database.session() as session:
            return at_wecom.add_people(session, userids, self.context.clock)

    def enqueue(self, person_ids, **options):
        with self.context.database.session() as session:
            return at_wecom.enqueue(session, self.context.clock, self.trail(session), person_ids, **options)

    def push(self, session):
        plugins = self.context.plugins
        return PushService(
            session,
            self.context.clock,
            self.trail(session),
            kinds=plugins.push_kinds,
            handlers=plugins.push_handlers,
        )

    def counts(self, source="n1"):
        with self.context.database.read_session() as session:
            return self.push(session).states(source)

    def prefer(self, person_id, wanted):
        with self.context.database.session() as session:
            self.push(session).set_preferences(person_id, wanted)


@pytest.fixture
def make_context(database, clock, keyring, simulator, tmp_path):
    settings = at_wecom.settings_for(simulator.wecom, tmp_path / "site")

    def make(**options):
        return at_wecom.worker_context(database, clock, keyring, settings, **options)

    return make


@pytest.fixture
def context(make_context):
    return make_context()


@pytest.fixture
def post(context):
    return Post(context)


@pytest.fixture(scope="session")
def members(shared_simulator, sqlite_maker, keyring, tmp_path_factory):
    """Userids of ten members who can receive."""
    database = sqlite_maker.fresh()
    settings = at_wecom.settings_for(shared_simulator.wecom, tmp_path_factory.mktemp("members"))
    wecom = at_wecom.worker_context(database, SystemClock(), keyring, settings).wecom
    found = [member for number in (20, 21, 22, 23) for member in wecom.members(number)]
    database.dispose()
    return [member.userid for member in found if member.is_activated][:10]
