"""The circuit of a source, shared by processes through the database."""

from __future__ import annotations

from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from xinglin.testing.wecom import settings_for
from xinglin_documents.service.connectors.breaker import MOST_FAILURES, PAUSE, Breaker
from xinglin_documents.service.connectors.errors import CallFailed, OutcomeUnknown, SourceDown, Trouble
from xinglin_documents.service.connectors.line import Line
from xinglin_documents.service.connectors.transactions import OfWorker

FAILED = CallFailed(Trouble.DOWN, "ConnectionError")


class Service:
    """A SOAP service that fails as often as it is told, and counts."""

    seconds = 5.0

    def __init__(self, failures=(), answer="ok"):
        self.failures, self.answer, self.calls = list(failures), answer, 0

    def call(self, operation, *arguments, seconds, headers=None):
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return self.answer


@pytest.fixture
def breaker(database, clock, keyring, tmp_path):
    registry = SimpleNamespace(
        database=database, keyring=keyring, settings=settings_for("http://x", tmp_path)
    )

    def make():
        return Breaker("weaver", OfWorker(registry, clock, "test"), clock, ZoneInfo("Asia/Shanghai"))

    return make


def line(service, breaker, slept=None):
    return Line(service, breaker, sleep=(slept if slept is not None else []).append, jitter=lambda: 0.5)


def test_a_read_is_tried_three_times_with_growing_pauses(breaker):
    slept = []
    service = Service([FAILED, FAILED])
    assert line(service, breaker(), slept).read("x") == "ok"
    assert service.calls == 3
    assert slept == [pytest.approx(0.2), pytest.approx(0.4)]
    assert breaker().state().failures == 0


def test_what_was_answered_wrongly_is_not_asked_again(breaker):
    service = Service([CallFailed(Trouble.UNREADABLE, "html")])
    with pytest.raises(SourceDown):
        line(service, breaker()).read("x")
    assert service.calls == 1


def test_a_write_is_made_once_and_says_what_is_known(breaker):
    service = Service([FAILED])
    with pytest.raises(OutcomeUnknown):
        line(service, breaker()).write("x")
    assert service.calls == 1
    never_left = Service([CallFailed(Trouble.DOWN, "refused", is_uncertain=False)])
    with pytest.raises(SourceDown):
        line(never_left, breaker()).write("x")


def test_the_circuit_opens_for_all_processes_and_one_of_them_tries_first(breaker, clock):
    for _ in range(MOST_FAILURES):
        with pytest.raises(SourceDown):
            line(Service([CallFailed(Trouble.FAULT, "x")]), breaker()).read("x")
    service = Service()
    with pytest.raises(SourceDown):
        line(service, breaker()).read("x")
    assert service.calls == 0
    clock.advance(seconds=PAUSE.total_seconds() + 1)
    one, other = breaker(), breaker()
    one.check()
    with pytest.raises(SourceDown):
        other.check()
    one.well()
    other.check()
    assert other.state().failure == ""


def test_a_failed_try_keeps_it_open(breaker, clock):
    for _ in range(MOST_FAILURES):
        breaker().ill(FAILED)
    clock.advance(seconds=PAUSE.total_seconds() + 1)
    with pytest.raises(SourceDown):
        line(Service([CallFailed(Trouble.FAULT, "x")]), breaker()).read("x")
    assert breaker().is_open()
