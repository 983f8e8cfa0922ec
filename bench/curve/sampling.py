"""Where the processes of a stack that serves people spend their time: py-spy looks at them.

py-spy comes from PyPI, by uv, into an environment of its own. It reads another process' memory,
which the kernel allows its owner or root (`kernel.yama.ptrace_scope`).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.curve import servers
from bench.curve.ramp import SETTLE_S, Load
from bench.curve.servers import Server

TOOL = "py-spy==0.4.3"

#: A prime number of times a second, so that samples do not keep step with 30 frames a second.
RATE = 199

#: Where a thread waits. gevent's hub waits for events here, and what it computes cannot be told
#: from it: that is what of a process' CPU time no sample accounts for.
WAITS = ("Hub.run (gevent/hub.py", "acquire_with_timeout (gevent/_threading.py", "poll.poll (")

#: From the outermost function to the innermost, each "name (file:line)".
Stack = tuple[str, ...]


@dataclass
class Sampled:
    """A window."""

    people: int
    seconds: float
    frames: int
    fps: float
    stacks: dict[str, Counter[Stack]]  # by tier; waiting left out
    cpu_s: dict[str, float]  # by tier


def folded(lines: Iterable[str]) -> Counter[Stack]:
    """py-spy's raw lines, without threads that wait."""
    found: Counter[Stack] = Counter()
    for line in lines:
        path, _, count = line.rstrip("\n").rpartition(" ")
        stack = tuple(path.split(";"))
        if path and not stack[-1].startswith(WAITS):
            found[stack] += int(count)
    return found


def sample(
    server: Server, people: int, seconds: float, tiers: Iterable[str] = ("web", "games")
) -> Sampled:
    """Bring so many people, and look.

    Raises:
        RuntimeError: not everybody plays, or py-spy may not look.
    """
    load = Load(server)
    try:
        came = load.ask(add=people)
        if came.get("failed"):
            raise RuntimeError(f"{came['failed']}: {came['refused']}")
        load.ask(look=SETTLE_S)
        with tempfile.TemporaryDirectory() as home:
            pids = {pid: tier for pid, tier in server.pids().items() if tier in tiers}
            command = [sys.executable, "-m", "uv", "tool", "run", "--quiet", "--from", TOOL]
            command += ["py-spy", "record", "--format", "raw", "--function", "--rate", str(RATE)]
            # The first call fetches it, which is no part of the window.
            subprocess.run([*command[:9], "--version"], check=True, capture_output=True)
            spies = []
            before = {pid: servers.process_s(pid) for pid in server.pids()}
            load.order(look=seconds)
            for pid in pids:
                to = ["--duration", f"{seconds:.0f}", "-o", f"{home}/{pid}", "--pid", str(pid)]
                spies.append(
                    subprocess.Popen(
                        [*command, *to], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
                    )
                )
            seen = load.answer()
            cpu_s = dict.fromkeys(pids.values(), 0.0)
            for pid, tier in server.pids().items():
                spent_s = servers.process_s(pid) - before.get(pid, 0.0)
                cpu_s[tier] = cpu_s.get(tier, 0.0) + spent_s
            for spy in spies:
                while spy.poll() is None:
                    load.ask(look=0.2)  # the supervisor renews leases meanwhile
            stacks: dict[str, Counter[Stack]] = {tier: Counter() for tier in tiers}
            for spy, (pid, tier) in zip(spies, pids.items(), strict=True):
                file = Path(home) / str(pid)
                if spy.returncode or not file.exists():
                    said = spy.communicate()[0].decode(errors="replace").strip()
                    if tier == "games" and "Failed to find python" in said:
                        continue  # a child that is no Python
                    raise RuntimeError(f"py-spy, of {tier}: {said[-300:]}")
                stacks[tier] += folded(file.read_text("utf-8").splitlines())
    finally:
        load.end()
    return Sampled(people, seen["seconds"], seen["frames"], seen["fps"], stacks, cpu_s)
