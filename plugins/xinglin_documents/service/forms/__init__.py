"""Forms of processes: fields as data become pages, what comes back becomes JSON values; drafts, phrases, signatures."""

from __future__ import annotations

from xinglin_documents.service.forms.drafts import DraftService, draft_files_rule
from xinglin_documents.service.forms.phrases import PhraseService
from xinglin_documents.service.forms.rights import rights_of
from xinglin_documents.service.forms.schema import FormNeeds, form_schema
from xinglin_documents.service.forms.signatures import SignatureService
from xinglin_documents.service.forms.totals import with_totals

__all__ = [
    "DraftService",
    "FormNeeds",
    "PhraseService",
    "SignatureService",
    "draft_files_rule",
    "form_schema",
    "rights_of",
    "with_totals",
]
