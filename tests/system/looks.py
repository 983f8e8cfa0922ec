"""What a page looks like, for a person and for axe-core: pictures in a folder that git ignores."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
AXE = ROOT / "client" / "node_modules" / "axe-core" / "axe.min.js"

#: `looks/<page>-<size>-<scheme>.jpg`, of the last run.
SHOTS = ROOT / "looks"

#: What people sit at.
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}


def violations(page: Page) -> list[str]:
    """What axe-core finds on that page and calls serious or worse."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['help']}: {node['html']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def pictured(page: Page, name: str, scheme: str) -> None:
    """A picture of that page for each size of screen; it is left at the last one's."""
    SHOTS.mkdir(exist_ok=True)
    for size, pixels in SIZES.items():
        page.set_viewport_size(pixels)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done()))")
        file = SHOTS / f"{name}-{size}-{scheme}.jpg"
        page.screenshot(path=file, type="jpeg", quality=80, animations="disabled")
