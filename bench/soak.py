"""An hour of a study in ten minutes: short games, people who come and go, processes killed.

`python -m bench soak --minutes 10` samples the memory of every role and of Redis, and says
whether it is flat once warm and whether anybody was stuck. One process of each role is killed
again and again, another is spared: memory is that of the spared ones, whose whole life it is.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import psutil

from bench.hundred import EXAMPLE
from igym.bots.person import Person
from igym.bots.report import Seen
from igym.bots.site import Site
from igym.bots.weather import Weather, fates
from igym.cli.rehearsal import own_settings
from igym.cli.supervisor import Child
from igym.cli.up import Stack, stack

#: People at once, and how long each plays.
PEOPLE, GAME_S = 12, 3.0

WEATHER = Weather(reload=0.1, drop=0.1, leave=0.1, rtt_ms=(5, 40, 120))

#: A process is killed, and memory looked at, this often.
KILL_S, SAMPLE_S = 15.0, 2.0

#: The first part of a run is warming up; memory may be that much more at the end than after it.
WARM, FLAT = 0.4, 1.10

#: Below this much, a change of memory is what an allocator does, MB.
NOISE_MB = 1.5

#: Who still waits for a partner so long after the last arrival stops waiting.
LAST_S = 45.0

VICTIMS = ("web", "games", "director", "web", "games", "redis")


# --- the people --------------------------------------------------------------------------------


async def _people(site: Site, until_s: float, seed: int) -> dict[str, Any]:
    """`PEOPLE` at once until then, each followed by another."""
    told: Counter[str] = Counter()
    stuck: list[str] = []
    errors: Counter[str] = Counter()
    number = 0

    def count(seen: Seen) -> None:
        told[seen.outcome or ("left" if seen.left else "stuck")] += 1
        told["reconnects"] += seen.reconnects
        told["games"] += len(seen.games)
        told["without_screen"] += len(seen.without_screen)
        errors.update(seen.errors)
        if seen.stuck:
            stuck.append(seen.stuck)

    async def place(chair: int) -> None:
        nonlocal number
        await asyncio.sleep(chair * 0.3)
        while time.monotonic() < until_s:
            number += 1
            mine = number
            fate = fates(WEATHER, 100, GAME_S, seed + mine // 100)[mine % 100]
            name = f"soak-{seed}-{mine}-{secrets.token_hex(2)}"
            count(await Person(site, name, mine, GAME_S, seed + mine, fate).run())

    chairs = [asyncio.create_task(place(chair)) for chair in range(PEOPLE)]
    _, late = await asyncio.wait(chairs, timeout=until_s - time.monotonic() + LAST_S)
    for one in late:
        one.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return {
        "people": number,
        "outcomes": dict(told),
        "stuck": stuck,
        "still_waiting": len(late),
        "errors": dict(errors.most_common(10)),
    }


# --- the stack ---------------------------------------------------------------------------------


def _alive(running: Stack, role: str) -> list[Child]:
    return [c for c in running.supervisor.children if c.role == role]


def _kill(running: Stack, role: str) -> str:
    """The first of that role, never the last one; Redis has only one."""
    child = _alive(running, role)[0]
    if child.process is None or child.process.poll() is not None:
        return ""
    child.process.kill()
    return child.name


def _spared_mb(running: Stack) -> dict[str, float]:
    made = {}
    for role in ("web", "games", "director"):
        child = _alive(running, role)[-1]
        if child.process is not None:
            with contextlib.suppress(psutil.Error):
                made[role] = psutil.Process(child.process.pid).memory_info().rss / 1e6
    made["supervisor"] = psutil.Process().memory_info().rss / 1e6
    return made


def _families(redis: Any) -> tuple[Counter[str], Counter[str]]:
    """(keys, bytes) by kind of key."""
    kinds, size = Counter[str](), Counter[str]()
    for raw in redis.scan_iter(count=1000):
        parts = raw.decode().split(":")
        kind = ":".join(parts[:2]) if parts[0] == "rq" else parts[2] if len(parts) > 2 else parts[1]
        kinds[kind] += 1
        size[kind] += redis.memory_usage(raw) or 0
    return kinds, size


def run(minutes: float, seed: int = 1) -> dict[str, Any]:
    """Soak for that long. The JSON that `main` prints."""
    with tempfile.TemporaryDirectory(prefix="igym-soak-") as data:
        settings = own_settings(Path(data), web=2, games=2, max_load=1)
        with stack(settings, [EXAMPLE], directors=2) as running:
            return _soak(running, minutes * 60, seed)


def _soak(running: Stack, seconds: float, seed: int) -> dict[str, Any]:
    redis = running.deployment.redis
    url = f"{running.url}/e/{running.plans[0].experiment}"
    args = [sys.executable, "-m", "bench.soak", "--crowd", url]
    args += ["--seconds", str(seconds), "--seed", str(seed)]
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    kills: Counter[str] = Counter()
    kinds: list[tuple[float, Counter[str], Counter[str]]] = []
    began_s = killed_s = time.monotonic()
    sampled_s = 0.0
    with tempfile.TemporaryFile() as out:
        people = subprocess.Popen(args, stdout=out)
        try:
            while people.poll() is None:
                running.supervisor.watch()
                now_s = time.monotonic()
                at_s = now_s - began_s
                if now_s - sampled_s >= SAMPLE_S and at_s < seconds:
                    sampled_s = now_s
                    for role, rss_mb in _spared_mb(running).items():
                        series[role].append((at_s, rss_mb))
                    with contextlib.suppress(Exception):  # it may be down just now
                        used: Any = redis.info("memory")
                        series["redis"].append((at_s, used["used_memory"] / 1e6))
                        if not kinds or at_s - kinds[-1][0] > seconds / 12:
                            kinds.append((at_s, *_families(redis)))
                if now_s - killed_s >= KILL_S and at_s < seconds - 5:
                    killed_s = now_s
                    role = VICTIMS[sum(kills.values()) % len(VICTIMS)]
                    kills[role] += bool(_kill(running, role))
                time.sleep(0.2)
        finally:
            if people.poll() is None:
                people.terminate()
                people.wait()
        out.seek(0)
        told: dict[str, Any] = json.loads(out.read())
    told["seconds"] = seconds
    told["kills"] = dict(kills)
    told["memory"] = {role: flatness(values, seconds) for role, values in series.items()}
    told["keys"] = _grown(kinds, seconds)
    # What participants leave in Redis has a life of weeks: it grows with them, not with time.
    kept = told["memory"]["redis"]
    more = kept["end_mb"] - kept["warm_mb"]
    told["redis_kept_kb_per_person"] = round(
        1000 * max(0.0, more) / max(1, told["people"] * (1 - WARM)), 2
    )
    return told


def flatness(values: list[tuple[float, float]], seconds: float) -> dict[str, Any]:
    """The median of the fifth of a run after warming up, and of its last fifth."""
    warm = _median([mb for at, mb in values if WARM <= at / seconds < WARM + 0.2])
    end = _median([mb for at, mb in values if at / seconds >= 0.8])
    flat = end <= max(warm * FLAT, warm + NOISE_MB)
    return {"warm_mb": round(warm, 2), "end_mb": round(end, 2), "flat": flat}


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0


def _grown(
    kinds: list[tuple[float, Counter[str], Counter[str]]], seconds: float
) -> dict[str, list[int]]:
    """Kind of key -> [keys once warm, keys at the end, bytes at the end], where any are left."""
    if not kinds:
        return {}
    warm = next((one for one in kinds if one[0] >= WARM * seconds), kinds[-1])[1]
    _, end, size = kinds[-1]
    return {kind: [warm[kind], end[kind], size[kind]] for kind in sorted(set(warm) | set(end))}


def failed(told: dict[str, Any]) -> list[str]:
    """What is not as it should be. Redis's own memory is judged by what is kept per person."""
    wrong = [
        f"{role} grew from {m['warm_mb']} to {m['end_mb']} MB"
        for role, m in told["memory"].items()
        if not m["flat"] and role != "redis"
    ]
    wrong += [f"stuck: {one}" for one in told["stuck"]]
    if told["outcomes"].get("technical_problem"):
        wrong.append(f"{told['outcomes']['technical_problem']} ended with technical_problem")
    if told["redis_kept_kb_per_person"] > MOST_KEPT_KB:
        wrong.append(f"Redis keeps {told['redis_kept_kb_per_person']} kB of each participant")
    return wrong


#: What a participant may leave behind in Redis until their keys run out.
MOST_KEPT_KB = 16.0


def main(words: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--crowd", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)
    said = parser.parse_args(words)
    if said.crowd:
        until_s = time.monotonic() + said.seconds
        print(json.dumps(asyncio.run(_people(Site.at(said.crowd), until_s, said.seed))))
        return
    told = run(said.minutes, said.seed)
    print("| memory of | once warm, MB | at the end, MB | flat |\n| --- | --- | --- | --- |")
    for role, m in told["memory"].items():
        print(f"| {role} | {m['warm_mb']} | {m['end_mb']} | {'yes' if m['flat'] else 'no'} |")
    print(json.dumps(told))
    wrong = failed(told)
    for one in wrong:
        print(one, file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
