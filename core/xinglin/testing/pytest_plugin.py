"""Fixtures on real things: a clock that is moved, real databases, a full portal, real simulators."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from webtest import TestApp

    from xinglin.audit.service import AuditTrail
    from xinglin.crypto.service import Keyring
    from xinglin.kernel.db import Database, Session
    from xinglin.testing.clock import FrozenClock
    from xinglin.testing.databases import SQLiteMaker
    from xinglin.testing.portal import Portal
    from xinglin.testing.simulator import Simulator

BACKENDS = ("sqlite", "postgresql")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "plugins(*names): the modules that the `app` fixture switches on")
    config.addinivalue_line("markers", "settings(**values): core settings that the `app` fixture overrides")


@pytest.fixture
def clock() -> FrozenClock:
    from xinglin.testing.clock import FrozenClock

    return FrozenClock()


@pytest.fixture(scope="session")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    from xinglin.crypto.service import Keyring

    return Keyring.create(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def sqlite_maker(tmp_path_factory: pytest.TempPathFactory, keyring: Keyring) -> SQLiteMaker:
    from xinglin.kernel.tables import import_all_models
    from xinglin.testing.databases import SQLiteMaker

    import_all_models()
    return SQLiteMaker(tmp_path_factory.mktemp("sqlite"), keyring)


@pytest.fixture(scope="session")
def postgresql_database(keyring: Keyring) -> Iterator[Database]:
    from xinglin.kernel import tables
    from xinglin.kernel.db import Database
    from xinglin.kernel.tables import import_all_models
    from xinglin.testing.databases import start_postgresql

    import_all_models()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    database = Database(start_postgresql(f"test_{worker}_{os.getpid()}"))
    database.use_keys(keyring)
    tables.METADATA.create_all(database.engine)
    yield database
    database.dispose()


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each test that asks for a database runs on both."""
    return str(request.param)


@pytest.fixture
def database(backend: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A real, empty database with all tables."""
    from xinglin.testing.databases import empty

    if backend == "sqlite":
        made = request.getfixturevalue("sqlite_maker").fresh()
        yield made
        made.dispose()
    else:
        made = request.getfixturevalue("postgresql_database")
        yield made
        empty(made)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A write session; what the test did is rolled back at its end."""
    from xinglin.kernel.db import Session

    with Session(database.writer, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def audit(session: Session, clock: FrozenClock, keyring: Keyring) -> AuditTrail:
    from xinglin.audit.service import Actor, AuditTrail

    return AuditTrail(session, Actor.system("test"), clock, keyring)


@pytest.fixture(scope="session")
def shared_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    from xinglin.testing import simulator

    running = simulator.start(
        tmp_path_factory.mktemp("simulator"), simulator.config("http://127.0.0.1:18080")
    )
    yield running
    running.stop()


@pytest.fixture
def simulator(shared_simulator: Simulator) -> Simulator:
    """The simulators with the fictional hospital, without messages, faults or memories of other tests."""
    shared_simulator.post("reset")
    return shared_simulator


@pytest.fixture
def make_portal(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenClock
) -> Iterator[Callable[..., Portal]]:
    """Make a full portal: `make_portal(database=…, plugins=(…), simulator=…, **core settings)`."""
    from xinglin.testing.portal import Portal

    if "database" in request.fixturenames:
        request.getfixturevalue(
            "database"
        )  # emptied after the portals are closed, which write what they still hold
    made: list[Portal] = []

    def make(**arguments: object) -> Portal:
        portal = Portal.create(tmp_path / f"site{len(made)}", clock=clock, **arguments)  # type: ignore[arg-type]
        made.append(portal)
        return portal

    yield make
    for portal in made:
        portal.close()


@pytest.fixture
def portal(
    request: pytest.FixtureRequest, make_portal: Callable[..., Portal], simulator: Simulator
) -> Portal:
    """A full portal on SQLite with the modules of `@pytest.mark.plugins(...)`, connected to the simulators."""
    marker = request.node.get_closest_marker("plugins")
    settings = request.node.get_closest_marker("settings")
    names = marker.args if marker else ("portal", "news")
    database = request.getfixturevalue("sqlite_maker").fresh()
    return make_portal(
        database=database, plugins=names, simulator=simulator, **(settings.kwargs if settings else {})
    )


@pytest.fixture
def app(portal: Portal) -> TestApp:
    """A browser without script at that portal."""
    return portal.browser()
