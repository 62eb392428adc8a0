"""Messages about official documents; of a closed one they say only that there is one."""

from __future__ import annotations

from collections.abc import Sequence

from xinglin.api.push import PushService
from xinglin_documents.models import Item, Secrecy
from xinglin_documents.push import TO_READ

TITLE, CLOSED_TITLE = "公文：{title}", "您有一份公文"
TEXT, CLOSED_TEXT = "请阅读并签收", "请进入系统查看并签收"


def tell(push: PushService, item: Item, persons: Sequence[int], key: str) -> None:
    """Tell persons that a document is there to be read; the same `key` again tells nobody."""
    if not persons:
        return
    is_closed = Secrecy(item.secrecy).is_closed
    push.enqueue(
        TO_READ,
        item.public_id,
        persons,
        title=CLOSED_TITLE if is_closed else TITLE.format(title=item.title),
        description=CLOSED_TEXT if is_closed else TEXT,
        path=f"/documents/items/{item.public_id}",
        dedupe_key=key,
    )
