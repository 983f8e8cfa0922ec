"""An episode that is lived once more from its log stands where it stood: world, memory, dice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from igym.domain.controls import Controls
from igym.domain.experiment import Random, Sample
from igym.domain.keymap import KeyMap
from igym.engine.hands import Hands
from igym.engine.onnx import load
from igym.engine.player import seated
from igym.engine.replay import Actions, Differs, Story, relive
from igym.engine.seats import Chair, Decider, OnnxSeat, RandomSeat
from igym.sim.host import Sim
from igym.wire.record import Chunk, Tick, decode_chunk, encode_chunk
from tests.engine.test_onnx import ADDER, ECHO, root

SEATS = ("person", "dice", "echo", "adder")
#: A person's actions are tuples: an environment may insist on what it was promised.
MAP = KeyMap.of({"left": (1, 0), "right": (0, 1)}, idle=(0, 0))
FLUSH = 7


class World:
    """Four agents in one sum; each sees something of its own."""

    def __init__(self, drift: float = 0.0) -> None:
        self.action_space = spaces.Dict({seat: spaces.Discrete(5) for seat in SEATS})
        self._drift = drift

    def reset(self, *, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
        self.rng = np.random.default_rng(seed)
        self.total = np.zeros(3, np.float32)
        return self._seen(), {}

    def _seen(self) -> dict[str, Any]:
        return {seat: self.total + np.float32(i) for i, seat in enumerate(SEATS)}

    def step(self, actions: dict[str, Any]) -> tuple[Any, ...]:
        assert isinstance(actions["person"], tuple)
        left, right = actions["person"]
        self.total[0] += left - right + self.rng.normal() + self._drift
        self.total[1] = actions["dice"] - self.total[1] / 2
        self.total[2] = (actions["echo"] + 2 * actions["adder"]) % 3
        done = dict.fromkeys(SEATS, False)
        return self._seen(), dict.fromkeys(SEATS, 1.0), done, done, {}

    def draw(self) -> list[Any]:
        return []


class At:
    """Work that is done after so many waits."""

    def __init__(self, call: Any, waits: int) -> None:
        self.call, self.waits = call, waits

    def wait(self, timeout_s: float) -> bool:
        self.waits -= 1
        return self.waits < 0

    def get(self) -> Any:
        return self.call()


def cast(root: Path, every: int, sample: bool, slow: int) -> list[Decider]:
    """The seats' deciders at the beginning of an episode; models are `slow` or not (0)."""
    from dataclasses import replace

    choose = Sample(0.7) if sample else "argmax"
    made: list[Decider] = [
        Chair(Hands(Controls(MAP))),
        RandomSeat(Random(every=every), spaces.Discrete(5), 3),
    ]
    for spec in (ECHO, ADDER):
        model = load(replace(spec, choose=choose, every=every), root)
        model.cost_ms = 50.0 if slow else 0.1
        player = seated(model, 5)
        made.append(OnnxSeat(player, every, 0, lambda call: At(call, slow)))
    return made


def live(sim: Sim, deciders: list[Decider], ticks: range, held: list[int]) -> list[list[Any]]:
    """Play those ticks with a person who holds `held`; the joint actions."""
    made = []
    for tick in ticks:
        deciders[0]._hands.hold(held[tick % len(held)], 0)  # type: ignore[attr-defined]
        actions = [
            d.decide(lambda seat=seat: sim.observe(seat), 0.01)[0]
            for d, seat in zip(deciders, SEATS, strict=True)
        ]
        sim.step(actions)
        made.append(actions)
    return made


def log(sim: Sim, deciders: list[Decider], n: int, held: list[int]) -> list[Chunk]:
    """Play n ticks and log them as a game does, over a wire."""
    chunks = []
    for first in range(0, n, FLUSH):
        ticks = range(first, min(n, first + FLUSH))
        made = live(sim, deciders, ticks, held)
        rows = [
            Tick(t, 0.0, 0, 0, actions, ["human"] * 4, [1.0] * 4, False, False, [-1] * 4, [-1] * 4)
            for t, actions in zip(ticks, made, strict=True)
        ]
        thoughts = [(i, t) for i, d in enumerate(deciders) for t in d.thoughts]
        for d in deciders:
            d.thoughts.clear()
        chunk = Chunk(1, rows, [], sim.digest(), [d.decisions for d in deciders], thoughts)
        chunks.append(decode_chunk(encode_chunk(chunk)))
    return chunks


