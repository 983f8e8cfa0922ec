"""A package from a researcher's folder to data on their desk, by the admin's page alone."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from igym import settings
from igym.domain.access import Role
from igym.services import accounts
from igym.services.connect import connect
from igym.services.packages import packing
from tests.system.desk import SOON_MS, dropped, exported, opens, stands, sure
from tests.system.server import EXAMPLES, Server

pytestmark = [pytest.mark.stack, pytest.mark.browser]

NASTY = '"><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """An example, with a title and a file whose names would like to be scripts."""
    root = tmp_path_factory.mktemp("study") / "two_beacons"
    shutil.copytree(EXAMPLES / "beacons", root, ignore=shutil.ignore_patterns(*packing.SKIPPED))
    toml = root / "experiment.toml"
    toml.write_text(toml.read_text().replace("Two beacons", NASTY.replace('"', "'")))
    assert NASTY[1:] in toml.read_text()
    (root / "pages" / f"{NASTY}.key").write_text("not a key")
    return root


def signed_in(page: Page, stack: Server) -> None:
    env = {"REDIS_URL": f"unix://{stack.data}/redis/redis.sock"}
    deployment = connect(settings.load(env, stack.data))
    accounts.create(deployment, "dora", "correct horse battery", Role.ADMIN)
    page.goto(f"{stack.url}/admin/enter?key={accounts.link(deployment, 'dora')}")


@pytest.mark.slow
def test_from_a_folder_to_data_by_the_page_alone(page, stack, folder, tmp_path):
    heard: list[str] = []
    page.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)
    signed_in(page, stack)
    opens(page, "Packages")
    drop = page.locator(".drop-state")

    # What is no package is told in words, and nothing is sent
    dropped(page, ("notes.txt", b"hello"))
    expect(drop).to_contain_text("no experiment.toml")

    # A ZIP that is dropped is checked, and its report read
    packing.pack(folder, tmp_path / "beacons.zip")
    dropped(page, tmp_path / "beacons.zip")
    expect(drop).to_contain_text("beacons 1 has arrived", timeout=SOON_MS)
    study = page.locator("section", has=page.get_by_text("beacons", exact=True))
    one, two = (study.locator(f"[data-version='{version}']") for version in "12")
    expect(study).to_contain_text("The check passed", timeout=SOON_MS)
    warning = study.locator(".found li[data-level=warning]")
    expect(warning).to_contain_text(f"pages/{NASTY}.key looks private")
    expect(warning).to_contain_text("Move it out of the folder.")
    expect(study.get_by_role("heading").first).to_contain_text(NASTY[1:])
    assert page.locator("img").count() == 0

    # It is activated, and looked at as a participant does
    one.get_by_role("button", name="Activate").click()
    sure(page, "Activate")
    stands(one, "active")
    expect(study).to_contain_text("0 of 40 completions wanted")

    # Recruitment is closed and opened
    study.get_by_role("button", name="Close recruitment").click()
    sure(page, "Close")
    expect(study).to_contain_text("closed since", timeout=SOON_MS)
    study.get_by_role("button", name="Open recruitment").click()
    sure(page, "Open")
    expect(study).to_contain_text("open to newcomers", timeout=SOON_MS)
    with page.context.expect_page() as opened:
        one.get_by_role("link", name="Preview").click()
    expect(opened.value.locator("main button").first).to_be_visible(timeout=SOON_MS)
    opened.value.close()

    # A second version comes as a folder, while the first is rehearsed
    toml = folder / "experiment.toml"
    toml.write_text(toml.read_text().replace('version = "1"', 'version = "2"'))
    page.locator(".drop input[type=file]").nth(1).set_input_files(folder)
    expect(drop).to_contain_text("beacons 2 has arrived", timeout=SOON_MS)
    one.get_by_role("button", name="Rehearsal").click()
    page.get_by_label("Seconds of each game").fill("1")
    page.get_by_role("button", name="Rehearse", exact=True).click()

    # The second is activated, and rolled back
    stands(two, "checked")
    two.get_by_role("button", name="Activate").click()
    sure(page, "Activate")
    stands(one, "retired")
    one.get_by_role("button", name="Roll back").click()
    sure(page, "Roll back")
    stands(one, "active")
    expect(page.locator("[data-rehearsed=fine]")).to_be_visible(timeout=2 * SOON_MS)
    expect(page.locator("[data-rehearsed]")).to_contain_text("4 of 4")
    expect(study.locator("[data-treatment=marking]")).to_have_count(2)

    # What they did is exported, and can be read
    opens(page, "Data")
    data = page.locator("[data-data=beacons]")
    data.get_by_label("Version").select_option("1")
    data.get_by_label("rehearsal").check()
    exported(page, "beacons", "1", tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as opened_zip:
        (name,) = [n for n in opened_zip.namelist() if n.endswith("/sessions.csv")]
        sessions = pd.read_csv(io.BytesIO(opened_zip.read(name)))
    assert list(sessions["mode"]) == ["rehearsal"] * 4

    # And one of them is erased
    data.locator("[data-table=sessions]").get_by_role("button").click()
    rows = page.locator(".browse tbody tr", has_text="rehearsal")
    expect(rows).to_have_count(4, timeout=SOON_MS)
    gone = sessions["participant_id"][0]
    data.get_by_label("Participant, session or recruiter's id").fill(gone)
    data.get_by_role("button", name="Erase …").click()
    again = page.get_by_role("dialog").get_by_role("textbox")
    again.fill(gone[:-1])
    expect(page.get_by_role("dialog").get_by_role("button", name="Erase")).to_be_disabled()
    again.fill(gone)
    sure(page, "Erase")
    expect(page.locator("[data-erased='1']")).to_contain_text("1 session", timeout=SOON_MS)
    expect(rows).to_have_count(3, timeout=SOON_MS)
    assert page.locator("img").count() == 0
    assert not any("alert" in said or "Content Security Policy" in said for said in heard)
    opens(page, "Packages")
    one.get_by_role("button", name="Retire").click()
    sure(page, "Retire")
    expect(study).to_contain_text("no version is active", timeout=SOON_MS)
