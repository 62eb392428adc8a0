"""The pages. A new page joins the tool by its line here; who sees it stands in its `roles`."""

from __future__ import annotations

from xinglin_admin.pages.access import AccessPage
from xinglin_admin.pages.accounts import AccountsPage
from xinglin_admin.pages.audit import AuditPage
from xinglin_admin.pages.grants import GrantsPage
from xinglin_admin.pages.modules import ModulesPage
from xinglin_admin.pages.page import Page

PAGES: tuple[type[Page], ...] = (AuditPage, AccessPage, GrantsPage, ModulesPage, AccountsPage)
