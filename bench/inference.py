"""A policy's decision: one call for each game, several at once, and in an inference worker.

Networks are those that studies of people and policies deploy, by name and shape (weights are
random: they cost the same). What a core can do at most is measured beside them by one product of
matrices that fits into its cache, so that it shows whether calls or arithmetic are what costs.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench import models
from bench.curve.servers import process_s
from bench.figure import Figure
from igym.bots.report import percentiles
from igym.cli.rehearsal import own_settings
from igym.cli.up import stack
from igym.domain.policy import Onnx
from igym.engine import batching, onnx
from igym.engine.weights import Arrays
from igym.services.connect import Deployment
from igym.services.games.inferring import Inference
from igym.store import post
from igym.store.client import open_redis
from igym.store.post import Outbox
from igym.wire import inner

#: At once: the figure of the goal, and those around it.
GAMES = (1, 8, 64, 128)
SECONDS = 0.6

#: Through an inference worker: so many games that ask 30 times a second, for so long.
ASKING, FPS, ASKED_S = 64, 30.0, 4.0
PACKAGE = "b" * 64

#: Times the throughput of one call a game, and ms that a decision comes later.
FASTER, LATER_MS = 4.0, 5.0


@dataclass
class Network:
    """One of them. `flop` of one decision."""

    name: str
    file: str
    flop: float
    convolutional: bool = True
    alone_us: float = field(default=0.0, init=False)


def networks(root: Path) -> list[Network]:
    """Written to `root`."""
    made = [Network("MLP 64-256-256-5", "mlp.onnx", 2 * (64 * 256 + 256 * 256 + 256 * 5), False)]
    models.mlp(root / "mlp.onnx", hidden=256, size=64)
    for name, file, shape, convolutions, hidden, actions in (
        # Young & Tian 2019, MinAtar's own network.
        ("CNN of MinAtar, 4×10×10", "minatar", (4, 10, 10), [(16, 3, 1, 0)], [128], 6),
        # The actor of Willems' starter files for MiniGrid (without its pooling).
        (
            "CNN of MiniGrid, 3×7×7", "minigrid", (3, 7, 7),
            [(16, 2, 1, 0), (32, 2, 1, 0), (64, 2, 1, 0)], [64], 7,
        ),
        # Carroll et al. 2019, human-aware Overcooked: 25 filters.
        (
            "CNN of Overcooked, 26×5×4", "overcooked", (26, 5, 4),
            [(25, 5, 1, 2), (25, 3, 1, 1), (25, 3, 1, 0)], [32, 32, 32], 6,
        ),
        # The same, padded with zeros to the 16 channels that ONNX Runtime computes at once.
        (
            "… with 32 channels for 26 and 25", "overcooked32", (32, 5, 4),
            [(32, 5, 1, 2), (32, 3, 1, 1), (32, 3, 1, 0)], [32, 32, 32], 6,
        ),
        # Mnih et al. 2015.
        (
            "CNN of Atari, 4×84×84", "atari", (4, 84, 84),
            [(32, 8, 4, 0), (64, 4, 2, 0), (64, 3, 1, 0)], [512], 6,
        ),
    ):  # fmt: skip
        flop = models.convolutional(root / f"{file}.onnx", shape, convolutions, hidden, actions)
        made.append(Network(name, f"{file}.onnx", flop))
    return made


def each_us(call: Callable[[], object], decisions: int) -> float:
    """Microseconds for each of the decisions that a call makes; the best of three tries."""
    best = float("inf")
    for _ in range(3):
        calls, began_s = 0, time.perf_counter()
        while (spent_s := time.perf_counter() - began_s) < SECONDS / 3:
            call()
            calls += 1
        best = min(best, spent_s / calls / decisions)
    return best * 1e6


def most_gflops(root: Path) -> float:
    """What one core does in a product of matrices."""
    n = 512
    models.product(root / "product.onnx", n)
    session = onnx.opened("product.onnx", root)
    feeds = {"obs": np.ones((n, n), np.float32)}
    us = each_us(lambda: session.run(("logits",), feeds), 1)
    return 2 * n**3 / us / 1e3


def questions(session: Any, count: int) -> list[Arrays]:
    """Observations that differ."""
    shape = [n or 1 for n in session.inputs["obs"].shape]
    dice = np.random.default_rng(0)
    return [{"obs": dice.normal(size=shape).astype(np.float32)} for _ in range(count)]


def in_process(root: Path, network: Network) -> list[Figure]:
    """One call a game, and several games in one run of the model."""
    session = onnx.opened(network.file, root)
    batcher = batching.Batcher(session, ("logits",))
    asked = questions(session, max(GAMES))
    batcher.run(asked[:2])  # proves that it may
    assert batcher.together
    name = network.name
    network.alone_us = alone = each_us(lambda: session.run(("logits",), asked[0]), 1)
    found = [
        Figure(f"{name}: one call a game", alone, "µs"),
        Figure("… of which arithmetic", network.flop / alone / 1e3, "GFLOP/s"),
    ]
    for count in GAMES[1:]:
        some = asked[:count]
        each = each_us(lambda some=some: batcher.run(some), count)  # type: ignore[misc]
        found.append(Figure(f"… {count} games at once, for each", each, "µs"))
        if count == 64:
            bound = FASTER if network.convolutional else None
            gflops = network.flop / each / 1e3
            found += [
                Figure("… … of which arithmetic", gflops, "GFLOP/s"),
                Figure("… … faster than one call a game", alone / each, "times", bound, True),
            ]
    return found


class Asking:
    """A game worker's half, in this process, of an inference worker that is another one."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._name = "games-bench"
        self._stop = threading.Event()
        self.half = Inference(deployment, self._name, Outbox(deployment.redis))
        self._came: dict[int, float] = {}
        ready = threading.Event()
        threading.Thread(
            target=post.listen,
            args=(
                open_redis(deployment.settings.redis_url), self._name, inner.decode_to_game,
                self._hear, ready.set, self._stop,
            ),
            daemon=True,
        ).start()  # fmt: skip
        assert ready.wait(10)

    def _hear(self, batch: list[Any]) -> None:
        for said in batch:
            self.half.hear(said)
            self._came[said.id] = time.monotonic()

    def paced(self, ask: Any, feeds: list[Arrays]) -> list[float]:
        """ASKING games ask at their own moments of a tick. Returns ms until each answer."""
        dice, began_s = random.Random(1), time.monotonic()
        due = sorted(
            (began_s + dice.random() / FPS + tick / FPS, game)
            for game in range(len(feeds))
            for tick in range(int(ASKED_S * FPS))
        )
        asked_s = []
        self._came.clear()
        first = None
        for at_s, game in due:
            if (wait_s := at_s - time.monotonic()) > 0:
                time.sleep(wait_s)
            asked_s.append(time.monotonic())
            request = ask(feeds[game])
            assert request is not None, "no inference worker is known"
            first = first if first is not None else request
        time.sleep(0.5)
        lowest = min(self._came, default=0)
        return [
            (self._came[lowest + n] - at_s) * 1000
            for n, at_s in enumerate(asked_s)
            if lowest + n in self._came
        ]

    def end(self) -> None:
        """Hear no more."""
        self._stop.set()


