"""Processes leave while people play: nobody loses a game, and what was drained may be stopped."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator

import pytest

from igym.store import processes
from igym.store.processes import Process, State
from tests.system.client import TICK, Client
from tests.system.conftest import two
from tests.system.server import IGYM, Server, eventually, plain_env, serving

pytestmark = [pytest.mark.stack, pytest.mark.slow]


@pytest.fixture(scope="module")
def lab() -> Iterator[Server]:
    """Two of each kind, so that each has somebody to leave its work to."""
    with serving("pair", WEB="2", GAMES="2") as server:
        yield server


@pytest.fixture
def couple(lab) -> Iterator[tuple[Client, Client]]:
    pair = two(lab)
    yield pair
    pair[0].press(" ")  # which ends their game
    for one in pair:
        one.close()


def there(lab: Server, role: str, state: State = State.READY) -> list[Process]:
    return [one for one in processes.known(lab.redis) if (one.role, one.state) == (role, state)]


def igym(lab: Server, *words: str) -> subprocess.CompletedProcess[str]:
    env = plain_env(REDIS_URL=f"unix://{lab.data}/redis/redis.sock", IGYM_DATA_DIR=str(lab.data))
    return subprocess.run([*IGYM, *words], env=env, capture_output=True, text=True, timeout=90)


def goes_on(one: Client) -> int:
    """Wait for five more frames; the tick of the last one."""
    one.wait_frames(5)
    return one.all("frame")[-1][TICK]


def test_a_drained_game_worker_gives_its_games_away_and_stays_with_nothing(lab, couple):
    eventually(lambda: len(there(lab, "games")) == 2, what="two game workers")
    (owner,) = [one for one in there(lab, "games") if one.holds] or eventually(
        lambda: [one for one in there(lab, "games") if one.holds], what="a game"
    )
    before = goes_on(couple[0])
    done = igym(lab, "drain", "--worker", owner.name, "--wait", "--json")
    assert (done.returncode, json.loads(done.stdout)["drained"]) == (0, [owner.name]), done.stderr
    (left,) = there(lab, "games", State.LEFT)
    assert (left.name, left.pid, left.holds) == (owner.name, owner.pid, 0)
    eventually(lambda: sum(one.holds for one in there(lab, "games")) == 1, what="the other has it")
    assert goes_on(couple[0]) > before
    # Stopped, it is started again under another name and takes games as before.
    (process,) = [one for one in lab.children("workers games") if one.pid == owner.pid]
    process.terminate()
    eventually(lambda: len(there(lab, "games")) == 2, within_s=30, what="two game workers again")


def test_the_last_game_worker_plays_what_it_has_and_takes_nothing_new(lab, couple):
    names = [one.name for one in eventually(lambda: there(lab, "games"), what="game workers")]
    assert igym(lab, "drain", "--tier", "games").returncode == 0
    leaving = eventually(lambda: there(lab, "games", State.LEAVING), what="a drained worker")
    goes_on(couple[0])
    assert [one.holds for one in leaving] == [1], "somebody has the game"
    couple[0].press(" ")
    eventually(lambda: len(there(lab, "games", State.LEFT)) == 2, what="nothing is left")
    assert igym(lab, "restart", "--at-once", "--tier", "games").returncode == 0
    eventually(
        lambda: len([one for one in there(lab, "games") if one.name not in names]) == 2,
        within_s=30, what="new game workers",
    )  # fmt: skip


def test_a_drained_web_worker_sends_its_people_to_the_other(lab, couple):
    eventually(lambda: sum(one.holds for one in there(lab, "web")) == 2, what="both are counted")
    full = max(there(lab, "web"), key=lambda one: one.holds)
    done = igym(lab, "drain", "--worker", full.name, "--wait", "--json")
    assert done.returncode == 0, done.stderr
    (left,) = there(lab, "web", State.LEFT)
    assert (left.name, left.holds) == (full.name, 0)
    # Whoever comes, comes to the other: the port of this one is closed.
    back = [Client(lab.url, one.token) for one in couple]
    eventually(lambda: sum(one.holds for one in there(lab, "web")) >= 2, what="they are there")
    for one in back:
        one.to_game()
    goes_on(back[0])
    back[0].press(" ")
    for one in back:
        one.close()
    (process,) = [one for one in lab.children("igym.web") if one.pid == full.pid]
    process.terminate()
    eventually(lambda: len(there(lab, "web")) == 2, within_s=30, what="two web workers again")


def test_not_the_last_web_worker_and_no_name_that_nobody_has(lab):
    webs = eventually(lambda: len(there(lab, "web")) == 2 and there(lab, "web"), what="two")
    words = [word for one in webs for word in ("--worker", one.name)]
    refused = igym(lab, "drain", *words)
    assert refused.returncode == 1 and "No web worker would be left" in refused.stderr
    refused = igym(lab, "drain", "--worker", "web-nobody")
    assert refused.returncode == 1 and "Nothing here is called web-nobody" in refused.stderr
    assert [one.state for one in there(lab, "web")] == [State.READY] * 2


def test_a_hangup_of_igym_up_begins_a_rolling_restart(lab):
    # The whole of one, with people who play: tests/bots/test_rehearsal.py
    old = {one.name for one in there(lab, "games")}
    lab.process.send_signal(signal.SIGHUP)
    eventually(
        lambda: {one.name for one in there(lab, "games")} - old,
        within_s=60, what="another game worker",
    )  # fmt: skip
    assert "ended with" not in lab.log, "it left and was not broken"
