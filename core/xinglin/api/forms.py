"""Forms: a colander schema in, clean values or errors at the field out.

class TopicSchema(CSRFSchema):
    title = Text(title=_("Title"), max_length=MAX_TITLE)

form = build_form(request, TopicSchema())
try:
    values = validate(form, request)
except deform.ValidationFailure:
    return {"form": render(form)}
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import colander
import deform
from markupsafe import Markup
from pyramid.csrf import get_csrf_token
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request

from xinglin.forms.posted import PostedForm
from xinglin.forms.rendering import Renderer
from xinglin.forms.text import LongText, RichText, Text, sanitise
from xinglin.forms.uploads import File, FileInput, Files, Upload
from xinglin.forms.widgets import DateTimeInput, Supplied, choose_widgets

__all__ = [
    "CSRFSchema",
    "DateTimeInput",
    "File",
    "FileInput",
    "Files",
    "LongText",
    "RichText",
    "Text",
    "Upload",
    "build_form",
    "render",
    "sanitise",
    "validate",
]
_ = TranslationStringFactory("core")


class CSRFSchema(colander.Schema):
    """What a browser posts: carries the CSRF token (checked by Pyramid) and a fresh request key by itself."""

    csrf_token = colander.SchemaNode(colander.String(), missing=colander.drop, title="")
    request_key = colander.SchemaNode(colander.String(), missing=colander.drop, title="")

    def after_bind(self, node: Any, kw: Mapping[str, Any]) -> None:
        request = kw["request"]
        node["csrf_token"].widget = Supplied(lambda: str(get_csrf_token(request)))
        node["request_key"].widget = Supplied(lambda: secrets.token_urlsafe(16))


def build_form(
    request: Request,
    schema: CSRFSchema,
    *,
    action: str | None = None,
    buttons: Sequence[deform.Button] = (),
    appstruct: Mapping[str, Any] | None = None,
) -> deform.Form:
    """The form of `schema`, filled with `appstruct`; posts to `action` (None: where it was drawn).

    Without `buttons` it has one to submit; the first button is the green one. Moments are shown and read in the
    hospital's time zone. Raises `TypeError` for a schema that is no `CSRFSchema`.
    """
    if not isinstance(schema, CSRFSchema):
        raise TypeError(
            f"{type(schema).__name__} must derive from xinglin.api.forms.CSRFSchema to be posted by a browser"
        )
    bound = schema.bind(request=request)
    choose_widgets(bound, request.settings.zone)
    return PostedForm(
        bound,
        action=action or "",
        buttons=buttons or (deform.Button("submit", _("Submit")),),
        formid="form",
        focus="off",  # on a phone a focus opens the keyboard over the page
        renderer=Renderer(request),
        appstruct=colander.null if appstruct is None else appstruct,
    )


def render(form: deform.Form, *, is_readonly: bool = False) -> Markup:
    """The form as HTML, with errors at their fields after `validate` refused."""
    return Markup(form.render(readonly=is_readonly))  # noqa: S704 - drawn by autoescaped templates


def validate(form: deform.Form, request: Request) -> dict[str, Any]:
    """The posted values, without token and key. Raises `deform.ValidationFailure`; then `render` shows why."""
    values: dict[str, Any] = form.validate(list(request.POST.items()))
    return {name: value for name, value in values.items() if name not in {"csrf_token", "request_key"}}
