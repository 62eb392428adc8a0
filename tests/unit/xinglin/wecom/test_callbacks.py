"""The address that anybody on the internet can call: only WeCom gets in, once, and nobody gets a traceback."""

import logging
import os
from urllib.parse import urlencode

import pytest
from pyramid.config import Configurator
from sqlalchemy import select
from webtest import TestApp

from xinglin.testing import simulator as known
from xinglin.testing import wecom as at_wecom
from xinglin.wecom.callbacks import parse_event
from xinglin.wecom.crypto import CallbackCrypto
from xinglin.wecom.models import WeComCallback

CRYPTO = CallbackCrypto(known.CALLBACK_TOKEN, known.CALLBACK_KEY, known.CORP)
EVENT = (
    "<xml><ToUserName>ww1</ToUserName><FromUserName>sys</FromUserName><CreateTime>1700000000</CreateTime>"
    "<MsgType>event</MsgType><Event>change_contact</Event><ChangeType>update_user</ChangeType>"
    "<UserID><![CDATA[zhang.san]]></UserID></xml>"
)
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    "<xml><Encrypt>&b;</Encrypt></xml>"
)


@pytest.fixture
def door(database, clock, keyring, tmp_path):
    """The routes of the area on a bare Pyramid application with a real database."""
    settings = at_wecom.settings_for("http://127.0.0.1:9", tmp_path / "site")
    config = Configurator()
    for name, value in (("settings", settings), ("clock", clock), ("keyring", keyring)):
        config.add_request_method(lambda _request, value=value: value, name, property=True)
    with database.session() as session:
        config.add_request_method(lambda _request: session, "db", property=True)
        config.include("xinglin.wecom.routes")
        door = TestApp(config.make_wsgi_app())
        door.session = session
        yield door


def _query(clock, encrypted, **changes):
    timestamp = str(int(clock.now().timestamp()) + changes.pop("age", 0))
    query = {"timestamp": timestamp, "nonce": "n1"}
    query["msg_signature"] = CRYPTO.signature(timestamp, "n1", encrypted)
    return "/wecom/callback?" + urlencode({**query, **changes})


def _post(door, clock, text=EVENT, *, crypto=CRYPTO, **changes):
    encrypted = crypto.seal(text)
    body = f"<xml><ToUserName>ww1</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    return door.post(_query(clock, encrypted, **changes), body, content_type="text/xml", expect_errors=True)


def _stored(door):
    return door.session.scalars(select(WeComCallback)).all()


def test_the_check_of_the_address_gets_exactly_the_plain_text(door, clock):
    encrypted = CRYPTO.seal("1616140317555161061")
    answer = door.get(_query(clock, encrypted, echostr=encrypted))
    assert answer.body == b"1616140317555161061"


def test_an_event_is_stored_sealed_and_acknowledged_with_nothing(door, clock, keyring):
    answer = _post(door, clock)
    assert (answer.status_int, answer.body) == (200, b"")
    (row,) = _stored(door)
    assert row.event == "change_contact"
    assert b"zhang.san" not in row.body_sealed
    plain = keyring.open(row.body_sealed, context=f"core_wecom_callback.body_sealed:{row.dedupe_key}")
    assert parse_event(plain.decode())["UserID"] == "zhang.san"


def test_a_repeat_is_acknowledged_and_has_no_second_effect(door, clock):
    for age in (0, 5, 10):
        assert _post(door, clock, age=age).status_int == 200
    assert len(_stored(door)) == 1


def test_a_hint_that_comes_again_after_it_was_handled_is_looked_at_again(door, clock):
    _post(door, clock)
    (row,) = _stored(door)
    row.handled_at = clock.now()
    _post(door, clock)
    door.session.expire_all()
    assert [one.handled_at for one in _stored(door)] == [None]


@pytest.mark.parametrize(
    "other",
    [
        EVENT.replace("zhang.san", "li.si"),
        EVENT.replace("update_user", "delete_user"),
        EVENT.replace("1700000000", "1700000001"),
        "<xml><MsgType>text</MsgType><MsgId>1</MsgId><CreateTime>1700000000</CreateTime></xml>",
    ],
)
def test_two_events_of_one_second_are_two(door, clock, other):
    _post(door, clock)
    _post(door, clock, other)
    assert len(_stored(door)) == 2


@pytest.mark.parametrize("age", [-301, 301, -600, 86400])
def test_an_old_callback_is_not_let_in_again(door, clock, age):
    assert _post(door, clock, age=age).status_int == 403
    assert _stored(door) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"msg_signature": "0" * 40},
        {"msg_signature": ""},
        {"nonce": "n2"},
        {"timestamp": ""},
        {"timestamp": "soon"},
        {"nonce": "n" * 1000},
    ],
)
def test_a_wrong_signature_is_refused(door, clock, changes):
    assert _post(door, clock, **changes).status_int == 403
    assert _stored(door) == []


def test_another_corp_is_refused(door, clock):
    other = CallbackCrypto(known.CALLBACK_TOKEN, known.CALLBACK_KEY, "ww0000000000000000")
    assert _post(door, clock, crypto=other).status_int == 403
    assert _stored(door) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff<not xml",
        b"<xml><Encrypt>",
        b"<xml/>",
        b"<xml><Encrypt><a>1</a></Encrypt></xml>",
        b"<xml><Encrypt>1</Encrypt><Encrypt>2</Encrypt></xml>",
        b'{"json": 1}',
        BOMB.encode(),
        '<?xml version="1.0" encoding="nope"?><xml><Encrypt>字</Encrypt></xml>'.encode(),
        b"<xml>" + b"<a>" * 20000 + b"</a>" * 20000 + b"</xml>",
        b"<xml><Encrypt>" + os.urandom(300).hex().encode() + b"</Encrypt></xml>",
    ],
)
def test_garbage_gets_4xx_and_one_line_in_the_log(door, clock, body, caplog):
    caplog.set_level(logging.INFO, logger="xinglin")
    answer = door.post(_query(clock, "x"), body, content_type="text/xml", expect_errors=True)
    assert answer.status_int in {400, 403}
    assert len(caplog.records) == 1
    assert _stored(door) == []


def test_an_entity_bomb_inside_is_refused_too(door, clock):
    assert _post(door, clock, BOMB).status_int == 400
    assert _stored(door) == []


def test_more_than_a_megabyte_is_not_read(door, clock):
    answer = door.post(_query(clock, "x"), b"x" * (1024 * 1024 + 1), expect_errors=True)
    assert answer.status_int == 413


@pytest.mark.parametrize(
    "query",
    ["", "?echostr=1", "?msg_signature=%ff&timestamp=1&nonce=2", "?msg_signature=a&timestamp=1&nonce=1"],
)
def test_a_probe_without_signature_learns_nothing(door, query):
    answer = door.get(f"/wecom/callback{query}", expect_errors=True)
    assert answer.status_int in {400, 403}
    assert answer.body == b"refused"


def test_without_callback_secrets_there_is_no_door(door, clock, tmp_path):
    (tmp_path / "site" / "wecom_callback_token").unlink()
    assert _post(door, clock).status_int == 404
