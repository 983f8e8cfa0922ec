"""An inference worker is killed while it decides for a game: the game goes on, and so does it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bench import models
from tests.system.client import Client, join
from tests.system.server import eventually, package, serving

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def test_killing_the_inference_worker_costs_a_game_a_few_default_ticks(tmp_path: Path):
    root = package(tmp_path, "model")
    models.recurrent(root / "recurrent.onnx", size=2, actions=3)
    with serving(root, options=("--inference", "1"), WEB="1", GAMES="1") as server:
        with Client(server.url, join(server.url, "model")) as one:
            assert one.advance() is None
            one.to_game()
            one.wait_playing()
            one.wait_frames(60)
            (victim,) = server.children("workers inference")
            at = one.seen
            victim.kill()
            victim.wait(10)
            # A new one is up, is known, and is asked again.
            eventually(lambda: server.children("workers inference"), within_s=20)
            eventually(lambda: server.log.count("runs models") == 2, within_s=30)
            one.wait_frames(150)
            one.press(" ")
            one.wait("state", lambda s: s["phase"] == "ended")
            game = one.game["game"]
        folder = server.tables("model") / "ticks"
        files = eventually(lambda: [*folder.glob(f"{game}-*")], within_s=30, what="its ticks")
        for child in server.children("workers inference"):
            child.terminate()
        eventually(lambda: "answers in" in server.log, what="the new worker's end")
        ticks = pd.concat(map(pd.read_parquet, files))
        log = server.log
    seat = ticks[ticks.seat == "b"].sort_values("tick")
    assert list(seat.tick) == list(range(len(seat)))
    lost = seat[seat.actor == "default"]
    assert 0 < len(lost[(lost.tick >= at - 5) & (lost.tick < at + 60)]) <= 45, list(lost.tick)
    assert set(seat.actor) == {"bot", "default"} and seat.actor.iloc[-1] == "bot"
    answered = [int(line.split()[-5]) for line in log.splitlines() if "answers in" in line]
    assert answered[-1] > 0
    assert "Traceback" not in log
