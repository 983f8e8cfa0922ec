"""`igym rehearse`: what it prints, when it fails, and that it works with everything real."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import hundred
from igym.cli import rehearsal, verdict
from igym.errors import NotFound

ROOT = Path(__file__).parents[2]

FIELDS = {
    "participants",
    "games",
    "finished",
    "stuck",
    "fps_delivered",
    "fps_nominal",
    "frame_age_ms",
    "action_to_frame_ms",
    "tick_lateness_ms",
    "ticks_logged",
    "ticks_missing",
    "ticks_duplicate",
    "cpu_s",
    "errors",
    "seconds",
    "rss_mb",
    "frames_dropped",
    "outcomes",
}

WELL = {"stuck": 0, "outcomes": {"complete": 2}, "ticks_missing": 0, "ticks_duplicate": 0}


def test_a_rehearsal_in_which_all_went_well_does_not_fail():
    assert not verdict.failed(WELL)
    assert not verdict.failed(WELL | {"ticks_missing": None, "ticks_duplicate": None})


@pytest.mark.parametrize(
    "fault",
    [
        {"stuck": 1},
        {"ticks_missing": 1},
        {"ticks_duplicate": 1},
        {"outcomes": {"complete": 1, "technical_problem": 1}},
    ],
    ids=lambda fault: next(iter(fault)),
)
def test_a_rehearsal_fails_for_each_thing_that_must_not_happen(fault):
    assert verdict.failed(WELL | fault)


def test_what_is_no_study_is_refused_before_anybody_joins():
    with pytest.raises(NotFound, match="is not the link of a study"):
        rehearsal.rehearse("https://lab.org/", 2, 5, web=1, games=1, as_json=True)


@pytest.mark.stack
@pytest.mark.slow
def test_four_people_play_two_games_and_their_data_are_whole(tmp_path):
    command = "from igym.cli.main import main; main()"
    args = ["rehearse", "examples/slime_volleyball", "--participants", "4", "--seconds", "5"]

    done = subprocess.run(
        [sys.executable, "-c", command, *args, "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)  # one object and nothing else
    assert set(told) >= FIELDS
    assert (told["finished"], told["stuck"], told["outcomes"]) == (4, 0, {"complete": 4})
    assert (told["games"], told["errors"]) == (2, [])
    assert (told["ticks_missing"], told["ticks_duplicate"]) == (0, 0)
    assert 0 < told["ticks_logged"] <= 2 * 5 * 30  # a match may end before its time is up
    assert set(told["cpu_s"]) == {"web", "games", "inference", "director", "redis", "load"}
    assert told["rss_mb"]["total"] > 0


@pytest.mark.stack
@pytest.mark.slow
def test_eight_people_play_on_while_every_process_is_made_new(tmp_path):
    package = hundred.endless(tmp_path / "package")

    told = rehearsal.measured(package, 8, 20, web=2, games=2, rolling_s=0)

    asked = [name for name in verdict.INVARIANTS if name != "not_rolled"]  # nothing is restarted
    assert {name: told[name] for name in asked} == dict.fromkeys(asked, 0)
    assert (told["finished"], told["outcomes"]) == (8, {"complete": 8})
    assert told["restarted"] == {"games": 2, "web": 2, "director": 1}
    assert told["pause_s"]["game"]["of"] >= 2, "no game went to another worker"
    assert told["ticks_back"] <= 0.2 * 30 + 1, "what was not logged yet when its worker left"


@pytest.mark.stack
@pytest.mark.slow
def test_eight_people_get_through_although_every_tier_is_killed_under_them():
    command = "from igym.cli.main import main; main()"
    args = ["rehearse", "examples/slime_volleyball", "--participants", "8", "--seconds", "15"]
    args += ["--games", "2", "--directors", "2", "--inference", "1", "--kill", "web@2"]
    args += [
        "--kill",
        "game@4",
        "--kill",
        "inference@5",
        "--kill",
        "director@6",
        "--restart-redis@8",
        "--reload",
        "25%",
        "--drop",
        "25%",
    ]

    done = subprocess.run(
        [sys.executable, "-c", command, *args, "--rtt", "20,80,200", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=175,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr[-4_000:]
    told = json.loads(done.stdout)
    asked = [name for name in verdict.INVARIANTS if name != "not_rolled"]  # nothing is restarted
    assert {name: told[name] for name in asked} == dict.fromkeys(asked, 0)
    assert (told["finished"], told["not_struck"]) == (8, 0)
    assert set(told["weather"]) <= {"reload", "drop"}
    assert set(told["resume_s"]) == {"web", "game", "inference", "director", "redis"}
    assert told["resume_s"]["redis"]["max"] < 10
