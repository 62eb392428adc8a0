"""``python -m xinglin_simulators.hospital --excel FILE.xlsx`` or ``--cast``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from . import load_hospital
from .cast import cast_table
from .workbook import write_workbook


def main() -> int:
    """Write the staff workbook and/or print the cast as JSON."""
    parser = argparse.ArgumentParser(prog="python -m xinglin_simulators.hospital")
    parser.add_argument("--excel", type=Path, help="write the staff workbook to this file")
    parser.add_argument("--cast", action="store_true", help="print well-known people as JSON")
    arguments = parser.parse_args()
    if not arguments.excel and not arguments.cast:
        parser.error("say what to do: --excel FILE.xlsx or --cast")
    hospital = load_hospital()
    if arguments.excel:
        write_workbook(hospital, arguments.excel)
    if arguments.cast:
        json.dump(cast_table(hospital), sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
