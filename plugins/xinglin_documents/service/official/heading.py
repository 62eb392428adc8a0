"""What stands in the places of a red head (GB/T 9704-2012, 7.2 to 7.4), and asking for one to be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from xinglin_documents.models import Item, OfficialDocument, Secrecy, Urgency
from xinglin_documents.service.official.content import Content
from xinglin_documents.service.official.flat import TemplateFault

OURS = Path(__file__).resolve().parents[2] / "templates" / "documents" / "official"
DEFAULT = "red_head"
SUFFIX = ".fodt"
SECRECIES = {Secrecy.INTERNAL: "内部", Secrecy.SECRET: "秘密", Secrecy.CONFIDENTIAL: "机密"}
URGENCIES = {Urgency.URGENT: "加急", Urgency.MOST_URGENT: "特急"}
COPY_NUMBER = "000001"
"""份号, of closed documents only (7.2.1)."""


def template_of(folder: Path | None, series_key: str) -> bytes:
    """The template of the series, else the one of all: of the site's folder, else ours. Raises `TemplateFault`."""
    folders = [one for one in (folder, OURS) if one is not None]
    paths = [place / f"{name}{SUFFIX}" for name in (series_key, DEFAULT) for place in folders]
    for path in paths:
        if path.is_file():
            return path.read_bytes()
    raise TemplateFault(f"there is no template: {paths[-1]}")


def places(
    item: Item,
    document: OfficialDocument,
    content: Content,
    attachments: Sequence[str],
    *,
    site_name: str,
    printed_by: str,
    now: datetime,
    zone: ZoneInfo,
) -> Mapping[str, str]:
    """The values of the placeholders. The date is that of the signature (7.3.5.4)."""
    secrecy = Secrecy(item.secrecy)
    is_signed = bool(document.signatory)
    return {
        "copy_number": COPY_NUMBER if secrecy.is_closed else "",
        "secrecy": SECRECIES.get(secrecy, ""),
        "urgency": URGENCIES.get(Urgency(item.urgency), ""),
        "issuer_mark": f"{site_name}文件",
        "number_alone": "" if is_signed else item.number,
        "number_signed": item.number if is_signed else "",
        "signatory": document.signatory,
        "title": content.title,
        "recipients": f"{document.recipients.rstrip('：:')}：" if document.recipients else "",
        "attachments": _numbered(attachments),
        "issuer": site_name,
        "date": chinese_date(document.signed_at or now, zone),
        "note": "",
        "copies_to": f"{document.copies_to.rstrip('。.')}。" if document.copies_to else "",
        "printed_by": printed_by,
        "printed_on": chinese_date(now, zone),
    }


def chinese_date(moment: datetime, zone: ZoneInfo) -> str:
    """`2026年3月5日`: Arabic digits, no zero in front (7.3.5.4)."""
    day = moment.astimezone(zone)
    return f"{day.year}年{day.month}月{day.day}日"


def _numbered(names: Sequence[str]) -> str:
    """附件说明: one name stands alone, several are numbered; file endings are no part of a name."""
    stems = [name.rpartition(".")[0] or name for name in names]
    if len(stems) < 2:
        return "".join(stems)
    return "\n".join(f"{number}. {stem}" for number, stem in enumerate(stems, 1))
