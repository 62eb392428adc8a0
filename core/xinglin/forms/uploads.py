"""Files sent with a form. They are not kept over a failed validation: the person picks them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

import colander
import deform.widget

from xinglin.forms.text import clean

MAX_NAME_LENGTH = 180


@dataclass(frozen=True)
class Upload:
    """A file as the browser sent it: nothing of it is checked yet. `name` has no folder; `content_type` is a claim."""

    name: str
    content_type: str
    stream: BinaryIO


class FileInput(deform.widget.Widget):
    """A plain `<input type="file">`; `accept` as in HTML, `multiple` for a list of files."""

    template = "file_upload"
    readonly_template = "readonly/textinput"
    multiple = False
    accept: str | None = None

    def serialize(self, field: Any, cstruct: Any, **kw: Any) -> Any:
        template = self.readonly_template if kw.get("readonly", self.readonly) else self.template
        return field.renderer(template, **self.get_template_values(field, "", kw))

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        """Browsers send an empty part when no file was chosen."""
        parts = pstruct if isinstance(pstruct, list) else [pstruct]
        chosen = [part for part in parts if getattr(part, "filename", None)]
        if not chosen:
            return colander.null
        return chosen if self.multiple else chosen[0]


class _File(colander.SchemaType):
    def serialize(self, node: Any, appstruct: Any) -> Any:
        return colander.null

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        return cstruct if cstruct is colander.null else _upload_of(cstruct)


class _Files(_File):
    def deserialize(self, node: Any, cstruct: Any) -> Any:
        return cstruct if cstruct is colander.null else [_upload_of(part) for part in cstruct]


def _upload_of(part: Any) -> Upload:
    bare = str(part.filename).replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(character for character in bare if character.isprintable())
    name = clean(printable, is_multiline=False)[-MAX_NAME_LENGTH:]
    return Upload(name or "file", str(part.type), part.file)


class File(colander.SchemaNode):
    """One file, as `Upload`."""

    schema_type = _File
    widget = FileInput()


class Files(colander.SchemaNode):
    """Any number of files, as a list of `Upload`."""

    schema_type = _Files
    widget = FileInput(multiple=True)
