"""People come and go for a minute while processes are killed: nobody is stuck, nothing grows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import soak

ROOT = Path(__file__).parents[2]


def test_memory_that_grows_by_more_than_a_tenth_is_not_flat():
    level = [(float(at), 100.0) for at in range(100)]
    assert soak.flatness(level, 100)["flat"]

    rising = [(float(at), 100.0 + at) for at in range(100)]
    told = soak.flatness(rising, 100)
    assert not told["flat"]
    assert told["warm_mb"] == pytest.approx(150, abs=2)


def test_warming_up_is_not_growth():
    values = [(float(at), min(100.0, 40.0 + 2 * at)) for at in range(100)]
    assert soak.flatness(values, 100)["flat"]


@pytest.mark.stack
@pytest.mark.slow
@pytest.mark.long
def test_a_minute_of_coming_and_going_leaves_nobody_stuck():
    done = subprocess.run(
        [sys.executable, "-m", "bench", "soak", "--minutes", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=175,
        check=False,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["stuck"] == []
    assert told["outcomes"]["complete"] >= 10
    assert sum(told["kills"].values()) >= 3
    # A minute is too short to judge a few MB: whether memory is flat is what ten are for.
    assert all(m["end_mb"] < 1.5 * m["warm_mb"] for m in told["memory"].values())
