"""How a deployment stands is what its processes say, and looking costs little."""

from __future__ import annotations

import pytest

from igym.domain.metrics import METRICS
from igym.services.operations import metering, standing
from igym.services.operations.metering import Meter
from igym.services.operations.standing import Standing
from igym.store import felt, keys, lease, meters, packages, processes

LATE = "igym_tick_late_seconds"
ABOUT = {"node": "n", "pid": "1", "binding": "", "state": "ready", "holds": "4"}


class Quiet:
    """A measure without figures of its own."""

    def __init__(self, *samples) -> None:
        self._samples = [("igym_redis_up", (), 1), *samples]

    def samples(self):
        return self._samples


@pytest.fixture
def deployment(deployment):
    for role in ("web", "games", "director"):
        processes.say(deployment.redis, f"{role}-1", {**ABOUT, "role": role})
    yield deployment
    deployment.redis.flushall()


def seen(deployment, *samples) -> dict:
    return Standing(deployment, Quiet(*samples)).seen()


def a_game_worker(deployment, load: float, games: int, late_ms: float) -> None:
    meter = Meter()
    meter.watch("igym_load", lambda: load)
    meter.watch("igym_worker_games", lambda: games)
    late = meter.histogram(LATE)
    for _ in range(50):
        late.observe(late_ms / 1000)
    meters.write(deployment.redis, "games-1", meter.reading("games", 0.0))


def test_room_and_lateness_are_what_workers_say(deployment):
    a_game_worker(deployment, 0.4, 10, 4)
    said = seen(
        deployment,
        ("igym_participants", ("s", "live", "playing"), 20),
        ("igym_games", ("s",), 10),
        ("igym_queue_depth", ("games",), 0),
    )

    assert (said["room"]["games"], said["room"]["people"]) == (10, 20)
    assert said["room"]["late_s"] == 0.005
    assert sum(said["late"]["counts"]) == 50
    (worker,) = [one for one in said["processes"] if one["role"] == "games"]
    assert (worker["load"], worker["games"], worker["holds"]) == (0.4, 10, 4)
    assert said["alarms"] == []


def test_late_ticks_a_worker_that_stands_still_and_games_that_wait_are_alarms(deployment):
    a_game_worker(deployment, 0.4, 10, 200)
    lease.beat(deployment.redis, "games-1", 5.0, {"pid": "7", "still_s": "9"})
    said = seen(deployment, ("igym_queue_depth", ("games-again",), 3))
    texts = " ".join(one["text"] for one in said["alarms"])
    assert said["room"]["games"] == 0
    assert "games-1 stands still" in texts and "3 games wait" in texts and "250 ms late" in texts


def test_round_trips_are_counted_by_experiment(deployment):
    deployment.redis.hset(keys.experiments(), "s", 1)
    felt.write(
        deployment.redis, "s", {"a": (15, ""), "b": (90, "blur"), "c": (5_000, ""), "d": (-1, "")}
    )
    counts = seen(deployment)["rtt"]["counts"]["s"]
    assert packages.known(deployment.redis)
    assert (counts[0], counts[4], counts[-1], sum(counts)) == (1, 1, 1, 3)


def test_a_process_that_speaks_of_other_steps_is_left_out(deployment):
    reading = meters.Reading("games", [], {}, {LATE: [1, 2, 3]}, 0.5)
    meters.write(deployment.redis, "games-1", reading)
    said = seen(deployment)
    assert sum(said["late"]["counts"]) == 0
    assert said["room"]["games"] is None


def test_what_an_older_process_wrote_is_still_read(deployment):
    import msgspec

    raw = msgspec.msgpack.encode(["games", [["igym_load", "", 0.5]], {LATE: [[1] * 12, 3.0]}])
    deployment.redis.set(keys.meter("games-1"), raw, ex=20)
    assert meters.read(deployment.redis, ["games-1"])["games-1"].recent == {}
    assert seen(deployment)["late"]["counts"] == [0] * (len(METRICS[LATE].bounds) + 1)


def test_a_second_look_within_a_moment_costs_nothing(deployment):
    mine = Standing(deployment, Quiet())
    assert mine.seen() is mine.seen()
    assert standing.FRESH_S > 0


def test_lately_is_the_last_minute_and_not_all_that_ever_was(monkeypatch):
    now = [1_000.0]
    monkeypatch.setattr(metering.time, "monotonic", lambda: now[0])
    meter = Meter()
    late = meter.histogram(LATE)

    def minute(of: float) -> list[int]:
        for _ in range(12):
            late.observe(of)
            now[0] += 5
            reading = meter.reading("games", 0.0)
        return reading.recent[LATE]

    slow, quick = minute(0.9), minute(0.0001)
    assert sum(slow[1:]) == 12 and slow[0] == 0
    assert quick[0] == 12 and sum(quick[1:]) == 0


def test_how_busy_a_process_is_is_of_the_time_since_it_last_said_so(monkeypatch):
    now, cpu = [0.0], [0.0]
    monkeypatch.setattr(metering.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(metering.time, "process_time", lambda: cpu[0])
    meter = Meter()
    for seconds, used, busy in ((5, 1, 0.2), (5, 4, 0.8), (10, 0, 0.0)):
        now[0] += seconds
        cpu[0] += used
        assert meter.reading("web", 0.0).busy == pytest.approx(busy)
