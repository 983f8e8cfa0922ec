"""A policy's decision: one call for each game, or those of 64 games as one run of the model."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench import models
from bench.figure import Figure
from igym.engine import batching, onnx

GAMES = 64
SECONDS = 1.0


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


def figures() -> list[Figure]:
    """For a multi-layer perceptron and a small convolutional network."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        kinds = {
            "MLP 64-256-256-5": models.mlp(root / "mlp.onnx", hidden=256, size=64),
            "CNN 3×64×64, 32 and 64 filters": models.cnn(root / "cnn.onnx"),
        }
        for name, file in kinds.items():
            session = onnx.opened(file.name, root)
            shape = [n or 1 for n in session.inputs["obs"].shape]
            rng = np.random.default_rng(0)
            questions = [{"obs": rng.normal(size=shape).astype(np.float32)} for _ in range(GAMES)]
            batcher = batching.Batcher(session, ("logits",))
            batcher.run(questions)  # proves that it may
            assert batcher.together
            alone = each_us(lambda: session.run(("logits",), questions[0]), 1)  # noqa: B023
            together = each_us(lambda: batcher.run(questions), GAMES)  # noqa: B023
            first = questions[0]
            wire = each_us(lambda: batching.unpacked(batching.packed(first)), 1)  # noqa: B023
            found += [
                Figure(f"{name}: one call a game", alone, "µs"),
                Figure(f"{name}: {GAMES} games at once, for each", together, "µs"),
                Figure(f"{name}: its observation packed and unpacked", wire, "µs"),
            ]
    return found
