"""What comes in: the settings of `[xinglin:documents]`; the schemas of inputs stand beside their pages' subjects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from xinglin.types import setting


@dataclass(frozen=True)
class DocumentsSettings:
    """What IT may set for documents."""

    page_size: int = setting(20, summary="documents on a page of the inbox")
    working_hours: str = setting(
        "08:00-12:00 14:00-17:30",
        summary="working hours of a working day, local time; the basis of deadlines",
    )
    oa: Literal["off", "weaver", "landray"] = setting(
        "off", summary="the OA behind: weaver (e-cology 8/9), landray (EKP), or off"
    )
    oa_endpoint: str = setting(
        "", summary="its address, such as http://oa.hospital.example; wins over the WSDL's"
    )
    oa_wsdl: Path | None = setting(
        None,
        summary="a corrected WSDL of its workflow service, when ours does not fit; empty: the one shipped",
    )
    oa_staff_field: str = setting("workcode", summary="weaver: the user field that holds the staff number")
    oa_user: str = setting(
        "", summary="the portal's technical user in the OA: landray's caller, weaver's reader of files"
    )
    oa_seconds: int = setting(5, summary="how long one question to the OA may take in all, in seconds")
    oa_answer_mb: int = setting(8, summary="how large an answer of the OA may be, in MB")
    oa_file_mb: int = setting(50, summary="how large a file fetched from the OA may be, in MB")
    oa_connections: int = setting(8, summary="connections to the OA that a process keeps")
    oa_refresh: timedelta = setting(
        timedelta(seconds=30), summary="how old the OA's lists may be when a person opens the inbox"
    )
    oa_poll: timedelta = setting(
        timedelta(minutes=10),
        summary="how often the OA is asked for each person's to-dos, 2 min if it cannot push; 0 s = never",
    )
    red_head_folder: Path | None = setting(
        None,
        summary="a folder with red-head templates (.fodt) that go before ours, such as red_head.fodt or yuanfa.fodt",
    )
