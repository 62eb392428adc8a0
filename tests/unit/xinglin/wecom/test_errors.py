"""Codes are told apart where the same number means two things, and nothing secret gets into a text."""

import pytest

from xinglin.wecom.errors import Action, WeComError, action_of, scrub


def test_a_wrong_secret_stops_but_a_wrong_token_is_refreshed():
    assert action_of(40001, "gettoken") is Action.STOP
    assert action_of(40001, "message/send") is Action.REFRESH_TOKEN


def test_a_code_that_nobody_knows_is_never_repeated():
    assert action_of(99999, "message/send") is Action.BAD_REQUEST


@pytest.mark.parametrize(
    "text",
    [
        "HTTPSConnectionPool: Max retries exceeded with url: /cgi-bin/gettoken?corpid=ww1&corpsecret=HUSH-1_x",
        "GET /cgi-bin/user/get?access_token=HUSH-1_x&userid=a HTTP/1.1",
        "{'access_token': 'HUSH-1_x', 'expires_in': 7200}",
        '{"ticket":"HUSH-1_x"}',
    ],
)
def test_secrets_are_scrubbed(text):
    assert "HUSH" not in scrub(text)
    assert "HUSH" not in str(WeComError(None, Action.RETRY, text))
