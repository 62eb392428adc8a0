"""`python -m benchmarks --only GLOB`: one JSON object a line."""

from __future__ import annotations

import argparse
import fnmatch
import itertools
import json
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import audit, crypto, documents, documents_acts, files, floor, push
from benchmarks.load import prepared
from benchmarks.pages import PAGES, Cost, Target, compare
from benchmarks.stack import Stack, running

BACKENDS = ("sqlite", "postgresql")
HELLO_PORT, PORTAL_PORT = 18100, 18101
AUDIT = ("audit.write", "audit.verify")
CRYPTO, FILES = "crypto.field", "files.encrypt"
NEWS = (*PAGES, "push.notice")
DOCUMENTS = (
    *documents.PAGES,
    "documents.approve",
    "documents.approve.rate",
    "documents.signers",
    "documents.surge",
)
ALL_PAGES = {**PAGES, **documents.PAGES}
NAMES = (*NEWS, *AUDIT, CRYPTO, FILES, *DOCUMENTS)


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
    for backend in options.backend or BACKENDS:
        for name in set(chosen) & set(AUDIT):
            _run_audit(name, backend)
        _on_stack([name for name in NEWS if name in chosen], backend)
        _on_stack(
            [name for name in DOCUMENTS if name in chosen],
            backend,
            plugins=("portal", "documents"),
            readers=documents.SESSIONS,
        )


def _on_stack(names: list[str], backend: str, **kind: Any) -> None:
    if not names:
        return
    with (
        tempfile.TemporaryDirectory(prefix="xinglin-bench-") as folder,
        running(backend, Path(folder), PORTAL_PORT, **kind) as stack,
    ):
        for name in names:
            RUNS.get(name, _run_page)(name, backend, stack)


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


def _run_notice(name: str, backend: str, stack: Stack) -> None:
    bare = push.floor(stack)
    seconds, delivered = push.notice(stack)
    _say(name, backend, seconds, "s", bare, delivered=delivered, persons=1632)


def _run_approve(name: str, backend: str, stack: Stack) -> None:
    acts, bare = documents_acts.approve(stack.site, stack.documents)
    p99 = {"p99_ms": round(acts.p99, 2), "floor_p99_ms": round(bare.p99, 2)}
    _say(name, backend, acts.median, "ms/act (p50)", bare.median, **p99)


def _run_rate(name: str, backend: str, stack: Stack) -> None:
    acts, bare = documents_acts.rate(stack.site, stack.documents)
    more = {"clients": documents_acts.CLIENTS, "retries": acts.retries}
    _say(name, backend, acts.per_second, "acts/s", bare.per_second, **more)


def _run_signers(name: str, backend: str, stack: Stack) -> None:
    _acts, bare = documents_acts.approve(stack.site, stack.documents)
    found = documents_acts.signers(stack.site)
    more = {"start_ms": round(found.start), "all_s": round(found.all_seconds, 1)}
    _say(name, backend, found.middle.median, "ms/act of 1,000 (p50)", bare.median, **more)


def _run_surge(name: str, backend: str, stack: Stack) -> None:
    bare = documents.surge(stack, is_bare=True)
    found = documents.surge(stack)
    figures = {
        "get_p95_ms": round(found.p95(found.gets), 1),
        "gets": len(found.gets),
        "posts": len(found.posts),
    }
    _say(
        name,
        backend,
        found.p95(found.posts),
        "ms/approval (p95)",
        bare.p95(bare.gets),
        bad=found.bad,
        **figures,
    )


RUNS: dict[str, Callable[[str, str, Stack], None]] = {
    "push.notice": _run_notice,
    "documents.approve": _run_approve,
    "documents.approve.rate": _run_rate,
    "documents.signers": _run_signers,
    "documents.surge": _run_surge,
}


def _run_page(name: str, backend: str, stack: Stack) -> None:
    with floor.hello(HELLO_PORT) as pid:
        hello = Target(HELLO_PORT, [pid], itertools.repeat(prepared("/")), alone=400, together=2000)
        page = Target(stack.port, stack.pids, ALL_PAGES[name](stack), alone=60, together=200)
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
