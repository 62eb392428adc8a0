"""The menu of a slot, for pages that draw one."""

from __future__ import annotations

from xinglin.kernel.pages import Menu, MenuEntry

__all__ = ["Menu", "MenuEntry"]
