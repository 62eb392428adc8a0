"""Typed calls against the simulated WeCom."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest

from xinglin.testing import simulator as known
from xinglin.testing import wecom as at_wecom
from xinglin.wecom.client import WeComClient
from xinglin.wecom.errors import Action, WeComError


@pytest.fixture
def client(database, clock, keyring, simulator, tmp_path):
    settings = at_wecom.settings_for(simulator.wecom, tmp_path / "site")
    yield WeComClient(settings, keyring, database, clock)
    simulator.post("switches", contact_fields="full")


def test_login_pages_use_the_configured_bases(client, simulator):
    silent = urlsplit(client.authorize_url("https://oa.example/login?a=1&b=2", "s1"))
    assert silent.geturl().startswith(f"{simulator.wecom}/connect/oauth2/authorize?")
    assert silent.fragment == "wechat_redirect"
    asked = parse_qs(silent.query)
    assert asked["redirect_uri"] == ["https://oa.example/login?a=1&b=2"]
    assert (asked["scope"], asked["agentid"], asked["appid"]) == (
        ["snsapi_base"],
        [str(known.AGENT)],
        [known.CORP],
    )
    scanned = urlsplit(client.qr_login_url("https://oa.example/login", "s2", "en"))
    assert scanned.path == "/wwlogin/sso/login"
    assert parse_qs(scanned.query)["lang"] == ["en"]


def test_a_code_names_its_member_once(client, simulator):
    userid = next(client.member_ids()).userid
    code = simulator.post("codes", userid=userid)["code"]
    assert client.user_of_code(code) == userid
    assert client.user_of_code(code) is None
    assert client.user_of_code(simulator.post("codes", userid=userid, expired=True)["code"]) is None
    assert client.user_of_code(simulator.post("codes", userid="")["code"]) is None


@pytest.mark.parametrize("form", ["full", "ids_only"])
def test_contacts_are_read_in_both_forms(client, simulator, form):
    simulator.post("switches", contact_fields=form)
    places = list(client.member_ids())
    nodes = {node.id for node in client.department_nodes()}
    assert {place.department_id for place in places} <= nodes
    assert len({place.userid for place in places}) > 1500
    place = places[0]
    member = client.member(place.userid)
    assert member.userid == place.userid
    assert place.department_id in member.department_ids
    assert place.userid in {one.userid for one in client.members(place.department_id)}


def test_what_is_gone_is_none(client):
    assert client.member("nobody.here") is None
    assert client.department(999_999) is None


def test_members_are_created_by_a_job(client, simulator):
    header = "姓名,帐号,手机号,邮箱,所在部门,职位,性别,是否部门内领导,排序,别名,地址,座机,禁用"
    csv = f"{header}\n新人,new.person,13900009999,,1,,,,,,,,\n".encode()
    jobid = client.create_members_batch(csv, file_name="成员.csv")
    try:
        ends = time.monotonic() + 30
        while not client.batch_result(jobid).is_done:
            assert time.monotonic() < ends, "the job does not end"
        result = client.batch_result(jobid)
        assert (result.kind, result.total) == ("sync_user", 1)
        assert [(row.userid, row.code) for row in result.rows] == [("new.person", 0)]
        assert client.member("new.person").name == "新人"
    finally:
        simulator.post("people", action="delete", member={"userid": "new.person"})


def test_the_page_signature_is_that_of_the_url_without_its_fragment(client, simulator):
    first = client.jsapi_signature("http://127.0.0.1:18080/news/1#top")
    assert len(first.signature) == 40
    client.jsapi_signature("http://127.0.0.1:18080/news/2")
    client.jsapi_signature("http://127.0.0.1:18080/", for_agent=True)
    counts = simulator.get("log")["counts"]
    assert (counts["get_jsapi_ticket"], counts["ticket/get"]) == (1, 1)


def test_the_known_answer_of_a_page_signature(client, monkeypatch, clock):
    """WeCom's published vector."""
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    monkeypatch.setattr(client, "_ticket", lambda **_options: ticket)
    monkeypatch.setattr("secrets.token_hex", lambda _bytes: "Wm3WZYTPz0wzccnW")
    clock.advance(seconds=1414587457 - clock.now().timestamp())
    signed = client.jsapi_signature("http://mp.weixin.qq.com?params=value")
    assert signed.signature == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


def test_an_absolute_address_never_gets_our_token(client):
    with pytest.raises(ValueError, match="not an address"):
        client._app.get("https://evil.example/cgi-bin/user/get")


def test_a_site_without_secrets_says_what_to_do(client, tmp_path):
    (tmp_path / "site" / "wecom_secret").unlink()
    with pytest.raises(WeComError, match="wecom_secret") as error:
        client.user_of_code("x")
    assert error.value.action is Action.STOP
    assert client.paused_until("gettoken") is None


def test_a_card_is_sent_and_taken_back(client, simulator):
    member = next(one for one in client.members(20) if one.is_activated)
    sent = client.send_card([member.userid, "Ghost"], "标题", "正文", "http://127.0.0.1:18080/x")
    assert sent.invalid == {"ghost"}
    client.recall(sent.msgid)
    (row,) = simulator.get("messages", userid=member.userid)["messages"]
    assert row["state"] == "recalled"
