"""A message is written with the rows of its business, once, for exactly its audience."""

import pytest
from sqlalchemy import event, func, insert, select

from xinglin.audit.models import AuditRecord
from xinglin.people.models import Audience, AudienceTerm, Person, PersonFacet
from xinglin.push.limits import LIMITS
from xinglin.push.models import Delivery, Message
from xinglin.push.preferences import PreferenceRefused, Preferences, QuietWindow
from xinglin.push.service import PushService
from xinglin.push.worker import _claim, plan, run_once
from xinglin.testing import wecom as at_wecom
from xinglin.testing.wecom import KINDS, add_people
from xinglin.types import PushHandler


@pytest.fixture
def push(session, clock, audit):
    return PushService(session, clock, audit, kinds={kind.name: kind for kind in KINDS})


def _write(push, audience, **changes):
    arguments = {
        "title": "通知",
        "description": "正文",
        "path": "/news/n1",
        "dedupe_key": "news.notice:1:1",
        **changes,
    }
    return push.enqueue("news.notice", "n1", audience, **arguments)


def test_1632_persons_are_written_by_one_statement(push, session, clock, database):
    ids = add_people(session, (f"user{number}" for number in range(1632)), clock)
    statements = []
    event.listen(database.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    for number in range(3):
        _write(push, ids, dedupe_key=str(number))
    assert push.states("n1").queued == 3 * 1632
    assert sum("INSERT INTO core_delivery" in statement for statement in statements) == 3


def test_the_same_dedupe_key_writes_nothing_more(push, session, clock):
    ids = add_people(session, ["a", "b"], clock)
    first = _write(push, ids[:1])
    assert _write(push, ids, title="anders").public_id == first.public_id
    assert push.states("n1").total == 1


def test_a_person_named_twice_gets_one(push, session, clock):
    (person_id,) = add_people(session, ["a"], clock)
    _write(push, [person_id, person_id])
    assert push.states("n1").total == 1


def test_a_rolled_back_act_leaves_no_message(database, clock, keyring, post):
    ids = post.people("a")

    def act_that_fails():
        with database.session() as session:
            _write(post.push(session), ids)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act_that_fails()
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 0
        assert session.scalar(select(func.count()).select_from(Delivery)) == 0


def test_an_audience_is_resolved_by_its_rule(push, session, clock):
    inside, outside, excluded = add_people(session, ["in", "out", "ex"], clock)
    facets = [(inside, "r:nurse"), (excluded, "r:nurse"), (excluded, "t:leave"), (outside, "r:doctor")]
    session.execute(insert(PersonFacet), [{"person_id": one, "facet": facet} for one, facet in facets])
    audience = Audience(created_at=clock.now())
    session.add(audience)
    session.flush()
    session.add(AudienceTerm(audience_id=audience.id, facet="r:nurse", is_exclusion=False))
    session.add(AudienceTerm(audience_id=audience.id, facet="t:leave", is_exclusion=True))
    session.flush()
    _write(push, audience)
    assert session.scalars(select(Delivery.person_id)).all() == [inside]


def test_texts_are_cut_and_addresses_stay_inside(push, session, clock):
    ids = add_people(session, ["a"], clock)
    message = _write(push, ids, title="长" * 200, description="👨‍👩‍👧" * 200)
    assert message.title == "长" * 127 + "…"
    assert len(message.description) <= 512
    assert message.description.removesuffix("…").replace("👨‍👩‍👧", "") == ""
    for path in ("https://evil.example/", "//evil.example/", "news/1"):
        with pytest.raises(ValueError, match="not a path of the portal"):
            _write(push, ids, path=path, dedupe_key=path)


def test_ids_of_nobody_are_left_out(push, session, clock):
    (person_id,) = add_people(session, ["a"], clock)
    _write(push, [person_id, 4_000_000])
    assert session.scalars(select(Delivery.person_id)).all() == [person_id]


def test_opening_is_noted_once_and_told_to_the_module(make_context, database, members):
    told = []
    handler = PushHandler("news.notice", lambda change: told.append((change.state, change.person_ids)))
    context = make_context(plugins=at_wecom.plugin_set(handlers=[("news", handler)]))
    from .conftest import Post

    post = Post(context)
    ids = post.people(*members[:2])
    post.enqueue(ids)
    run_once(context)
    with database.session() as session:
        assert post.push(session).mark_opened("n1", ids[0]) == 1
        assert post.push(session).mark_opened("n1", ids[0]) == 0
        assert post.push(session).mark_opened("another", ids[0]) == 0
    assert post.counts().opened == 1
    assert told == [("sent", tuple(ids)), ("opened", (ids[0],))]


def test_who_was_not_reached_is_named_with_the_reason(context, post, members):
    ids = post.people(members[0], None, "ghost")
    post.enqueue(ids)
    run_once(context)
    with context.database.read_session() as session:
        missed = {(one.name, one.reason) for one in post.push(session).unreachable("n1")}
        assert post.push(session).unreachable("n1", "news.alarm") == []
    assert missed == {("张1", "no_account"), ("张2", "not_in_wecom")}


def test_preferences_are_kept_and_audited(push, session, clock):
    (person_id,) = add_people(session, ["a"], clock)
    assert push.preferences(person_id) == Preferences()
    wanted = Preferences(frozenset({"news.notice"}), QuietWindow(22 * 60, 7 * 60))
    push.set_preferences(person_id, wanted)
    assert push.preferences(person_id) == wanted
    push.set_preferences(person_id, Preferences())
    assert push.preferences(person_id) == Preferences()
    session.flush()
    actions = session.scalars(select(AuditRecord.action)).all()
    assert actions == ["push.preferences", "push.preferences"]


@pytest.mark.parametrize("window", [QuietWindow(60, 60), QuietWindow(-1, 60), QuietWindow(0, 1440)])
def test_impossible_quiet_hours_are_refused(push, session, clock, window):
    (person_id,) = add_people(session, ["a"], clock)
    with pytest.raises(PreferenceRefused, match="quiet hours"):
        push.set_preferences(person_id, Preferences(quiet_hours=window))
    assert push.preferences(person_id) == Preferences()


def test_what_must_be_read_cannot_be_muted(push, session, clock):
    (person_id,) = add_people(session, ["a"], clock)
    with pytest.raises(PreferenceRefused, match="cannot be muted"):
        push.set_preferences(person_id, Preferences(frozenset({"news.must_read"})))


def test_a_person_who_left_is_not_written_to_by_an_old_list(context, post, members):
    ids = post.people(members[0])
    post.enqueue(ids)
    with context.database.session() as session:
        session.get_one(Person, ids[0]).state = "left"
    run_once(context)
    with context.database.read_session() as session:
        (missed,) = post.push(session).unreachable("n1")
    assert missed.reason == "left"


class TestWhatIsCancelled:
    def cancel(self, post):
        with post.context.database.session() as session:
            return post.push(session).cancel("n1")

    def arrived(self, simulator, member):
        return simulator.get("messages", userid=member)["messages"]

    @pytest.mark.parametrize("is_planned", [False, True])
    def test_does_not_arrive(self, context, post, members, simulator, is_planned):
        post.enqueue(post.people(*members[:2]))
        if is_planned:
            plan(context, LIMITS)
        assert self.cancel(post) == 2
        run_once(context)
        assert self.arrived(simulator, members[0]) == []
        assert (post.counts().cancelled, post.counts().total) == (2, 2)

    def test_does_not_touch_what_arrived_or_concerns_another(self, context, post, members, simulator):
        ids = post.people(members[0])
        post.enqueue(ids)
        run_once(context)
        post.enqueue(ids, source="n2")
        assert self.cancel(post) == 0
        run_once(context)
        assert (post.counts().sent, post.counts("n2").sent) == (1, 1)

    def test_leaves_a_call_that_may_have_been_made_to_its_end(self, context, post, members):
        post.enqueue(post.people(members[0]))
        plan(context, LIMITS)
        assert _claim(context, LIMITS) is not None
        assert self.cancel(post) == 0
        assert post.counts().sending == 1
