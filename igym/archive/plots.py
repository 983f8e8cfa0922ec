"""Three small plots as SVG, drawn from numbers. Knows no table, and needs no library.

Colours are CSS variables, so that a page in light or dark decides them; without a page they have
values of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any

WIDTH, HEIGHT = 480, 260
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 14, 40

#: A bar is no wider than one of so many.
MOST_WIDE = 6

#: From one line of a legend to the next, and characters of a name in it: half a picture's width.
ROW, LONGEST = 17, 27

#: Told apart by people who see colours differently, in light and in dark; the first six best.
COLOURS = (
    "#0f8a76", "#d9791f", "#5b6ee1", "#c2478d", "#6b8f23", "#8a6d5a",
    "#c0392b", "#2f9bd6", "#a08600", "#7b4fb5", "#7a8691",
)  # fmt: skip

Point = tuple[float, float]


class _Axes:
    """A frame with round numbers at its edges."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x_ticks, self.y_ticks = ticks(*x), ticks(*y)
        self._x = (min(x[0], self.x_ticks[0]), max(x[1], self.x_ticks[-1]))
        self._y = (min(y[0], self.y_ticks[0]), max(y[1], self.y_ticks[-1]))

    def at(self, x: float, y: float) -> Point:
        """Where (x, y) is in the picture."""
        (x0, x1), (y0, y1) = self._x, self._y
        return (
            LEFT + (x - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - (y - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM),
        )

    def drawn(self, x_label: str, y_label: str, *, x_numbers: bool = True) -> str:
        """Grid, numbers and labels."""
        made = []
        for value in self.y_ticks:
            _, y = self.at(self._x[0], value)
            made.append(
                f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
            )
        below = HEIGHT - BOTTOM + 16
        for value in self.x_ticks if x_numbers else ():
            x, _ = self.at(value, self._y[0])
            made.append(f'<text x="{x:.1f}" y="{below}" text-anchor="middle">{value:g}</text>')
        middle = (LEFT + WIDTH - RIGHT) / 2
        made.append(
            f'<text class="label" x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">'
            f"{escape(x_label)}</text>"
            f'<text class="label" x="{LEFT}" y="{TOP - 3}" text-anchor="start">'
            f"{escape(y_label)}</text>"
        )
        return "".join(made)


def ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round numbers that span low to high."""
    if high <= low:
        low, high = (low - 1, high + 1) if low else (0.0, 1.0)
    raw = (high - low) / wanted
    size = 10.0 ** floor(log10(raw))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= raw * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def _svg(inside: str, title: str, names: Sequence[str] = ()) -> str:
    keys, more = _legend(names)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT + more}" role="img"'
        f' aria-label="{escape(title, quote=True)}"'
        f' xmlns="http://www.w3.org/2000/svg">{inside}{keys}</svg>'
    )


def _nothing(title: str) -> str:
    x, y = WIDTH / 2, HEIGHT / 2
    words = f'<text class="label" x="{x}" y="{y}" text-anchor="middle">No data yet</text>'
    return _svg(words, title)


def _legend(names: Sequence[str]) -> tuple[str, int]:
    """Few short names above the picture, others below it; and by how much that makes it higher."""
    names = [name if len(name) <= LONGEST else name[: LONGEST - 1] + "…" for name in names]
    wide = [7 * len(name) + 20 for name in names]
    above = sum(wide) <= (WIDTH - LEFT) / 2
    made, x = [], WIDTH - RIGHT - sum(wide)
    for i, name in enumerate(names):
        at_x, at_y = x, TOP - 7
        if not above:
            at_x, at_y = LEFT + i % 2 * (WIDTH - LEFT) // 2, HEIGHT + 8 + i // 2 * ROW
        made.append(
            f'<circle cx="{at_x}" cy="{at_y}" r="4" fill="{COLOURS[i % len(COLOURS)]}"/>'
            f'<text x="{at_x + 8}" y="{at_y + 4}">{escape(name)}</text>'
        )
        x += wide[i]
    return "".join(made), 0 if above else 8 + ceil(len(names) / 2) * ROW


def lines(series: Mapping[str, Sequence[Point]], x_label: str, y_label: str) -> str:
    """A line with a dot at each point, for each series."""
    points = [point for each in series.values() for point in each]
    if not points:
        return _nothing(y_label)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    axes = _Axes((min(0.0, *xs), max(xs)), (min(0.0, *ys), max(ys)))
    made = [axes.drawn(x_label, y_label)]
    for i, each in enumerate(series.values()):
        colour = COLOURS[i % len(COLOURS)]
        places = [axes.at(x, y) for x, y in each]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        made.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"'
            ' stroke-opacity="0.5"/>'
        )
        made += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    return _svg("".join(made), f"{y_label} over {x_label}", list(series))


def bars(groups: Mapping[str, Mapping[str, int]], x_label: str, y_label: str) -> str:
    """Shares of each name in each group, side by side; the twelve most common."""
    total: dict[str, int] = {}
    for counts in groups.values():
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
    names = sorted(sorted(total, key=lambda name: -total[name])[:12], key=_natural)
    if not names:
        return _nothing(y_label)
    shares = {
        group: {name: counts.get(name, 0) / max(1, sum(counts.values())) for name in names}
        for group, counts in sorted(groups.items())
    }
    most = max(share for each in shares.values() for share in each.values())
    slots = max(MOST_WIDE, len(names))
    axes = _Axes((0, slots), (0, most))
    made = [axes.drawn(x_label, y_label, x_numbers=False)]
    slot = (WIDTH - LEFT - RIGHT) / slots
    wide = slot * 0.8 / len(shares)
    for n, name in enumerate(names):
        middle = LEFT + (n + 0.5) * slot
        made.append(
            f'<text x="{middle:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">'
            f"{escape(name[:8])}</text>"
        )
        for i, each in enumerate(shares.values()):
            _, y = axes.at(0, each[name])
            x = LEFT + n * slot + slot * 0.1 + i * wide
            made.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(1, wide - 1):.1f}"'
                f' height="{HEIGHT - BOTTOM - y:.1f}" rx="2" fill="{COLOURS[i % len(COLOURS)]}"/>'
            )
    return _svg("".join(made), f"{y_label} by {x_label}", list(shares))


def _natural(name: str) -> tuple[int, float, str]:
    """Numbers in the order of numbers, before words."""
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name


def histogram(series: Mapping[str, Sequence[float]], x_label: str, y_label: str, bins: int) -> str:
    """Shares by value, to the 99th percentile; what is beyond counts in the last."""
    known = {name: sorted(values) for name, values in series.items() if values}
    if not known:
        return _nothing(y_label)
    most = max(values[int(0.99 * (len(values) - 1))] for values in known.values())
    edge = ticks(0, max(most, 1.0))[-1]
    shares: dict[str, list[float]] = {}
    for name, values in known.items():
        counts = [0] * bins
        for value in values:
            counts[max(0, min(bins - 1, int(value / edge * bins)))] += 1
        shares[name] = [count / len(values) for count in counts]
    axes = _Axes((0, edge), (0, max(max(each) for each in shares.values())))
    made = [axes.drawn(x_label, y_label)]
    order = list(series)
    for name, each in shares.items():
        colour = COLOURS[order.index(name) % len(COLOURS)]
        places = [axes.at(0, 0)]
        for n, share in enumerate(each):
            places += [axes.at(n * edge / bins, share), axes.at((n + 1) * edge / bins, share)]
        places.append(axes.at(edge, 0))
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        made.append(
            f'<polygon points="{path}" fill="{colour}" fill-opacity="0.25" stroke="{colour}"/>'
        )
    return _svg("".join(made), f"{y_label} of {', '.join(known)}", order)


_STYLE = """
:root { color-scheme: light dark; --ink: #1d2421; --soft: #59625e; --line: #dfdbd1;
  --paper: #f6f4ef; --sheet: #fffefb }
@media (prefers-color-scheme: dark) { :root { --ink: #ebe9e4; --soft: #a5aeaa; --line: #2c3336;
  --paper: #121518; --sheet: #1a1f22 } }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
figure { margin: 0; padding: 1rem; border: 1px solid var(--line); border-radius: 0.875rem;
  background: var(--sheet) }
figcaption { font-weight: 600; margin-block-end: 0.5rem }
.plots { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)) }
svg { width: 100%; height: auto } svg text { fill: var(--soft); font-size: 12px }
svg .grid { stroke: var(--line) }
table { border-collapse: collapse; margin-block: 1rem } td { padding: 0.15rem 1.5rem 0.15rem 0 }
td + td { text-align: right; font-variant-numeric: tabular-nums }
"""


def page(title: str, seen: Mapping[str, Any]) -> str:
    """A whole HTML page of what `igym.archive.preview.look` gave."""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{count:,}</td></tr>"
        for name, count in seen["rows"].items()
    )
    figures = "".join(
        f"<figure><figcaption>{escape(plot['title'])}</figcaption>{plot['svg']}</figure>"
        for plot in seen["plots"]
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style><h1>{escape(title)}</h1>"
        f"<p>{escape(str(seen['folder']))}</p>"
        f'<div class="plots">{figures}</div><table>{rows}</table></html>'
    )
