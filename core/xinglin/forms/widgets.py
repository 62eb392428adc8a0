"""Widgets of our own, and which widget a node without one gets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

import colander
import deform.widget
from pyramid.i18n import TranslationStringFactory

_ = TranslationStringFactory("core")
BROWSER_FORMAT = "%Y-%m-%dT%H:%M"


class DateTimeInput(deform.widget.Widget):
    """`<input type="datetime-local">`: shown and read in `zone`, handed on with its offset from UTC."""

    template = "datetimeinput"
    readonly_template = "readonly/datetimeinput"

    def __init__(self, zone: tzinfo, **kw: Any) -> None:
        super().__init__(**kw)
        self.zone = zone

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        is_readonly = kw.get("readonly", self.readonly)
        moment = _moment(cstruct)
        local = moment.astimezone(self.zone) if moment else None
        shown = local.strftime("%Y-%m-%d %H:%M" if is_readonly else BROWSER_FORMAT) if local else ""
        template = self.readonly_template if is_readonly else self.template
        return field.renderer(template, **self.get_template_values(field, shown, kw))

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        if pstruct is colander.null or pstruct == "":
            return colander.null
        moment = _moment(pstruct)
        if moment is None:
            raise colander.Invalid(field.schema, _("Please choose a date and a time."))
        return moment.replace(tzinfo=self.zone).isoformat()


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


class Supplied(deform.widget.HiddenWidget):
    """A hidden field whose value is made anew each time the form is drawn, whatever was posted."""

    def __init__(self, supply: Callable[[], str]) -> None:
        super().__init__()
        self.supply = supply

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        return super().serialize(field, self.supply(), **kw)


def choose_widgets(node: Any, zone: tzinfo) -> None:
    """Give every moment in a bound schema (a copy, ours to change) the native picker in `zone`."""
    if isinstance(node.typ, colander.DateTime) and node.widget is None:
        node.widget = DateTimeInput(zone)
    for child in node.children:
        choose_widgets(child, zone)
