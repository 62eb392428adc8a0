"""Giving a new grant, end to end."""

from __future__ import annotations

import datetime as dt

import pytest
from PySide6.QtCore import QAbstractItemModel, QDate, QModelIndex, Qt
from PySide6.QtWidgets import QCheckBox, QDateEdit, QDialog, QLabel, QPushButton, QTreeView
from tests.unit.xinglin_admin.contract_portal import ContractPortal, problem
from tests.unit.xinglin_admin.screen import Screen

TICKED, CHECK = Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole


def department(screen: Screen, name: str) -> tuple[QAbstractItemModel, QModelIndex]:
    model = screen.part(QTreeView, "departmentTree").model()
    found = model.match(
        model.index(0, 0),
        Qt.ItemDataRole.DisplayRole,
        name,
        1,
        Qt.MatchFlag.MatchStartsWith | Qt.MatchFlag.MatchRecursive,
    )
    return model, found[0]


def tick(screen: Screen, name: str) -> None:
    model, index = department(screen, name)
    assert model.setData(index, TICKED, CHECK)


@pytest.fixture
def dialog(signed_in: Screen) -> QDialog:
    return signed_in.open_dialog()


@pytest.fixture
def filled(signed_in: Screen, dialog: QDialog) -> QDialog:
    signed_in.write("personSearch", "林若溪")
    signed_in.until(lambda: signed_in.sees("找到 1 人"))
    signed_in.choose("permissionBox", "管理问卷")
    signed_in.choose("objectBox", "职工满意度")
    tick(signed_in, "内科系统")
    signed_in.part(QDateEdit, "expiryDate").setDate(QDate(2027, 3, 31))
    return dialog


def test_sentence_says_what_is_missing_and_then_what_is_given(signed_in: Screen, filled: QDialog) -> None:
    summary = signed_in.part(QLabel, "grantSummary")
    assert summary.text() == (
        "林若溪（宣传科 11345）将获得“管理问卷”权限，对象：职工满意度，范围：内科系统（含下级科室，共 420 人），"
        "有效至 2027-03-31（含当日）。"
    )
    signed_in.part(QCheckBox, "noExpiryBox").setChecked(True)
    assert summary.text().endswith("长期有效，直到被撤销。")
    signed_in.choose("permissionBox", "发布新闻")
    assert summary.text() == "还需要选择：对象。"
    assert not signed_in.part(QPushButton, "saveGrantButton").isEnabled()
    assert filled.isVisible()


def test_grant_arrives_and_stands_first_in_the_list(
    signed_in: Screen, filled: QDialog, portal: ContractPortal
) -> None:
    signed_in.press("saveGrantButton")
    signed_in.until(lambda: signed_in.column("grantTable")[0] == "林若溪" and len(portal.grants) == 4)
    made = portal.grants[0]
    assert made["permission"]["name"] == "surveys:manage"
    assert made["object"]["key"] == "staff"
    assert [item["name"] for item in made["departments"]] == ["内科系统"]
    assert made["expires_on"] == "2027-03-31"
    assert signed_in.is_dialog_gone()
    assert signed_in.sees("已授予 林若溪 “管理问卷”权限。")


def test_the_right_to_pass_on_is_given_only_when_ticked(
    signed_in: Screen, filled: QDialog, portal: ContractPortal
) -> None:
    box = signed_in.part(QCheckBox, "passOnBox")
    assert (box.text(), box.isChecked()) == ("可转授给他人", False)
    assert filled.isAncestorOf(box)
    box.setChecked(True)
    assert signed_in.part(QLabel, "grantSummary").text().endswith("，并可转授给他人。")
    signed_in.press("saveGrantButton")
    signed_in.until(signed_in.is_dialog_gone)
    assert [grant["can_pass_on"] for grant in portal.grants] == [True, False, False, False]


