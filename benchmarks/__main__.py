"""`python -m benchmarks --only GLOB`: one JSON object a line."""

from __future__ import annotations

import argparse
import fnmatch
import itertools
import json
import logging
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import audit, crypto, files, floor, push
from benchmarks.load import prepared
from benchmarks.pages import PAGES, Cost, Target, compare
from benchmarks.stack import Stack, running

BACKENDS = ("sqlite", "postgresql")
HELLO_PORT, PORTAL_PORT = 18100, 18101
AUDIT = ("audit.write", "audit.verify")
CRYPTO, FILES = "crypto.field", "files.encrypt"
NAMES = (*PAGES, "push.notice", *AUDIT, CRYPTO, FILES)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default="*", help="a glob over the names: " + ", ".join(NAMES))
    parser.add_argument("--backend", choices=BACKENDS, action="append")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    chosen = [name for name in NAMES if fnmatch.fnmatch(name, options.only)]
    if CRYPTO in chosen:
        _run_crypto()
    if FILES in chosen:
        _run_files()
    on_stack = [name for name in chosen if name in (*PAGES, "push.notice")]
    for backend in options.backend or BACKENDS:
        for name in set(chosen) & set(AUDIT):
            _run_audit(name, backend)
        if not on_stack:
            continue
        with (
            tempfile.TemporaryDirectory(prefix="xinglin-bench-") as folder,
            running(backend, Path(folder), PORTAL_PORT) as stack,
        ):
            for name in on_stack:
                _run(name, backend, stack)


def _run_audit(name: str, backend: str) -> None:
    with tempfile.TemporaryDirectory(prefix="xinglin-bench-") as folder:
        if name == "audit.write":
            _say(name, backend, *_with_unit(*audit.write(backend, Path(folder))))
        else:
            rate, records, bad = audit.check(backend, Path(folder))
            _say(name, backend, rate, "records/s", audit.LEAST_RATE, records=records, bad=bad)


def _run_crypto() -> None:
    for suite in ("aes", "sm"):
        ours, bare = crypto.field(suite)
        sealed, plain = crypto.rows(suite)
        _say(CRYPTO, suite, ours, "µs/seal+open", bare)
        _say("crypto.rows", suite, sealed, "rows/s", plain)


def _run_files() -> None:
    for suite, bottom in (("aes", "plain"), ("sm", "bare cipher")):
        found = files.encrypt(suite)
        _say(
            FILES,
            suite,
            found.speed,
            "MB/s",
            found.floor,
            floor_is=bottom,
            cpu_ratio=round(found.cpu_ratio, 2),
        )
    print(json.dumps({"bench": f"{FILES}.memory", "value": files.memory(), "unit": "KiB growth"}), flush=True)


def _with_unit(value: float, bare: float) -> tuple[float, str, float]:
    return value, "ms/act", bare


def _run(name: str, backend: str, stack: Stack) -> None:
    if name == "push.notice":
        bare = push.floor(stack)
        seconds, delivered = push.notice(stack)
        _say(name, backend, seconds, "s", bare, delivered=delivered, persons=1632)
        return
    with floor.hello(HELLO_PORT) as pid:
        hello = Target(HELLO_PORT, [pid], itertools.repeat(prepared("/")), alone=400, together=2000)
        page = Target(stack.port, stack.pids, PAGES[name](stack), alone=60, together=200)
        bottom, cost = compare(hello, page)
    noisy = {"ratio_of_all_slices": round(cost.cpu_of_all / bottom.cpu_of_all, 2)}
    figures = {**_figures(cost), "floor_rate": round(bottom.together.rate), **noisy}
    _say(name, backend, cost.cpu, "ms CPU/request", bottom.cpu, **figures)


def _figures(cost: Cost) -> dict[str, Any]:
    return {
        "rate": round(cost.together.rate, 1),
        "p50_ms_c1": round(cost.alone.percentile(0.5), 2),
        "p99_ms_c1": round(cost.alone.percentile(0.99), 2),
        "p50_ms_c16": round(cost.together.percentile(0.5), 2),
        "p99_ms_c16": round(cost.together.percentile(0.99), 2),
    }


def _say(name: str, backend: str, value: float, unit: str, bare: float, **more: Any) -> None:
    record = {
        "bench": name,
        "backend": backend,
        "value": round(value, 4),
        "unit": unit,
        "floor": round(bare, 4),
        "ratio": round(value / bare, 2),
        **more,
    }
    print(json.dumps(record, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
