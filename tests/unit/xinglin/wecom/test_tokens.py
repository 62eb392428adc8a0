"""One token for all: fetched once, dropped once, and never asked for in a loop when WeCom refuses."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.wecom.errors import Action, WeComError
from xinglin.wecom.models import WeComToken
from xinglin.wecom.tokens import Fetched, TokenStore, token_key

KEY = token_key("ww1", "secret")


class Source:
    """Counts how often WeCom is asked for a token."""

    def __init__(self, error: WeComError | None = None) -> None:
        self.asked = 0
        self.error = error

    def __call__(self, seconds: float) -> Fetched:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return Fetched(f"token-{self.asked}", 7200)


@pytest.fixture
def store(database, keyring, clock):
    return TokenStore(database, keyring, clock, sleep=lambda _seconds: None)


def test_eight_threads_on_a_cold_cache_ask_once(database, keyring, clock):
    source, barrier = Source(), threading.Barrier(8)
    stores = [TokenStore(database, keyring, clock) for _ in range(4)]

    def get(number: int) -> str:
        barrier.wait()
        return stores[number % 4].get(KEY, source).value

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(get, range(8))) == {"token-1"}
    assert source.asked == 1


def test_it_is_renewed_a_minute_before_it_ends(store, clock):
    source = Source()
    store.get(KEY, source)
    clock.advance(seconds=7139)
    assert store.get(KEY, source).value == "token-1"
    clock.advance(seconds=2)
    assert store.get(KEY, source).value == "token-2"


def test_another_process_finds_it_sealed(store, database, keyring, clock):
    store.get(KEY, Source())
    other = Source()
    assert TokenStore(database, keyring, clock).get(KEY, other).value == "token-1"
    assert other.asked == 0
    with database.read_session() as session:
        sealed = session.execute(text("SELECT value_sealed FROM core_wecom_token")).scalar_one()
    assert b"token" not in bytes(sealed)


def test_secrets_with_one_prefix_do_not_share(store):
    source = Source()
    first = store.get(token_key("ww1", "0123456789-a"), source)
    second = store.get(token_key("ww1", "0123456789-b"), source)
    assert {first.value, second.value} == {"token-1", "token-2"}


def test_eight_workers_whose_token_died_refresh_once(database, keyring, clock):
    source = Source()
    stores = [TokenStore(database, keyring, clock) for _ in range(8)]
    dead = [store.get(KEY, source).value for store in stores]

    def renew(number: int) -> str:
        stores[number].drop(KEY, dead[number])
        return stores[number].get(KEY, source).value

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(renew, range(8))) == {"token-2"}
    assert source.asked == 2


def test_a_process_that_died_while_asking_is_replaced_after_15_seconds(store, database, clock):
    with database.session() as session:
        session.add(WeComToken(key=KEY, lease_holder="dead", lease_until=clock.now()))
    clock.advance(seconds=16)
    assert store.get(KEY, Source()).value == "token-1"


def test_a_held_lease_ends_in_a_retry_and_not_in_a_second_fetch(store, database, clock):
    with database.session() as session:
        session.add(WeComToken(key=KEY, lease_holder="busy", lease_until=clock.now()))
        session.flush()
    clock.advance(seconds=-10)
    source = Source()
    with pytest.raises(WeComError) as error:
        store.get(KEY, source, seconds=0.1)
    assert error.value.action is Action.RETRY
    assert source.asked == 0


def test_a_wrong_secret_waits_longer_each_time_and_alerts(store, database, clock, keyring):
    source = Source(WeComError(40001, Action.STOP, "invalid credential", api="gettoken"))
    for seconds in (60, 120, 240):
        for _ in range(3):
            with pytest.raises(WeComError) as error:
                store.get(KEY, source)
            assert error.value.action is Action.STOP
        clock.advance(seconds=seconds - 1)
        with pytest.raises(WeComError, match="not asking before"):
            store.get(KEY, source)
        clock.advance(seconds=1)
    assert source.asked == 3
    with database.read_session() as session:
        alerts = session.scalars(select(AuditRecord).where(AuditRecord.action == "wecom.alert")).all()
    assert len(alerts) == 3
    assert "wecom_secret" in details_of(alerts[0], keyring)


def test_a_refused_fresh_token_is_on_probation_until_a_call_succeeds(store):
    source = Source()
    store.drop(KEY, store.get(KEY, source).value)
    assert store.get(KEY, source).is_on_probation
    store.confirm(KEY)
    assert not store.get(KEY, source).is_on_probation


def test_after_a_refusal_is_over_everything_is_forgotten(store, database, clock):
    source = Source()
    refusal = WeComError(40014, Action.REFRESH_TOKEN, "invalid access_token", api="message/send")
    token = store.get(KEY, source)
    store.drop(KEY, token.value)
    store.refuse(KEY, store.get(KEY, source).value, refusal)
    with pytest.raises(WeComError, match="refused again"):
        store.get(KEY, source)
    clock.advance(seconds=60)
    assert store.get(KEY, source).is_on_probation
    store.confirm(KEY)
    with database.read_session() as session:
        row = session.get_one(WeComToken, KEY)
    assert (row.refused_at, row.refused_count, row.doubted_at) == (None, 0, None)


def test_a_value_sealed_under_a_lost_key_is_fetched_anew(store, database):
    store.get(KEY, Source())
    with database.session() as session:
        session.get_one(WeComToken, KEY).value_sealed = b"\x01" + b"x" * 40
    store._known.clear()
    assert store.get(KEY, source := Source()).value == "token-1"
    assert source.asked == 1
