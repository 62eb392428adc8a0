"""What a person sees of a form, and what a hostile one cannot do with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import colander
import deform
import pytest
from pyramid import testing
from pyramid.request import Request

import xinglin
from xinglin.api.forms import (
    CSRFSchema,
    File,
    Files,
    LongText,
    RichText,
    Text,
    build_form,
    render,
    validate,
)
from xinglin.kernel.i18n import Words

WORDS = Words([Path(xinglin.__file__).parent / "locale"])


class Shift(colander.Schema):
    place = Text(title="Place", max_length=10)


class Shifts(colander.SequenceSchema):
    shift = Shift(title="Shift")


class NoticeSchema(CSRFSchema):
    title = Text(title="标题", max_length=20)
    count = colander.SchemaNode(colander.Integer(), title="数量", missing=1, validator=colander.Range(max=9))
    body = LongText(title="正文", missing="")
    starts_at = colander.SchemaNode(colander.DateTime(), title="开始", missing=None)
    shifts = Shifts(title="班次", missing=())


class UploadSchema(CSRFSchema):
    cover = File(title="封面", missing=None)
    papers = Files(title="附件", missing=())


@pytest.fixture(autouse=True)
def registry() -> Iterator[Any]:
    with testing.testConfig() as config:
        yield config.registry


@pytest.fixture
def post(registry: Any) -> Any:
    """A request that posts the given pairs, in Chinese unless told otherwise."""

    def make(pairs: list[tuple[str, Any]] | None = None, locale: str = "zh_CN") -> Request:
        request = Request.blank("/", POST=pairs or [], content_type="multipart/form-data")
        request.registry = registry
        request.session = testing.DummySession()
        request.settings = SimpleNamespace(zone=ZoneInfo("Asia/Shanghai"))
        request.translate = lambda text: WORDS.translate(text, locale)
        return request

    return make


def refused(request: Request, schema: CSRFSchema) -> str:
    form = build_form(request, schema)
    with pytest.raises(deform.ValidationFailure):
        validate(form, request)
    return str(render(form))


def accepted(request: Request, schema: CSRFSchema) -> dict[str, Any]:
    return validate(build_form(request, schema), request)


def test_missing_field_says_so_in_chinese_at_the_field_and_in_the_summary(post: Any) -> None:
    html = refused(post([("title", "")]), NoticeSchema())
    field = re.search(r'id="(item-deformField\d+)">\s*<label.*?>标题.*?</div>\s*</div>', html, re.DOTALL)
    assert field is not None
    assert "请填写此项" in field[0]
    assert 'aria-invalid="true"' in field[0]
    assert f'<a href="#{field[1]}">标题: 请填写此项</a>' in html


def test_errors_are_in_english_for_an_english_reader(post: Any) -> None:
    html = refused(post([("title", "a"), ("count", "ten")], locale="en"), NoticeSchema())
    assert "Please give a number." in html
    assert ">Submit</button>" in html


def test_limits_are_told_with_their_numbers(post: Any) -> None:
    html = refused(post([("title", "字" * 21), ("count", "10")]), NoticeSchema())
    assert "最多 20 个" in html
    assert "不能大于 9" in html
    assert 'maxlength="20"' in html


def test_hostile_values_come_back_as_text(post: Any) -> None:
    attack = '"><script>alert(1)</script>'
    html = refused(post([("title", ""), ("body", "</textarea>" + attack), ("count", attack)]), NoticeSchema())
    assert "<script" not in html
    assert "</textarea><" not in html.replace("</textarea>\n", "")
    assert "&lt;script&gt;" in html


def test_output_needs_no_jquery_and_no_inline_script_or_style(post: Any) -> None:
    html = str(render(build_form(post(), NoticeSchema()))) + str(render(build_form(post(), UploadSchema())))
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|jquery|deform\.", html, re.IGNORECASE)
    unquoted = re.findall(r"<[^>]*?\s[\w-]+=[^\"'][^>]*>", re.sub(r'"[^"]*"', '""', html))
    assert unquoted == []


def test_text_is_trimmed_and_normalised(post: Any) -> None:
    values = accepted(post([("title", "  Cafe\u0301 "), ("body", "一\r\n二\t三 ")]), NoticeSchema())
    assert values["title"] == "Caf\u00e9"
    assert values["body"] == "一\n二\t三"


@pytest.mark.parametrize("character", ["\0", "\x1b", "\n", "\u202e", "\u2028"])
def test_control_and_direction_characters_are_refused_in_a_line(post: Any, character: str) -> None:
    html = refused(post([("title", f"a{character}b")]), NoticeSchema())
    assert f"U+{ord(character):04X}" in html
    assert "特殊字符" in html


def test_spaces_alone_do_not_fill_a_required_field(post: Any) -> None:
    assert "请填写此项" in refused(post([("title", " \u3000 ")]), NoticeSchema())


def test_moment_is_typed_in_hospital_time(post: Any) -> None:
    values = accepted(post([("title", "a"), ("starts_at", "2026-11-23T08:30")]), NoticeSchema())
    assert values["starts_at"].astimezone(UTC) == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)


def test_moment_is_shown_in_hospital_time(post: Any) -> None:
    moment = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    html = str(render(build_form(post(), NoticeSchema(), appstruct={"title": "a", "starts_at": moment})))
    assert 'type="datetime-local" name="starts_at" value="2026-11-23T08:30"' in html


def test_nonsense_moment_is_refused_with_a_cure(post: Any) -> None:
    assert "请选择日期和时间" in refused(post([("title", "a"), ("starts_at", "soon")]), NoticeSchema())


def test_sequence_has_a_prototype_and_reads_its_rows(post: Any) -> None:
    html = str(render(build_form(post(), NoticeSchema())))
    prototype = re.search(r"<template data-prototype>(.*?)</template>", html, re.DOTALL)
    assert prototype is not None
    assert 'name="place"' in prototype[1]
    pairs = [("title", "a"), ("__start__", "shifts:sequence")]
    for place in ("急诊", "门诊"):
        pairs += [("__start__", "shift:mapping"), ("place", place), ("__end__", "shift:mapping")]
    pairs.append(("__end__", "shifts:sequence"))
    assert accepted(post(pairs), NoticeSchema())["shifts"] == [{"place": "急诊"}, {"place": "门诊"}]


def test_error_inside_a_sequence_is_shown_in_its_row(post: Any) -> None:
    pairs = [("title", "a"), ("__start__", "shifts:sequence"), ("__start__", "shift:mapping")]
    pairs += [("place", "字" * 11), ("__end__", "shift:mapping"), ("__end__", "shifts:sequence")]
    html = refused(post(pairs), NoticeSchema())
    row = html[html.index("data-sequence-item>") : html.index("<template")]
    assert "最多 10 个" in row


@pytest.mark.parametrize(
    "pairs",
    [
        [("__end__", "shifts:sequence")],
        [("__start__", "title:mapping"), ("__end__", "title:mapping")],
        [("__start__", "title:sequence"), ("__end__", "title:sequence"), ("shifts", "flat")],
    ],
)
def test_damaged_posts_are_refused_not_crashed(post: Any, pairs: list[tuple[str, str]]) -> None:
    html = refused(post(pairs), NoticeSchema())
    assert "请刷新页面后重试" in html
    assert "Pstruct" not in html


def test_a_file_or_a_group_where_it_does_not_belong_is_ignored(post: Any) -> None:
    pairs = [
        ("title", "a"),
        ("shifts", "flat"),
        ("__start__", "starts_at:mapping"),
        ("__end__", "starts_at:mapping"),
    ]
    assert "请选择日期和时间" in refused(post(pairs), NoticeSchema())
    assert accepted(post([("title", "a"), ("shifts", ("a.txt", b"1"))]), NoticeSchema())["shifts"] == []


def test_files_arrive_with_a_harmless_name(post: Any) -> None:
    pairs = [
        ("cover", ("..\\..\\a\u202eb.png", b"12")),
        ("__start__", "papers:sequence"),
        ("papers", ("/etc/passwd", b"3")),
        ("papers", ("二.pdf", b"4")),
        ("__end__", "papers:sequence"),
    ]
    request = post(pairs)  # the parts live as long as their request
    values = accepted(request, UploadSchema())
    assert (values["cover"].name, values["cover"].stream.read()) == ("ab.png", b"12")
    assert [upload.name for upload in values["papers"]] == ["passwd", "二.pdf"]


def test_no_file_chosen_is_no_file(post: Any) -> None:
    assert accepted(post([("cover", b"")]), UploadSchema()) == {"cover": None, "papers": ()}


def test_editor_html_keeps_formats_and_loses_what_acts(post: Any) -> None:
    class StorySchema(CSRFSchema):
        story = RichText(title="正文")

    html = (
        '<h2>标题</h2><p onclick="x()">文<a href="javascript:x()">链</a></p>'
        '<img src="/files/1.webp"><img src="https://evil.example/1.png"><script>x()</script>'
    )
    story = accepted(post([("story", html)]), StorySchema())["story"]
    assert "<h2>标题</h2>" in story
    assert 'src="/files/1.webp"' in story
    assert not re.search("onclick|javascript|evil|script", story)
    assert "请填写此项" in refused(post([("story", "<p><br></p>")]), StorySchema())


def test_token_and_key_are_in_the_form_and_not_in_the_values(post: Any) -> None:
    request = post([("title", "a"), ("csrf_token", "t"), ("request_key", "k")])
    form = build_form(request, NoticeSchema())
    first, second = str(render(form)), str(render(form))
    assert f'name="csrf_token" value="{request.session.get_csrf_token()}"' in first
    keys = [re.search(r'name="request_key" value="([\w-]{20,})"', html) for html in (first, second)]
    assert keys[0] is not None
    assert keys[1] is not None
    assert keys[0][1] != keys[1][1]
    assert not {"csrf_token", "request_key"} & accepted(request, NoticeSchema()).keys()


def test_readonly_form_shows_values_without_inputs(post: Any) -> None:
    appstruct = {"title": "通知<1>", "count": 2, "body": "", "shifts": [{"place": "急诊"}]}
    html = str(render(build_form(post(), NoticeSchema(), appstruct=appstruct), is_readonly=True))
    assert "通知&lt;1&gt;" in html
    assert "急诊" in html
    assert not re.search("<input|<button|<textarea", html)


def test_choices_are_checked_and_drawn(post: Any) -> None:
    levels = [("low", "一般"), ("high", "紧急")]

    class ChoiceSchema(CSRFSchema):
        level = colander.SchemaNode(
            colander.String(),
            title="级别",
            widget=deform.widget.RadioChoiceWidget(values=levels),
            validator=colander.OneOf(["low", "high"]),
        )
        tags = colander.SchemaNode(
            colander.Set(), title="标签", missing=(), widget=deform.widget.CheckboxChoiceWidget(values=levels)
        )
        kind = colander.SchemaNode(
            colander.String(), title="类型", missing="", widget=deform.widget.SelectWidget(values=levels)
        )
        is_open = colander.SchemaNode(colander.Boolean(), title="公开", missing=False)
        secret = colander.SchemaNode(
            colander.String(), title="口令", missing="", widget=deform.widget.PasswordWidget()
        )
        day = colander.SchemaNode(colander.Date(), title="日期", missing=None)
        hour = colander.SchemaNode(colander.Time(), title="时间", missing=None)

    html = refused(post([("level", "<b>"), ("kind", "high"), ("secret", "s3")]), ChoiceSchema())
    assert "这个选项已不可用" in html
    assert '<option value="high" selected>紧急</option>' in html
    assert "s3" not in html
    assert re.search(r'type="radio"[^>]*value="low"', html)
    assert re.search(r'type="date"', html)
    assert re.search(r'type="time"', html)


def test_schema_without_token_is_named_with_the_cure(post: Any) -> None:
    with pytest.raises(TypeError, match=r"Shift must derive from xinglin\.api\.forms\.CSRFSchema"):
        build_form(post(), Shift())
