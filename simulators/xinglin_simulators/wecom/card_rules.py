"""Limits of template cards."""

from __future__ import annotations

import re
from typing import Any

from .errors import ApiError

Content = dict[str, Any]
INTERACTIVE = frozenset({"button_interaction", "vote_interaction", "multiple_interaction"})
TYPES = frozenset({"text_notice", "news_notice"}) | INTERACTIVE
_TASK_ID = re.compile(r"[A-Za-z0-9_\-@]{1,128}")
MAX_KEY = 1024


def _part(content: Content, name: str) -> Content:
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def _list(content: Content, name: str, limit: int, code: int, *, least: int = 0) -> list[Content]:
    rows = content.get(name) or []
    if not isinstance(rows, list) or not least <= len(rows) <= limit:
        raise ApiError(code, f"{name} needs {least} to {limit} entries")
    return rows


def _key(row: Content, code: int) -> None:
    key = str(row.get("key", ""))
    if not key or len(key.encode()) > MAX_KEY:
        raise ApiError(code, "key missing or longer than 1024 bytes")


def _check_shared(content: Content) -> None:
    for row in _list(content, "horizontal_content_list", 6, 42041):
        if not row.get("keyname"):
            raise ApiError(42041, "horizontal_content_list needs keyname")
    for row in _list(content, "jump_list", 3, 42042):
        if int(row.get("type") or 0) == 1 and not row.get("url"):
            raise ApiError(42042, "jump_list needs url")
    menu = _part(content, "action_menu")
    if menu:
        for row in _list(menu, "action_list", 3, 42043, least=1):
            _key(row, 42043)


def _check_action(content: Content) -> None:
    action = _part(content, "card_action")
    kind = int(action.get("type") or 0)
    if kind not in {1, 2} or (kind == 1 and not action.get("url")):
        raise ApiError(42044, "card_action needs type 1 with url or type 2 with appid")


def _check_notice(content: Content) -> None:
    _check_action(content)
    if not _part(content, "main_title").get("title") and not content.get("sub_title_text"):
        raise ApiError(42045, "main_title.title and sub_title_text are both empty")


def _check_news(content: Content) -> None:
    _check_action(content)
    if not _part(content, "main_title").get("title"):
        raise ApiError(42045, "main_title.title is empty")
    image = _part(content, "card_image")
    if not image and not _part(content, "image_text_area"):
        raise ApiError(42046, "card_image or image_text_area needed")
    ratio = float(image.get("aspect_ratio") or 1.3)
    if not 1.3 <= ratio <= 2.25:
        raise ApiError(42046, "aspect_ratio outside 1.3 to 2.25")
    _list(content, "vertical_content_list", 4, 42047)


def _check_button(content: Content) -> None:
    for row in _list(content, "button_list", 6, 42017, least=1):
        if not row.get("text"):
            raise ApiError(42018, "button needs text")
        if int(row.get("type") or 0) == 0:
            _key(row, 42019)
        elif not row.get("url"):
            raise ApiError(42020, "button needs url")
    if "button_selection" in content:
        _list(_part(content, "button_selection"), "option_list", 10, 42047, least=1)


def _check_vote(content: Content) -> None:
    _list(_part(content, "checkbox"), "option_list", 20, 42047, least=1)
    _key(_part(content, "submit_button"), 42019)


def _check_multiple(content: Content) -> None:
    for row in _list(content, "select_list", 3, 42047, least=1):
        _list(row, "option_list", 10, 42047, least=1)
    _key(_part(content, "submit_button"), 42019)


_CHECKS = {
    "text_notice": _check_notice,
    "news_notice": _check_news,
    "button_interaction": _check_button,
    "vote_interaction": _check_vote,
    "multiple_interaction": _check_multiple,
}


def check_card(content: Content) -> None:
    """Refuse what the platform refuses. Raises 40058, 42014, 42017 to 42020, 42041 to 42047."""
    kind = str(content.get("card_type", ""))
    if kind not in TYPES:
        raise ApiError(40058, "invalid card_type")
    task_id = str(content.get("task_id", ""))
    if task_id and not _TASK_ID.fullmatch(task_id):
        raise ApiError(42014)
    if not task_id and (kind in INTERACTIVE or _part(content, "action_menu")):
        raise ApiError(42014, "task_id needed")
    _check_shared(content)
    _CHECKS[kind](content)


def has_response_code(content: Content) -> bool:
    """Whether message/send answers a response_code for this card."""
    return content.get("card_type") in INTERACTIVE or bool(_part(content, "action_menu"))
