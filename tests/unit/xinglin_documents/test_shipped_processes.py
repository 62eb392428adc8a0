"""The ten processes that come with the portal: whole, known to the hospital, and passable from start to end."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from tests.unit.xinglin_documents.shipped_world import (
    HospitalDirectory,
    Run,
    drive,
    number_of,
)

from xinglin_documents.service.definitions import check
from xinglin_documents.service.definitions.shipped import shipped
from xinglin_documents.service.engine.definition import START, BranchNode, CirculateNode, SignNode
from xinglin_documents.service.engine.state import Status

TEN = {
    "outgoing",
    "incoming",
    "request",
    "leave",
    "shift_change",
    "study",
    "purchase",
    "seal",
    "supplies",
    "meeting",
}
NURSE, DOCTOR, HEAD_NURSE = number_of("ward_nurse"), number_of("doctor"), number_of("head_nurse")
HEAD, CLERK, LEADER, IT = (number_of(part) for part in ("department_head", "office_clerk", "leader", "it"))
LAB, PHARMACIST = number_of("other_wang_li"), number_of("pharmacist")
CASES = {
    "outgoing": [
        (CLERK, {"cosigners": [HEAD, IT], "vice_president": LEADER}),
        (DOCTOR, {"cosigners": [], "vice_president": LEADER}),
    ],
    "incoming": [
        (
            CLERK,
            {
                "leaders": [LEADER, HEAD],
                "handling": ["handle", "circulate"],
                "department": "D067",
                "readers": [NURSE],
            },
        ),
    ],
    "request": [
        (DOCTOR, {"cosigners": [IT], "amount": "80000", "is_major": False}),
        (NURSE, {"is_major": True}),
        (LAB, {"amount": "300"}),
    ],
    "leave": [
        (NURSE, {"days": "1", "substitute": DOCTOR}),
        (NURSE, {"days": "2"}),
        (DOCTOR, {"days": "5"}),
        (HEAD_NURSE, {"days": "1"}),
        (HEAD, {"days": "1"}),
        (LEADER, {"days": "1"}),
        (CLERK, {"days": "0.5"}),
    ],
    "shift_change": [
        (NURSE, {"partner": HEAD_NURSE, "is_night": True}),
        (DOCTOR, {"partner": HEAD, "is_night": False}),
        (LAB, {"partner": PHARMACIST}),
    ],
    "study": [
        (NURSE, {"months": "6", "total": "100"}),
        (DOCTOR, {"months": "1", "total": "500"}),
        (CLERK, {"months": "1"}),
    ],
    "purchase": [
        (DOCTOR, {"type": "equipment", "total": "800000", "budget": True}),
        (DOCTOR, {"type": "it", "total": "30000", "budget": True}),
        (DOCTOR, {"type": "logistics", "total": "60000", "budget": False}),
        (DOCTOR, {"type": "consumables", "total": "900", "budget": True}),
    ],
    "seal": [(DOCTOR, {"seal": "hospital"}), (NURSE, {"seal": "department", "goes_out": False})],
    "supplies": [(NURSE, {"store": store}) for store in ("office", "medical", "it")],
    "meeting": [
        (DOCTOR, {"level": "hospital", "participants": [NURSE, HEAD], "needs": ["video"]}),
        (DOCTOR, {"level": "department", "fee": "100"}),
    ],
}


@cache
def run(key: str, case: int) -> Run:
    starter, form = CASES[key][case]
    return drive(definition(key), starter, form)


def definition(key: str):
    return next(one.definition for one in shipped() if one.definition.key == key)


def test_there_are_ten() -> None:
    assert {one.definition.key for one in shipped()} == TEN == set(CASES)


@pytest.mark.parametrize("one", shipped(), ids=lambda one: one.definition.key)
def test_the_hospital_has_all_that_it_names(one) -> None:
    checked = check(one.text, directory=HospitalDirectory(*(other.definition for other in shipped())))
    assert [(fault.line, fault.cause.interpolate()) for fault in (*checked.faults, *checked.warnings)] == []


@pytest.mark.parametrize("key", sorted(TEN))
def test_all_steps_are_reached_and_every_document_comes_to_its_end(key: str) -> None:
    runs = [run(key, case) for case in range(len(CASES[key]))]
    assert {one.state.status for one in runs} == {Status.COMPLETED}
    assert {node.key for node in definition(key)} <= set().union(*(one.steps for one in runs))


@pytest.mark.parametrize("key", sorted(TEN))
def test_nobody_is_missing_so_that_no_manager_is_asked(key: str) -> None:
    for case in range(len(CASES[key])):
        assert "managers" not in [name for names in run(key, case).asked.values() for name in names]


@pytest.mark.parametrize("key", sorted(TEN))
def test_everything_has_an_english_title_too(key: str) -> None:
    process = definition(key)
    titled = [process, *process, *process.form, *(path for node in branches(process) for path in node.paths)]
    titled += [column for one in process.form for column in (*one.columns, *one.choices)]
    assert [one for one in titled if not one.title_en] == []


@pytest.mark.parametrize("key", sorted(TEN))
def test_steps_of_people_have_deadlines_but_those_that_only_close(key: str) -> None:
    without = {node.key for node in definition(key) if isinstance(node, SignNode) and node.deadline is None}
    assert without <= {"archive", "register"}


def branches(process) -> list[BranchNode]:
    return [node for node in process if isinstance(node, BranchNode)]


@pytest.mark.parametrize(
    ("case", "asked"),
    [
        (0, {"head_nurse": ["单玉梅 护士长"]}),
        (1, {"head_nurse": ["单玉梅 护士长"], "nursing": ["赵云欣 主任"], "personnel": ["袁雨莹 主任"]}),
        (
            2,
            {
                "medical_head": ["仇雅琴 科主任"],
                "personnel_long": ["袁雨莹 主任"],
                "vice_president": ["林云倩 副院长", "黄清伟 副院长"],
            },
        ),
        (3, {"head_nurses_leave": ["赵云欣 主任"]}),
        (4, {"heads_leave": ["林云倩 副院长", "黄清伟 副院长"]}),
        (5, {"president": ["欧阳建国 院长"]}),
        (6, {"head": ["乐静 主任"]}),
    ],
)
def test_leave_goes_to_whom_it_concerns(case: int, asked: dict[str, list[str]]) -> None:
    assert run("leave", case).asked == asked


def test_an_outgoing_document_passes_the_eleven_stations_in_their_order() -> None:
    assert list(run("outgoing", 0).asked) == [
        "department_review",
        "cosign",
        "office_review",
        "vice_president_review",
        "sign",
        "number",
        "red_head",
        "seal",
        "distribute",
        "archive",
    ]
    operations = [node.operations for node in definition("outgoing") if isinstance(node, SignNode)]
    assert [one for many in operations for one in many] == [
        "issue_number",
        "red_head",
        "seal",
        "distribute",
        "archive",
    ]


def test_without_co_signers_the_co_signing_is_passed() -> None:
    assert "cosign" not in run("outgoing", 1).asked
    assert "cosign" in run("outgoing", 1).steps


def test_a_small_purchase_needs_no_leader_and_a_large_one_two_thirds_and_the_president() -> None:
    assert "vice_president" not in run("purchase", 3).asked
    assert len(run("purchase", 0).asked["leaders"]) == 3
    assert run("purchase", 0).asked["president"] == ["欧阳建国 院长"]
    assert "president" in run("purchase", 2).asked, "outside of the budget 50,000 are enough"


def test_the_partner_is_asked_before_anybody_else_about_a_shift() -> None:
    assert next(iter(run("shift_change", 0).asked.items())) == ("partner", ["单玉梅 护士长"])


def test_readers_get_an_incoming_document_while_the_department_works_on_it() -> None:
    done = run("incoming", 0)
    assert done.asked["handle"] == ["覃海峰 主任"]
    assert NURSE in done.sent or any(isinstance(node, CirculateNode) for node in definition("incoming"))
    assert START not in {node.key for node in definition("incoming")}


def test_the_example_of_the_guide_is_a_process_of_this_hospital() -> None:
    guide = Path(__file__).parents[3] / "docs" / "guides" / "processes.zh-CN.md"
    (example,) = (
        part.split("```")[0]
        for part in guide.read_text(encoding="utf-8").split("```yaml\n")[1:]
        if part.startswith("process:")
    )
    checked = check(example, directory=HospitalDirectory())
    assert [(fault.line, fault.cause.interpolate()) for fault in checked.faults] == []
    assert checked.definition is not None
    asked = drive(checked.definition, CLERK, {"people": "9", "driver": IT}).asked
    assert list(asked) == ["head", "leader", "dispatch"]
