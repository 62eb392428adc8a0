from __future__ import annotations

import pytest
import requests
from tests.unit.xinglin_simulators.sim_platform import AGENT_ID, Platform


def test_envelope_of_an_error(platform: Platform) -> None:
    response = platform.http.get(f"{platform.base}/cgi-bin/user/get", params={"userid": "x"}, timeout=5)
    assert response.status_code == 200
    assert response.json()["errcode"] == 41001
    assert response.headers["Error-Code"] == "41001"
    assert "from ip: 127.0.0.1" in response.json()["errmsg"]


def test_unknown_path_wrong_method_and_broken_json(platform: Platform) -> None:
    token = platform.token()
    address = f"{platform.base}/cgi-bin/message/send?access_token={token}"
    assert platform.api("no/such/call")["errcode"] == 40066
    assert platform.http.get(address, timeout=5).json()["errcode"] == 43002
    assert platform.http.post(address, data=b"{", timeout=5).json()["errcode"] == 40058


def test_token_stays_the_same_until_it_expires(platform: Platform) -> None:
    first = platform.token()
    assert platform.token() == first
    platform.control("clock", {"advance_seconds": 7201})
    assert platform.api("agent/list", token=first)["errcode"] == 42001
    assert platform.token() != first


def test_refusing_continues_until_told_to_stop(platform: Platform) -> None:
    platform.control("tokens", {"action": "keep_refusing"})
    assert platform.api("agent/list")["errcode"] == 40014
    platform.control("tokens", {"action": "stop_refusing"})
    assert platform.api("agent/list")["errcode"] == 0


def test_wrong_secrets_lock_the_address_out(platform: Platform) -> None:
    address = f"{platform.base}/cgi-bin/gettoken"
    query = {"corpid": "wx5823bf96d3bd56c7", "corpsecret": "guess"}
    codes = [platform.http.get(address, params=query, timeout=5).json()["errcode"] for _ in range(11)]
    assert codes == [40001] * 10 + [45009]


def test_rights_of_the_two_kinds_of_secret(platform: Platform) -> None:
    assert platform.api("user/delete", userid="N10021")["errcode"] == 48002
    assert platform.contacts("agent/list")["errcode"] == 48002
    assert platform.contacts("user/get", userid="n10021")["mobile"] == "19900010021"
    platform.control("switches", {"contact_fields": "ids_only"})
    assert platform.contacts("user/get", userid="N10021")["errcode"] == 48002
    assert "mobile" not in platform.api("user/get", userid="N10021")


def test_visible_range_foreign_agent_and_disabled_app(platform: Platform) -> None:
    other = platform.token("agent-secret-2")
    body = {"touser": "@all", "msgtype": "text", "agentid": AGENT_ID, "text": {"content": "x"}}
    assert platform.api("message/send", body, token=other)["errcode"] == 301002
    assert platform.api("user/get", token=other, userid="N10021")["errcode"] == 60011
    assert platform.api("user/get", token=other, userid="T10022")["name"] == "王丽"
    platform.control("switches", {"app_disabled": [1000003]})
    assert platform.api("agent/list", token=other)["errcode"] == 50003
    platform.control("switches", {"trusted_ip": False})
    assert platform.api("agent/list")["errcode"] == 60020


def test_list_id_pages_cover_every_pair_once(platform: Platform) -> None:
    pairs, cursor = [], ""
    while True:
        answer = platform.contacts("user/list_id", {"cursor": cursor, "limit": 700})
        pairs += [(row["userid"], row["department"]) for row in answer["dept_user"]]
        cursor = answer["next_cursor"]
        if not cursor:
            break
    assert len(pairs) == len(set(pairs))
    assert len({userid for userid, _ in pairs}) == 1632


