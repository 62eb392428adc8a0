"""Charts as geometry for a drawing of 120 by 100 that is stretched to its place; labels stand beside it as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 120.0, 100.0
HEADROOM = 1.1
GAP = 0.2


@dataclass(frozen=True)
class Bar:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Bars:
    """`base`: the height of the dashed line, None: there is none."""

    bars: Sequence[Bar]
    base: float | None


@dataclass(frozen=True)
class Lines:
    """`lines` and `dots` are paths, one for each series; a month without a figure leaves a gap."""

    lines: Sequence[str]
    dots: Sequence[str]
    base: float | None
    top: float


def bars(values: Sequence[float | None], base: float | None, top: float) -> Bars:
    """One bar a value, `top` being the whole height."""
    step = WIDTH / max(len(values), 1)
    drawn = [
        Bar(
            round(position * step + step * GAP / 2, 2),
            _y(value, top),
            round(step * (1 - GAP), 2),
            _height(value, top),
        )
        for position, value in enumerate(values)
        if value is not None
    ]
    return Bars(drawn, None if base is None else _y(base, top))


def lines(series: Sequence[Sequence[float | None]], base: float | None) -> Lines:
    """One line a series, all to the same scale from zero."""
    known = [value for values in (*series, [base]) for value in values if value is not None]
    top = max(known, default=0) * HEADROOM or 1.0
    return Lines(
        [_line(values, top) for values in series],
        ["".join(f"M{x} {y}h0" for x, y in _points(values, top)) for values in series],
        None if base is None else _y(base, top),
        top,
    )


def _line(values: Sequence[float | None], top: float) -> str:
    path, is_drawing = "", False
    points = iter(_points(values, top))
    for value in values:
        if value is None:
            is_drawing = False
            continue
        x, y = next(points)
        path += f"{'L' if is_drawing else 'M'}{x} {y}"
        is_drawing = True
    return path


def _points(values: Sequence[float | None], top: float) -> list[tuple[float, float]]:
    step = WIDTH / max(len(values), 1)
    return [
        (round((position + 0.5) * step, 2), _y(value, top))
        for position, value in enumerate(values)
        if value is not None
    ]


def _height(value: float, top: float) -> float:
    return round(HEIGHT * min(value / top, 1.0), 2)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - _height(value, top), 2)
