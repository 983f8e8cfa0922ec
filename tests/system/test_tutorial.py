"""docs/tutorial.md, followed to the letter: from `igym new` to the pilot link."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.system import browser
from tests.system.client import join
from tests.system.server import children, eventually
from tests.system.terminal import Terminal

pytestmark = [pytest.mark.slow, pytest.mark.stack, pytest.mark.browser]

TUTORIAL = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text("utf-8")

#: Two cores are shared with whatever else runs.
PATIENT_MS = 60_000


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TUTORIAL, re.M | re.S)


class Reader(Terminal):
    """Somebody who does what the page says, in a folder of their own."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.new, self.run, self.data, self.check, self.up = (
            line.split()[1:] for block in blocks("sh") for line in block.splitlines()
        )

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file of the package as an editor does: another one takes its place."""
        file = self.home / "demo" / name
        text = file.read_text("utf-8")
        assert old in text
        half = file.with_suffix(".half~")
        half.write_text(text.replace(old, new), "utf-8")
        os.replace(half, file)


@pytest.fixture
def reader() -> Iterator[Reader]:
    # Not pytest's folder: a socket's path may have 107 characters at most.
    with tempfile.TemporaryDirectory(prefix="igym-", ignore_cleanup_errors=True) as home:
        yield Reader(Path(home))


def opened(page: Page, act) -> None:
    """Do something, and wait until the bench shows another version."""
    tag = page.locator(".tag")
    before = tag.inner_text()
    act()
    expect(tag).not_to_have_text(before, timeout=PATIENT_MS)


def test_from_a_new_package_to_the_pilot_link(reader: Reader, chromium: Path):
    reader.does(*reader.new)
    # Every process that imports the package leaves its number behind.
    marks = reader.home / "marks"
    note = f"open({str(marks)!r}, 'a').write(f'{{os.getpid()}} ')"
    reader.edit(
        "lanterns.py", "from math import hypot\n", f"import os\nfrom math import hypot\n{note}\n"
    )

    with (
        reader.running(*reader.run, says="is on the bench") as running,
        browser.running(chromium) as chrome,
    ):
        page = chrome.new_page(viewport={"width": 1440, "height": 900})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{reader.port}/bench/demo")

        # Two windows: agree in both, and they are paired
        windows = [page.frame_locator("iframe").nth(n) for n in (0, 1)]
        for window in windows:
            window.get_by_role("button", name="I agree to take part").click(timeout=PATIENT_MS)
        for window in windows:
            expect(window.locator("canvas").first).to_be_visible(timeout=PATIENT_MS)

        # One line is edited, and the windows begin anew
        ((old, new),) = re.findall(r"^-(.*)\n\+(.*)$", blocks("diff")[0], re.M)
        opened(page, lambda: reader.edit("lanterns.py", old, new))
        agree = windows[1].get_by_role("button", name="I agree to take part")
        expect(agree).to_be_visible(timeout=PATIENT_MS)

        # A mistake is told with its line, and the last good version stays open
        reader.edit("lanterns.py", new, f"{new} = ")
        trouble = page.get_by_role("alert")
        expect(trouble).to_contain_text("lanterns.py:", timeout=PATIENT_MS)
        expect(trouble).to_contain_text("not Python")
        expect(agree).to_be_visible()
        reader.edit("lanterns.py", f"{new} = ", new)
        expect(trouble).to_have_count(0, timeout=PATIENT_MS)

        # Short episodes, so that a test need not wait for long; bots take the empty seat
        opened(page, lambda: reader.edit("experiment.py", "max_steps=900", "max_steps=30"))
        page.get_by_label("Begin at").select_option("together")
        page.get_by_role("button", name="Fewer windows").click()
        page.get_by_role("button", name="Fill empty seats with bots").click()
        expect(windows[0].locator("canvas").first).to_be_visible(timeout=PATIENT_MS)
        tables = reader.home / "data" / "demo" / "1"
        eventually(lambda: list((tables / "ticks").glob("*")), within_s=60, what="an episode")
        page.get_by_role("tab", name="Data").click()
        expect(page.locator("figure svg polyline").first).to_be_attached(timeout=PATIENT_MS)
        assert page.locator("figure").count() == 3
        assert errors == []

        # Whoever serves pages and makes matches has never imported the package
        imported = {int(pid) for pid in marks.read_text().split()}
        by_role = {
            word: {p.pid for p in children(running, word)}
            for word in ("igym.web", "workers director", "workers games")
        }
        assert by_role["workers games"] & imported
        assert by_role["igym.web"] and not by_role["igym.web"] & imported
        assert by_role["workers director"] and not by_role["workers director"] & imported

    seen = reader.asks(*reader.data)
    assert seen["rows"]["ticks"] > 0
    assert set(seen["modes"]) == {"preview"}
    assert "<svg" in (tables / "preview.html").read_text("utf-8")
    report = reader.asks(*reader.check)
    assert report["ok"] and report["scenes"]

    with reader.running(*reader.up, says="igym is up"):
        join(f"http://127.0.0.1:{reader.port}", "demo", mode="pilot")
