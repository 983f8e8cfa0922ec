"""A rehearsal on the server: asked for once, held once, and its end is told whatever it is."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace

import pytest

from igym import settings
from igym.cli.nginx import free_port
from igym.services.operations import crowding
from igym.store import errands, jobs
from igym.store.errands import Errand
from tests.system.server import eventually

ABOUT = {"package": "0" * 64, "version": "1", "participants": 4, "seconds": 5}


@pytest.fixture
def asked(deployment) -> Errand:
    made = Errand("rehearse", "kitchen", crowding.id_of("0" * 64), "ann", 1.0, dict(ABOUT))
    errands.put(deployment.redis, made)
    return made


def now(deployment, errand: Errand) -> Errand:
    return errands.read(deployment.redis, "kitchen", errand.id)


def test_the_checks_worker_is_asked_once_and_what_never_ended_is_given_up(
    deployment, asked, monkeypatch
):
    rung = []
    monkeypatch.setattr(jobs, "rehearse", lambda _, *who: rung.append(who))
    for _ in range(3):
        crowding.look(deployment)
    assert rung == [("kitchen", asked.id)]

    errands.put(deployment.redis, replace(now(deployment, asked), due_ms=1.0))
    crowding.look(deployment)

    assert now(deployment, asked).state == "failed"
    assert errands.going(deployment.redis, "rehearse") == [] and len(rung) == 1


def test_whoever_cannot_reach_the_web_workers_says_so_and_what_to_set(deployment, asked):
    port = free_port()
    config = settings.replace(deployment.settings, host="0.0.0.0", port=port)

    crowding.hold(replace(deployment, settings=config), "kitchen", asked.id)

    told = now(deployment, asked)
    assert told.state == "failed" and f"http://127.0.0.1:{port}" in told.text
    assert "inside_url" in told.hint
    crowding.hold(deployment, "kitchen", asked.id)
    assert now(deployment, asked) == told, "the same job once more changes nothing"


def crowd(says: str) -> tuple[str, ...]:
    """A crowd that prints this, and how many it is."""
    return (sys.executable, "-c", f"import json, sys; {says}")


def test_what_the_crowd_tells_is_kept_and_it_is_said_meanwhile_how_far_it_is(
    deployment, asked, monkeypatch
):
    monkeypatch.setattr(crowding, "_unreachable", lambda _: "")
    monkeypatch.setattr(crowding, "TOLD_EVERY_S", 0.02)
    gate = deployment.data.parent / "gate"
    told = dict.fromkeys(crowding._KEPT, 0)
    told |= {"participants": 4, "finished": 4, "outcomes": {"complete": 4}, "errors": []}
    wait = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)\n"
    says = f"print({crowding.ENDED!r}, flush=True)\n{wait}print(json.dumps({told!r}))"
    monkeypatch.setattr(crowding, "CROWD", crowd(f"\n{says}"))

    holding = threading.Thread(target=crowding.hold, args=(deployment, "kitchen", asked.id))
    holding.start()
    eventually(lambda: now(deployment, asked).share == 0.25)
    meanwhile = now(deployment, asked)
    assert meanwhile.state == "doing"
    assert meanwhile.due_ms < (time.time() + 2 * crowding.SILENT_S) * 1000, "or a death goes unseen"
    gate.touch()
    holding.join()

    ended = now(deployment, asked)
    assert (ended.state, ended.share, ended.said["fine"]) == ("done", 1.0, True)
    assert errands.going(deployment.redis, "rehearse") == []


@pytest.mark.parametrize("says", ["sys.exit(3)", "print('{')", "print('[]')", "print('{}')"])
def test_a_crowd_that_says_nothing_of_use_is_a_rehearsal_that_failed(
    deployment, asked, monkeypatch, says
):
    monkeypatch.setattr(crowding, "_unreachable", lambda _: "")
    monkeypatch.setattr(crowding, "CROWD", crowd(says))
    crowding.hold(deployment, "kitchen", asked.id)
    assert now(deployment, asked).state == "failed"


def test_it_went_well_if_everybody_came_to_the_end_and_nothing_broke():
    told = dict.fromkeys(crowding._KEPT, 0)
    told |= {"participants": 4, "finished": 4, "outcomes": {"complete": 4}, "errors": ["x" * 900]}
    assert crowding.judged(told)["fine"] and len(crowding.judged(told)["errors"][0]) == 500
    assert "trails" not in crowding.judged(told | {"trails": [1]})
    for worse in (
        {"finished": 3},
        {"outcomes": {"complete": 3, "technical_problem": 1}},
        {"states_without_screen": 1},
    ):
        assert not crowding.judged(told | worse)["fine"]


def test_inside_url_comes_before_host_and_port(deployment):
    config = settings.replace(deployment.settings, inside_url="http://web:8000/")
    assert crowding.inside(config) == "http://web:8000"
