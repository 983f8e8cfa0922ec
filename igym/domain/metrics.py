"""Every figure a deployment gives of itself: what it is called, its kind and its meaning.

Names and units as Prometheus has them. Knows nothing of where they come from.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["gauge", "counter", "histogram"]


@dataclass(frozen=True)
class Metric:
    """One figure, or one of each of its labels."""

    kind: Kind
    labels: tuple[str, ...]
    doc: str
    bounds: tuple[float, ...] = ()  # of a histogram


#: Seconds: a tenth of a tick at 30 fps, a tick, several, and what people notice.
_LATE = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.0333, 0.0667, 0.125, 0.25, 0.5, 1.0)
_EACH = ("role", "process")

METRICS: dict[str, Metric] = {
    # what people do
    "igym_participants": Metric(
        "gauge",
        ("experiment", "mode", "phase"),
        "Sessions that have not ended, by phase.",
    ),
    "igym_participants_ended": Metric(
        "gauge", ("experiment",), "Sessions that have ended and are still kept in Redis."
    ),
    "igym_games": Metric("gauge", ("experiment",), "Games that somebody looks after."),
    # what waits
    "igym_queue_depth": Metric(
        "gauge",
        ("queue",),
        "Jobs that wait: games, games-again (lost their worker), bound, checks, packages.",
    ),
    "igym_archive_lag_seconds": Metric(
        "gauge", ("experiment",), "Age of the oldest row or episode that is not on the volume yet."
    ),
    # what it stands on
    "igym_redis_up": Metric("gauge", (), "1 while Redis answers the web worker that was asked."),
    "igym_redis_latency_seconds": Metric("gauge", (), "One round trip to Redis, just now."),
    "igym_redis_memory_bytes": Metric("gauge", (), "Memory that Redis uses."),
    "igym_redis_memory_limit_bytes": Metric("gauge", (), "Its limit; 0 = none."),
    "igym_redis_clients": Metric("gauge", (), "Connections to Redis."),
    "igym_redis_evicted_keys_total": Metric("counter", (), "Keys that Redis has thrown away."),
    "igym_redis_persistence_ok": Metric(
        "gauge", (), "1 while Redis keeps an append-only file and its last write worked."
    ),
    "igym_redis_unsynced_bytes": Metric("gauge", (), "Written, and not in the file yet."),
    "igym_volume_bytes": Metric("gauge", (), "Size of the data volume's disk."),
    "igym_volume_free_bytes": Metric("gauge", (), "Of it, what is free for us."),
    # processes
    "igym_processes": Metric("gauge", ("role", "state"), "Processes that are there."),
    "igym_load": Metric("gauge", ("process",), "Share of its time a game worker is busy, 0 to 1."),
    "igym_worker_games": Metric("gauge", ("process",), "Games of a game worker."),
    "igym_cpu_seconds_total": Metric("counter", _EACH, "Processor time a process has used."),
    "igym_memory_bytes": Metric("gauge", _EACH, "Resident memory of a process."),
    "igym_clock_skew_seconds": Metric(
        "gauge", _EACH, "Its clock less that of Redis, as far as a round trip lets one know."
    ),
    "igym_log_lines_total": Metric(
        "counter", (*_EACH, "level"), "Lines logged: warning, error, critical."
    ),
    # the path of a frame
    "igym_tick_late_seconds": Metric(
        "histogram", ("process",), "How long after it was due a tick began.", _LATE
    ),
    "igym_frame_age_seconds": Metric(
        "histogram",
        ("process",),
        "Age of a frame when a web worker hands it to a socket; one in 32 is looked at.",
        _LATE,
    ),
    "igym_frames_dropped_total": Metric(
        "counter", ("process",), "Frames not sent to browsers that do not keep up."
    ),
    "igym_sockets": Metric("gauge", ("process",), "Participants' sockets of a web worker."),
    "igym_watchers": Metric("gauge", ("process",), "Sockets of admins who look on at games."),
    "igym_strangers": Metric("gauge", ("process",), "Sockets that have not said whose they are."),
    "igym_browser_lines_dropped_total": Metric(
        "counter",
        ("process",),
        "Lines of participants' browsers that came too fast to be kept (`browser_logs`).",
    ),
    "igym_answers_unsure_total": Metric(
        "counter", ("process",), "Answers acknowledged without the disk's word."
    ),
    "igym_http_requests_total": Metric(
        "counter", ("process", "status"), "HTTP requests answered: 2xx, 3xx, 4xx, 5xx."
    ),
    "igym_inferences_total": Metric("counter", ("process",), "Answers of an inference worker."),
    "igym_inference_runs_total": Metric("counter", ("process",), "Runs of models for them."),
}

#: A value under a name: labels in the order of `Metric.labels`.
Sample = tuple[str, tuple[str, ...], "float | Buckets"]


@dataclass
class Buckets:
    """What a histogram has counted. `observe` costs well under a microsecond."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)  # one more than bounds: above the last
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.bounds) + 1)

    def observe(self, value: float) -> None:
        """Count one."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


def exposed(samples: Iterable[Sample]) -> str:
    """The samples in Prometheus's text format. Names that nobody declared are left out: a process
    of a newer igym may give them."""
    by: dict[str, list[tuple[tuple[str, ...], float | Buckets]]] = {}
    for name, labels, value in samples:
        if name in METRICS:
            by.setdefault(name, []).append((labels, value))
    lines: list[str] = []
    for name, metric in METRICS.items():
        if name in by:
            lines += [f"# HELP {name} {metric.doc}", f"# TYPE {name} {metric.kind}"]
            for labels, value in by[name]:
                lines += _lines(name, dict(zip(metric.labels, labels, strict=True)), value)
    return "\n".join([*lines, ""])


def _lines(name: str, labels: Mapping[str, str], value: float | Buckets) -> Iterator[str]:
    if not isinstance(value, Buckets):
        yield f"{name}{_labels(labels)} {_number(value)}"
        return
    count = 0
    ends: Sequence[str] = (*map(_number, value.bounds), "+Inf")
    for end, more in zip(ends, value.counts, strict=True):
        count += more
        yield f"{name}_bucket{_labels({**labels, 'le': end})} {count}"
    yield f"{name}_sum{_labels(labels)} {_number(value.total)}"
    yield f"{name}_count{_labels(labels)} {count}"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{k}="{_escaped(v)}"' for k, v in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return repr(round(float(value), 9)).removesuffix(".0")
