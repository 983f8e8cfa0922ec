"""Processes say that they are there, hear that they are to leave, and are forgotten when dead."""

from __future__ import annotations

from igym.store import keys, processes
from igym.store.processes import Leave, State


def say(redis, name: str, role: str = "web", state: str = "ready", binding: str = ""):
    return processes.say(
        redis, name,
        {"role": role, "node": "vm1", "pid": "7", "state": state, "holds": "3", "binding": binding},
    )  # fmt: skip


def test_who_says_so_is_there_and_who_ends_is_not(redis):
    say(redis, "web-1")
    say(redis, "games-1", "games", "leaving")
    one, two = processes.known(redis)
    assert (one.name, one.role, one.state, one.holds) == ("games-1", "games", State.LEAVING, 3)
    assert (two.name, two.node, two.pid) == ("web-1", "vm1", 7)
    processes.gone(redis, "web-1")
    assert [one.name for one in processes.known(redis)] == ["games-1"]


def test_a_process_that_died_without_a_word_is_forgotten(redis):
    say(redis, "web-1")
    redis.pexpire(keys.process("web-1"), 0)  # as time would
    assert processes.known(redis) == []


def test_only_who_was_asked_hears_that_it_is_to_leave(redis):
    assert (say(redis, "web-1"), say(redis, "web-2")) == (None, None)
    processes.ask(redis, ["web-1"], Leave.DRAIN)
    assert (say(redis, "web-1"), say(redis, "web-2")) == (Leave.DRAIN, None)
    processes.ask(redis, ["web-1"], Leave.RESTART)
    assert say(redis, "web-1") is Leave.RESTART


def test_heirs_are_others_of_the_same_kind_that_take_what_comes(redis):
    say(redis, "games-1", "games")
    say(redis, "games-2", "games", "leaving")
    say(redis, "games-3", "games", "starting")
    say(redis, "games-4", "games", binding="study/aaaa")
    say(redis, "web-1")
    assert processes.heirs(redis, "games-1", "games") == []
    say(redis, "games-2", "games", "ready")
    assert processes.heirs(redis, "games-1", "games") == ["games-2"]
    processes.ask(redis, ["games-1", "games-2"], Leave.DRAIN)
    assert processes.heirs(redis, "games-1", "games") == [], "it only has not noticed yet"
