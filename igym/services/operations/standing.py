"""How a deployment stands, for admins who look: load, room, Redis, disk, and what is alarming.

Costs by the number of processes and of people who have a socket now. One look of a process serves
whoever asks within a moment.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import Any

from igym.domain import capacity
from igym.domain.capacity import Figures, Worker
from igym.domain.metrics import METRICS
from igym.services.connect import Deployment, now_ms
from igym.services.lately import Lately
from igym.services.operations.measuring import Measure
from igym.store import RedisError, felt, keys, meters, packages, processes
from igym.store.client import info
from igym.store.processes import Process, State

#: How old a look may be.
FRESH_S = 1.8

#: Upper ends of the steps in which round trips are counted, ms.
RTT_MS = (20, 40, 60, 80, 100, 150, 200, 300, 500, 1000)

#: A clock that is further off than this is told of, s.
SKEW_S = 0.5

#: A worker whose loop stood still for so long is told of, s.
STILL_S = 2.0

_LATE, _AGE = "igym_tick_late_seconds", "igym_frame_age_seconds"


class Standing:
    """Everything of one deployment, kept for a moment."""

    def __init__(self, deployment: Deployment, measure: Measure | None = None) -> None:
        self._deployment = deployment
        self._measure = measure or Measure(deployment)
        self._lately = Lately(self._look, FRESH_S)

    def seen(self) -> dict[str, Any]:
        """Figures as plain values, and alarms. While Redis is away that, and the disk."""
        return self._lately()

    def _look(self) -> dict[str, Any]:
        measured: dict[str, float] = {}
        queues: dict[str, float] = {}
        lag_s = 0.0
        playing, games = 0.0, 0.0
        for name, labels, value in self._measure.samples():
            if not isinstance(value, int | float):
                continue
            if not labels:
                measured[name] = value
            elif name == "igym_queue_depth":
                queues[labels[0]] = value
            elif name == "igym_archive_lag_seconds":
                lag_s = max(lag_s, value)
            elif name == "igym_participants" and labels[2] == "playing":
                playing += value
            elif name == "igym_games":
                games += value
        try:
            known = processes.known(self._deployment.redis)
            found = self._processes(known)
            persistence = info(self._deployment.redis, "persistence")
            rtt = {name: self._round_trips(name) for name in packages.known(self._deployment.redis)}
        except RedisError:
            found, persistence, rtt, measured["igym_redis_up"] = [], {}, {}, 0
        late = _together(found, _LATE)
        late_s = capacity.quantile(METRICS[_LATE].bounds, late, 0.99)
        workers = [
            Worker(one["load"], one["games"])
            for one in found
            if one["role"] == "games" and one["state"] == State.READY and not one["bound"]
            and one["load"] is not None
        ]  # fmt: skip
        left = capacity.room(workers, self._deployment.settings.max_load, late_s)
        figures = self._figures(measured, persistence, queues, found, late_s, lag_s)
        return {
            "now_ms": now_ms(),
            "alarms": [
                {"severity": one.severity, "text": one.text, "href": one.href}
                for one in capacity.alarms(figures)
            ],
            "processes": [
                {k: v for k, v in one.items() if k not in ("recent", "skew_s")} for one in found
            ],
            "room": {
                "games": left,
                "people": None if left is None or not games else round(left * playing / games),
                "most_load": self._deployment.settings.max_load,
                "late_s": late_s,
                "limit_s": capacity.LATE_S,
            },
            "late": {"bounds": METRICS[_LATE].bounds, "counts": late},
            "age": {"bounds": METRICS[_AGE].bounds, "counts": _together(found, _AGE)},
            "rtt": {"bounds": RTT_MS, "counts": rtt},
            "redis": {
                "up": figures.redis_up,
                "latency_s": figures.redis_latency_s,
                "memory": figures.memory,
                "limit": figures.memory_limit,
                "clients": measured.get("igym_redis_clients"),
                "evicted": figures.evicted,
                "keeps_file": figures.keeps_file,
                "file_written": figures.file_written,
                "unsynced": measured.get("igym_redis_unsynced_bytes"),
                "saved_ms": float(persistence.get("rdb_last_save_time", 0)) * 1000,
            },
            "disk": {"size": figures.disk, "free": figures.disk_free},
            "queues": queues,
            "archive_lag_s": lag_s,
        }

    def _figures(
        self,
        measured: dict[str, float],
        persistence: dict[str, Any],
        queues: dict[str, float],
        found: list[dict[str, Any]],
        late_s: float | None,
        lag_s: float,
    ) -> Figures:
        ready = Counter(one["role"] for one in found if one["state"] == State.READY)
        kept = persistence.get("aof_enabled")
        return Figures(
            redis_up=bool(measured.get("igym_redis_up")),
            redis_latency_s=measured.get("igym_redis_latency_seconds", 0),
            memory=measured.get("igym_redis_memory_bytes", 0),
            memory_limit=measured.get("igym_redis_memory_limit_bytes", 0),
            evicted=int(measured.get("igym_redis_evicted_keys_total", 0)),
            keeps_file=None if kept is None else bool(kept),
            file_written=persistence["aof_last_write_status"] == "ok" if kept else None,
            disk=measured.get("igym_volume_bytes", 0),
            disk_free=measured.get("igym_volume_free_bytes", 0),
            ready=dict(ready),
            waiting=int(queues.get("games", 0) + queues.get("games-again", 0)),
            late_s=late_s,
            archive_lag_s=lag_s,
            skewed=tuple(one["name"] for one in found if abs(one["skew_s"]) > SKEW_S),
            stuck=tuple(one["name"] for one in found if one["still_s"] > STILL_S),
        )

    def _processes(self, known: list[Process]) -> list[dict[str, Any]]:
        redis = self._deployment.redis
        readings = meters.read(redis, [one.name for one in known])
        players = [one.name for one in known if one.role == "games"]
        with redis.pipeline(transaction=False) as pipe:
            for name in players:
                pipe.hget(keys.worker(name), "still_s")
            still = dict(zip(players, pipe.execute() if players else [], strict=True))
        made = []
        for one in known:
            reading = readings.get(one.name)
            values = {name: value for name, _, value in reading.values} if reading else {}
            made.append(
                {
                    "name": one.name,
                    "role": one.role,
                    "node": one.node,
                    "state": one.state.value,
                    "bound": bool(one.binding),
                    "holds": one.holds,
                    "busy": reading.busy if reading and reading.busy >= 0 else None,
                    "memory": values.get("igym_memory_bytes"),
                    "load": values.get("igym_load"),
                    "games": int(values.get("igym_worker_games", 0)),
                    "skew_s": values.get("igym_clock_skew_seconds", 0.0),
                    "still_s": float(still.get(one.name) or 0),
                    "recent": reading.recent if reading else {},
                }
            )
        return made

    def _round_trips(self, experiment: str) -> list[int]:
        counts = [0] * (len(RTT_MS) + 1)
        for rtt_ms in felt.round_trips(self._deployment.redis, experiment):
            counts[bisect_left(RTT_MS, rtt_ms)] += 1
        return counts


def _together(found: list[dict[str, Any]], name: str) -> list[int]:
    """A histogram over all processes. One of another igym, with other steps, is left out."""
    counts = [0] * (len(METRICS[name].bounds) + 1)
    for one in found:
        some = one["recent"].get(name, ())
        if len(some) == len(counts):
            counts = [n + m for n, m in zip(counts, some, strict=True)]
    return counts
