"""Stored callbacks are worked off: each once, a failing one later, an unknown one counted."""

import pytest
from sqlalchemy import select

from xinglin.testing import wecom as at_wecom
from xinglin.wecom import inbox
from xinglin.wecom.callbacks import parse_event, store
from xinglin.wecom.errors import Action, WeComError
from xinglin.wecom.health import health
from xinglin.wecom.models import WeComCallback

heard: list[str] = []
errors: list[Exception] = []


def hear(context, fields):
    if errors:
        raise errors[0]
    heard.append(fields["UserID"])


@pytest.fixture
def context(database, clock, keyring, tmp_path, monkeypatch):
    heard.clear()
    errors.clear()
    monkeypatch.setattr(inbox, "HANDLERS", {"change_contact": f"{__name__}:hear"})
    settings = at_wecom.settings_for("http://127.0.0.1:9", tmp_path / "site")
    return at_wecom.worker_context(database, clock, keyring, settings)


def _arrive(context, event="change_contact", userid="a"):
    text = (
        f"<xml><FromUserName>sys</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType>"
        f"<Event>{event}</Event><UserID>{userid}</UserID></xml>"
    )
    with context.database.session() as session:
        store(session, context.keyring, context.clock, parse_event(text), text.encode())


def _outcomes(context):
    with context.database.read_session() as session:
        return session.scalars(select(WeComCallback.outcome).order_by(WeComCallback.id)).all()


def _health(context):
    with context.database.read_session() as session:
        return {line.name: line for line in health(session, context.clock)}


def test_each_is_handled_once_in_order(context):
    for userid in ("a", "b", "a"):
        _arrive(context, userid=userid)
    assert inbox.run_once(context) == 2
    assert inbox.run_once(context) == 0
    assert heard == ["a", "b"]
    assert _outcomes(context) == ["handled", "handled"]


def test_unknown_events_are_counted_and_shown(context):
    _arrive(context, "brand_new_thing")
    _arrive(context, "brand_new_thing", "b")
    _arrive(context, "enter_agent")
    inbox.run_once(context)
    assert _outcomes(context) == ["unknown", "unknown", "nothing to do"]
    assert _health(context)["wecom unknown events"].detail == "brand_new_thing 2×"


@pytest.mark.parametrize("error", [WeComError(-1, Action.RETRY, "busy", api="user/get"), KeyError("UserID")])
def test_what_fails_is_tried_later_and_does_not_stop_the_next(context, clock, error):
    _arrive(context)
    errors.append(error)
    inbox.run_once(context)
    errors.clear()
    _arrive(context, userid="b")
    inbox.run_once(context)
    assert heard == ["b"]
    clock.advance(seconds=30)
    inbox.run_once(context)
    assert heard == ["b", "a"]


def test_after_eight_failures_it_is_given_up_and_shown(context, clock):
    _arrive(context)
    errors.append(WeComError(-1, Action.RETRY, "busy", api="user/get"))
    for _ in range(9):
        inbox.run_once(context)
        clock.advance(hours=1)
    assert _outcomes(context) == ["dead"]
    line = _health(context)["wecom callbacks"]
    assert (line.is_well, "1 given up" in line.detail) == (False, True)


def test_a_worker_that_dies_while_handling_leaves_it_for_the_next(context, clock):
    _arrive(context)
    errors.append(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        inbox.run_once(context)
    errors.clear()
    assert inbox.run_once(context) == 0
    clock.advance(seconds=30)
    inbox.run_once(context)
    assert heard == ["a"]


def test_a_changed_row_is_not_believed(context):
    _arrive(context)
    with context.database.session() as session:
        row = session.scalars(select(WeComCallback)).one()
        row.body_sealed = row.body_sealed[:-1] + b"\0"
    inbox.run_once(context)
    assert (heard, _outcomes(context)) == ([], ["unreadable"])
