"""While people play, any web worker gives the figures of the whole deployment, and they are so."""

from __future__ import annotations

import json
import subprocess
import urllib.request

import pytest

from igym.domain.metrics import METRICS
from tests.domain.test_metrics import read
from tests.system.conftest import METRICS_TOKEN
from tests.system.server import IGYM, Server, eventually, plain_env

pytestmark = [pytest.mark.stack, pytest.mark.slow]

#: Given only where there is something to say: here no inference worker runs.
SOMETIMES = {
    "igym_inferences_total", "igym_inference_runs_total", "igym_log_lines_total",
    "igym_redis_unsynced_bytes", "igym_browser_lines_dropped_total",
}  # fmt: skip


def test_the_doctor_finds_nothing_to_mend_in_a_deployment_that_runs(stack):
    done = subprocess.run(
        [*IGYM, "doctor", stack.url, "--idle", "5", "--json"],
        env=plain_env(IGYM_DATA_DIR=str(stack.data)), cwd=stack.data.parent,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    found = {one["what"]: one for one in json.loads(done.stdout)["findings"]}
    assert done.returncode == 0, found
    assert {what for what, one in found.items() if one["verdict"] == "warn"} <= {
        "environment", "disk", "volume", "redis answers", "queue",
    }  # fmt: skip
    assert found["websocket stays"]["said"] == "For 5 s with nothing but pings."
    assert {"websocket answers", "redis persistence", "clocks of processes"} <= set(found)


def scraped(server: Server) -> dict[str, list]:
    asked = urllib.request.Request(
        f"{server.url}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return read(answer.read().decode())


def test_a_scrape_while_two_people_play_has_every_series_and_they_are_plausible(stack, couple):
    def total(found: dict[str, list], name: str, **labels: str) -> float:
        return sum(s.value for s in found.get(name, ()) if labels.items() <= s.labels.items())

    def whole() -> dict[str, list]:
        """All processes have written down what happens now, which they do every 5 s."""
        found = scraped(stack)
        enough = (
            total(found, "igym_participants", experiment="pair", phase="playing") >= 2
            and total(found, "igym_worker_games") >= 1
            and total(found, "igym_sockets") >= 2
            and total(found, "igym_tick_late_seconds_count") > 60
            and total(found, "igym_frame_age_seconds_count") > 1
            and len(found.get("igym_load", ())) == 1
        )
        return found if enough else {}

    found = eventually(whole, within_s=60, what="figures of the game")

    suffix = {"histogram": "_count"}
    given = {name for name, one in METRICS.items() if name + suffix.get(one.kind, "") in found}
    assert set(METRICS) - given <= SOMETIMES
    assert total(found, "igym_processes", role="web", state="ready") == 2
    assert total(found, "igym_processes", role="games", state="ready") == 1
    assert total(found, "igym_processes", role="director", state="ready") == 1
    assert {s.labels["role"] for s in found["igym_memory_bytes"]} == {"web", "games", "director"}
    assert all(1e7 < s.value < 1e9 for s in found["igym_memory_bytes"])
    assert all(s.value > 0.1 for s in found["igym_cpu_seconds_total"])
    assert 0 < found["igym_load"][0].value <= 1
    ticks = total(found, "igym_tick_late_seconds_count")
    assert total(found, "igym_tick_late_seconds_bucket", le="1") > 0.9 * ticks
    assert total(found, "igym_frame_age_seconds_sum") < total(found, "igym_frame_age_seconds_count")
    assert total(found, "igym_redis_up") == total(found, "igym_redis_persistence_ok") == 1
    assert total(found, "igym_redis_evicted_keys_total") == 0
    assert all(abs(s.value) < 0.5 for s in found["igym_clock_skew_seconds"])