def test_refused_field_is_marked_and_nothing_typed_is_lost(
    signed_in: Screen, filled: QDialog, portal: ContractPortal
) -> None:
    refusal = problem(
        422, "有内容不能接受。", ("expires_on", "期限不能超过三个月。"), ("quota", "名额已满。")
    )
    portal.plan("POST /grants", 422, refusal)
    signed_in.press("saveGrantButton")
    complaint = signed_in.part(QLabel, "error_expires_on")
    signed_in.until(complaint.isVisible)
    assert complaint.text() == "期限不能超过三个月。"
    assert signed_in.sees("quota: 名额已满。")
    assert filled.isVisible()
    signed_in.press("saveGrantButton")
    signed_in.until(signed_in.is_dialog_gone)
    assert len(portal.grants) == 4


def test_retry_after_a_lost_answer_does_not_grant_twice(
    signed_in: Screen, filled: QDialog, portal: ContractPortal
) -> None:
    portal.create_then_fail = True
    signed_in.press("saveGrantButton")
    retry = signed_in.part(QPushButton, "retryButton", filled)
    signed_in.until(retry.isVisible)
    assert len(portal.grants) == 4
    signed_in.qtbot.mouseClick(retry, Qt.MouseButton.LeftButton)
    signed_in.until(signed_in.is_dialog_gone)
    assert len(portal.grants) == 4


def test_existing_grant_is_said(signed_in: Screen, filled: QDialog, portal: ContractPortal) -> None:
    portal.plan("POST /grants", 409, problem(409, "林若溪已有同样的授权。"))
    signed_in.press("saveGrantButton")
    signed_in.until(lambda: signed_in.sees("林若溪已有同样的授权。"))
    assert filled.isVisible()


def test_person_who_left_cannot_be_chosen(signed_in: Screen, dialog: QDialog) -> None:
    signed_in.write("personSearch", "陈国华")
    signed_in.until(lambda: signed_in.sees("找到 1 人"))
    signed_in.choose("permissionBox", "维护通讯录")
    tick(signed_in, "骨科")
    assert signed_in.part(QLabel, "grantSummary").text() == "还需要选择：人员。"
    assert dialog.isVisible()


def test_ticked_department_covers_those_below(signed_in: Screen, dialog: QDialog) -> None:
    signed_in.choose("permissionBox", "维护通讯录")
    tick(signed_in, "骨科")
    tick(signed_in, "外科系统")
    model, covered = department(signed_in, "神经外科")
    assert Qt.CheckState(covered.data(CHECK)) is TICKED
    assert not model.setData(covered, Qt.CheckState.Unchecked, CHECK)
    _model, top = department(signed_in, "杏林医院")
    assert Qt.CheckState(top.data(CHECK)) is Qt.CheckState.PartiallyChecked
    signed_in.write("personSearch", "林若溪")
    signed_in.until(lambda: signed_in.sees("范围：外科系统（含下级科室，共 380 人）"))
    assert dialog.isVisible()


def test_departments_are_not_sent_for_a_permission_without_them(
    signed_in: Screen, filled: QDialog, portal: ContractPortal
) -> None:
    signed_in.choose("permissionBox", "发布新闻")
    signed_in.choose("objectBox", "通知公告")
    assert signed_in.sees("此权限不限定科室。")
    signed_in.press("saveGrantButton")
    signed_in.until(signed_in.is_dialog_gone)
    assert portal.grants[0]["departments"] == []
    assert portal.grants[0]["object"]["key"] == "notice"


def test_past_day_cannot_be_chosen_and_a_year_is_offered(signed_in: Screen, dialog: QDialog) -> None:
    field = signed_in.part(QDateEdit, "expiryDate")
    today = dt.datetime.now(tz=dt.UTC).astimezone().date()
    assert field.minimumDate() == QDate(today.year, today.month, today.day)
    assert field.date() == field.minimumDate().addYears(1)
    assert dialog.isVisible()


def test_escape_closes_without_a_trace(signed_in: Screen, filled: QDialog, portal: ContractPortal) -> None:
    signed_in.qtbot.keyClick(filled, Qt.Key.Key_Escape)
    signed_in.until(signed_in.is_dialog_gone)
    assert len(portal.grants) == 3
    assert ("POST /grants", "") not in portal.seen
