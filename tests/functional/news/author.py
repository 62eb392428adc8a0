"""What an author does with the pages: begin, fill, tick, publish."""

from __future__ import annotations

import json
from io import BytesIO

from PIL import Image
from sqlalchemy import select
from webtest import Upload

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of


def photo(size=(64, 48)):
    stream = BytesIO()
    Image.new("RGB", size, "orange").save(stream, "JPEG")
    return stream.getvalue()


def begin(phone, column="notices"):
    """A new draft: the form of text and pictures."""
    form = phone.get("/news/write").forms["form"]
    form["column"] = column
    form["department"] = form["department"].options[0][0]
    return form.submit("begin").follow()


def department_value(page, name):
    label = page.html.find("input", {"name": "include"}, value=True)
    for box in page.html.find_all("input", {"name": "include"}):
        if name in box.parent.get_text():
            return box["value"]
    raise AssertionError(f"{name} is not offered, only things like {label}")


def publish(
    phone, title="关于春节值班的通知", body="<p>请<strong>周五前</strong>上报值班表。</p>", pictures=()
):
    """Write, address paediatrics, publish; the readers page."""
    form = begin(phone).forms["form"]
    form["title"], form["body"] = title, body
    if pictures:
        form["pictures"] = [Upload(name, content) for name, content in pictures]
    chooser = form.submit("next").follow()
    form = chooser.forms["audience"]
    tick(form, "include", department_value(chooser, "儿科"))
    confirm = form.submit("save").follow()
    return button(confirm, "/publish").submit().follow()


def tick(form, name, *values):
    for field in form.fields[name]:
        if field._value in values:
            field.checked = True


def button(page, path):
    """The form that posts to this path."""
    return next(form for form in page.forms.values() if form.action.endswith(path))


def listed_names(hospital):
    """What was asked for when colleagues were listed by name, oldest first, from the sealed details."""
    hospital.wsgi.registry.xinglin_recorder.flush()
    with hospital.site.database.read_session() as session:
        rows = session.scalars(select(AuditRecord).where(AuditRecord.object_kind == "news.readers"))
        return [json.loads(details_of(row, hospital.site.keyring))["after"] for row in rows]
