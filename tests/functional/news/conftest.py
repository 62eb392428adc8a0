"""A small hospital whose head of paediatrics may issue notices."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from tests.functional.paediatrics import HEAD, settle_in

from xinglin.api.people import Department
from xinglin.api.security import GrantService
from xinglin.auth.models import Administrator
from xinglin_news.models import Column
from xinglin_news.permissions import PERMISSIONS


@pytest.fixture
def hospital(portal, clock):
    """Three colleagues; the first may issue 通知公告 and 科室动态 for paediatrics for thirty days."""
    with portal.session() as (session, audit):
        people = settle_in(session, clock, audit)
        administrator = Administrator(
            login="it", name="信息科", password_hash="x", totp_sealed=b"", created_at=clock.now()
        )
        session.add_all(
            [
                administrator,
                Column(key="notices", title="通知公告", reach="hospital", sort_order=1),
                Column(key="departments", title="科室动态", reach="own_departments", sort_order=2),
            ]
        )
        session.flush()
        permissions = {one.name: one for one in PERMISSIONS}
        grants = GrantService(session, clock, audit, permissions, ZoneInfo("Asia/Shanghai"))
        ward = session.scalars(select(Department.id).where(Department.code == "P")).one()
        head = people.by_wecom_userid(HEAD)
        for column in ("notices", "departments"):
            grants.grant(
                administrator,
                head,
                "news:publish",
                object_key=column,
                department_ids=[ward],
                expires_at=clock.now() + timedelta(days=30),
            )
    return portal
