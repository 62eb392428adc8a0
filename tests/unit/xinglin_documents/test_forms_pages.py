"""What a step of a process shows of a form, and what it takes: hidden fields never leave, fields to read never change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import deform
import pytest
from pyramid import testing
from pyramid.request import Request
from tests.functional.documents.filling import PURCHASE
from tests.unit.xinglin_documents.filling_hospital import ZONE, Hospital

import xinglin
import xinglin_documents
from xinglin.kernel.i18n import Words
from xinglin_documents.models import Box, Entry
from xinglin_documents.service.engine.definition import FieldKind, Right
from xinglin_documents.service.forms import DraftService, rights_of
from xinglin_documents.service.forms.directory import Directory
from xinglin_documents.views.draft_inputs import BadInput, opinion_of, signature_of
from xinglin_documents.views.forms import draft_opinion, form_view, values_of

WORDS = Words([Path(one.__file__).parent / "locale" for one in (xinglin, xinglin_documents)])
FIELDS = tuple(one for one in PURCHASE.form if one.kind is not FieldKind.FILES)
STEP = replace(PURCHASE, form=FIELDS)
VALUES = {
    "title": "采购雾化器",
    "type": "equipment",
    "items": [{"name": "雾化器", "count": "2", "amount": "1200.05"}],
    "total": "1200.05",
    "budget": True,
    "ways": ["direct"],
    "meeting": "2026-11-30T01:00:00+00:00",
    "fund": "科研经费",
}


@pytest.fixture
def hospital(session, clock, audit, keyring, tmp_path):
    return Hospital.build(session, clock, audit, keyring, tmp_path)


@pytest.fixture
def ask(hospital):
    """A request of the head of paediatrics that posts these pairs."""
    with testing.testConfig() as config:

        def make(pairs=(), locale="zh_CN"):
            request = Request.blank("/", POST=list(pairs), content_type="multipart/form-data")
            request.registry = config.registry
            request.session = testing.DummySession()
            request.settings = SimpleNamespace(zone=ZONE)
            request.locale_name = locale
            request.translate = lambda text: WORDS.translate(text, locale)
            request.route_path = lambda name, **_parts: f"/{name}"
            known = {Directory: hospital.directory(locale), DraftService: hospital.drafts()}
            request.service = known.__getitem__
            return request

        yield make


def values(hospital):
    return {
        **VALUES,
        "buyer": hospital.person("20001").id,
        "readers": [hospital.person("10021").id, hospital.person().id],
        "department": hospital.directory().department_by_code("O").id,
    }


def test_a_step_shows_what_it_may_read_and_nothing_hidden(hospital, ask):
    html = form_view(ask(), STEP, rights_of(STEP, "finance"), values(hospital))
    assert "采购雾化器" in html
    assert 'name="title"' not in html
    assert 'name="fund" value="科研经费"' in html
    assert "医疗设备" in html
    assert "1,200.05" in html
    assert "2026-11-30 09:00" in html
    assert "王丽" in html
    assert "单玉梅" in html
    assert "经办人" not in html  # hidden at this step
    assert "20001" not in html


def test_a_step_takes_only_what_it_may_edit(hospital, ask):
    posted = [("title", "改了"), ("fund", "专项"), ("total", "1.00"), ("buyer", "10021")]
    assert values_of(ask(posted), STEP, rights_of(STEP, "finance")) == {"fund": "专项"}


def test_a_refused_step_is_drawn_with_what_it_reads(hospital, ask):
    rights = rights_of(STEP, "finance")
    request = ask([("fund", "经" * 300)])
    with pytest.raises(deform.ValidationFailure) as refused:
        values_of(request, STEP, rights, values(hospital))
    html = form_view(request, STEP, rights, values(hospital), errors=refused.value)
    assert "最多" in html
    assert "经" * 300 in html
    assert "采购雾化器" in html
    assert "1,200.05" in html


def test_a_form_to_read_has_nothing_to_fill(hospital, ask):
    rights = {**rights_of(STEP, "start"), "fund": Right.READ}
    html = form_view(ask(locale="en"), STEP, rights, values(hospital), is_readonly=True)
    assert "<input" not in html
    assert "<select" not in html
    assert "Subject" in html
    assert "Pharmacy" in html
    assert "Medical" not in html
    assert "Equipment" in html


def test_who_has_left_is_still_shown_to_readers(hospital, ask):
    gone = hospital.person("20001")
    rights = {**rights_of(STEP, "finance"), "buyer": Right.READ}
    hospital.session.delete(hospital.people.by_staff_no("10021"))
    hospital.session.flush()
    html = form_view(ask(), STEP, rights, {**VALUES, "buyer": gone.id, "readers": [10**9]})
    assert "药学部" in html


def test_the_draft_of_a_task_keeps_opinion_and_fields(hospital, ask):
    instance = hospital.running(VALUES)
    entry = Entry(
        item_id=instance.id,
        person_id=hospital.person().id,
        box=Box.TO_DO,
        task="1",
        arrived_at=hospital.clock.now(),
    )
    hospital.session.add(entry)
    hospital.session.flush()
    draft = f"task-{entry.id}"
    assert draft_opinion(ask(), draft) == ""
    drafts = hospital.drafts()
    drafts.save(drafts.place(draft), {"opinion": "先试用。", "fund": "专项", "title": "改了"})
    html = form_view(ask(), STEP, rights_of(STEP, "finance"), values(hospital), draft=draft)
    assert draft_opinion(ask(), draft) == "先试用。"
    assert 'name="fund" value="专项"' in html
    assert "改了" not in html


def test_an_opinion_is_typed_or_chosen_and_a_signature_is_a_picture(ask):
    assert opinion_of(ask([("opinion", " 同意。 "), ("phrase", "已阅。")])) == "同意。"
    assert opinion_of(ask([("opinion", ""), ("phrase", "已阅。")])) == "已阅。"
    assert signature_of(ask([("signature", "data:image/png;base64,iVBORw0=")])) == b"\x89PNG\r"
    assert signature_of(ask([("signature", "")])) is None
    with pytest.raises(BadInput):
        signature_of(ask([("signature", "data:image/png;base64,***")]))
