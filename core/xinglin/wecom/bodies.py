"""Bodies of `message/send` within WeCom's recommended lengths (document 90236, template card)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xinglin.wecom.texts import cut

SOURCE_CHARACTERS = 13
TITLE_CHARACTERS = 26
TEXT_CHARACTERS = 112
MOST_RECEIVERS = 1000
BUTTON_CHARACTERS = 10
DUPLICATE_SECONDS = 14_400


def text_notice(
    agent_id: int, userids: Iterable[str], *, title: str, description: str, url: str, source: str
) -> dict[str, Any]:
    """A `template_card` of type `text_notice`: source, title, text; a tap opens `url`.

    A title that is too long for the headline is repeated in full at the head of the text, so nothing is lost.
    """
    headline = cut(title, TITLE_CHARACTERS)
    text = description if headline == title else f"{title}\n{description}"
    return {
        "touser": "|".join(userids),
        "agentid": agent_id,
        "msgtype": "template_card",
        "template_card": {
            "card_type": "text_notice",
            "source": {"desc": cut(source, SOURCE_CHARACTERS)},
            "main_title": {"title": headline},
            "sub_title_text": cut(text, TEXT_CHARACTERS),
            "card_action": {"type": 1, "url": url},
        },
        "enable_duplicate_check": 1,
        "duplicate_check_interval": DUPLICATE_SECONDS,
    }


def task_card(notice: dict[str, Any], *, task_id: str, button: str) -> dict[str, Any]:
    """The same notice as a `button_interaction`, whose button opens the same page: such a card can be changed later.

    The app needs a callback URL for it, else WeCom answers 43012. `task_id` is unique in the app.
    """
    card = notice["template_card"]
    opens = {"type": 1, "text": cut(button, BUTTON_CHARACTERS), "style": 1, "url": card["card_action"]["url"]}
    changed = {**card, "card_type": "button_interaction", "task_id": task_id, "button_list": [opens]}
    return {**notice, "template_card": changed}


def without_button(body: dict[str, Any]) -> dict[str, Any]:
    """What `task_card` was made of."""
    card = {
        key: value for key, value in body["template_card"].items() if key not in ("task_id", "button_list")
    }
    return {**body, "template_card": {**card, "card_type": "text_notice"}}