def world(drift: float = 0.0) -> Sim:
    made = Sim(World(drift), SEATS)
    made.reset(11)
    return made


ACTIONS = Actions([action for _, action in MAP.chords] + [MAP.idle])


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return root.__wrapped__(tmp_path_factory.mktemp("models"))  # type: ignore[attr-defined]


@given(
    n=st.integers(1, 60),
    every=st.integers(1, 4),
    sample=st.booleans(),
    slow=st.integers(0, 3),
    held=st.lists(st.integers(0, 3), min_size=1, max_size=9),
)
def test_after_any_number_of_ticks_a_replay_goes_on_as_the_episode_would_have(
    models, n, every, sample, slow, held
):
    sim, deciders = world(), cast(models, every, sample, slow)
    chunks = log(sim, deciders, n, held)
    again, heirs = world(), cast(models, every, sample, slow)
    relive(again, heirs, Story.of(chunks), ACTIONS, first=0, breathe=lambda: None)

    assert again.digest() == sim.digest()
    assert [d.decisions for d in heirs] == [d.decisions for d in deciders]
    if not slow:  # what a slow model was thinking about when it died is thought about anew
        assert live(again, heirs, range(n, n + 20), held) == live(
            sim, deciders, range(n, n + 20), held
        )
        assert again.digest() == sim.digest()


@given(n=st.integers(2, 40), saved=st.integers(0, 39), every=st.integers(1, 4))
def test_a_saved_state_and_the_log_from_there_come_to_the_same(models, n, saved, every):
    saved = min(saved, n - 1)
    sim, deciders = world(), cast(models, every, True, 0)
    held = [1, 0, 2]
    live_chunks = log(sim, deciders, saved, held)
    state, minds = sim.save("pickle"), [d.save() for d in deciders]
    rest = live(sim, deciders, range(saved, n), held)
    ticks = [
        Tick(t, 0.0, 0, 0, a, ["bot"] * 4, [1.0] * 4, False, False, [-1] * 4, [-1] * 4)
        for t, a in enumerate(rest, saved)
    ]
    thoughts = [(i, t) for i, d in enumerate(deciders) for t in d.thoughts]
    counts = [d.decisions for d in deciders]
    tail = decode_chunk(encode_chunk(Chunk(1, ticks, [], sim.digest(), counts, thoughts)))

    again, heirs = world(), cast(models, every, True, 0)
    again.load(state)
    for heir, mind in zip(heirs, minds, strict=True):
        heir.load(mind)
    story = Story.of([*live_chunks, tail])
    relive(again, heirs, story, ACTIONS, first=saved, breathe=lambda: None)
    assert live(again, heirs, range(n, n + 15), held) == live(sim, deciders, range(n, n + 15), held)


def test_a_world_that_goes_another_way_is_noticed_at_the_next_digest(models):
    sim, deciders = world(), cast(models, 1, False, 0)
    chunks = log(sim, deciders, 30, [1])
    again = world(drift=1e-3)
    with pytest.raises(Differs, match=f"after {FLUSH} ticks"):
        relive(
            again, cast(models, 1, False, 0), Story.of(chunks), ACTIONS, first=0,
            breathe=lambda: None,
        )  # fmt: skip


def test_a_chunk_that_was_written_twice_is_lived_once(models):
    sim, deciders = world(), cast(models, 1, False, 0)
    chunks = log(sim, deciders, 20, [1])
    story = Story.of([chunks[0], chunks[0], *chunks[1:], chunks[-1]])
    assert [tick.tick for tick in story.ticks] == list(range(20))