def test_members_departments_and_tags_are_written(platform: Platform) -> None:
    department = platform.contacts("department/create", {"name": "新科室", "parentid": 2})["id"]
    fields = {"userid": "New1", "name": "新人", "mobile": "13000000001", "department": [department]}
    assert platform.contacts("user/create", fields)["errmsg"] == "created"
    assert platform.contacts("user/create", {**fields, "userid": "NEW1"})["errcode"] == 60102
    assert platform.contacts("department/delete", id=department)["errcode"] == 60005
    tag = platform.contacts("tag/create", {"tagname": "测试"})["tagid"]
    added = platform.contacts("tag/addtagusers", {"tagid": tag, "userlist": ["new1", "ghost"]})
    assert added["invalidlist"] == "ghost"
    assert platform.contacts("tag/get", tagid=tag)["userlist"] == [{"userid": "New1", "name": "新人"}]
    assert platform.contacts("user/delete", userid="new1")["errmsg"] == "deleted"
    assert platform.contacts("tag/get", tagid=tag)["userlist"] == []


def test_media_round_trip_and_expiry(platform: Platform) -> None:
    address = f"{platform.base}/cgi-bin/media/upload"
    query = {"access_token": platform.token(), "type": "file"}
    upload = {"media": ("测试.txt", "内容内容".encode(), "text/plain")}
    media_id = platform.http.post(address, params=query, files=upload, timeout=5).json()["media_id"]
    download = f"{platform.base}/cgi-bin/media/get"
    query = {"access_token": platform.token(), "media_id": media_id}
    response = platform.http.get(download, params=query, timeout=5)
    part = platform.http.get(download, params=query, headers={"Range": "bytes=0-2"}, timeout=5)
    assert (response.content.decode(), part.status_code, part.content) == ("内容内容", 206, "内".encode())
    platform.control("clock", {"advance_seconds": 4 * 86400})
    assert platform.api("media/get", media_id=media_id)["errcode"] == 40007


def test_upload_with_only_an_extended_file_name_is_refused(platform: Platform) -> None:
    body = (
        b"--b\r\nContent-Disposition: form-data; name=\"media\"; filename*=UTF-8''a.txt\r\n\r\n"
        b"0123456789\r\n--b--\r\n"
    )
    response = platform.http.post(
        f"{platform.base}/cgi-bin/media/upload?type=file&access_token={platform.token()}",
        data=body,
        headers={"Content-Type": "multipart/form-data; boundary=b"},
        timeout=5,
    )
    assert response.json()["errcode"] == 44001


def test_log_masks_secrets_and_counts(platform: Platform) -> None:
    platform.token()
    platform.token()
    log = platform.control("log?path=gettoken")
    assert log["counts"]["gettoken"] == 2
    assert {entry["body"]["corpsecret"] for entry in log["entries"]} == {"***"}


@pytest.mark.parametrize(
    ("kind", "value", "outcome"),
    [("errcode", 45009, 45009), ("refuse_token", 0, 40014), ("http_status", 503, "503"), ("html", 0, "html")],
)
def test_fault_shows_once_and_is_then_used_up(
    platform: Platform, kind: str, value: int, outcome: int | str
) -> None:
    token = platform.token()
    platform.control("faults", {"path": "agent/*", "kind": kind, "value": value, "count": 1})
    address = f"{platform.base}/cgi-bin/agent/list?access_token={token}"
    response = platform.http.get(address, timeout=5)
    seen = response.json()["errcode"] if "json" in response.headers["Content-Type"] else None
    assert outcome in {seen, str(response.status_code), response.text[1:5]}
    assert platform.http.get(address, timeout=5).json()["errcode"] == 0


@pytest.mark.parametrize("kind", ["reset", "truncated", "done_but_lost"])
def test_lost_answers(platform: Platform, kind: str) -> None:
    platform.token()
    platform.control("faults", {"path": "message/send", "kind": kind, "count": 1})
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        platform.send("N10021")
    arrived = len(platform.control("messages", userid="N10021")["messages"])
    assert arrived == (0 if kind == "reset" else 1)
