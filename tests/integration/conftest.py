"""Fixtures of the tests that need other programs."""

from __future__ import annotations

import pytest
from tests.integration.oa_office import Side, start


@pytest.fixture(scope="session")
def running_office(tmp_path_factory):
    office = start(tmp_path_factory.mktemp("oa"))
    yield office
    office.running.stop()


@pytest.fixture
def office(running_office, clock):
    """The simulated OA as it is found in the morning, in time with the portal's clock."""
    running_office.in_time_with(clock)
    return running_office


@pytest.fixture
def side(office, database, clock, keyring, tmp_path):
    """The portal's side of it, with five of its people."""
    return Side(office, database, clock, keyring, tmp_path)
