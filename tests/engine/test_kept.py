"""A log keeps of what seats saw what the scene asks for, and nothing of it can end a game."""

from __future__ import annotations

import json

import numpy as np
from gymnasium import spaces

from igym.archive import episodes
from igym.engine.kept import Kept
from igym.sim.host import Sim
from igym.wire.record import Chunk, Moment, decode_lists, encode_chunk


class Cart:
    """One agent whose info has an object nobody can write down."""

    action_space = spaces.Discrete(2)

    def reset(self, *, seed):
        self.x = np.zeros(2, np.float32)
        return self.x, {"fuel": 9}

    def step(self, action):
        self.x = self.x + np.float32(0.5)
        return self.x, 1.0, False, False, {"fuel": np.int64(8), "engine": self, "secret": 1}

    def draw(self):
        return []


class Pair:
    """Two agents of whom one is gone after the first step."""

    action_space = spaces.Dict({"a": spaces.Discrete(2), "b": spaces.Discrete(2)})

    def reset(self, *, seed):
        return {"a": 0}, {}

    def step(self, actions):
        return {"a": 1}, {"a": 0.0}, {"__all__": False}, {}, {"a": {"hit": True}}

    def draw(self):
        return []


def moments(env, agents, *, observations=True, infos=()):
    sim = Sim(env, agents)
    kept = Kept(sim, observations, infos)
    sim.reset(0)
    kept.note(0)
    sim.step([0] * len(agents))
    kept.note(1)
    return kept.take(), kept


def test_observations_and_named_infos_are_kept_after_reset_and_each_step():
    (first, second), kept = moments(Cart(), ["me"], infos=("fuel", "engine", "wings"))
    assert (first.ticks, first.observations, first.infos) == (0, ["[0.0,0.0]"], ['{"fuel":9}'])
    told = json.loads(second.infos[0])
    assert second.observations == ["[0.5,0.5]"] and told["fuel"] == 8
    assert "Cart" in told["engine"] and "secret" not in told
    assert kept.take() == []


def test_nothing_is_kept_where_nothing_is_asked_for():
    assert moments(Cart(), ["me"], observations=False)[0] == []


def test_a_seat_that_sees_nothing_is_null_in_the_table():
    found, _ = moments(Pair(), ["a", "b"], infos=("hit",))
    log = [decode_lists(encode_chunk(Chunk(1, [], [], moments=found)))] * 2  # written twice
    rows = episodes.moment_table(log, "g", "g-000", ("a", "b")).to_pylist()
    assert [(r["ticks"], r["seat"], r["observation"], r["infos"]) for r in rows] == [
        (0, "a", "0", "{}"), (0, "b", None, "{}"),
        (1, "a", "1", '{"hit":true}'), (1, "b", None, "{}"),
    ]  # fmt: skip


def test_a_log_of_an_earlier_igym_has_no_moments():
    assert episodes.moment_table([[1, [], []]], "g", "g-000", ("a",)).num_rows == 0
    assert Moment(0, [], []).ticks == 0
