"""Why the content of a file is not let in: one sentence for each reason, with the culprit where there are many."""

from __future__ import annotations

from xinglin.api.i18n import translator
from xinglin.files.errors import FileRefused

_ = translator("core")
MOST_SHOWN = 60


def shown(name: str) -> str:
    """The end of a name, where the extension stands."""
    return name[-MOST_SHOWN:]


def damaged() -> FileRefused:
    return FileRefused(_("The archive is damaged."), _("Pack it anew and upload it again."))


def bomb() -> FileRefused:
    return FileRefused(
        _("The archive unpacks to more than is allowed."), _("Send fewer or smaller files in one archive.")
    )


def hidden() -> FileRefused:
    return FileRefused(
        _("The file is two things at once, which is a way to hide something."),
        _("Save it anew with the program that made it."),
    )


def macros() -> FileRefused:
    return FileRefused(
        _("The document contains macros."), _("Save it without macros, such as .docx or .xlsx.")
    )


def packed_program() -> FileRefused:
    return FileRefused(
        _("There is a program packed into the document."), _("Take it out and save the document anew.")
    )


def inner_archive(name: str) -> FileRefused:
    return FileRefused(
        _("The archive contains another archive."),
        _(
            "Unpack the inner one and pack the files themselves: ${name}",
            mapping={"name": shown(name)},
        ),
    )


def inside(name: str, refused: FileRefused) -> FileRefused:
    """The same refusal, of the document `name` inside the file."""
    return FileRefused(
        refused.message,
        _(
            "This is about ${name} inside of it: save that anew, or take it out.",
            mapping={"name": shown(name)},
        ),
    )


def not_what_it_says(extension: str) -> FileRefused:
    return FileRefused(
        _("The content of the file is not ${extension}.", mapping={"extension": f".{extension}"}),
        _("Save it anew in that format, or give it its true extension."),
    )


def program(name: str) -> FileRefused:
    return FileRefused(
        _("The archive contains a program or a document with macros: ${name}", mapping={"name": shown(name)}),
        _("Take it out and upload the archive again."),
    )


def too_deep(name: str) -> FileRefused:
    return FileRefused(
        _("A document inside a document cannot be checked: ${name}", mapping={"name": shown(name)}),
        _("Take it out and send it as a file of its own."),
    )


def fetched(name: str, target: str) -> FileRefused:
    """`target` is the address that opening the document would call."""
    return FileRefused(
        _(
            "Opening the document would fetch a part of it from elsewhere: ${target}",
            mapping={"target": target[:80], "name": shown(name)},
        ),
        _("Put that part into the document, or choose the template Normal, and save it anew."),
    )


def document_type() -> FileRefused:
    return FileRefused(
        _("The document holds an XML document type, which no office program writes."),
        _("Save it anew with the program that made it."),
    )


def active_drawing(name: str) -> FileRefused:
    return FileRefused(
        _(
            "A drawing in the document holds script or points elsewhere: ${name}",
            mapping={"name": shown(name)},
        ),
        _("Replace it by a PNG picture and save the document anew."),
    )
