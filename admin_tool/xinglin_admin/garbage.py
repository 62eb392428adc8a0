"""Cyclic garbage is freed on the UI thread only.

Python's collector runs on whichever thread happens to allocate. A window's widgets and handlers form cycles, and a
widget that is freed off the UI thread ends the process (Qt: "GUI classes ... can only be used from the main thread").
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QTimer

_MILLISECONDS = 1000


@contextmanager
def collected_here() -> Iterator[None]:
    """While this lasts only the calling thread collects, by a timer of its event loop; it must be the UI thread."""
    was_enabled = gc.isenabled()
    gc.disable()
    timer = QTimer()
    timer.timeout.connect(collect)
    timer.start(_MILLISECONDS)
    try:
        yield
    finally:
        timer.stop()
        gc.collect()
        if was_enabled:
            gc.enable()


def collect() -> None:
    """Collect the oldest generation that is due by Python's own thresholds, with all younger ones."""
    due = [
        generation
        for generation, limit in enumerate(gc.get_threshold())
        if gc.get_count()[generation] > limit
    ]
    if due:
        gc.collect(max(due))
