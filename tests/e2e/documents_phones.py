"""The phones of the story of documents: logged in by themselves, and what a person does on one again and again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.stack import Stack
from tests.e2e.test_first_light import open_portal

if TYPE_CHECKING:
    from playwright.sync_api import Page

TABS = ("to_do", "done", "to_read", "read", "started", "tracked")
FITS = "document.documentElement.scrollWidth <= window.innerWidth"
INK = ((0.2, 0.3), (0.4, 0.7), (0.6, 0.3), (0.8, 0.7))
"""Where the finger goes, as shares of the paper's width and height."""


@dataclass
class Phones:
    """By userid; `board` lies on a desk and shows the board."""

    stack: Stack
    new_phone: Callable[..., Page]
    shoot: Callable[[Page, str], None]
    paper: Path
    board: Page
    phones: dict[str, Page] = field(default_factory=dict)

    def phone(self, userid: str) -> Page:
        """This person's phone, logged in from the workbench the first time."""
        if userid not in self.phones:
            self.phones[userid] = self.new_phone()
            open_portal(self.phones[userid], self.stack, userid).get_by_role("banner").wait_for()
        return self.phones[userid]

    def at(self, userid: str, path: str) -> Page:
        page = self.phone(userid)
        page.goto(self.stack.portal + path)
        return page

    def card(self, userid: str, title: str) -> Page:
        """Tap the newest card about it on this person's phone; the document it opens."""
        page = self.phone(userid)
        page.goto(f"{self.stack.wecom}/phone/{userid}")
        page.get_by_test_id("conversation-app").click()
        card = page.get_by_test_id("card").filter(has_text=title).last
        card.click()
        page.frame_locator("[data-testid=webview]").get_by_role("heading", name=title).wait_for()
        frame = page.frames[-1]
        page.goto(frame.url)
        return page

    def says_handled(self, userid: str, title: str, name: str) -> None:
        """The card on this phone says who handled it."""
        page = self.phone(userid)
        page.goto(f"{self.stack.wecom}/phone/{userid}")
        page.get_by_test_id("conversation-app").click()
        page.locator("article.card").filter(has_text=title).get_by_text(f"已由{name}处理").wait_for()
        self.shoot(page, "documents-card-handled")

    def approve(self, page: Page, opinion: str) -> None:
        """Two taps at most: what to say, and the large button."""
        if opinion:
            page.get_by_label("意见", exact=True).fill(opinion)
        page.get_by_role("button", name=re.compile("^(同意|批准|完成)$")).click()
        page.get_by_text("已同意。").wait_for()

    def counts_equal_lists(self, userid: str) -> None:
        """Each number above the lists is the number of lines below it."""
        for tab in TABS:
            page = self.at(userid, f"/documents?tab={tab}")
            said = int(page.locator(".d-tab[aria-current] strong").inner_text().replace(",", ""))
            assert said == page.locator(".d-lines > li").count(), (userid, tab)

    def small(self, userid: str) -> Page:
        page = self.new_phone(width=320, height=640)
        open_portal(page, self.stack, userid).get_by_role("banner").wait_for()
        page.goto(f"{self.stack.portal}/me")
        page.get_by_role("switch", name=re.compile("大字")).check()
        page.locator("html.large-text").wait_for()
        return page

    def look(self, page: Page, path: str, name: str) -> None:
        page.goto(self.stack.portal + path)
        page.get_by_role("main").wait_for()
        self.shoot(page, f"documents-{name}-320")
        assert page.evaluate(FITS), f"{path} is wider than the phone"

    def is_there(self, page: Page, text: str) -> bool:
        page.reload()
        return page.get_by_text(text).count() > 0

    def sign_by_hand(self, page: Page) -> None:
        """A finger on the paper."""
        page.get_by_role("link", name="签名并同意").click()
        page.get_by_role("button", name="手写签名").click()
        paper = page.locator(".d-pad__paper")
        box = paper.bounding_box()
        assert box is not None
        for number, (across, down) in enumerate(INK):
            page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
            if not number:
                page.mouse.down()
        page.mouse.up()
        self.shoot(page, "documents-signature")
        page.get_by_role("button", name="完成").click()
        page.get_by_role("button", name="同意", exact=True).click()
        page.get_by_text("已同意。").wait_for()
