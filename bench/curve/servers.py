"""What is measured: igym's stack in some shape, a peer or a floor, with its CPU time by tier."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.hundred import EXAMPLE, endless
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
    pids: Callable[[], dict[int, str]]  # of the processes there are now, and each one's tier


def process_s(pid: int) -> float:
    """CPU seconds of a process to the nanosecond; `psutil` counts in hundredths. Linux."""
    return time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid(3) gives


@contextlib.contextmanager
def igym(
    web: int, games: int, *, package: Path = MOVERS, behind_nginx: bool = False
) -> Iterator[Server]:
    """The whole stack, of one director; games are let in until a worker is full."""
    with tempfile.TemporaryDirectory(prefix="igym-load-") as home:
        if package.resolve() == EXAMPLE:  # whose matches end, and everybody is to play at once
            package = endless(Path(home) / "package")
        settings = own_settings(Path(home) / "data", web=web, games=games, max_load=1)
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
                lambda: _pids(running),
            )


def _pids(running: Stack) -> dict[int, str]:
    """Processes with children of their own, such as the forked ones, included."""
    found = {}
    for child in running.supervisor.children:
        if child.process is not None:
            top = psutil.Process(child.process.pid)
            for one in (top, *top.children(recursive=True)):
                found[one.pid] = child.role
    return found


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


#: The peer, as its authors publish it.
PEER, PEER_VERSION = "multi-user-gymnasium", "0.1.3"


@contextlib.contextmanager
def mug() -> Iterator[Server]:
    """Multi-User Gymnasium, from PyPI, in an environment of its own."""
    with tempfile.TemporaryDirectory(prefix="igym-load-") as home, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        command = [_peer(), Path(__file__).with_name("peer.py"), str(port), MOVERS]
        with (Path(home) / "log").open("wb") as said:
            process = subprocess.Popen(command, cwd=home, stdout=said, stderr=said)
        try:
            _wait(f"http://127.0.0.1:{port}/favicon.ico", process)
            yield _alone(f"{PEER} {PEER_VERSION}", f"mug+http://127.0.0.1:{port}", process, "peer")
        finally:
            process.terminate()
            process.wait()


def _peer() -> Path:
    """A Python like ours that has the peer; installed once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "igym-bench" / f"{PEER}-{PEER_VERSION}-python{platform.python_version()}"
    python = home / "bin" / "python"
    if not (home / "installed").exists():
        make = ["uv", "venv", "-q", "--clear", "--python", sys.executable, home]
        subprocess.run([sys.executable, "-m", *make], check=True)
        install = [
            "uv",
            "pip",
            "install",
            "-q",
            "--python",
            python,
            f"{PEER}[server]=={PEER_VERSION}",
        ]
        subprocess.run([sys.executable, "-m", *install], check=True)
        (home / "installed").touch()
    return python


def _wait(url: str, process: subprocess.Popen[bytes], patience_s: float = 60.0) -> None:
    until_s = time.monotonic() + patience_s
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except urllib.error.HTTPError:
            return  # it answers
        except OSError as error:
            if process.poll() is not None or time.monotonic() > until_s:
                raise RuntimeError(f"nothing answers at {url}") from error
            time.sleep(0.1)


def _alone(name: str, url: str, process: subprocess.Popen[bytes], tier: str) -> Server:
    """A server that is one process."""
    about = psutil.Process(process.pid)

    def cpu_s() -> dict[str, float]:
        times = about.cpu_times()
        return {tier: times.user + times.system}

    return Server(
        name,
        url,
        30.0,
        cpu_s,
        lambda: {tier: about.memory_info().rss / 1e6},
        lambda: {"commands": 0.0, "bytes": 0.0},
        lambda: None,
        lambda: {process.pid: tier},
    )


@contextlib.contextmanager
def floor() -> Iterator[Server]:
    """One process that writes frames made beforehand (`bench.curve.floor`)."""
    command = [sys.executable, "-m", "bench.curve.floor"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        port = json.loads(process.stdout.readline())["port"]
        yield _alone("floor", f"ws://127.0.0.1:{port}/", process, "floor")
    finally:
        process.terminate()
        process.wait()
