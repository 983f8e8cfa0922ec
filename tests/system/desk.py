"""An admin at the dashboard in a real Chromium: what tests of several pages have their hands do."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.system.browser import Tab
from tests.system.server import Server, eventually

WORDS = "correct horse battery staple"
SOON_MS = 60_000


def setup_link(server: Server) -> str:
    """The link that the deployment says at its start. Good for one sign-in."""
    said = eventually(lambda: re.search(r"http\S+/admin/enter\?key=\S+", server.log), what="a link")
    return str(said[0])


def signs_in(page: Page, server: Server, name: str) -> None:
    """By the form, to the overview."""
    page.goto(f"{server.url}/admin")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(WORDS)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Experiments")).to_be_visible(timeout=SOON_MS)


def signed_in(browser: Browser, server: Server, name: str, **context: Any) -> Tab:
    """A browser of their own in which they are."""
    tab = Tab(browser, **context)
    signs_in(tab.page, server, name)
    return tab


def opens(page: Page, label: str) -> None:
    """A page of the bar."""
    page.get_by_role("navigation").get_by_role("link", name=label, exact=True).click()


def sure(page: Page, does: str, words: str = "") -> None:
    """Answer the question that stands over the page."""
    dialog = page.get_by_role("dialog")
    if words:
        dialog.locator("textarea, input").fill(words)
    dialog.get_by_role("button", name=does, exact=True).click()
    expect(dialog).to_have_count(0, timeout=SOON_MS)


def does(page: Page, label: str, words: str = "", *, of: Locator | None = None) -> None:
    """Press a button, of a part of the page where there are several, and mean it."""
    where = of if of is not None else page
    where.get_by_role("button", name=label, exact=True).first.click(timeout=SOON_MS)
    sure(page, label, words)


def dropped(page: Page, file: Path | tuple[str, bytes]) -> None:
    """Drop a file, as somebody does who drags it there."""
    name, content = (file.name, file.read_bytes()) if isinstance(file, Path) else file
    page.locator(".drop").evaluate(
        """(box, [name, text]) => {
          const raw = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([raw], name));
          const how = { dataTransfer, bubbles: true, cancelable: true };
          box.dispatchEvent(new DragEvent('drop', how));
        }""",
        [name, base64.b64encode(content).decode()],
    )


def stands(version: Locator, how: str) -> None:
    """Until a version of a package is that."""
    expect(version.locator(".state")).to_have_text(how, timeout=SOON_MS)


def exported(page: Page, study: str, version: str, to: Path) -> None:
    """Have that version exported on the page Data, and keep the ZIP."""
    data = page.locator(f"[data-data={study}]")
    data.get_by_role("button", name=f"Export version {version}").click(timeout=SOON_MS)
    with page.expect_download(timeout=SOON_MS) as download:
        data.get_by_role("link", name="Download").click(timeout=SOON_MS)
    download.value.save_as(to)
