"""What is measured: igym's stack in some shape, or a floor; each with its CPU time told by tier."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from igym.cli.rehearsal import own_settings
from igym.cli.up import Stack, stack
from igym.cli.usage import Usage

MOVERS = Path(__file__).parent / "movers"


@dataclass
class Server:
    """Something that serves frames."""

    name: str
    url: str
    fps: float
    cpu_s: Callable[[], dict[str, float]]  # by tier, only grows
    memory_mb: Callable[[], dict[str, float]]
    redis: Callable[[], dict[str, float]]  # commands and bytes so far
    watch: Callable[[], None]


@contextlib.contextmanager
def igym(
    web: int, games: int, *, package: Path = MOVERS, behind_nginx: bool = False
) -> Iterator[Server]:
    """The whole stack, of one director; games are let in until a worker is full."""
    with tempfile.TemporaryDirectory(prefix="igym-load-") as home:
        settings = own_settings(Path(home), web=web, games=games, max_load=1)
        with stack(settings, [package], behind_nginx=behind_nginx) as running:
            usage = Usage(running.supervisor)
            yield Server(
                f"igym, {web} web, {games} game" + (", nginx" if behind_nginx else ""),
                f"{running.url}/e/{running.plans[0].experiment}",
                30.0,
                lambda: _with_nginx(usage.cpu_s(), running),
                usage.now_mb,
                lambda: _redis(running),
                running.supervisor.watch,
            )


def _with_nginx(told: dict[str, float], running: Stack) -> dict[str, float]:
    """nginx's workers are children of its master, which `Usage` does not know."""
    spent = 0.0
    for child in running.supervisor.children:
        if child.role == "nginx" and child.process is not None:
            top = psutil.Process(child.process.pid)
            for one in (top, *top.children(recursive=True)):
                times = one.cpu_times()
                spent += times.user + times.system
    return {**told, "nginx": spent} if spent else told


def _redis(running: Stack) -> dict[str, float]:
    about: Any = running.deployment.redis.info("stats")
    return {
        "commands": about["total_commands_processed"],
        "bytes": about["total_net_input_bytes"] + about["total_net_output_bytes"],
    }


@contextlib.contextmanager
def floor() -> Iterator[Server]:
    """One process that writes frames made beforehand (`bench.curve.floor`)."""
    command = [sys.executable, "-m", "bench.curve.floor"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        port = json.loads(process.stdout.readline())["port"]
        about = psutil.Process(process.pid)

        def cpu_s() -> dict[str, float]:
            times = about.cpu_times()
            return {"floor": times.user + times.system}

        yield Server(
            "floor",
            f"ws://127.0.0.1:{port}/",
            30.0,
            cpu_s,
            lambda: {"floor": about.memory_info().rss / 1e6},
            lambda: {"commands": 0.0, "bytes": 0.0},
            lambda: None,
        )
    finally:
        process.terminate()
        process.wait()
