"""What IT sees on the health page, and what is cleaned away."""

from sqlalchemy import func, select

from xinglin.push.health import health
from xinglin.push.jobs import JOBS
from xinglin.push.models import Delivery, Message, MessageCall
from xinglin.push.worker import run_once
from xinglin.types import JobContext


def _lines(context):
    with context.database.read_session() as session:
        return {line.name: line for line in health(session, context.clock)}


def _clean(context, post):
    for job in JOBS:
        with context.database.session() as session:
            job.run(JobContext(session, context.clock, post.trail(session), context))


def _rows(context):
    with context.database.read_session() as session:
        return [
            session.scalar(select(func.count()).select_from(table))
            for table in (Message, Delivery, MessageCall)
        ]


def test_a_queue_that_grows_old_is_not_well(context, clock, post, members):
    post.enqueue(post.people(members[0]))
    assert _lines(context)["push queue"].is_well
    clock.advance(minutes=11)
    line = _lines(context)["push queue"]
    assert (line.is_well, line.detail) == (False, "1 due, oldest 660 s")
    run_once(context)
    assert _lines(context)["push queue"].detail == "0 due, oldest 0 s"


def test_old_calls_go_and_states_stay(context, clock, post, members):
    post.enqueue(post.people(members[0]))
    run_once(context)
    clock.advance(days=29)
    _clean(context, post)
    assert _rows(context) == [1, 1, 1]
    clock.advance(days=2)
    _clean(context, post)
    assert _rows(context) == [1, 1, 0]
    assert post.counts().sent == 1
    clock.advance(days=2 * 365)
    _clean(context, post)
    assert _rows(context) == [0, 0, 0]


def test_what_is_not_finished_is_never_cleaned(context, clock, post, simulator, members):
    post.enqueue(post.people(members[0]))
    simulator.post("switches", app_disabled=True)
    run_once(context)
    simulator.post("switches", app_disabled=[])
    clock.advance(days=800)
    _clean(context, post)
    assert _rows(context) == [1, 1, 1]
