"""Every cell ends at exactly the completions it wants, whoever gives up and whoever is killed.

Three hundred people want to take part in pairs, of which four cells want twenty each. Nearly a
third give up: on a page, in the lobby, in the game or in the survey after it. People, games and
directors act at once; directors and those who end games are killed between two commands.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest

from igym.domain.participant import Phase
from igym.domain.plan import GroupPlan, TreatmentPlan
from igym.errors import Conflict, IgymError, LeaseLost
from igym.services.connect import Deployment
from igym.services.lobby import matching
from igym.services.sessions import assigning
from igym.store import games, quotas
from igym.store.client import open_redis
from tests.services import paper
from tests.services.paper import E, Outgoing, Paper, a_plan, a_play

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow

CELLS, PAIRS, POOL = ("a", "b", "c", "d"), 20, 300
SKILL = TreatmentPlan("skill", "group", CELLS, wanted=PAIRS)

#: How many give up where: 90 of 300.
GIVE_UP = {"about": 23, "play": 22, "game": 23, "after": 22}


class Killed(BaseException):
    """The process is gone: nothing catches this but whoever starts the next one."""


def mortal(deployment: Deployment, url: str, luck: random.Random) -> Deployment:
    """A process's deployment; the process is killed before one of its next commands."""
    redis = open_redis(url)
    left = luck.randrange(40, 400)
    pool = redis.connection_pool
    get = pool.get_connection

    def get_connection(*args, **more):
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        return get(*args, **more)

    pool.get_connection = get_connection
    return Deployment(deployment.settings, redis, deployment.plans, deployment.secret)


class Crowd:
    """The pool, and everything that runs beside it until everybody's session has ended."""

    def __init__(self, study: Paper, url: str, seed: int) -> None:
        self.study, self.url, self.luck = study, url, random.Random(seed)
        where = [w for w, n in GIVE_UP.items() for _ in range(n)]
        fates = [*where, *[""] * (POOL - len(where))]
        self.luck.shuffle(fates)
        self.gives_up = {f"p{n}": fate for n, fate in enumerate(fates)}
        self.over = threading.Event()
        self.until_s = time.monotonic() + 90
        self.wrong: list[BaseException] = []
        self.deaths = 0
        self.token = 0
        self.fates: dict[str, str] = {}  # session -> where it gives up

    def run(self) -> None:
        share = [list(self.gives_up)[n::4] for n in range(4)]
        people = [self.thread(lambda s=s: self.people(s)) for s in share]
        others = [self.thread(act) for act in (self.direct, self.play, self.play, self.look)]
        for one in people:
            one.join(100)
        self.over.set()
        for one in others:
            one.join(20)
        assert self.wrong == []
        assert not any(one.is_alive() for one in (*people, *others)), "somebody is stuck"

    def thread(self, act: Callable[[], None]) -> threading.Thread:
        def guarded() -> None:
            try:
                act()
            except BaseException as error:
                self.wrong.append(error)
                self.over.set()

        made = threading.Thread(target=guarded, daemon=True)
        made.start()
        return made

    # --- who acts --------------------------------------------------------------------------------

    def people(self, mine: list[str]) -> None:
        """These people do one thing after the other, in no order among themselves."""
        luck = random.Random(mine[0])
        here: dict[str, str] = {}
        ended: set[str] = set()
        while len(ended) < len(mine) and not self.over.is_set():
            assert time.monotonic() < self.until_s, f"{len(mine) - len(ended)} have not ended"
            moved = False
            for person in luck.sample(mine, len(mine)):
                if person not in here:
                    here[person] = self.study.arrive(PROLIFIC_PID=person).id
                    self.fates[here[person]] = self.gives_up[person]
                    moved = True
                elif person not in ended:
                    now = self.study.read(here[person])
                    if now.phase is Phase.ENDED:
                        ended.add(person)
                    elif self.gives_up[person] == now.scene and now.phase is not Phase.PLAYING:
                        try:
                            self.study.leave(now, luck.choice(("withdrew", "absent")))
                        except Conflict:
                            continue  # matched in that very moment
                    elif now.phase is Phase.READING:
                        self.study.advance(now)
                        moved = True
            if not moved:
                time.sleep(0.01)

    def direct(self) -> None:
        """One director after the other; the next one comes when one was killed."""
        while not self.over.is_set():
            self.token += 1
            outbox = Outgoing()
            deployment = mortal(self.study.deployment, self.url, self.luck)
            matcher = matching.Matcher(deployment, outbox, f"director-{self.token}")
            try:
                while not self.over.is_set():
                    matcher.round(self.token)
                    paper.answer(self.study.deployment, outbox)
                    time.sleep(0.005)
            except Killed:
                self.deaths += 1
                self.zombie(outbox)

    def zombie(self, outbox: Outgoing) -> None:
        """A director that was only asleep: it wakes beside its successor, and may do nothing."""
        self.token += 1
        paper.answer(self.study.deployment, outbox)
        matching.Matcher(self.study.deployment, Outgoing(), "next").round(self.token)
        late = matching.Matcher(self.study.deployment, Outgoing(), "zombie")
        before = len(games.open_games(self.study.redis, E))
        with suppress(LeaseLost):
            assert late.round(self.token - 1) == 0
        assert len(games.open_games(self.study.redis, E)) <= before

    def play(self) -> None:
        """Games end, each perhaps twice; whoever ends one may be killed half-way."""
        study = self.study
        luck = random.Random(1)
        while not self.over.is_set():
            mine = Paper.__new__(Paper)
            mine.__dict__ = {**study.__dict__, "outbox": Outgoing()}
            mine.deployment = mortal(study.deployment, self.url, luck)
            try:
                while not self.over.is_set():
                    for id in games.open_games(study.redis, E):
                        try:
                            game = games.read(study.redis, E, id)
                            gone = [w for w, s in game.seats.items() if self.fates[s] == "game"]
                            mine.finish(game, "abandoned" if gone else "finished", tuple(gone))
                        except IgymError:
                            continue  # the other one was quicker
                    time.sleep(0.02)
            except Killed:
                self.deaths += 1

    def look(self) -> None:
        """At no moment is a place too many taken."""
        while not self.over.is_set():
            for taken in quotas.counts(self.study.redis, E, "1", "live").get("skill", {}).values():
                assert taken.reserved >= 0 and taken.all <= PAIRS
            time.sleep(0.002)


