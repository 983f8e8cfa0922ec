"""Packages with libraries of their own, and a heavy one, beside a study that notices nothing."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from tests.system.client import AT_MS, GENERATION, HUD, Client, join
from tests.system.server import Server, eventually, package, serving

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def needs(home: Path, id: str, dependency: str) -> Path:
    """The test package `needs` with another id, and a library from PyPI."""
    root = package(home / id, "needs")
    (root / "experiment.toml").write_text(
        f'id = "{id}"\nversion = "1"\ntitle = "{id}"\ndependencies = ["{dependency}"]\n'
    )
    return root


@pytest.fixture
def bound(tmp_path) -> Iterator[Server]:
    old, new = (
        needs(tmp_path, "old", "inflection==0.4.0"), needs(tmp_path, "new", "inflection==0.5.1"),
    )  # fmt: skip
    with serving(old, new, "solo", "heavy", WEB="1", GAMES="1") as server:
        yield server


def someone(server: Server, experiment: str) -> Client:
    """A person whose game is about to run."""
    one = Client(server.url, join(server.url, experiment))
    assert one.advance() is None
    return one


def owner(server: Server, one: Client) -> str:
    """The worker that runs their game."""
    experiment, game = one.state["experiment"], one.game["game"]
    return str(server.redis.hget(f"igym:{{{experiment}}}:game:{game}", "owner").decode())


def late_ms(server: Server, game: str) -> float:
    """How late the ticks of that game were: the 95th of 100."""
    ticks = server.tables("solo") / "ticks"
    files = eventually(lambda: [*ticks.glob(f"{game}-*")], within_s=30, what="its ticks")
    return float(pd.concat(map(pd.read_parquet, files)).late_ms.quantile(0.95))


def test_bound_games_have_processes_of_their_own_and_disturb_nobody(bound, record_property):
    names = ("old", "new", "heavy", "heavy")
    people = [someone(bound, name) for name in names]
    old, new, heavy, heavier = people
    for one in people:
        one.to_game()
        one.wait_playing(within_s=60)
    solo = someone(bound, "solo")
    solo.to_game()
    solo.wait_playing()

    # Given that one kills every process it gets
    old.press("ArrowLeft")

    # Two versions of one library, and each heavy game, in processes of their own
    huds = [one.wait("frame", lambda f: f[HUD])[HUD] for one in (old, new)]
    assert huds == ["inflection 0.4.0", "inflection 0.5.1"]
    owners = {one: owner(bound, one) for one in (new, heavy, heavier, solo)}
    assert len(set(owners.values())) == 4
    frames = heavy.wait_frames(5)
    assert statistics.median(b[AT_MS] - a[AT_MS] for a, b in pairwise(frames)) > 250

    # and that another process is killed
    mark = heavy.mark()
    (victim,) = [p for p in bound.children("workers games") if owners[heavy] in p.cmdline()]
    victim.kill()
    heavy.wait("frame", lambda f: f[GENERATION] == 2, since=mark, within_s=30)

    # then each goes its own way, and the others never hear of it.
    ended = old.wait("state", lambda s: s["phase"] == "ended", within_s=60)
    assert ended["view"]["code"] == "TECH" and "ended with 3" in bound.log
    for one in (new, heavier):
        assert owner(bound, one) == owners[one]
        assert {f[GENERATION] for f in one.all("frame")} == {1}
    solo.wait("state", lambda s: s["phase"] == "ended", within_s=30)
    assert owner(bound, solo) == owners[solo]
    late = late_ms(bound, solo.game["game"])
    record_property("p95_late_ms", late)
    # In one process with a heavy one every tick would wait for up to 300 ms.
    assert late < 100
    for one in (*people, solo):
        one.close()
