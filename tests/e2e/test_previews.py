"""A document read on a real small screen: whole width, nothing to scroll sideways, targets for a thumb, pages when reached."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from waitress.server import create_server

from tests.conftest import log_in
from tests.integration.documents import docx
from tests.integration.test_preview_documents import save, set_state
from xinglin.files.models import FileState
from xinglin.testing.databases import SQLiteMaker
from xinglin.testing.portal import Portal

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIDEWAYS = "document.documentElement.scrollWidth - innerWidth"
SMALL = """[...document.querySelectorAll('a, button')].filter(one => {
    const box = one.getBoundingClientRect();
    return !one.classList.contains('x-skip') && (box.width < 44 || box.height < 44);
}).map(one => one.outerHTML)"""
LOADED = "[...document.images].map(image => image.complete && image.naturalWidth > 0)"
PARAGRAPH = "各科室：请按要求安排值班，落实首诊负责制。" * 40


@pytest.fixture
def portal(make_portal: Callable[..., Portal], sqlite_maker: SQLiteMaker) -> Portal:
    return make_portal(database=sqlite_maker.fresh(), plugins=("portal", "news"), preview_pages=12)


@pytest.fixture
def address(portal: Portal) -> Iterator[str]:
    server = create_server(portal.wsgi, host="127.0.0.1", port=0, threads=2)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.trigger.pull_trigger(server.task_dispatcher.shutdown)
    server.trigger.pull_trigger(server.close)
    thread.join(20)


@pytest.mark.parametrize(("width", "height", "is_large"), [(390, 844, False), (320, 640, True)])
def test_a_document_is_read_page_by_page(
    portal: Portal,
    address: str,
    new_phone: Callable[..., Page],
    shoot: Callable[[Page, str], None],
    width: int,
    height: int,
    is_large: bool,
) -> None:
    browser = log_in(portal, has_large_text=is_large)
    name = "关于做好2026年冬季呼吸道疾病诊疗工作的通知（终稿）.docx"
    shown = save(portal, name, docx([PARAGRAPH] * 12))
    withheld = save(portal, "外来文件.docx", docx(["x"]))
    set_state(portal, withheld, FileState.INFECTED)
    phone = new_phone(width, height)
    cookie = {"name": "xinglin_session", "value": browser.cookies["xinglin_session"], "url": address}
    phone.context.add_cookies([cookie])
    phone.goto(f"{address}/files/{shown}")
    phone.get_by_text("正在准备预览").wait_for()
    portal.work()
    phone.get_by_alt_text("第 1 页，共 12 页").wait_for()  # the page asks again by itself
    phone.wait_for_load_state("networkidle")
    assert phone.evaluate(SIDEWAYS) <= 0
    assert phone.evaluate(SMALL) == []
    assert phone.get_by_alt_text("第 1 页，共 12 页").bounding_box()["width"] >= width - 16
    assert phone.evaluate(LOADED)[0]
    assert not phone.evaluate(LOADED)[-1]  # what nobody has come to costs nothing
    shoot(phone, f"preview-{width}")
    last = phone.get_by_alt_text("第 12 页，共 12 页")
    last.scroll_into_view_if_needed()
    expect(last).to_have_js_property("complete", value=True, timeout=60_000)
    assert phone.evaluate(LOADED)[-1]
    phone.goto(f"{address}/files/{withheld}")
    assert "此文件中发现病毒" in phone.get_by_role("alert").inner_text()
    assert phone.evaluate(SIDEWAYS) <= 0
    shoot(phone, f"preview-withheld-{width}")
