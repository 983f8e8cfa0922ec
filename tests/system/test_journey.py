"""`examples/beacons` from a new folder to a data set, and two versions of it at the same time.

Everything is done with igym's own commands, in the order in which a researcher needs them.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import minari
import pandas as pd
import pytest
from playwright.sync_api import expect

from tests.system import browser
from tests.system.client import HUD, Client, join
from tests.system.server import EXAMPLES, Server, serving
from tests.system.terminal import Terminal

# Three starts of everything, and all of a study: a minute or two, and more beside other work.
pytestmark = [
    pytest.mark.slow, pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(600),
    pytest.mark.long,
]  # fmt: skip

#: Two cores are shared with whatever else runs.
PATIENT_MS, PATIENT_S = 60_000, 60

#: Ticks of a round that is soon over, and of one that lasts as long as anybody looks.
SHORT, LONG = 30, 5_000

RIGHT, WRONG = "when each beacon has somebody near it", "when we are both at the same beacon"


class Lab(Terminal):
    """A researcher with the study of the example."""

    def writes(self, version: str, mpe2: str, steps: int) -> None:
        """The example as that version, with that mpe2, which the line above the stage names."""
        root = self.home / "beacons"
        shutil.rmtree(root)
        shutil.copytree(EXAMPLES / "beacons", root, ignore=shutil.ignore_patterns("__pycache__"))
        for name, old, new in (
            ("experiment.toml", 'version = "1"', f'version = "{version}"'),
            ("experiment.toml", "mpe2==1.1.0", f"mpe2=={mpe2}"),
            ("experiment.py", "episodes=2,", 'episodes=1,\n        countdown="100 ms",'),
            ("field.py", "STEPS = 180", f"STEPS = {steps}"),
            ("field.py", "from mpe2 import", "import mpe2\nfrom mpe2 import"),
            (
                "field.py",
                'f"{near} of 2 beacons have company"',
                'f"mpe2 {mpe2.__version__}: {near} at step {env.unwrapped.steps}"',
            ),
        ):
            text = (root / name).read_text("utf-8")
            assert text.count(old) == 1, (name, old)
            (root / name).write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def lab() -> Iterator[Lab]:
    # Not pytest's folder: a socket's path may have 107 characters at most.
    with tempfile.TemporaryDirectory(prefix="igym-", ignore_cleanup_errors=True) as home:
        yield Lab(Path(home))


def seen_on_the_bench(lab: Lab, chromium: Path) -> None:
    """`igym run`: its page opens, and two people play side by side."""
    with lab.running("run", "beacons", says="is on the bench"), browser.running(chromium) as chrome:
        page = chrome.new_page(viewport={"width": 1440, "height": 900})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{lab.port}/bench/beacons")
        page.get_by_label("Begin at").select_option("together", timeout=PATIENT_MS)
        for n in (0, 1):
            canvas = page.frame_locator("iframe").nth(n).locator("canvas").first
            expect(canvas).to_be_visible(timeout=PATIENT_MS)
        assert errors == []


def arrives(server: Server, aim: str = RIGHT) -> Client:
    """Somebody who reads, tells their age, and says what the aim is, twice if it is wrong."""
    one = Client(server.url, join(server.url, "beacons"))
    said = {"welcome": {}, "about_you": {"age": 30}, "understood": {"aim": aim}}
    while (now := one.state)["phase"] == "reading" and now["scene"] in said:
        assert one.advance(**said[now["scene"]]) is None
        one.wait("state", lambda s, before=now["version"]: s["version"] > before)
    return one


def pair(server: Server) -> tuple[Client, Client]:
    """Two people in a game that runs."""
    both = arrives(server), arrives(server)
    for one in both:
        one.to_game(within_s=PATIENT_S)
    for one in both:
        one.wait_playing(within_s=PATIENT_S)
    return both


def mpe2_of(one: Client, since: int = 0) -> str:
    """The version of mpe2 that their game runs with."""
    line = one.wait("frame", lambda f: f[HUD], since=since)[HUD]
    return re.match(r"mpe2 ([\d.]+):", line)[1]


def test_a_study_from_a_new_folder_to_its_data_in_two_versions_at_once(lab, chromium, clean):
    # A package is made, written, checked, looked at and rehearsed
    lab.does("new", "two-player", "beacons")
    lab.writes("1", "1.1.0", SHORT)
    report = lab.asks("check", "beacons")
    assert report["ok"] and not [f for f in report["findings"] if f["level"] != "note"]
    seen_on_the_bench(lab, chromium)
    tried = lab.asks("rehearse", "beacons", "--participants", 2, "--seconds", 3, "--web", 1)
    assert tried["outcomes"] == {"complete": 2}, tried

    with serving(WEB="2", GAMES="1") as server:
        # It is sent to a server, where newcomers get it
        lab.settings |= {"IGYM_DATA_DIR": str(server.data)}
        made = lab.asks("token", "create", "--experiment", "beacons", "--trusted", "--days", 1)
        lab.settings |= {"IGYM_URL": server.url, "IGYM_TOKEN": made["text"]}
        lab.writes("1", "1.1.0", LONG)
        assert lab.asks("submit", "beacons")["report"]["state"] == "passed"
        lab.asks("packages", "activate", "beacons/1")
        ann, bob = pair(server)
        assert mpe2_of(ann) == "1.1.0"

        # While they play, a second version with another mpe2 takes its place
        lab.writes("2", "1.1.1", SHORT)
        sent = lab.asks("submit", "beacons", "--activate")
        assert sent["package"]["standing"] == "active", sent

        # Then twenty newcomers play that one, side by side with the two
        link = f"{server.url}/e/beacons"
        told = lab.asks("rehearse", link, "--participants", 20, "--seconds", 5)
        assert told["outcomes"] == {"complete": 20}, told
        new = pair(server)
        assert mpe2_of(new[0]) == "1.1.1"
        assert mpe2_of(ann, since=ann.mark()) == mpe2_of(bob, since=bob.mark()) == "1.1.0"

        # Each outcome has its own code
        assert ann.ask("withdraw", {"keep": True}) is None
        lost = arrives(server, WRONG)
        for one, code in ((ann, "3WDR"), (bob, "2PLF"), (lost, "1SCR")):
            ended = one.wait("state", lambda s: s["phase"] == "ended", within_s=PATIENT_S)
            assert ended["view"]["code"] == f"BEACON-{code}"
        for one in (ann, bob, lost, *new):
            one.close()

        # The data of both are fetched, once they are on the disk
        server.wait_archived("beacons", {"1": 1, "2": 11})
        # Over the wire, and from the data volume itself
        zips = {version: lab.home / f"{version}.zip" for version in ("1", "2")}
        what = ("export", "beacons", "--version", "2", "--mode", "rehearsal")
        lab.asks(*what, "--format", "parquet", "--to", zips["2"])
        del lab.settings["IGYM_URL"]
        sets = lab.asks(*what, "--format", "minari", "--to", "sets")
        lab.asks("export", "beacons", "--version", "1", "--format", "parquet", "--to", zips["1"])
        audit = lab.asks("audit", "beacons")["deeds"]

    # One line of pandas
    ticks = pd.read_parquet(f"zip://parquet/ticks.parquet::{zips['2']}").groupby(
        ["episode_id", "seat"]
    )
    assert ticks.size().tolist() == [SHORT] * 20 and ticks.reward.sum().max() < 0
    cells = pd.read_parquet(f"zip://parquet/assignments.parquet::{zips['2']}").cell
    assert cells.value_counts().to_dict() == {"plain": 5, "marked": 5}
    sessions = pd.read_parquet(f"zip://parquet/sessions.parquet::{zips['1']}")
    assert sessions.device.isna().all()  # nobody asked for it
    assert dict(zip(sessions.outcome, sessions.code, strict=True)) == {
        "withdrew": "BEACON-3WDR", "partner_left": "BEACON-2PLF",
    }  # fmt: skip

    # One of Minari
    episodes = list(minari.MinariDataset(lab.home / "sets/together/agent_0").iterate_episodes())
    assert [len(one.actions) for one in episodes] == [SHORT] * 10 and not sets["left_out"]

    # Who did what
    assert [(d["did"], d["what"]) for d in reversed(audit) if d["did"] != "exported"] == [
        ("submitted", "1"), ("activated", "1"), ("submitted", "2"), ("activated", "2"),
    ]  # fmt: skip

    # And each game is what it was, wherever igym is, from the export alone
    lab.settings |= {"XDG_CACHE_HOME": str(lab.home / "cache"), "IGYM_DATA_DIR": "nowhere"}
    for version, count in (("1", 1), ("2", 10)):
        again = lab.asks("replay", "--all", "--from", zips[version], igym=(str(clean / "igym"),))
        assert (again["same"], again["episodes"]) == (count, count), again
        assert again["digests"] > count and not again["damaged"]
