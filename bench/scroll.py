"""The table of participants while somebody scrolls through 5,000 rows, in Chromium's own trace.

A real web worker with 5,000 real sessions, and a list that is kept up to date all the while. The
wheel turns as somebody reads and as somebody races; what counts is what the compositor says of its
frames. A headless Chromium draws on the CPU, beside whatever else the machine does.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

from bench.archive import deployment
from bench.board import STUDY, workers
from bench.figure import Figure
from bench.hundred import EXAMPLE
from igym.services import accounts
from igym.services.packages import publishing
from igym.services.sessions import arriving

ROWS, SCROLLED_S, SETTLED_MS = 5_000, 4.0, 2_000

#: As in client/src/admin/participants.tsx.
ROW_PX = 36

#: How it is called, and pixels a second.
SPEEDS = {"a row a frame": ROW_PX * 60, "eleven rows a frame": 11 * ROW_PX * 60}

#: What of a trace is needed: frames of the compositor, and work of the page.
CATEGORIES = ["disabled-by-default-devtools.timeline.frame", "devtools.timeline"]

#: What a page does for a frame of its own.
WORK = ("FunctionCall", "UpdateLayoutTree", "Layout", "PrePaint", "Paint", "Layerize")


def figures() -> list[Figure]:
    """Frames a second, and what was dropped; none without a Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return []
    with tempfile.TemporaryDirectory(prefix="igym-") as name, deployment(Path(name)) as to:
        publishing.publish(to, EXAMPLE)
        for _ in range(ROWS):
            arriving.join(to, STUDY, {}, None)
        with workers(to, 1) as (urls, _), sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{urls[0]}/admin/enter?key={accounts.link(to)}")
            page.goto(f"{urls[0]}/admin/participants")
            page.locator("[data-session]").first.wait_for()
            page.wait_for_timeout(SETTLED_MS)
            made = []
            for pace, speed in SPEEDS.items():
                made += measured(page, pace, speed)
            browser.close()
    return made


def measured(page: Page, pace: str, px_s: int) -> list[Figure]:
    """One turn of the wheel at that speed, from the top."""
    grid = page.get_by_role("grid")
    grid.evaluate("(element) => { element.scrollTop = 0 }")
    box = grid.bounding_box()
    assert box is not None
    cdp = page.context.new_cdp_session(page)
    gesture = {
        "x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2,
        "yDistance": -int(px_s * SCROLLED_S), "speed": px_s, "gestureSourceType": "mouse",
        "preventFling": True,
    }  # fmt: skip
    events = traced(cdp, gesture)
    scrolled = grid.evaluate("(element) => element.scrollTop")
    counts = Counter(one["name"] for one in events)
    drawn = counts["DrawFrame"]
    # Of a frame with a partial update all was drawn but what the page itself had still to do.
    dropped = [one["args"] for one in events if one["name"] == "DroppedFrame"]
    late = sum(bool(one.get("hasPartialUpdate")) for one in dropped)
    lost = len(dropped) - late
    work_ms = sum(one.get("dur", 0) for one in events if one["name"] in WORK) / 1000
    return [
        Figure(f"{pace}: frames drawn", drawn / SCROLLED_S, "fps", 57, at_least=True),
        Figure(f"{pace}: frames dropped", lost / max(1, drawn + lost) * 100, "%", 2),
        Figure(f"{pace}: frames that scrolled before the newest rows were in",
               late / max(1, drawn) * 100, "%"),
        Figure(f"{pace}: the page's own work for a frame of it",
               work_ms / max(1, counts["BeginMainThreadFrame"]), "ms", 16.7),
        Figure(f"{pace}: rows passed", scrolled / ROW_PX, "rows"),
    ]  # fmt: skip


def traced(cdp: CDPSession, gesture: dict[str, Any]) -> list[dict[str, Any]]:
    """Every event of the compositor's frames while that gesture lasted."""
    events: list[dict[str, Any]] = []
    over: list[bool] = []
    cdp.on("Tracing.dataCollected", lambda said: events.extend(said["value"]))
    cdp.on("Tracing.tracingComplete", lambda _: over.append(True))
    cdp.send("Tracing.start", {"traceConfig": {"includedCategories": CATEGORIES}})
    cdp.send("Input.synthesizeScrollGesture", gesture)
    cdp.send("Tracing.end")
    while not over:
        cdp.send("Runtime.evaluate", {"expression": "1"})
    return events
