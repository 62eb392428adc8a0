"""Deform's renderer: our Jinja2 templates instead of its Chameleon and jQuery ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import jinja2
from markupsafe import Markup
from pyramid.csrf import get_csrf_token
from pyramid.i18n import TranslationString, TranslationStringFactory
from pyramid.path import AssetResolver
from pyramid.request import Request

from xinglin.forms.text import sanitise

_ = TranslationStringFactory("core")
GROUPS = frozenset({"radio_choice", "checkbox_choice", "sequence"})
WIDE = GROUPS | {"textarea", "richtext", "file_upload"}
KEYBOARDS = {
    "Integer": "numeric",
    "Float": "decimal",
    "Decimal": "decimal",
    "Money": "decimal",
}
DAMAGED = ("Pstruct", "Invalid pstruct", "Invalid peppercorn")


@dataclass(frozen=True)
class Problem:
    """One error for the summary at the top; `anchor` is the id of the field, empty for the form as a whole."""

    anchor: str
    title: str
    sentence: str


class Renderer:
    """Deform calls it with a template name; it speaks the language of its request."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def __call__(self, template_name: str, **values: Any) -> Markup:
        template = ENVIRONMENT.get_template(f"{template_name}.jinja2")
        return Markup(template.render(values, renderer=self))  # noqa: S704 - autoescaped

    def translate(self, text: str) -> str:
        """Deform itself asks for this name."""
        if not isinstance(text, TranslationString) and str(text).startswith(DAMAGED):
            text = _("The form arrived damaged. Please reload the page and try again.")
        return str(self._request.translate(text))

    def csrf_token(self) -> str:
        return str(get_csrf_token(self._request))


def problems(field: Any) -> Iterator[Problem]:
    """Every error in the form, in the order of its fields."""
    translate = field.renderer.translate
    is_form = hasattr(field, "formid")
    for sentence in sentences(field):
        yield Problem(
            "" if is_form else f"item-{field.oid}",
            translate(field.title or ""),
            sentence,
        )
    for child in getattr(field, "sequence_fields", None) or field.children:
        yield from problems(child)


def sentences(field: Any) -> list[str]:
    """The translated errors at this field; a field that shares its parent's message stays silent."""
    if field.error is None:
        return []
    return [field.renderer.translate(message) for message in field.error.messages() if message]


def attributes(field: Any, *, css_class: str = "x-input", is_required: bool = True) -> dict[str, Any]:
    """What every input carries, for Jinja2's `xmlattr`."""
    described = [f"error-{field.oid}"] if field.error else []
    if field.description:
        described.append(f"help-{field.oid}")
    found = {
        "id": field.oid,
        "class": css_class,
        "required": "required" if field.required and is_required else None,
        "autofocus": field.autofocus,
        "maxlength": getattr(field.schema, "max_length", None),
        "inputmode": KEYBOARDS.get(type(field.schema.typ).__name__),
        "aria-invalid": "true" if field.error else None,
        "aria-describedby": " ".join(described) or None,
    }
    own: Mapping[str, Any] = getattr(field.widget, "attributes", None) or {}
    return {**found, **own}


def flat_choices(values: Any) -> list[tuple[str, str]]:
    """The options of a select, those of groups included."""
    return [pair for item in values for pair in (item.options if hasattr(item, "options") else [item])]


def _prototype(field: Any) -> Markup:
    return Markup(unquote(field.widget.prototype(field)))  # noqa: S704 - drawn by these templates


@jinja2.pass_context
def _translated(context: jinja2.runtime.Context, value: Any) -> Any:
    return context["renderer"].translate(value) if isinstance(value, TranslationString) else value


@jinja2.pass_context
def _gettext(context: jinja2.runtime.Context, text: str) -> str:
    return str(context["renderer"].translate(_(text)))


@jinja2.pass_context
def _csrf_token(context: jinja2.runtime.Context) -> str:
    return str(context["renderer"].csrf_token())


def _from_asset(name: str) -> str | None:
    """A vendor's widget names its template "package:templates/stars": read it from that package."""
    if ":" not in name:
        return None
    with AssetResolver(None).resolve(name).stream() as stream:
        return str(stream.read().decode("utf-8"))


ENVIRONMENT = jinja2.Environment(
    loader=jinja2.ChoiceLoader(
        [
            jinja2.PackageLoader("xinglin", "templates/deform"),
            jinja2.FunctionLoader(_from_asset),
        ]
    ),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
    undefined=jinja2.StrictUndefined,
    finalize=_translated,
)
ENVIRONMENT.globals.update(
    _=_gettext,
    attributes=attributes,
    csrf_token=_csrf_token,
    flat_choices=flat_choices,
    is_group=lambda field: field.widget.template in GROUPS or getattr(field.widget, "is_group", False),
    is_structural=lambda field: field.widget.category == "structural",
    is_wide=lambda field: field.widget.template in WIDE or getattr(field.widget, "is_wide", False),
    problems=problems,
    prototype=_prototype,
    safe_html=lambda html: Markup(sanitise(html or "")),  # noqa: S704 - sanitised
    sentences=sentences,
)
