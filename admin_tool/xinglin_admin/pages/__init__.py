"""The pages. A new page joins the tool by its line here."""

from __future__ import annotations

from xinglin_admin.pages.grants import GrantsPage
from xinglin_admin.pages.modules import ModulesPage
from xinglin_admin.pages.page import Page

PAGES: tuple[type[Page], ...] = (GrantsPage, ModulesPage)
