from __future__ import annotations

import time

import pytest
from tests.unit.xinglin_simulators.sim_platform import AGENT_ID, Platform
from tests.unit.xinglin_simulators.sim_receiver import AES_KEY, CALLBACK_TOKEN, CORP_ID, CallbackReceiver

from xinglin_simulators.wecom.crypto import CryptoError, MessageCrypto, signature

# Public vectors (vendor's sample, agreed by four implementations).
ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
POSTED = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W"
    "/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+H"
    "MZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB"
    "3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVK"
    "n28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)


def test_public_vectors() -> None:
    crypto = MessageCrypto(AES_KEY, CORP_ID)
    signed = signature(CALLBACK_TOKEN, "1409659589", "263014780", ECHO)
    assert signed == "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    assert crypto.decrypt(ECHO) == "1616140317555161061"
    posted = signature(CALLBACK_TOKEN, "1409659813", "1372623149", POSTED)
    assert posted == "477715d11cdb4164915debcba66cb864d751f3e6"
    assert "<![CDATA[hello]]>" in crypto.decrypt(POSTED)


def test_own_encryption_is_for_one_receiver_only() -> None:
    encrypted = MessageCrypto(AES_KEY, CORP_ID).encrypt("危急值")
    assert MessageCrypto(AES_KEY, CORP_ID).decrypt(encrypted) == "危急值"
    with pytest.raises(CryptoError, match="receiveid"):
        MessageCrypto(AES_KEY, "ww-other").decrypt(encrypted)
    with pytest.raises(CryptoError):
        MessageCrypto(AES_KEY, CORP_ID).decrypt(encrypted[:-4] + "AAAA")


def test_contact_change_arrives_in_full_or_reduced_form(
    platform: Platform, callback: CallbackReceiver
) -> None:
    member = {"userid": "N10021", "position": "护士长助理"}
    platform.control("people", {"action": "update", "member": member})
    callback.wait_for(1)
    platform.control("switches", {"contact_fields": "ids_only"})
    platform.control("people", {"action": "disable", "member": {"userid": "N10021"}})
    callback.wait_for(2)
    full, reduced = callback.events
    assert (full["ChangeType"], full["Position"]) == ("update_user", "护士长助理")
    assert (reduced["UserID"], "Status" in reduced) == ("N10021", False)
    assert platform.send("N10021")["errcode"] == 81013


def test_sync_api_changes_are_not_echoed(platform: Platform, callback: CallbackReceiver) -> None:
    platform.contacts("user/update", {"userid": "N10021", "position": "x"})
    platform.control("people", {"action": "create", "department": {"name": "新科", "parentid": 1}})
    callback.wait_for(1)
    assert [event["ChangeType"] for event in callback.events] == ["create_party"]


def test_non_200_is_tried_three_times_with_one_payload(
    platform: Platform, callback: CallbackReceiver
) -> None:
    platform.control("switches", {"non_200_retry": True})
    callback.statuses = [500, 500]
    platform.control("callbacks", {"send": "enter_agent", "userid": "N10021"})
    callback.wait_for(3)
    assert len(set(callback.bodies)) == 1
    assert callback.events[0]["AgentID"] == str(AGENT_ID)


@pytest.mark.parametrize("fault", ["bad_signature", "wrong_receiveid", "garbage", "entity_bomb"])
def test_broken_callbacks_are_really_broken(
    platform: Platform, callback: CallbackReceiver, fault: str
) -> None:
    platform.control("callbacks", {"send": "change_contact", "fault": fault})
    callback.wait_for(1)
    assert (callback.events, len(callback.rejected)) == ([], 1)


def test_duplicate_and_reordered_events(platform: Platform, callback: CallbackReceiver) -> None:
    platform.control("callbacks", {"send": "enter_agent", "userid": "N10021", "fault": "duplicate"})
    callback.wait_for(2)
    assert callback.events[0] == callback.events[1]


