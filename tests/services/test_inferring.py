"""A policy in another process decides as it would in the game's own, or its last action stands."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import models
from igym.domain.policy import Onnx, Sample
from igym.engine import onnx
from igym.engine.player import seated
from igym.engine.seats import OnnxSeat
from igym.services.games import inferring
from igym.services.games.inferring import Inference, ModelRunner
from igym.store import inference, post
from igym.store.client import open_redis
from igym.store.post import Outbox
from igym.wire import inner
from igym.wire.record import BOT, DEFAULT

PACKAGE = "a" * 64
MLP = Onnx("mlp.onnx", where="worker")
RECURRENT = Onnx("recurrent.onnx", where="worker", memory={"state": "next"})


class Pair:
    """A game worker's half and an inference worker, on threads of this process."""

    def __init__(self, deployment, redis_url: str) -> None:
        self.root: Path = deployment.package_root(PACKAGE)
        models.mlp(self.root / "mlp.onnx")
        models.recurrent(self.root / "recurrent.onnx")
        self.redis, self.url = deployment.redis, redis_url
        self._stop = threading.Event()
        self.meanwhile: Callable[[], None] = lambda: None
        self.runner = ModelRunner(deployment, Outbox(deployment.redis), self._apart)
        # Names of its own: those of the test before may still be listening for a moment.
        own = secrets.token_hex(3)
        self.name, game_worker = f"thinker-{own}", f"games-{own}"
        self._listen(self.name, inner.decode_to_inference, self.runner.handle)
        inference.beat(self.redis, self.name)
        self.half = Inference(deployment, game_worker, Outbox(deployment.redis))
        self._listen(game_worker, inner.decode_to_game, self._hear)

    def _apart(self, call: Callable[[], Any]) -> Any:
        self.meanwhile()
        return call()

    def _hear(self, batch: list[Any]) -> None:
        for said in batch:
            self.half.hear(said)

    def _listen(self, name: str, decode: Any, handle: Any) -> None:
        ready = threading.Event()
        threading.Thread(
            target=post.listen,
            args=(open_redis(self.url), name, decode, handle, ready.set, self._stop),
            daemon=True,
        ).start()
        assert ready.wait(5)

    def seat(self, spec: Onnx, seed: int = 3, background: Any = None) -> OnnxSeat:
        model = onnx.load(spec, self.root)
        here = background or (lambda call: pytest.fail("a thread of the game worker was used"))
        return OnnxSeat(
            seated(model, seed), spec.every, "idle", here,
            elsewhere=self.half.at(PACKAGE, model), inline=False,
        )  # fmt: skip

    def inline(self, spec: Onnx, seed: int = 3) -> OnnxSeat:
        return OnnxSeat(seated(onnx.load(spec, self.root), seed), spec.every, "idle", print)

    def close(self) -> None:
        self._stop.set()


@pytest.fixture
def pair(deployment, redis_url) -> Iterator[Pair]:
    made = Pair(deployment, redis_url)
    yield made
    made.close()


def observations(n: int) -> np.ndarray:
    return np.random.default_rng(5).normal(size=(n, models.SIZE)).astype(np.float32)