@contextmanager
def worker() -> Iterator[tuple[Deployment, Callable[[], float], Callable[[], None]]]:
    """A stack with one inference worker: itself, its CPU seconds, and what keeps it alive."""
    with tempfile.TemporaryDirectory(prefix="igym-bench-") as home:
        settings = own_settings(Path(home), web=1, games=1, inference=1)
        with stack(settings, [Path(__file__).parent / "curve" / "movers"]) as running:
            (pid,) = [
                child.process.pid
                for child in running.supervisor.children
                if child.role == "inference" and child.process is not None
            ]
            yield running.deployment, lambda: process_s(pid), running.supervisor.watch


def through_worker(made: list[Network]) -> list[Figure]:
    """The same networks asked of another process, through Redis, at the rate of games."""
    found = []
    with worker() as (deployment, cpu_s, watch):
        root = deployment.package_root(PACKAGE)
        networks(root)
        asking = Asking(deployment)
        try:
            for network in made:
                model = onnx.load(Onnx(network.file, where="worker"), root)
                ask = asking.half.at(PACKAGE, model)
                feeds = questions(model.session, ASKING)
                asking.paced(ask, feeds[:4])  # its first run, and the proof that it may
                watch()
                before_s = cpu_s()
                took_ms = asking.paced(ask, feeds)
                each_us = (cpu_s() - before_s) / max(1, len(took_ms)) * 1e6
                watch()
                asked = int(ASKED_S * FPS) * ASKING
                later = [ms - network.alone_us / 1000 for ms in took_ms]
                told = percentiles(later, (50, 99))
                found += [
                    Figure(
                        f"{network.name}: {ASKING} games, by an inference worker: later, p50",
                        told["p50"] or 0.0, "ms", LATER_MS if network.convolutional else None,
                    ),
                    Figure("… … later, p99", told["p99"] or 0.0, "ms"),
                    Figure("… … the worker's CPU for each", each_us, "µs"),
                    Figure("… … answered", len(took_ms) / asked, "of 1", 1.0, True),
                ]  # fmt: skip
        finally:
            asking.end()
    return found


def figures() -> list[Figure]:
    """In process first."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        made = networks(root)
        found = [Figure("one core, a product of matrices", most_gflops(root), "GFLOP/s")]
        for network in made:
            found += in_process(root, network)
    return found + through_worker(made)
