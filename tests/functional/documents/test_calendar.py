"""Journeys of the working calendar."""

from __future__ import annotations

import pytest
from tests.functional.documents.office import COLLEAGUE, MANAGER, settle

pytestmark = pytest.mark.plugins("portal", "documents")


@pytest.fixture
def hospital(portal, clock):
    return settle(portal, clock)


def test_holidays_are_entered_as_a_list_and_mended_by_a_tap(hospital):
    boss = hospital.phone_of(MANAGER)
    page = boss.get("/documents/calendar")
    assert "尚未录入" in page
    form = next(one for one in page.forms.values() if "days" in one.fields)
    form["days"] = "2026-10-01 休 国庆节\n2026-10-10 班"
    page = form.submit().follow()
    assert "已更改 2 天" in page
    assert "国庆节" in page
    page = boss.get("/documents/calendar?year=2026&day=2026-10-01")
    form = page.forms["day"]
    form["is_working"], form["note"] = "true", ""
    page = form.submit().follow()
    assert "国庆节" not in page.html.text
    assert "2026-10-10" in page


def test_a_list_with_faults_is_given_back_with_each_line(hospital):
    boss = hospital.phone_of(MANAGER)
    form = next(one for one in boss.get("/documents/calendar").forms.values() if "days" in one.fields)
    form["days"] = "2026-10-01 休\n明天 休\n2026-13-01 休"
    page = form.submit(status=422)
    assert "第 2 行" in page
    assert "第 3 行" in page
    assert "明天 休" in page.html.find("textarea").text
    assert "尚未录入" in page


def test_only_managers_change_the_calendar(hospital):
    hospital.phone_of(COLLEAGUE).get("/documents/calendar", status=403)
