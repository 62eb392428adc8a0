"""Addresses and forms with characters that no keyboard makes get a sentence, on both databases."""

from __future__ import annotations

import pytest
from tests.functional.documents import requests
from tests.functional.documents.requests import post, start, token
from tests.functional.paediatrics import HEAD

PATHS = (
    "?q=%00",
    "?q=a%00b",
    "?process=%00",
    "?source=%00",
    "/people?q=%00",
    "/new?q=%00",
    "/oa/new/%00",
    "/items/%00",
    "/items/a%00/approve",
    "/items/a/%00",
    "/items/%0a",
    "/outside/%00/forward",
    "/new/%00",
    "/drafts/new-%00/files/x",
    "/drafts/new-request/files/%00",
    "/drafts/task-999999999999999999/files/papers",
    "/processes/%00",
    "/board?process=%00",
    "/board?department=%00",
    "/board/stuck?process=%00",
    "/board/stuck?step=%00",
    "/supervision/%00",
    "/register?q=%00",
    "/register/documents/%00",
)
SENT = (
    ("comment", [("opinion", "\x00")], 422),
    ("approve", [("task", "\x00")], 400),
    ("return", [("to", "\x00"), ("opinion", "x")], 400),
    ("transfer", [("person", "\x00")], 400),
    ("transfer", [("q", "\x00"), ("look", "1")], 400),
    ("copy", [("department", "\x00")], 400),
)


@pytest.fixture
def portal(make_portal, simulator, database):
    return make_portal(database=database, plugins=("portal", "news", "documents"), simulator=simulator)


def test_no_address_and_no_form_breaks_a_page(portal, clock):
    requests.furnish(portal, clock)
    nurse, head, _other, manager = requests.phones(portal)
    found = {path: manager.get(f"/documents{path}", expect_errors=True).status_int for path in PATHS}
    assert {path: status for path, status in found.items() if status not in (400, 403, 404)} == {}
    address = start(nurse)
    for act, pairs, status in SENT:
        assert post(head, f"{address}/{act}", address, *pairs, expect_errors=True).status_int == status, act
    post(head, f"{address}/comment", address, ("opinion", "请补\x00充\x0b材料"), status=303)
    assert "请补充材料" in head.get(address).text
    headers = {"X-CSRF-Token": token(head, address)}
    phrase = head.post("/documents/phrases", {"text": "a\x00b"}, headers=headers, expect_errors=True)
    assert phrase.status_int == 400
    draft = f"/documents/drafts/task-{requests.open_entry(portal, address, HEAD).id}"
    body = {"controls": [["answer", "a\x00b"]], "known": "", "is_forced": True}
    assert head.post_json(draft, body, headers=headers, expect_errors=True).status_int in (200, 400)
    head.get(address, status=200)
