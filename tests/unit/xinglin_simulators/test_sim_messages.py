from __future__ import annotations

from typing import Any

from tests.unit.xinglin_simulators.sim_platform import AGENT_ID, Platform

ACTION = {"type": 1, "url": "http://127.0.0.1:18080/"}


def _card(platform: Platform, **card: Any) -> Any:
    body = {"touser": "N10021", "msgtype": "template_card", "agentid": AGENT_ID, "template_card": card}
    return platform.api("message/send", body)


def _buttons(platform: Platform, task_id: str) -> Any:
    return _card(
        platform,
        card_type="button_interaction",
        task_id=task_id,
        main_title={"title": "请假审批"},
        button_list=[{"text": "同意", "key": "yes"}],
    )


def test_partial_failure_names_receivers_in_lower_case(platform: Platform) -> None:
    answer = platform.send("N10021|GHOST|n10021")
    assert (answer["errcode"], answer["invaliduser"]) == (0, "ghost")
    assert platform.control("delivered", msgid=answer["msgid"])["per_user"] == {"n10021": 1}


def test_receiver_lists_that_are_refused(platform: Platform) -> None:
    assert platform.send("GHOST")["errcode"] == 81013
    assert platform.send("")["errcode"] == 82001
    assert platform.send("|".join(f"u{number}" for number in range(1001)))["errcode"] == 40032
    assert platform.send("", toparty="|".join(str(number) for number in range(101)))["errcode"] == 82002


def test_everybody_gets_it_except_those_who_cannot(platform: Platform) -> None:
    answer = platform.send("@all", "全员通知")
    counted = platform.control("delivered", title="全员通知")
    assert len(answer["unlicenseduser"].split("|")) == 4
    assert counted["users"] == counted["messages"] == 1632 - 6 - 3 - 4


def test_limits_of_types(platform: Platform) -> None:
    card = {"title": "t" * 128, "description": "d", "url": "http://127.0.0.1/"}
    base = {"touser": "N10021", "agentid": AGENT_ID}

    def code(msgtype: str, content: dict[str, Any]) -> int:
        return platform.api("message/send", {**base, "msgtype": msgtype, msgtype: content})["errcode"]

    assert code("text", {"content": ""}) == 44004
    assert code("markdown", {"content": "字" * 683}) == 45002
    assert code("textcard", card) == 0
    assert code("textcard", {**card, "title": "t" * 129}) == 45002
    assert code("news", {"articles": [{"title": "字" * 43, "url": "u"}]}) == 45002
    assert code("news", {"articles": [{"title": "t", "url": "u"}] * 9}) == 45008
    assert code("file", {"media_id": "ghost"}) == 40007
    assert code("poem", {}) == 40008


def test_long_text_is_cut_at_2048_bytes(platform: Platform) -> None:
    platform.send("N10021", "字" * 1000)
    row = platform.control("messages", userid="N10021")["messages"][0]
    assert row["content"]["content"] == "字" * 682


def test_duplicate_check_answers_again_but_sends_once(platform: Platform) -> None:
    options = {"enable_duplicate_check": 1, "duplicate_check_interval": 600}
    first = platform.send("N10021", "一次", **options)
    again = platform.send("N10021", "一次", **options)
    assert again["msgid"] == first["msgid"]
    assert platform.control("delivered", title="一次")["messages"] == 1
    platform.control("clock", {"advance_seconds": 601})
    platform.send("N10021", "一次", **options)
    assert platform.control("delivered", title="一次")["messages"] == 2


def test_thirty_first_message_of_a_minute_is_dropped_silently(platform: Platform) -> None:
    answers = [platform.send("N10021", "提醒")["errcode"] for _ in range(31)]
    counted = platform.control("delivered", title="提醒")
    assert answers == [0] * 31
    assert (counted["messages"], counted["dropped"]) == (30, {"n10021": 1})
    platform.control("clock", {"advance_seconds": 61})
    platform.send("N10021", "提醒")
    assert platform.control("delivered", title="提醒")["messages"] == 31


def test_recall_within_a_day_only(platform: Platform) -> None:
    early, late = platform.send("N10021")["msgid"], platform.send("N10021")["msgid"]
    assert platform.api("message/recall", {"msgid": early})["errcode"] == 0
    platform.control("clock", {"advance_seconds": 86401})
    assert platform.api("message/recall", {"msgid": late})["errcode"] != 0
    states = [row["state"] for row in platform.control("messages", userid="N10021")["messages"]]
    assert states == ["recalled", "delivered"]


def test_card_fields_are_checked(platform: Platform) -> None:
    title = {"title": "标题"}
    assert _card(platform, card_type="text_notice", main_title=title)["errcode"] == 42044
    assert _card(platform, card_type="text_notice", card_action=ACTION)["errcode"] == 42045
    good = _card(platform, card_type="text_notice", main_title=title, card_action=ACTION)
    assert good["errcode"] == 0
    assert "response_code" not in good


def test_card_update_spends_its_code(platform: Platform) -> None:
    code = _buttons(platform, "task-1")["response_code"]
    assert _buttons(platform, "task-1")["errcode"] == 42014
    update = {"userids": ["N10021", "ghost"], "agentid": AGENT_ID, "response_code": code}
    update["button"] = {"replace_name": "已同意"}
    assert platform.api("message/update_template_card", update)["invaliduser"] == ["ghost"]
    assert platform.api("message/update_template_card", update)["errcode"] == 60140
    shown = platform.http.get(f"{platform.base}/phone/N10021/poll", timeout=5).json()
    assert "已同意" in shown["threads"][f"app-{AGENT_ID}"]


def test_a_thousand_receivers_get_it(platform: Platform) -> None:
    pairs = platform.contacts("user/list_id", {"limit": 2000})["dept_user"]
    userids = list(dict.fromkeys(row["userid"] for row in pairs))[:1000]
    platform.token()
    answer = platform.send("|".join(userids), "大群发")
    assert answer["errcode"] == 0
    assert platform.control("delivered", title="大群发")["users"] > 980
