"""How fields look that Deform does not know: persons, totals, files; each is drawn by a template of documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import colander
import deform.widget
from markupsafe import Markup

from xinglin.api.i18n import translator
from xinglin_documents.service.forms.directory import Directory, FoundPerson
from xinglin_documents.service.forms.kinds import names_in

_ = translator("documents")

FOLDER = "xinglin_documents:templates/documents/widgets"
READ_TEXT = "readonly/textinput"
SAYINGS = {
    "say_typed": _("Name or staff number"),
    "say_search": _("Find by name, pinyin or staff number"),
    "say_none": _("Nobody was found."),
    "say_lost": _("No connection. Type the staff number, or try again."),
    "say_remove": _("Remove"),
}


@dataclass(frozen=True)
class Picked:
    """A person of a field: as typed, and who that is if it is clear."""

    text: str
    person: FoundPerson | None


class PersonInput(deform.widget.Widget):
    """A text field with names or staff numbers; the script makes a search of it, at `search_url`."""

    template = f"{FOLDER}/person"
    readonly_template = f"{FOLDER}/person_read"
    is_wide = True

    def __init__(self, directory: Directory, search_url: str, *, most: int) -> None:
        super().__init__()
        self._directory = directory
        self._search_url = search_url
        self._most = most

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        text = "" if cstruct in (colander.null, None) else str(cstruct)
        template = self.readonly_template if kw.get("readonly", self.readonly) else self.template
        kw |= {"picked": self._picked(text), "search_url": self._search_url, "most": self._most, **SAYINGS}
        return field.renderer(template, **self.get_template_values(field, text, kw))

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        return pstruct.strip() if isinstance(pstruct, str) and pstruct.strip() else colander.null

    def _picked(self, text: str) -> Sequence[Picked]:
        return [Picked(name, self._only(name)) for name in names_in(text)]

    def _only(self, name: str) -> FoundPerson | None:
        meant = self._directory.meant(name)
        return meant[0] if len(meant) == 1 else None


class KnownPersons(deform.widget.Widget):
    """Persons to read, by their ids: whoever has left since is still shown."""

    template = readonly_template = f"{FOLDER}/person_read"
    readonly = True

    def __init__(self, persons: Sequence[FoundPerson]) -> None:
        super().__init__()
        self._persons = persons

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        kw["picked"] = [Picked(one.text, one) for one in self._persons]
        return field.renderer(self.template, **self.get_template_values(field, "", kw))

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        return colander.null


class Amount(deform.widget.TextInputWidget):
    """A number; `is_money` is read with thousands' commas."""

    readonly_template = READ_TEXT

    def __init__(self, *, is_money: bool) -> None:
        super().__init__(attributes={"inputmode": "decimal", "autocomplete": "off"})
        self._is_money = is_money

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        if kw.get("readonly", self.readonly):
            cstruct = grouped(cstruct)
        return super().serialize(field, cstruct, **kw)


class Total(deform.widget.Widget):
    """A sum that nobody types: the script keeps it while rows change, the server when they come."""

    template = f"{FOLDER}/total"
    readonly_template = READ_TEXT

    def __init__(self, total_of: str) -> None:
        super().__init__()
        self._rows, _dot, self._column = total_of.partition(".")

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        is_readonly = kw.get("readonly", self.readonly)
        kw |= {"rows": self._rows, "column": self._column}
        values = self.get_template_values(field, grouped(cstruct), kw)
        return field.renderer(self.readonly_template if is_readonly else self.template, **values)

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        return colander.null


class FilesInput(deform.widget.Widget):
    """The files of a field, drawn by the page (`draw`): they are stored one by one, not sent with the form."""

    template = readonly_template = "readonly/textinput"
    is_wide = is_group = True

    def __init__(self, draw: Callable[[bool], Markup], files: Sequence[str]) -> None:
        super().__init__()
        self._draw = draw
        self._files = files

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        return self._draw(bool(kw.get("readonly", self.readonly)))

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        return list(self._files) or colander.null


def grouped(cstruct: Any) -> str:
    """`1234567.50` as `1,234,567.50`."""
    if cstruct in (colander.null, None, ""):
        return ""
    whole, dot, rest = str(cstruct).partition(".")
    digits = whole.lstrip("-")
    if not digits.isdigit():
        return str(cstruct)
    return f"{'-' if whole.startswith('-') else ''}{int(digits):,}{dot}{rest}"
