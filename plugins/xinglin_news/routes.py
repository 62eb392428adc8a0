"""The URLs of news on one screen, and the services behind them."""

from __future__ import annotations

from pyramid.config import Configurator

from xinglin_news.service import addressing, attachments, following, publishing, reading, writing
from xinglin_news.views.attachments import may_read

ROUTES = (
    ("news.list", "/news"),
    ("news.search", "/news/search"),
    ("news.write", "/news/write"),
    ("news.mine", "/news/mine"),
    ("news.article", "/news/{notice}"),
    ("news.picture", "/news/{notice}/pictures/{picture}"),
    ("news.edit", "/news/{notice}/edit"),
    ("news.draft_picture", "/news/{notice}/edit/pictures/{picture}"),
    ("news.attachments", "/news/{notice}/attachments"),
    ("news.audience", "/news/{notice}/audience"),
    ("news.publish", "/news/{notice}/publish"),
    ("news.withdraw", "/news/{notice}/withdraw"),
    ("news.discard", "/news/{notice}/discard"),
    ("news.readers", "/news/{notice}/readers"),
    ("news.remind", "/news/{notice}/remind"),
)


def includeme(config: Configurator) -> None:
    for name, pattern in ROUTES:
        config.add_route(name, pattern)
    config.add_service(reading.ReadingService, reading.factory)
    config.add_service(writing.WritingService, writing.factory)
    config.add_service(attachments.AttachmentService, attachments.factory)
    config.add_service(addressing.AddressingService, addressing.factory)
    config.add_service(publishing.PublishingService, publishing.factory)
    config.add_service(following.FollowingService, following.factory)
    config.add_file_rule("news", may_read)
    config.scan("xinglin_news.views")
