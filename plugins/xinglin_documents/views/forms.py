"""Forms of processes on pages: `form_view` draws one, `values_of` reads what was posted; and the search of the pickers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import deform
from markupsafe import Markup
from pyramid.renderers import render as render_template
from pyramid.request import Request
from pyramid.view import view_config

from xinglin.api.files import FileState, StoredFile, file_path
from xinglin.api.forms import build_form, render
from xinglin.api.i18n import translator
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.engine.definition import Definition, FieldKind, FormField, Right
from xinglin_documents.service.forms.directory import Directory
from xinglin_documents.service.forms.drafts import DraftService
from xinglin_documents.service.forms.rights import is_editable
from xinglin_documents.service.forms.schema import MOST_FILES, FormNeeds, form_schema
from xinglin_documents.service.forms.totals import with_totals
from xinglin_documents.views.draft_inputs import SearchSchema, posted_form, read

_ = translator("documents")

Files = Mapping[str, Sequence[StoredFile]]
PROBLEMS = {
    FileState.INFECTED: _("A virus was found in it. Remove it."),
    FileState.REFUSED: _("The virus check could not pass it. Remove it or upload another copy."),
    FileState.REMOVED: _("It was deleted after the virus check."),
}


@dataclass(frozen=True)
class FileLine:
    """A file in a list of a form; without `url` it cannot be opened, and `problem` says why."""

    public_id: str
    name: str
    url: str
    kilobytes: int
    is_waiting: bool
    problem: str
    is_removable: bool


def form_view(
    request: Request,
    definition: Definition,
    rights: Mapping[str, Right],
    values: Mapping[str, Any],
    *,
    is_readonly: bool = False,
    errors: deform.ValidationFailure | None = None,
    draft: str = "",
    attached: Files | None = None,
) -> Markup:
    """The fields as HTML, to stand inside the page's own `<form>`, which has `post_fields()` and the buttons.

    `draft` is the address of the draft (see `drafts.Place`) that keeps what is typed and added here: what it holds
    is shown instead of `values`. `attached` are the files of the document, by field. `errors` is what `values_of`
    raised: then the form is drawn as it was posted.
    """
    if errors is not None:
        form = errors.field
        _show_again(form, definition, rights, values)
        return render(form)
    form = _form(request, definition, rights, values, draft=draft, attached=attached)
    if draft and not is_readonly:
        _resume(request, form, definition, rights, values, draft)
    return render(form, is_readonly=is_readonly)


def values_of(
    request: Request,
    definition: Definition,
    rights: Mapping[str, Right],
    values: Mapping[str, Any] | None = None,
    *,
    draft: str = "",
    attached: Files | None = None,
) -> dict[str, Any]:
    """The posted values of the fields that may be edited, as JSON values, with the totals that follow from them.

    Raises `deform.ValidationFailure`; give it to `form_view`. Fields of files are not among the values: what was
    added is `DraftService.files`.
    """
    form = _form(request, definition, rights, values or {}, draft=draft, attached=attached)
    pstruct = posted_form(list(request.POST.items()))
    found = form.validate_pstruct(_editable_part(pstruct, definition, rights))
    kept = {
        field.key: found[field.key]
        for field in definition.form
        if field.kind is not FieldKind.FILES and is_editable(field, rights) and field.key in found
    }
    return with_totals(definition, kept)


def draft_opinion(request: Request, draft: str) -> str:
    """The opinion that the draft of a task holds."""
    service = request.service(DraftService)
    saved = service.find(service.place(draft))
    opinion = _saved_form(saved).get("opinion", "")
    return opinion if isinstance(opinion, str) else ""


def most_files(field: FormField) -> int:
    return field.most or MOST_FILES


def files_part(request: Request, field: FormField, draft: str, attached: Sequence[StoredFile] = ()) -> Markup:
    """The list of the files of a field, with those that the draft adds; drawn anew by itself while they are checked."""
    added: Sequence[StoredFile] = ()
    if draft:
        service = request.service(DraftService)
        added = service.files(service.place(draft)).get(field.key, ())
    lines = [_line(request, one, is_removable=False) for one in attached]
    lines += [_line(request, one, is_removable=True) for one in added]
    here = request.route_path("documents.draft_files", draft=draft, field=field.key) if draft else ""
    given = {
        "key": field.key,
        "lines": lines,
        "here": here,
        "room": max(0, most_files(field) - len(added)),
        "most": most_files(field),
    }
    return Markup(render_template("documents/_files.jinja2", given, request))  # noqa: S704 - autoescaped


@view_config(
    route_name="documents.people",
    request_method="GET",
    renderer="json",
    permission=DocumentsPermission.USE,
)
def search_people(request: Request) -> dict[str, Any]:
    """Persons for a picker: `text` is what the field takes, `note` tells two of one name apart."""
    words = read(SearchSchema(), request.GET)["q"]
    found = request.service(Directory).search(words)
    request.note_view("documents.people", "", q=words)
    return {
        "people": [
            {"text": one.text, "name": one.name, "staff_no": one.staff_no, "note": one.note} for one in found
        ]
    }


def _form(
    request: Request,
    definition: Definition,
    rights: Mapping[str, Right],
    values: Mapping[str, Any],
    *,
    draft: str,
    attached: Files | None,
) -> deform.Form:
    needs = FormNeeds(
        locale=request.locale_name,
        zone=request.settings.zone,
        directory=request.service(Directory),
        search_url=request.route_path("documents.people"),
        files=_file_ids(request, draft, attached or {}),
        draw_files=_drawing(request, rights, draft, attached or {}),
    )
    schema = form_schema(definition, rights, needs, values)
    known = {key: value for key, value in values.items() if value is not None and key in schema}
    return build_form(request, schema, appstruct=known)


def _file_ids(request: Request, draft: str, attached: Files) -> dict[str, tuple[str, ...]]:
    found = {key: tuple(one.public_id for one in files) for key, files in attached.items()}
    if draft:
        service = request.service(DraftService)
        for key, files in service.files(service.place(draft)).items():
            found[key] = found.get(key, ()) + tuple(one.public_id for one in files)
    return found


def _drawing(
    request: Request, rights: Mapping[str, Right], draft: str, attached: Files
) -> Callable[[FormField, bool], Markup]:
    def draw(field: FormField, is_readonly: bool) -> Markup:
        may_add = bool(draft) and not is_readonly and is_editable(field, rights)
        part = files_part(request, field, draft if may_add else "", attached.get(field.key, ()))
        if not may_add:
            return part
        given = {
            "key": field.key,
            "here": request.route_path("documents.draft_files", draft=draft, field=field.key),
        }
        return part + Markup(render_template("documents/_upload.jinja2", given, request))  # noqa: S704 - autoescaped

    return draw


def _line(request: Request, stored: StoredFile, *, is_removable: bool) -> FileLine:
    state = FileState(stored.state)
    problem = request.translate(PROBLEMS[state]) if state in PROBLEMS else ""
    return FileLine(
        public_id=stored.public_id,
        name=stored.name,
        url="" if problem else file_path(request, stored),
        kilobytes=max(1, round(stored.size / 1024)),
        is_waiting=state == FileState.PENDING,
        problem=problem,
        is_removable=is_removable,
    )


def _editable_part(
    pstruct: Mapping[str, Any], definition: Definition, rights: Mapping[str, Right]
) -> dict[str, Any]:
    editable = {field.key for field in definition.form if is_editable(field, rights)}
    return {key: value for key, value in pstruct.items() if key in editable}


def _saved_form(saved: Any) -> Mapping[str, Any]:
    found = (saved.values or {}).get("form") if saved is not None else None
    return found if isinstance(found, dict) else {}


def _resume(
    request: Request,
    form: deform.Form,
    definition: Definition,
    rights: Mapping[str, Right],
    values: Mapping[str, Any],
    draft: str,
) -> None:
    """Show what the draft holds, however incomplete: nothing is marked as wrong before it is sent."""
    service = request.service(DraftService)
    saved = _editable_part(_saved_form(service.find(service.place(draft))), definition, rights)
    if not saved:
        return
    try:
        form.validate_pstruct(saved)
    except deform.ValidationFailure:
        _forgive(form)
    _show_again(form, definition, rights, values)


def _forgive(field: Any) -> None:
    field.error = None
    for child in [*field.children, *getattr(field, "sequence_fields", ())]:
        _forgive(child)


def _show_again(
    form: deform.Form, definition: Definition, rights: Mapping[str, Right], values: Mapping[str, Any]
) -> None:
    """Give what cannot be posted its value back: fields to read, and totals."""
    for field in definition.form:
        if field.key not in form.schema or is_editable(field, rights):
            continue
        child = form[field.key]
        vars(child).pop("sequence_fields", None)
        child.cstruct = child.schema.serialize(values.get(field.key) or child.schema.default)
