"""Limits of each message type (page "send application messages", section 4.1 of the vendor's tables)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .card_rules import check_card
from .errors import ApiError
from .mediastore import MediaStore

Content = dict[str, Any]
MAX_TEXT_BYTES = 2048
MAX_ARTICLES = 8
MAX_MPNEWS_BYTES = 666 * 1024


def _bytes(content: Content, name: str, limit: int) -> None:
    if len(str(content.get(name, "")).encode()) > limit:
        raise ApiError(45002, f"{name} longer than {limit} bytes")


def _chars(content: Content, name: str, limit: int) -> None:
    if len(str(content.get(name, ""))) > limit:
        raise ApiError(45002, f"{name} longer than {limit} characters")


def _need(content: Content, *names: str) -> None:
    for name in names:
        if not content.get(name):
            raise ApiError(40058, f"missing {name}")


def cut_bytes(text: str, limit: int) -> str:
    """The longest start of ``text`` within ``limit`` bytes of UTF-8, whole characters only."""
    return text.encode()[:limit].decode(errors="ignore")


def _text(content: Content, _media: MediaStore) -> Content:
    if not str(content.get("content", "")):
        raise ApiError(44004)
    return {**content, "content": cut_bytes(str(content["content"]), MAX_TEXT_BYTES)}


def _markdown(content: Content, _media: MediaStore) -> Content:
    if not content.get("content"):
        raise ApiError(44004)
    _bytes(content, "content", MAX_TEXT_BYTES)
    return content


def _media_only(content: Content, media: MediaStore) -> Content:
    media.get(str(content.get("media_id", "")))
    return content


def _file(content: Content, media: MediaStore) -> Content:
    return {**content, "filename": media.get(str(content.get("media_id", ""))).filename}


def _video(content: Content, media: MediaStore) -> Content:
    media.get(str(content.get("media_id", "")))
    _bytes(content, "title", 128)
    _bytes(content, "description", 512)
    return content


def _textcard(content: Content, _media: MediaStore) -> Content:
    _need(content, "title", "description", "url")
    _chars(content, "title", 128)
    _chars(content, "description", 512)
    _bytes(content, "url", 2048)
    _chars(content, "btntxt", 4)
    return content


def _articles(content: Content) -> list[Content]:
    articles = content.get("articles")
    if not isinstance(articles, list) or not articles:
        raise ApiError(40058, "missing articles")
    if len(articles) > MAX_ARTICLES:
        raise ApiError(45008)
    return articles


def _news(content: Content, _media: MediaStore) -> Content:
    for article in _articles(content):
        _need(article, "title")
        if not article.get("url") and not (article.get("appid") and article.get("pagepath")):
            raise ApiError(40058, "missing url")
        _bytes(article, "title", 128)
        _bytes(article, "description", 512)
        _bytes(article, "url", 2048)
    return content


def _mpnews(content: Content, media: MediaStore) -> Content:
    for article in _articles(content):
        _need(article, "title", "thumb_media_id", "content")
        media.get(str(article["thumb_media_id"]))
        _bytes(article, "title", 128)
        _bytes(article, "author", 64)
        _bytes(article, "digest", 512)
        _bytes(article, "content", MAX_MPNEWS_BYTES)
    return content


def _miniprogram_notice(content: Content, _media: MediaStore) -> Content:
    _need(content, "appid", "title")
    for name in ("title", "description"):
        value = str(content.get(name, ""))
        if value and not 4 <= len(value) <= 12:
            raise ApiError(45002, f"{name} needs 4 to 12 characters")
    items = content.get("content_item") or []
    if len(items) > 10:
        raise ApiError(45008)
    for item in items:
        _chars(item, "key", 10)
        _chars(item, "value", 30)
    return content


def _card(content: Content, _media: MediaStore) -> Content:
    check_card(content)
    return content


RULES: dict[str, Callable[[Content, MediaStore], Content]] = {
    "text": _text,
    "markdown": _markdown,
    "image": _media_only,
    "voice": _media_only,
    "file": _file,
    "video": _video,
    "textcard": _textcard,
    "news": _news,
    "mpnews": _mpnews,
    "miniprogram_notice": _miniprogram_notice,
    "template_card": _card,
}


def checked_content(body: dict[str, Any], media: MediaStore) -> tuple[str, Content]:
    """The type and its content, cut or refused as the type demands. Raises ApiError."""
    msgtype = str(body.get("msgtype", ""))
    rule = RULES.get(msgtype)
    if rule is None:
        raise ApiError(40008)
    content = body.get(msgtype)
    if not isinstance(content, dict):
        raise ApiError(44004 if msgtype == "text" else 40058, f"missing {msgtype}")
    safe = int(body.get("safe") or 0)
    if safe not in {0, 1, 2} or (safe == 2 and msgtype != "mpnews"):
        raise ApiError(40058, "invalid safe")
    return msgtype, rule(content, media)
