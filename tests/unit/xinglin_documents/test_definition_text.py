"""The text of a process: what is read from it, and what is said about every kind of mistake, with its line."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.xinglin_documents.shipped_world import HospitalDirectory

from xinglin_documents.service.definitions import DefinitionFaults, check, parse
from xinglin_documents.service.definitions.shipped import shipped
from xinglin_documents.service.definitions.skeleton import skeleton
from xinglin_documents.service.definitions.source import MAX_BYTES
from xinglin_documents.service.engine.conditions import Comparison, Joined, Joining, Operator, holds
from xinglin_documents.service.engine.definition import (
    ApproverKind,
    Approvers,
    BranchMode,
    BranchNode,
    CirculateNode,
    FieldKind,
    Right,
    SignMode,
    SignNode,
)

GOOD = """\
process: trip
title: 出差
subject: "{starter}赴{place}出差"
form:
  - field: place
    title: 地点
    required: true
    public: yes
  - field: days
    title: 天数
    kind: number
  - field: is_abroad
    title: 出境
    kind: yes_no
  - field: companions
    title: 同行
    kind: persons
  - field: note
    title: 备注
start:
  fields: {note: hide}
steps:
  - step: head
    title: 科室负责人
    by: {head: starter}
    deadline: {within: 90 min, remind_before: 30 min}
  - step: far
    title: 远近
    kind: branch
    paths:
      - path: abroad
        title: 出境
        when: {all: [{field: is_abroad, is: yes}, {not: {field: days, less: 2}}]}
        steps:
          - step: president
            title: 院长
            by: [{post: 院长, of: D061}, managers]
            mode: all
            ratio: 60
            fields: {note: edit}
      - path: near
        title: 其他
  - step: tell
    title: 告知
    kind: circulate
    to: {field: companions}
