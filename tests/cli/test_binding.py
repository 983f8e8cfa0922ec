"""Bound workers come when their games wait and go when they do not; one's crashes are its own."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from igym.cli.binding import BoundWorkers
from igym.domain.bound import Binding
from igym.services.connect import Deployment
from igym.settings import Settings
from igym.store import jobs, records
from igym.store.games import Game
from igym.store.packages import Plans

ONE = str(Binding("study", "a" * 64))
TWO = str(Binding("study", "b" * 64))
ALONE = str(Binding("heavy", "c" * 64, alone=True))


class Supervisor:
    """Says what it was asked to start."""

    stopping = False

    def __init__(self) -> None:
        self.children: list[SimpleNamespace] = []

    def add_igym(self, role, env, *options, ended):
        process = SimpleNamespace(returncode=None, terminate=lambda: self.end(child, -15))
        child = SimpleNamespace(
            name=f"{role}-{len(self.children)}", env=env, binding=options[1], ended=ended,
            beats=-1, games=0, process=process,
        )  # fmt: skip
        self.children.append(child)
        return child

    def end(self, child, code) -> None:
        self.children.remove(child)
        child.process.returncode = code
        child.ended(child)

    def of(self, binding: str) -> list[SimpleNamespace]:
        return [child for child in self.children if child.binding == binding]


class Machine:
    """A supervisor and a clock that moves when it is told to."""

    def __init__(self, redis, url: str, data, most: int = 4) -> None:
        settings = Settings(redis_url=url, data_dir=data, bound=most)
        self.redis, self.now_s = redis, 100.0
        self.supervisor = Supervisor()
        self.workers = BoundWorkers(
            self.supervisor, Deployment(settings, redis, Plans(redis), "s" * 40), {},
            lambda: self.now_s,
        )  # fmt: skip

    def look(self, after_s: float = 0.0) -> list[str]:
        """The bindings of all that run, after another look."""
        self.now_s += after_s
        self.workers.look()
        return sorted(child.binding for child in self.supervisor.children)

    def take(self, binding: str) -> None:
        """A worker took a game from the queue."""
        self.redis.lpop(f"rq:queue:{jobs.BOUND}{binding}")


@pytest.fixture
def machine(redis, redis_url, tmp_path) -> Machine:
    return Machine(redis, redis_url, tmp_path)


def offer(redis, binding: str, id: str, generation: int = 1) -> None:
    jobs.start_game(
        redis,
        Game(id, "study", "p", "1", "s", "live", 1, {}, 0.0, generation=generation,
             binding=binding),
    )  # fmt: skip


def test_nothing_is_started_for_games_of_the_shared_workers(machine):
    offer(machine.redis, "", "g1")
    assert machine.look() == []


def test_each_package_whose_games_wait_gets_a_worker_and_only_one_at_first(machine):
    for n, binding in enumerate((ONE, ONE, TWO)):
        offer(machine.redis, binding, f"g{n}")
    assert machine.look() == [ONE, TWO]
    assert machine.look(0.5) == [ONE, TWO]
    assert jobs.queued(machine.redis) == 3
    assert jobs.waiting(machine.redis) == {("g0", 1), ("g1", 1), ("g2", 1)}


def test_more_come_when_games_still_wait_beside_a_worker_that_runs(machine):
    offer(machine.redis, ONE, "g1")
    machine.look()
    machine.supervisor.of(ONE)[0].beats = 5
    assert machine.look(0.5) == [ONE]
    assert machine.look(1.0) == [ONE, ONE]


def test_a_game_alone_has_a_worker_for_itself_and_takes_an_idle_one_before_a_new_one(machine):
    for n in range(3):
        offer(machine.redis, ALONE, f"g{n}")
    assert machine.look() == [ALONE] * 3
    assert machine.look(0.5) == [ALONE] * 3
    for child in machine.supervisor.children:
        child.beats, child.games = 3, 1
        machine.take(ALONE)
    machine.supervisor.children[0].games = 0
    offer(machine.redis, ALONE, "later")
    assert machine.look(5.0) == [ALONE] * 3


def test_there_are_never_more_than_the_setting_says_and_an_idle_one_makes_room(
    redis, redis_url, tmp_path
):
    machine = Machine(redis, redis_url, tmp_path, most=2)
    for n in range(3):
        offer(redis, ALONE, f"g{n}")
    assert machine.look() == [ALONE] * 2
    for child in machine.supervisor.children:
        child.beats, child.games = 3, 1
    for _ in range(3):
        machine.take(ALONE)
    offer(redis, ONE, "g9")
    assert machine.look() == [ALONE] * 2
    machine.supervisor.children[0].games = 0
    machine.look()
    assert machine.look() == sorted([ALONE, ONE])


def test_one_that_crashes_again_and_again_waits_longer_and_longer_and_others_do_not(machine):
    offer(machine.redis, ONE, "g1")
    pauses = []
    for _ in range(4):
        waited_s = 0.0
        while ONE not in machine.look(0.1):
            waited_s += 0.1
        pauses.append(round(waited_s, 1))
        machine.supervisor.end(machine.supervisor.of(ONE)[0], -11)
    assert pauses == [0, 0.5, 1.0, 2.0]
    offer(machine.redis, TWO, "g2")
    assert machine.look(0.1) == [TWO]


def test_the_admin_is_told_of_a_package_whose_workers_crash_once_a_minute(machine, monkeypatch):
    plan = SimpleNamespace(version="1")
    monkeypatch.setattr(Plans, "get", lambda self, experiment, package: plan)
    offer(machine.redis, ONE, "g1")
    for _ in range(4):
        while not machine.look(0.5):
            pass
        machine.supervisor.end(machine.supervisor.of(ONE)[0], 3)
    (told,) = records.problems(machine.redis)
    assert told["experiment"] == "study" and "ended 2 times in a row" in told["message"]


def test_one_that_went_because_it_was_idle_is_no_failure(machine):
    offer(machine.redis, ONE, "g1")
    machine.look()
    machine.take(ONE)
    machine.supervisor.end(machine.supervisor.of(ONE)[0], 0)
    assert machine.look(1.0) == []
    offer(machine.redis, ONE, "g2")
    assert machine.look() == [ONE]


def test_two_supervisors_do_not_start_a_worker_for_the_same_game(machine, redis_url, tmp_path):
    other = Machine(machine.redis, redis_url, tmp_path)
    offer(machine.redis, ONE, "g1")
    assert (machine.look(), other.look()) == ([ONE], [])
    # The first has all it can have: now it is the other's turn.
    machine.redis.delete(f"igym:starter:{ONE}")
    assert other.look() == [ONE]


def test_a_game_that_lost_its_worker_comes_before_new_ones(redis):
    offer(redis, ONE, "new")
    offer(redis, ONE, "old", generation=2)
    first, second = redis.lrange(f"rq:queue:{jobs.BOUND}{ONE}", 0, -1)
    assert first.startswith(b"game-old-2-") and second.startswith(b"game-new-1-")