def test_button_click_brings_a_fresh_response_code(platform: Platform, callback: CallbackReceiver) -> None:
    card = {
        "card_type": "button_interaction",
        "task_id": "t-1",
        "main_title": {"title": "审批"},
        "button_list": [{"text": "同意", "key": "yes"}],
    }
    body = {"touser": "N10021", "msgtype": "template_card", "agentid": AGENT_ID, "template_card": card}
    platform.api("message/send", body)
    number = platform.control("messages", userid="N10021")["messages"][0]["number"]
    click = {"number": number, "key": "yes"}
    platform.http.post(f"{platform.base}/phone/N10021/act", json=click, timeout=5)
    callback.wait_for(1)
    event = callback.events[0]
    assert (event["Event"], event["EventKey"], event["TaskId"]) == ("template_card_event", "yes", "t-1")
    update = {"userids": ["N10021"], "agentid": AGENT_ID, "response_code": event["ResponseCode"]}
    answer = platform.api("message/update_template_card", {**update, "button": {"replace_name": "已同意"}})
    assert answer["errcode"] == 0


def test_passive_reply_reaches_the_phone(platform: Platform, callback: CallbackReceiver) -> None:
    callback.reply = "<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[已收到]]></Content></xml>"
    said = {"conversation": f"app-{AGENT_ID}", "text": "帮助"}
    platform.http.post(f"{platform.base}/phone/N10021/say", json=said, timeout=5)
    callback.wait_for(1)
    deadline = time.monotonic() + 30
    titles: list[str] = []
    while len(titles) < 2 and time.monotonic() < deadline:
        titles = [row["title"] for row in platform.control("messages", userid="N10021")["messages"]]
    assert (callback.events[0]["Content"], titles) == ("帮助", ["帮助", "已收到"])


CSV_HEAD = "姓名,帐号,手机号,邮箱,所在部门,职位,性别,是否部门内领导,排序,别名,地址,座机,禁用\n"


def _upload(platform: Platform, text: str) -> str:
    return platform.http.post(
        f"{platform.base}/cgi-bin/media/upload",
        params={"access_token": platform.token("contacts-secret"), "type": "file"},
        files={"media": ("people.csv", text.encode(), "text/csv")},
        timeout=5,
    ).json()["media_id"]


def _callback_part(callback: CallbackReceiver) -> dict[str, str]:
    return {"url": callback.url, "token": CALLBACK_TOKEN, "encodingaeskey": AES_KEY}


def test_batch_job_reports_rows_and_calls_back(platform: Platform, callback: CallbackReceiver) -> None:
    rows = "新人,New2,13000000002,,31;68,护士,女,0;0,,,,,0\n无联系,New3,,,31,,,,,,,,0\n"
    media_id = _upload(platform, CSV_HEAD + rows)
    body = {"media_id": media_id, "callback": _callback_part(callback)}
    jobid = platform.contacts("batch/syncuser", body)["jobid"]
    assert platform.contacts("batch/getresult", jobid=jobid)["status"] in {1, 2}
    callback.wait_for(1)
    result = platform.contacts("batch/getresult", jobid=jobid)
    assert callback.events[0]["BatchJob"]["JobId"] == jobid
    assert (result["status"], [row["errcode"] for row in result["result"]]) == (3, [0, 60129])
    assert platform.contacts("user/get", userid="new2")["department"] == [31, 68]


def test_mass_deletion_is_guarded(platform: Platform, callback: CallbackReceiver) -> None:
    media_id = _upload(platform, CSV_HEAD + "新人,New2,13000000002,,31,,,,,,,,0\n")
    body = {"media_id": media_id, "callback": _callback_part(callback)}
    jobid = platform.contacts("batch/replaceuser", body)["jobid"]
    callback.wait_for(1)
    assert callback.events[0]["BatchJob"]["ErrCode"] == "45026"
    assert platform.contacts("batch/getresult", jobid=jobid)["errcode"] == 45026
    assert platform.contacts("user/get", userid="N10021")["errcode"] == 0


def test_unreachable_callback_is_reported_as_unverified(
    platform: Platform, callback: CallbackReceiver
) -> None:
    callback.close()
    platform.control("callbacks", {"send": "enter_agent", "userid": "N10021"})
    deadline = time.monotonic() + 30
    states: set[str] = {"pending"}
    while states == {"pending"} and time.monotonic() < deadline:
        states = {row["state"] for row in platform.control("callbacks")["callbacks"]}
    assert states == {"unverified"}