"""


def faults_of(text: str) -> list[tuple[int, str]]:
    return [(fault.line, fault.cause.interpolate()) for fault in check(text).faults]


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_everything_that_is_written_is_read() -> None:
    process = parse(GOOD, version=7)
    assert (process.key, process.version, process.title) == ("trip", 7, "出差")
    assert [one.kind for one in process.form][:3] == [FieldKind.TEXT, FieldKind.NUMBER, FieldKind.YES_NO]
    assert process.start_fields == {"note": Right.HIDE}
    head, far, tell = process.nodes
    assert isinstance(head, SignNode)
    assert head.approvers == (Approvers(ApproverKind.HEAD, of="starter"),)
    assert head.deadline is not None
    assert (head.deadline.minutes, head.deadline.remind_before) == (90, 30)
    assert isinstance(far, BranchNode)
    assert far.mode is BranchMode.EXCLUSIVE
    president = far.paths[0].nodes[0]
    assert isinstance(president, SignNode)
    assert (president.mode, president.ratio, len(president.approvers)) == (SignMode.ALL, 60, 2)
    assert isinstance(tell, CirculateNode)
    assert GOOD.splitlines()[head.line - 1] == "  - step: head"


def test_yes_in_a_condition_is_the_truth_that_the_form_keeps() -> None:
    when = parse(GOOD).nodes[1].paths[0].when  # type: ignore[attr-defined]
    assert isinstance(when, Joined)
    assert when.parts[0] == Comparison("is_abroad", Operator.IS, value=True)
    assert when.joining is Joining.ALL
    assert holds(when, {"is_abroad": True, "days": "3"})
    assert not holds(when, {"is_abroad": True, "days": "1"})
    assert not holds(when, {"is_abroad": False, "days": "3"})


MISTAKES = [
    ("title: 出差", "titel: 出差", 2, "“titel” is not known here."),
    ("title: 出差", "titel: 出差", 1, "“title” is missing."),
    ("process: trip", "process: Trip", 1, "The value of “process” does not fit."),
    ("    kind: number", "    kind: numbr", 11, "The value of “kind” does not fit."),
    ("    kind: circulate", "    kind: circle", 0, "There is no such kind of step."),
    ("            mode: all", "            mode: most", 0, "The value of “mode” does not fit."),
    ("            ratio: 60", "            ratio: 101", 0, "The value of “ratio” does not fit."),
    ("            ratio: 60", "            ratio: 0", 0, "The value of “ratio” does not fit."),
    ("step: tell", "step: head", 0, "There are two steps “head”"),
    ("step: tell", "step: start", 0, "“start” is the key of the form at the starter."),
    ("field: note\n", "field: days\n", 0, "There are two fields “days”."),
    ("{field: days, less: 2}", "{field: day, less: 2}", 0, "The form has no field “day”."),
    ("{field: days, less: 2}", "{field: days, lesser: 2}", 0, "“lesser” is not known here."),
    ("{field: days, less: 2}", "{field: days}", 0, "A condition compares one field in one way."),
    ("{field: days, less: 2}", "{field: days, less: [2]}", 0, "The value to compare with is missing"),
    ("{not: {field", "{none: {field", 0, "“none” is not known here."),
    ("{note: edit}", "{nots: edit}", 0, "The form has no field “nots”."),
    ("{note: edit}", "{note: write}", 0, "The value of “note” does not fit."),
    ("to: {field: companions}", "to: {field: place}", 0, "The field “place” is of another kind."),
    ("to: {field: companions}", "to: {field: friends}", 0, "The form has no field “friends”."),
    ("to: {field: companions}", "to: {earlier: president2}", 0, "“president2” is no step of people before"),
    ("by: {head: starter}", "by: {earlier: president}", 0, "“president” is no step of people before"),
    ("by: {head: starter}", "by: {head: }", 0, "“head” says nothing."),
    ("by: {head: starter}", "by: {post: 院长, role: nurse}", 0, "An approver is named in exactly one way."),
    ("by: {head: starter}", "by: somebody", 0, "This names no approver."),
    ("by: {head: starter}", "by: {superior: 9}", 0, "The value of “superior” does not fit."),
    ("by: {head: starter}", 'by: {head: "field:place"}', 0, "The field “place” is of another kind."),
    ("    by: {head: starter}\n", "", 0, "The step says not who acts."),
    ("within: 90 min", "within: 2 d", 0, "The value of “within” does not fit."),
    ("remind_before: 30 min", "remind_before: 2 h", 0, "The reminder would come before the task itself."),
    ("remind_before: 30 min", "escalate_after: 2 h", 0, "An escalation needs a time and somebody."),
    ("remind_before: 30 min", "act_after: 2 h, act: jump, jump_to: tall", 0, "“tall” does not come later"),
    (
        "remind_before: 30 min",
        "act_after: 2 h, act: jump, jump_to: president",
        0,
        "“president” does not come",
    ),
    ("remind_before: 30 min", "act: approve", 0, "What happens at last needs a time and an act."),
    (
        "        title: 其他",
        "        title: 其他\n        when: {field: days, more: 1}",
        0,
        "The last path of a choice",
    ),
    (
        "        when: {all: [{field: is_abroad, is: yes}, {not: {field: days, less: 2}}]}\n",
        "",
        0,
        "This path always holds",
    ),
    ("    kind: branch\n", "    kind: branch\n    mode: parallel\n", 0, "Parallel paths are all taken"),
    ("    kind: branch\n", "    kind: branch\n    mode: inclusive\n", 0, "This path has no steps."),
    ("    required: true\n    public", "    public", 0, ""),
    ("    public: yes\n", "", 3, "The field “place” may not stand in lists and messages."),
    ("{place}", "{palce}", 3, "The form has no field “palce”."),
    ("{place}", "{place", 3, "A bracket in the subject stands alone."),
    (
        "    fields: {note: edit}\n",
        "    operations: [seal]\n",
        0,
        "Operations belong to processes of official documents.",
    ),
    ("    fields: {note: edit}\n", "    operations: [shred]\n", 0, "There is no such operation."),
    ("    kind: persons\n", "    kind: choice\n", 0, "A field of kind “choice” needs choices."),
    ("    kind: persons\n", "    kind: rows\n", 0, "Detail rows need columns."),
    (
        "    kind: persons\n",
        "    kind: persons\n    total_of: rows.sum\n",
        0,
        "“rows.sum” is no column with numbers.",
    ),
    ("steps:\n", "starters: starter\nsteps:\n", 0, "Who may start is known before"),
    ("steps:\n", "official: {direction: sideways}\nsteps:\n", 0, "There is no such direction."),
    ("title: 天数", "title: 天数\n    title: 几天", 0, "“title” stands twice here."),
    ("title: 天数", "title: &a 天数", 0, "“&” and “*” (anchors) have no place"),
    ("title: 天数", "title: *a", 0, "“&” and “*” (anchors) have no place"),
    ("title: 天数", "title: !!python/name:os.system x", 0, "“!” (a tag) has no place"),
    ("title: 天数", "title: [", 0, "This line cannot be read."),
    ("title: 天数", "title: {a: b}", 0, "The value of “title” does not fit."),
    ("title: 天数", 'title: "\\UFFFFFFFF"', 0, "This line cannot be read."),
    ("process: trip", "--- {}\n--- {}\nprocess: trip", 0, "A second document begins"),
]


@pytest.mark.parametrize(
    ("good", "bad", "line", "cause"), MISTAKES, ids=[case[3][:40] or "none" for case in MISTAKES]
)
def test_a_mistake_is_told_with_its_line(good: str, bad: str, line: int, cause: str) -> None:
    assert GOOD.count(good) >= 1
    faults = faults_of(GOOD.replace(good, bad, 1))
    if not cause:
        assert faults == []
        return
    matching = [fault for fault in faults if fault[1].startswith(cause)]
    assert matching, faults
    assert line in (0, matching[0][0])


def test_the_line_is_that_of_the_culprit_itself() -> None:
    text = GOOD.replace("ratio: 60", "ratio: 600").replace("kind: number", "kind: numbers")
    assert faults_of(text)[-1][0] == line_of(text, "ratio: 600")
    assert faults_of(text)[0][0] == line_of(text, "kind: numbers")


def test_all_mistakes_are_told_at_once_in_their_order() -> None:
    text = (
        GOOD.replace("title: 出差", "titel: 出差")
        .replace("{place}", "{plaze}")
        .replace("ratio: 60", "ratio: x")
    )
    with pytest.raises(DefinitionFaults) as caught:
        parse(text)
    lines = [fault.line for fault in caught.value.faults]
    assert len(lines) == 4
    assert lines == sorted(lines)
    assert "4" in caught.value.message.interpolate()  # type: ignore[attr-defined]


def test_a_close_word_is_proposed() -> None:
    (fault,) = check(GOOD.replace("{note: edit}", "{nots: edit}")).faults
    assert fault.cure.interpolate() == "Did you mean “note”?"


def test_a_required_field_that_nobody_may_fill_in_is_told() -> None:
    text = GOOD.replace("title: 备注", "title: 备注\n    required: yes").replace(
        "{note: edit}", "{days: edit}"
    )
    assert faults_of(text) == [
        (line_of(text, "- field: note"), "Nobody may fill in the required field “note”.")
    ]


def test_a_process_without_people_or_form_is_none() -> None:
    text = "process: p\ntitle: T\nform: []\nsteps:\n  - {step: a, title: A, kind: circulate, to: starter}\n"
    causes = [cause for _line, cause in faults_of(text)]
    assert causes == ["The form has no field.", "No step is handled by a person."]


def test_a_process_cannot_start_itself_nor_one_that_starts_it() -> None:
    child = "  - {step: inner, title: 内, kind: child, process: trip}\n"
    assert (line_of(GOOD + child, "step: inner"), "The process would start itself without end.") in faults_of(
        GOOD + child
    )
    other = parse(GOOD.replace("process: trip", "process: other") + child)
    text = GOOD + child.replace("process: trip", "process: other")
    checked = check(text, directory=HospitalDirectory(other))
    assert [fault.cause.interpolate() for fault in checked.faults] == [
        "“other” starts this process again, without end."
    ]


def test_values_for_a_child_are_checked_on_both_sides() -> None:
    other = parse(skeleton("other", "内"))
    child = "  - {step: inner, title: 内, kind: child, process: other, values: {matter: place, no: days, reason: x}}\n"
    faults = check(GOOD + child, directory=HospitalDirectory(other)).faults
    assert {fault.cause.interpolate() for fault in faults} == {
        "The form has no field “x”.",
        "The form of “other” has no field “no”.",
    }


def test_what_the_hospital_has_not_is_a_fault_but_an_empty_post_a_warning() -> None:
    text = GOOD.replace(
        "{post: 院长, of: D061}", "{role: wizard}, {person: '1'}, {tag: 无}, {post: 巫师, of: D999}"
    )
    text = text.replace("steps:\n", "official: {direction: outgoing, series: nix}\nsteps:\n", 1)
    checked = check(text, directory=HospitalDirectory())
    assert {fault.cause.interpolate() for fault in checked.faults} == {
        "There is no role “wizard”.",
        "Nobody who works here has the staff number “1”.",
        "There is no tag “无”.",
        "There is no department with the code “D999”.",
        "There is no number series “nix”.",
    }
    assert [fault.cause.interpolate() for fault in checked.warnings] == ["Nobody holds the post “巫师” now."]


def test_the_start_of_a_new_process_is_without_fault_whatever_its_title() -> None:
    for title in ("用车", 'a: "b" #c', "{x}", "- [", "'"):
        assert parse(skeleton("car", title)).title == title


@pytest.mark.parametrize(
    "text",
    [
        "a: [" * 5000,
        "[" * 90_000,
        "- " * 30_000,
        "x" * (MAX_BYTES + 1),
        "a\x00b",
        "\ud800",
        "- a\n" * 9_000,
        "%YAML 9.9\n---\na",
    ],
    ids=["keys", "brackets", "dashes", "long", "zero", "surrogate", "many", "directive"],
)
def test_an_attack_is_a_fault_and_nothing_else(text: str) -> None:
    assert faults_of(text)


LINES = sorted({line for one in shipped() for line in one.text.splitlines()} | set(GOOD.splitlines()))
PIECES = st.sampled_from(
    [
        "- ",
        ": ",
        "\n",
        "  ",
        "[",
        "]",
        "{",
        "}",
        "'",
        '"',
        "#",
        "&a",
        "*a",
        "!!x",
        "|",
        ">",
        "%",
        "?",
        "---",
        "\t",
    ]
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=60).map("".join),
        st.lists(st.sampled_from(LINES), max_size=40).map("\n".join),
    )
)
def test_any_text_is_a_definition_or_has_faults(text: str) -> None:
    checked = check(text)
    assert (checked.definition is None) == bool(checked.faults)
    lines = len(re.split("[\n\r\x85\u2028\u2029]", text))
    assert all(1 <= fault.line <= lines + 1 for fault in checked.faults)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_a_process_with_a_line_lost_or_doubled_is_a_definition_or_has_faults(data: st.DataObject) -> None:
    lines = data.draw(st.sampled_from(shipped())).text.splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    change = data.draw(st.sampled_from(["lose", "double", "indent", "other"]))
    line = lines[place]
    instead = {
        "lose": [],
        "double": [line, line],
        "indent": ["  " + line],
        "other": [data.draw(st.sampled_from(LINES))],
    }
    lines[place : place + 1] = instead[change]
    checked = check("\n".join(lines))
    assert (checked.definition is None) == bool(checked.faults)
