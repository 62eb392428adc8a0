"""A real Chromium on simulated phones, against the whole demo."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.stack import ROOT, Stack
from tests.integration import clamd_engine

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WECOM_AGENT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36 MicroMessenger wxwork/4.1"
SHOTS = Path(os.environ.get("XINGLIN_SHOTS", ROOT / "var" / "screenshots"))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack.prepare(tmp_path_factory.mktemp("demo"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The demo with a real clamd, and with a folder for backups."""
    with clamd_engine.running() as engine:
        running = Stack.prepare(tmp_path_factory.mktemp("scanned"))
        backups = f"clamd = {engine.address}\nbackup_folder = {running.folder}/backups"
        running.set("clamd = off", backups)
        running.start()
        yield running
        running.stop()


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """One browser a test: its event loop must not be running when other tests begin theirs."""
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium") or shutil.which("google-chrome")
    assert executable, "Chromium is missing. Cure: tests/install-system-packages"
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def new_phone(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """`new_phone(width=390, height=844)`: a phone of its own, with its own cookies; a script error fails the test."""
    contexts = []
    errors: list[str] = []

    def make(width: int = 390, height: int = 844) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            user_agent=WECOM_AGENT,
            has_touch=True,
            is_mobile=True,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def shoot() -> Callable[[Page, str], None]:
    """Keep a picture of the screen, for people to look at."""

    def take(page: Page, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png")

    return take