RUNS = [(1, True), *(pytest.param(n, n % 2 == 1, marks=pytest.mark.slow) for n in (2, 3))]


@pytest.mark.parametrize(("seed", "blind"), RUNS)
def test_four_cells_of_twenty_pairs_end_at_exactly_twenty(
    deployment, redis_url, monkeypatch, seed, blind
):
    if blind:  # a director that always thinks there are places: the seal itself has to refuse
        monkeypatch.setattr(assigning, "groups_left", lambda *_: 1_000)
    play = a_play(2, group=GroupPlan(confirm_s=20), treated={"bot": "skill"})
    study = Paper(deployment, a_plan(SKILL, play=play))
    crowd = Crowd(study, redis_url, seed)

    crowd.run()

    # Every cell has exactly the pairs it wanted, and the log explains each place
    taken = study.places("skill")
    assert {cell: (one.reserved, one.valid) for cell, one in taken.items()} == dict.fromkeys(
        CELLS, (0, PAIRS)
    )
    ended = {row["session_id"]: row["outcome"] for row in study.rows("sessions")}
    assert len(ended) == POOL and None not in ended.values()
    pairs: dict[str, list[str]] = {}
    for row in study.rows("seats"):
        if row["session_id"]:
            pairs.setdefault(row["game_id"], []).append(row["session_id"])
    assert max(Counter(s for pair in pairs.values() for s in pair).values()) == 1
    for row in study.rows("assignments"):
        outcomes = [ended[session] for session in pairs.pop(row["game_id"])]
        assert (row["valid_ms"] is not None) == (outcomes == ["complete"] * 2)
        assert row["valid_ms"] is not None or row["reason"] in outcomes
        assert games.read(study.redis, E, row["game_id"]).cells == {"skill": row["cell"]}
    assert pairs == {}, "pairs that nobody assigned"
    assert sum(outcome == "complete" for outcome in ended.values()) >= 2 * len(CELLS) * PAIRS
    assert "full" in ended.values() and crowd.deaths > 3