@pytest.mark.parametrize(
    "spec",
    [MLP, RECURRENT, Onnx("recurrent.onnx", where="worker", memory={"state": "next"},
                          choose=Sample(2.0))],
    ids=["feedforward", "recurrent", "sampled"],
)  # fmt: skip
def test_a_hundred_decisions_of_many_games_at_once_are_those_made_inline(pair, spec, monkeypatch):
    monkeypatch.setattr(inferring, "PATIENCE_S", 30.0)
    games = 8
    seats = [pair.seat(spec, seed=game) for game in range(games)]
    said: list[list[tuple[Any, str]]] = [[] for _ in range(games)]

    def play(game: int) -> None:
        for seen in observations(100) + game:
            said[game].append(seats[game].decide(lambda seen=seen: seen, 30.0))

    threads = [threading.Thread(target=play, args=(game,)) for game in range(games)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for game in range(games):
        alone = pair.inline(spec, seed=game)
        assert said[game] == [
            alone.decide(lambda seen=seen: seen, 0) for seen in observations(100) + game
        ]
    assert pair.runner.answered == games * 100
    assert pair.runner.runs < games * 100  # some of them met


def test_a_stalled_model_delays_no_tick_and_its_last_action_stands_in(pair, monkeypatch):
    monkeypatch.setattr(inferring, "PATIENCE_S", 5.0)
    seat, seen = pair.seat(MLP), observations(1)[0]
    first, actor = seat.decide(lambda: seen, 10.0)
    assert actor == BOT

    open_again = threading.Event()
    pair.meanwhile = lambda: open_again.wait(30)
    took = []
    for _ in range(20):
        began_s = time.monotonic()
        assert seat.decide(lambda: -seen, 1 / 60) == (first, DEFAULT)
        took.append(time.monotonic() - began_s)
    assert sorted(took)[len(took) // 2] < 1 / 30  # each, but this machine may be busy
    open_again.set()
    action, actor = seat.decide(lambda: seen, 10.0)
    assert (action, actor) == (pair.inline(MLP).decide(lambda: -seen, 0)[0], BOT)


def test_a_worker_that_dies_costs_default_ticks_and_then_a_thread_decides(pair, monkeypatch):
    monkeypatch.setattr(inferring, "PATIENCE_S", 0.2)
    used = []

    class Here:
        def __init__(self, call: Any) -> None:
            used.append(call)
            self.get = call

        def wait(self, timeout_s: float) -> bool:
            return True

    seat, alone = pair.seat(RECURRENT, background=Here), pair.inline(RECURRENT)
    seen = observations(40)
    first = [seat.decide(lambda n=n: seen[n], 10.0) for n in range(10)]
    pair.meanwhile = lambda: time.sleep(60)  # killed: nothing is answered any more
    lost, said = 0, ("", "")
    while not used:
        said = seat.decide(lambda: seen[10], 0.02)
        lost += said[1] == DEFAULT
        assert lost < 50
    rest = [said] + [seat.decide(lambda n=n: seen[n], 10.0) for n in range(11, 20)]
    assert lost > 0
    # The memory was the game's own: nothing of the episode before is forgotten.
    assert first + rest == [alone.decide(lambda n=n: seen[n], 0) for n in range(20)]


def test_without_an_inference_worker_a_thread_decides(pair):
    inference.gone(pair.redis, pair.name)
    model = onnx.load(MLP, pair.root)
    assert pair.half.at(PACKAGE, model)({}) is None


def test_what_the_model_raises_is_raised_where_it_was_asked(pair):
    seat = pair.seat(MLP)
    from igym.errors import BadPolicy

    with pytest.raises(BadPolicy, match=r"mlp\.onnx failed"):
        seat.decide(lambda: np.zeros(3, np.float32), 10.0)
    # and the worker goes on
    assert pair.seat(MLP).decide(lambda: observations(1)[0], 10.0)[1] == BOT


def test_a_question_nobody_waits_for_any_more_is_not_computed(pair):
    model = onnx.load(MLP, pair.root)
    said = inner.Infer(7, "games-1", PACKAGE, "mlp.onnx", list(model.outputs), [], -1.0)
    pair.runner.handle([said])
    assert pair.seat(MLP).decide(lambda: observations(1)[0], 10.0)[1] == BOT
    assert pair.runner.answered == 1


def test_only_those_that_beat_are_asked(redis):
    inference.beat(redis, "one")
    inference.beat(redis, "two")
    assert inference.alive(redis) == ["one", "two"]
    redis.delete("igym:inference:one")
    assert inference.alive(redis) == ["two"]
    assert redis.smembers("igym:inference") == {b"two"}
