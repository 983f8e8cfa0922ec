"""The figures of a whole deployment, from any one process. Read when somebody asks.

Costs by the number of processes, experiments and versions, not of people: those are counted as they
move (`igym.store.counts`). No key is searched for.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from igym.domain.metrics import METRICS, Buckets, Sample
from igym.domain.participant import Phase
from igym.services.connect import Deployment, now_ms
from igym.services.lately import Lately
from igym.services.sessions.identity import MODES
from igym.store import RedisError, counts, jobs, keys, meters, packages, processes, records
from igym.store.client import info, open_redis

#: Two who ask within this time cost one look.
FRESH_S = 2.0

#: A Redis that is slower is down, for whoever asks how it is.
ANSWER_S = 2.0


class Measure:
    """All figures of a deployment, kept for a moment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._redis = open_redis(deployment.settings.redis_url, answer_s=ANSWER_S)
        self._lately = Lately(self._look, FRESH_S)

    def samples(self) -> list[Sample]:
        """Every figure. While Redis is away that, and what can be known without it."""
        return self._lately()

    def _look(self) -> list[Sample]:
        made = list(self._volume())
        try:
            began = time.monotonic()
            self._redis.ping()
            made.append(("igym_redis_latency_seconds", (), time.monotonic() - began))
            for part in (self._server, self._processes, self._queues, self._experiments):
                made += part()
            made.append(("igym_redis_up", (), 1))
        except RedisError:
            made.append(("igym_redis_up", (), 0))
        return made

    def _volume(self) -> Iterator[Sample]:
        try:
            disk = os.statvfs(self._deployment.data)
        except OSError:
            return
        yield "igym_volume_bytes", (), disk.f_frsize * disk.f_blocks
        yield "igym_volume_free_bytes", (), disk.f_frsize * disk.f_bavail

    def _server(self) -> Iterator[Sample]:
        found: dict[str, Any] = {}
        for section in ("memory", "persistence", "stats", "clients"):
            found |= info(self._redis, section)
        for field, name in (
            ("used_memory", "igym_redis_memory_bytes"),
            ("maxmemory", "igym_redis_memory_limit_bytes"),
            ("connected_clients", "igym_redis_clients"),
            ("evicted_keys", "igym_redis_evicted_keys_total"),
            ("aof_buffer_length", "igym_redis_unsynced_bytes"),
        ):
            if field in found:
                yield name, (), float(found[field])
        if "aof_enabled" in found:
            kept = found["aof_enabled"] and found.get("aof_last_write_status") == "ok"
            yield "igym_redis_persistence_ok", (), float(kept)

    def _processes(self) -> Iterator[Sample]:
        known = processes.known(self._redis)
        states = Counter((one.role, one.state.value) for one in known)
        yield from (("igym_processes", labels, count) for labels, count in states.items())
        for process, reading in meters.read(self._redis, [one.name for one in known]).items():
            of = {"role": reading.role, "process": process}
            for name, label, value in reading.values:
                if metric := METRICS.get(name):
                    labels = tuple(of.get(wanted, label) for wanted in metric.labels)
                    yield name, labels, value
            for name, (heights, total) in reading.histograms.items():
                metric = METRICS.get(name)
                if metric and len(heights) == len(metric.bounds) + 1:
                    yield name, (process,), Buckets(metric.bounds, heights, total)

    def _queues(self) -> Iterator[Sample]:
        depths = jobs.depths(self._redis)
        yield from (("igym_queue_depth", (name,), depth) for name, depth in depths.items())

    def _experiments(self) -> Iterator[Sample]:
        for experiment in packages.known(self._redis):
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.zcard(keys.games(experiment))
                pipe.zcard(keys.ended(experiment))
                pipe.zrange(keys.closed(experiment), 0, 0, withscores=True)
                games, ended, closed = pipe.execute()
            yield "igym_games", (experiment,), games
            yield "igym_participants_ended", (experiment,), ended
            waits = [float(closed[0][1])] if closed else []
            if (first := records.oldest_ms(self._redis, experiment)) is not None:
                waits.append(first)
            lag_s = max(0.0, now_ms() - min(waits)) / 1000 if waits else 0.0
            yield "igym_archive_lag_seconds", (experiment,), lag_s
            yield from self._people(experiment)

    def _people(self, experiment: str) -> Iterator[Sample]:
        for mode, one in counts.read(self._redis, experiment, MODES).items():
            for phase, count in one.now.items():
                if phase != Phase.ENDED:
                    yield "igym_participants", (experiment, mode, phase), count
